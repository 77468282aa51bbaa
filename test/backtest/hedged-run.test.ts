/** Whole runs of a pair that hedges, on generated markets. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { hedgeFillsCsv, hedgeOrdersCsv, hedgeStepsCsv } from "#backtest/hedge-files.ts";
import type { BacktestResult } from "#backtest/run-backtest.ts";
import { figuresOf, type RunFigures } from "#backtest/summary.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { Outages } from "#sim/outages.ts";
import {
  HEDGED,
  hedgedRun,
  hedgeInstrument,
  marketTapes,
  type PairChanges,
  pairOf,
  runOn,
  START_MS,
} from "./support.ts";

// Whole runs, on a machine that may be busy.
setDefaultTimeout(30_000);

const TAPES = marketTapes(2, 120);
const BOTH: PairChanges = {
  ...HEDGED,
  quoting: { binStep: 0.5 },
  hedge: {
    ...HEDGED.hedge,
    activeHedgeIqvRatio: 0.05,
    passiveHedgeRatio: 0.0006,
    passiveHedgeSpRatio: 0.0004,
    passiveHedgeProportion: 0.2,
    passiveHedgeRefreshIqvRatio: 0.02,
    passiveHedgeCooldownSeconds: 5,
  },
};

function figures(result: BacktestResult): RunFigures {
  return figuresOf(result, "power:3", instrumentFor(pairOf()), TAPES.quoting.feed);
}

/** Everything that a report of the hedge has. */
function report(result: BacktestResult): string[] {
  if (result.hedge === null) throw new Error("it did not hedge");
  const { log, instrument } = result.hedge;
  return [
    hedgeFillsCsv(log, instrument),
    hedgeOrdersCsv(log, instrument),
    hedgeStepsCsv(log),
    JSON.stringify(figures(result)),
    JSON.stringify(result.track.points),
  ];
}

/** Position and cash of the hedge by its fills alone. */
function byFills({ hedge }: BacktestResult): { position: Decimal; cash: Decimal } {
  const instrument = hedgeInstrument();
  let position = ZERO;
  let cash = ZERO;
  for (const { fill } of hedge?.log.fills ?? []) {
    const size = instrument.size(fill.side === "buy" ? fill.quantityLots : -fill.quantityLots);
    position = position.plus(size);
    cash = cash.minus(instrument.price(fill.priceTicks).times(size)).minus(decimal(fill.fee));
  }
  return { position, cash };
}

describe("a pair that hedges", () => {
  test("keeps its net exposure nearer to the target, and its accounts close exactly", () => {
    const result = hedgedRun(TAPES, { pair: pairOf(BOTH) });
    const alone = runOn(TAPES.quoting, { pair: pairOf({ quoting: { binStep: 0.5 } }) });
    const { hedge, netDelta, pnl } = figures(result);
    expect(hedge?.fills).toBeGreaterThan(10);
    expect(Object.keys(hedge?.transitions ?? {})).toEqual(
      expect.arrayContaining(["active: idle > hedging", "passive: arming > armed"]),
    );
    expect(netDelta.mean).toBeLessThan(alone.exposure.meanAbsDelta * 0.7);
    expect(pnl.residual).toBe("0");
    expect(pnl.hedgeRevaluation).not.toBe("0");
    const parts = [
      pnl.spreadCapture,
      pnl.inventoryRevaluation,
      pnl.hedgeExecution,
      pnl.hedgeRevaluation,
      pnl.fees,
      pnl.funding,
      pnl.transfers,
    ];
    const sum = parts.reduce((total, part) => total.plus(decimal(part)), ZERO);
    expect(plain(sum)).toBe(pnl.equityChange);
    const { position, cash } = byFills(result);
    const ledger = result.engine.hedge?.book.ledger;
    expect(plain(ledger?.base() ?? ZERO)).toBe(plain(position));
    expect(plain(ledger?.quote() ?? ZERO)).toBe(plain(cash));
  });

  test("gives the same bytes for the same inputs", () => {
    const run = (): string[] => report(hedgedRun(TAPES, { pair: pairOf(BOTH) }));
    expect(run()).toEqual(run());
  });

  test("by another latency to the hedge venue another run, with the same exactness", () => {
    const slow = hedgedRun(TAPES, { pair: pairOf(BOTH), latency: constantLatency(80, 120) });
    expect(report(slow)).not.toEqual(report(hedgedRun(TAPES, { pair: pairOf(BOTH) })));
    expect(plain(slow.residual)).toBe("0");
  });

  test("the curve has both legs", () => {
    const { track, engine } = hedgedRun(TAPES, { pair: pairOf(BOTH) });
    const last = track.points.at(-1);
    expect(plain(last?.equity ?? ZERO)).toBe(plain(engine.equity()));
    expect(plain(last?.hedgeBase ?? ZERO)).toBe(plain(engine.hedge?.book.ledger.base() ?? ZERO));
    expect(last?.netDelta).toBe(engine.netDelta);
    expect(track.points.some(({ hedgeBase }) => !hedgeBase.eq(ZERO))).toBe(true);
  });

  test("on a venue whose stops only close: the triggers are watched, the stop rests there", () => {
    const pair = pairOf({
      ...BOTH,
      hedgeOn: { venue: "hyperliquid", symbol: "ETH", instrumentOverride: { szDecimals: 4 } },
    });
    const result = hedgedRun(marketTapes(2, 120, {}, hedgeInstrument(pair)), { pair });
    expect(plain(result.residual)).toBe("0");
    const orders = [...(result.hedge?.log.orders.values() ?? [])];
    const stops = orders.filter(({ sent }) => sent.type === "stop-market");
    expect(stops.length).toBeGreaterThan(0);
    expect(stops.every(({ sent }) => sent.role === "stop-loss")).toBe(true);
    expect(orders.filter(({ endReason }) => endReason === "filter")).toEqual([]);
  });
});

describe("funding", () => {
  /** 16 s before 08:00 UTC until 44 s after it. */
  const startMs = Date.UTC(2026, 0, 1, 7, 59, 44);
  const tapes = marketTapes(3, 60, { startMs });
  const pair = pairOf(BOTH);

  /** The position when it was settled, by the fills until then. */
  function settled(result: BacktestResult): Decimal {
    const lots = (result.hedge?.log.fills ?? [])
      .filter(({ fill }) => fill.venueTimeMs <= startMs + 16_000)
      .reduce((sum, { fill: { side, quantityLots } }) => {
        return sum + (side === "buy" ? quantityLots : -quantityLots);
      }, 0);
    return hedgeInstrument().size(lots);
  }

  test("is booked once, on the position at the hour, at the mark", () => {
    const result = hedgedRun(tapes, { pair, fundingRate: "0.01" });
    const position = settled(result);
    expect(position.eq(ZERO)).toBe(false);
    const value = decimal(figures(result).pnl.funding).neg().div(position).div(decimal("0.01"));
    // What is left is the mark, a whole number of ticks near 2 000.
    expect(Number(plain(value))).toBeWithin(1_980, 2_020);
    expect(plain(value.times(decimal("100")).round(0))).toBe(plain(value.times(decimal("100"))));
    expect(plain(result.residual)).toBe("0");
  });

  test("settled while the venue is unreachable, it is booked once the venue is asked again", () => {
    const outages = new Outages([], [{ fromMs: startMs + 15_500, toMs: startMs + 25_000 }]);
    const result = hedgedRun(tapes, { pair, fundingRate: "0.01", outages });
    expect(settled(result).eq(ZERO)).toBe(false);
    const { funding, residual } = figures(result).pnl;
    expect(Math.abs(Number(funding))).toBeGreaterThan(1);
    expect(residual).toBe("0");
  });

  test("has the sign of the rate, and none at a rate of 0", () => {
    const paid = (fundingRate: string): string =>
      figures(hedgedRun(tapes, { pair, fundingRate })).pnl.funding;
    const [up, down] = [decimal(paid("0.0001")), decimal(paid("-0.0001"))];
    expect(plain(up.plus(down))).toBe("0");
    expect(up.eq(ZERO)).toBe(false);
    expect(paid("0")).toBe("0");
  });
});

describe("a hedge venue that fails", () => {
  const from = (second: number): number => START_MS + second * 1000;

  test("unreachable for a while: nothing is doubled or lost, and the accounts close", () => {
    const outages = new Outages([], [{ fromMs: from(30), toMs: from(60) }]);
    const result = hedgedRun(TAPES, { pair: pairOf(BOTH), outages });
    const { hedge, engine } = result;
    expect(plain(result.residual)).toBe("0");
    expect(engine.hasOpenOrders).toBe(false);
    const times = (hedge?.log.fills ?? []).map(({ receivedMs }) => receivedMs);
    expect(times.filter((timeMs) => timeMs >= from(30) && timeMs < from(60))).toEqual([]);
    expect(times.some((timeMs) => timeMs < from(30))).toBe(true);
    expect(times.some((timeMs) => timeMs > from(60))).toBe(true);
    const { position } = byFills(result);
    expect(plain(engine.hedge?.book.ledger.base() ?? ZERO)).toBe(plain(position));
  });

  test("overloaded for a while: what adds risk waits, and is hedged after it", () => {
    const outages = new Outages([{ fromMs: from(0), toMs: from(40) }], []);
    const pair = pairOf(BOTH);
    const result = hedgedRun(TAPES, { pair, outages });
    const orders = [...(result.hedge?.log.orders.values() ?? [])];
    const refused = orders.filter(({ endReason }) => endReason === "throttled");
    expect(refused.length).toBeGreaterThan(3);
    expect(refused.every(({ sent }) => !sent.reduceOnly)).toBe(true);
    const fills = result.hedge?.log.fills ?? [];
    // With nothing to reduce, nothing was done until then.
    expect(fills[0]?.fill.venueTimeMs).toBeGreaterThanOrEqual(from(40));
    expect(plain(result.residual)).toBe("0");
  });
});

describe("whatever fails", () => {
  const START = Date.UTC(2026, 0, 1, 7, 59, 40);
  const latency = fc
    .tuple(fc.nat(200), fc.nat(200))
    .map(([out, back]) => constantLatency(out, back));
  /** Also one that began before the run, or ends long after it. */
  const windows = fc.array(
    fc.record({
      at: fc.integer({ min: -5_000, max: 40_000 }),
      lasts: fc.integer({ min: 1, max: 30_000 }),
    }),
    { maxLength: 2 },
  );
  const outages = fc.tuple(windows, windows).map((both) => {
    const [overloaded, unreachable] = both.map((all) =>
      all.map(({ at, lasts }) => ({ fromMs: START + at, toMs: START + at + lasts })),
    );
    return new Outages(overloaded ?? [], unreachable ?? []);
  });

  test("a venue that is never reached shortens no run", () => {
    const never = new Outages([], [{ fromMs: START - 1_000, toMs: START + 60_000 }]);
    const tapes = marketTapes(1, 40, { startMs: START });
    const result = hedgedRun(tapes, { pair: pairOf(BOTH), outages: never });
    expect(result.endMs).toBeGreaterThan(START + 39_000);
    expect(result.hedge?.log.fills).toEqual([]);
    expect(plain(result.residual)).toBe("0");
  });

  test("time goes on, nothing stays open, and every settlement and fill is accounted for", () => {
    let hedgeFills = 0;
    let settlements = 0;
    const runs = fc.tuple(fc.integer({ min: 1, max: 1000 }), latency, outages);
    fc.assert(
      fc.property(runs, ([seed, wire, failing]) => {
        let lastMs = -Infinity;
        const result = hedgedRun(marketTapes(seed, 40, { startMs: START }), {
          pair: pairOf(BOTH),
          fundingRate: "0.01",
          latency: wire,
          outages: failing,
          onTime: (nowMs) => {
            expect(nowMs).toBeGreaterThan(lastMs);
            lastMs = nowMs;
          },
        });
        expect(plain(result.residual)).toBe("0");
        expect(result.engine.hasOpenOrders).toBe(false);
        hedgeFills += result.hedge?.log.fills.length ?? 0;
        if (!result.pnl.funding.eq(ZERO)) settlements += 1;
      }),
      { numRuns: 12 },
    );
    expect(hedgeFills).toBeGreaterThan(0);
    expect(settlements).toBeGreaterThan(0);
  });
});

describe("a crash of 15 % in 30 s with thin books", () => {
  const shock = { afterMs: 20_000, durationMs: 30_000, movePct: -15, depth: 0.15 };
  const tapes = marketTapes(1, 90, { shock });
  const overloaded = { fromMs: START_MS + 25_000, toMs: START_MS + 35_000 };
  const quoting = { priceUpPctLimit: 0.004, priceDownPctLimit: 0.004, binStep: 4 };
  const risk = { maxDrawdownPct: undefined };

  function loss(changes: PairChanges): number {
    const result = hedgedRun(tapes, {
      pair: pairOf({ ...HEDGED, quoting, risk, ...changes }),
      outages: new Outages([overloaded], []),
    });
    expect(plain(result.residual)).toBe("0");
    return -Number(plain(result.pnl.equityChange));
  }

  test("costs less with either hedge", () => {
    const alone = runOn(tapes.quoting, { pair: pairOf({ quoting, risk }) });
    const unhedged = -Number(plain(alone.pnl.equityChange));
    const active = loss({ hedge: { ...HEDGED.hedge, activeHedgeIqvRatio: 0.2 } });
    const stops = {
      passiveHedgeRatio: 0.01,
      passiveHedgeSpRatio: 0.005,
      passiveHedgeProportion: 0.35,
    };
    const passive = loss({ hedge: { minHedgeOrderSize: "0.02", ...stops } });
    // The 5 ETH of the target lose 1 500 whatever is done.
    expect(unhedged).toBeGreaterThan(2_000);
    expect(active).toBeLessThan(unhedged - 100);
    expect(passive).toBeLessThan(unhedged - 100);
    expect(Math.min(active, passive)).toBeGreaterThan(1_300);
  });
});
