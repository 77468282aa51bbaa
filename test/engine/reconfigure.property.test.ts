/**
 * An engine that gets new parameters again and again on a bad day: venue and engine agree in the
 * end, the orders are those of the last parameters, no id is used twice, and the same events with
 * the same parameters at the same places give the same bytes.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseClientOrderId } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { EngineParams } from "#engine/params.ts";
import type { LadderSide } from "#strategies/ladder.ts";
import { ETH, params, RecordingSink, strategy } from "./setup.ts";
import { badDay, type Day, instrumentOf, paramsOf, World } from "./world.ts";

interface Change {
  readonly step: number;
  readonly binStepBps: number;
  readonly bins: number;
  readonly keepSizePct: number;
  readonly actionsPer10s: number;
  readonly shortWindow: number;
  readonly shape: string;
}

const STEPS = 300;

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    step: fc.integer({ min: 0, max: STEPS - 1 }),
    binStepBps: fc.constantFrom(5, 10, 20),
    bins: fc.integer({ min: 1, max: 6 }),
    keepSizePct: fc.constantFrom(0, 10, 50),
    actionsPer10s: fc.constantFrom(20, 500),
    shortWindow: fc.constantFrom(5, 60),
    shape: fc.constantFrom("spot", "curve", "bid-ask", "auto"),
  }),
  { minLength: 1, maxLength: 5 },
);

function paramsAfter(day: Day, { binStepBps, bins, keepSizePct, ...change }: Change): EngineParams {
  const { capital } = paramsOf(day);
  const all = params({
    capital,
    ladder: { binStepBps, bidBins: bins, askBins: bins, liveOrderNums: 2 * bins },
    requote: { keepSizePct },
    risk: { actionsPer10s: change.actionsPer10s },
  });
  return { ...all, volatility: { ...all.volatility, shortWindow: change.shortWindow } };
}

interface Played {
  readonly world: World;
  /** Before which event each change was made. */
  readonly made: readonly { readonly at: number; readonly change: Change }[];
}

function play(day: Day, planned: readonly Change[]): Played {
  const world = new World(day.seed, paramsOf(day), day.shape);
  const made: { at: number; change: Change }[] = [];
  world.venue.faults = day.faults;
  for (let step = 0; step < STEPS; step += 1) {
    for (const change of planned.filter((item) => item.step === step)) {
      world.engine.reconfigure(paramsAfter(day, change), strategy(change.shape));
      made.push({ at: world.events.length, change });
    }
    world.step(day.mostTicks);
    if (day.withMishaps) world.mishap();
  }
  world.calmDown();
  return { world, made };
}

function replay(day: Day, { world, made }: Played): RecordingSink {
  const sink = new RecordingSink();
  const engine = new PairEngine(
    instrumentOf(paramsOf(day)),
    paramsOf(day),
    strategy(day.shape),
    sink,
  );
  for (const [index, event] of structuredClone(world.events).entries()) {
    for (const { change } of made.filter(({ at }) => at === index)) {
      engine.reconfigure(paramsAfter(day, change), strategy(change.shape));
    }
    engine.apply(event);
  }
  return sink;
}

function pricesOf(world: World, side: "buy" | "sell"): number[] {
  const orders = [...world.engine.orders.live.values()].filter((order) => order.side === side);
  return orders.map(({ priceTicks }) => priceTicks).sort((a, b) => a - b);
}

/** How far the orders of a side are from the levels of the last ladder; they are as many. */
function expectOnLadder(prices: readonly number[], side: LadderSide, keepTicks: number): void {
  const wanted = side.priceTicks.slice(0, side.count).sort((a, b) => a - b);
  expect(prices.length).toBe(wanted.length);
  for (const [index, price] of prices.entries()) {
    expect(Math.abs(price - (wanted[index] ?? NaN))).toBeLessThanOrEqual(keepTicks);
  }
}

test("venue and engine agree, and the orders are those of the last parameters", () => {
  fc.assert(
    fc.property(badDay, changes, (day, planned) => {
      const { world, made } = play(day, planned);
      const { engine, venue } = world;
      expect(venue.violations).toEqual([]);
      expect(engine.state).toBe("quoting");
      expect(engine.ledger.inventory().toFixed()).toBe(ETH.size(venue.baseLots).toFixed());
      expect(engine.ledger.quote().toFixed()).toBe(ETH.notional(1, venue.quoteUnits).toFixed());
      expect([...engine.orders.live.keys()].sort()).toEqual(
        venue
          .open()
          .map(({ id }) => id)
          .sort(),
      );
      const { binStepBps = 0 } = made.at(-1)?.change ?? {};
      const { bids, asks, midHalfTicks } = engine.ladder;
      // A quarter of a bin: keepPriceBinFraction.
      const keepTicks = Math.ceil((((midHalfTicks / 2) * binStepBps) / 10_000) * 0.25);
      expectOnLadder(pricesOf(world, "buy"), bids, keepTicks);
      expectOnLadder(pricesOf(world, "sell"), asks, keepTicks);
    }),
    { numRuns: 60 },
  );
});

test("the same events and parameters give the same bytes, and no id twice", () => {
  fc.assert(
    fc.property(badDay, changes, (day, planned) => {
      const played = play(day, planned);
      const { calls } = replay(day, played);
      expect(JSON.stringify(replay(day, played).calls)).toBe(JSON.stringify(calls));
      const sequences = calls.flatMap((call) =>
        call.call === "place" || call.call === "replace"
          ? [parseClientOrderId(call.request.clientOrderId)?.sequence]
          : [],
      );
      // Counted on from 1, whatever happened in between.
      expect(sequences).toEqual(Array.from(sequences, (_, index) => index + 1));
      expect(sequences.length).toBeGreaterThan(0);
    }),
    { numRuns: 20 },
  );
});
