/** The contract of a venue, run against Binance Spot on its mock, with each kind of key. */

import { startBinanceSpot } from "./binance-spot-under-test.ts";
import { describeFallback, describeVenue } from "./venue.suite.ts";
import type { VenueTraits } from "./venue-under-test.ts";

const TRAITS: VenueTraits = { kind: "spot" };

for (const kind of ["hmac", "ed25519"] as const) {
  describeVenue(`Binance Spot with an ${kind} key`, () => startBinanceSpot(kind), TRAITS);
  describeFallback(
    `Binance Spot by REST with an ${kind} key`,
    () => startBinanceSpot(kind),
    TRAITS,
  );
}
