/**
 * The engine against an honest venue on a bad day: a random market, lost, late, repeated and mixed
 * up messages, lost connections and an operator who presses every button. Whatever happened, in
 * the end venue and engine agree, and at no moment was more at stake than there is.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OperatorCommand } from "#domain/events.ts";
import { NO_FAULTS } from "./fake-link.ts";
import { ETH } from "./setup.ts";
import { badDay, FOREIGN, LEFT_OVER, play } from "./world.ts";

const RUNS = 150;

test("after any day the books of venue and engine are the same, and quotes are back", () => {
  fc.assert(
    fc.property(badDay, (day) => {
      const world = play(day);
      world.calmDown();
      const { engine, venue } = world;
      expect(venue.violations).toEqual([]);
      expect(world.trippedPullGuards()).toEqual([]);
      expect(engine.state).toBe("quoting");
      expect(engine.ledger.inventory().toFixed()).toBe(ETH.size(venue.baseLots).toFixed());
      expect(engine.ledger.pnl().residual.toFixed()).toBe("0");
      expect(engine.ledger.quote().toFixed()).toBe(ETH.notional(1, venue.quoteUnits).toFixed());
      expect(engine.orders.lacksFills).toBe(false);
      const ours = [...engine.orders.live.values()].map((order) => ({
        id: order.clientOrderId,
        leaves: order.leavesLots,
        status: order.filledLots > 0 ? "partially-filled" : "open",
      }));
      const theirs = venue.open().map((order) => ({
        id: order.id,
        leaves: order.quantityLots - order.filledLots,
        status: order.filledLots > 0 ? "partially-filled" : "open",
      }));
      const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      expect(ours.sort(byId)).toEqual(theirs.sort(byId));
      for (const order of engine.orders.live.values()) expect(order.isSettled).toBe(true);
      // What the ladder wants is there: as many orders a side, and the user's own is untouched.
      const { bids, asks } = engine.ladder;
      expect(theirs.length).toBe(bids.count + asks.count);
      expect(theirs.length).toBeGreaterThan(0);
      expect(venue.orders.get(FOREIGN)?.status).toBe("open");
      expect(venue.orders.get(LEFT_OVER)?.status).toBe("canceled");
    }),
    { numRuns: RUNS },
  );
});

test("whatever was going on, a pause leaves nothing open at the venue", () => {
  fc.assert(
    fc.property(badDay, fc.constantFrom<OperatorCommand>("pause", "halt", "stop"), (day, last) => {
      const world = play(day);
      world.venue.faults = NO_FAULTS;
      if (!world.venue.isConnected) world.venue.connect();
      world.command(last);
      for (let step = 0; step < 150; step += 1) world.step(0);
      expect(world.venue.open().map(({ id }) => id)).toEqual([]);
      expect([...world.engine.orders.live.keys()]).toEqual([]);
      expect(world.venue.violations).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
