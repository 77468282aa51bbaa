/**
 * The contract: what every venue adapter must do (src/ports/venue.ts, src/ports/sink.ts), in no
 * venue's words. A venue folder proves itself by running all of it against its own venue, once for
 * each kind of key: see binance-spot.test.ts. Each test has a venue of its own.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { describeConnection } from "./connection.suite.ts";
import { describeDesk } from "./desk.suite.ts";
import { describeFaults } from "./faults.suite.ts";
import { onVenue } from "./on-venue.ts";
import { describeOrders, describeRequests } from "./orders.suite.ts";
import { describePerp } from "./perp.suite.ts";
import type { StartVenue, VenueTraits } from "./venue-under-test.ts";

/** @param start begins a calm venue of its own for each test */
export function describeVenue(name: string, start: StartVenue, traits: VenueTraits): void {
  setDefaultTimeout(20_000);
  describe(name, () => {
    describeDesk(start, traits);
    describeConnection(start);
    describeOrders(start, traits);
    describeFaults(start, traits);
    if (traits.kind === "perp") describePerp(start);
  });
}

/** For adapters with a second way for orders: it does all that the first does, but hear. */
export function describeFallback(name: string, start: StartVenue, traits: VenueTraits): void {
  const live = onVenue(start, traits.sharesSocket === true ? "blind" : "fallback");
  setDefaultTimeout(20_000);
  describe(name, () => {
    test.concurrent("it is said that the account is not heard, and the pair is not told `up`", () =>
      live(async (stage) => {
        await stage.until("an alert", () => stage.alerts.some(({ level }) => level === "warning"));
        expect(stage.states()).not.toContain("up");
        expect(["connecting", "fallback"]).toContain(stage.connection.status().trading);
      }));
    describeRequests(live, traits);
  });
}
