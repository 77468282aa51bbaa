import { describe, expect, test } from "bun:test";
import { markoutsBps, meanMarkouts } from "#backtest/markouts.ts";
import type { FillRow } from "#backtest/order-log.ts";
import type { BacktestResult } from "#backtest/run-backtest.ts";
import { figuresOf, isExplained, type RunFigures } from "#backtest/summary.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { FeedKind, type MarketTape } from "#sim/market-tape.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import {
  marketTape,
  type PairChanges,
  pairOf,
  quote,
  type Row,
  type RunChanges,
  runOn,
  START_MS,
  tapeOf,
} from "./support.ts";

const INSTRUMENT = instrumentFor(pairOf());
const TAPE = marketTape(2, 120);

function figures(result: BacktestResult, tape: MarketTape = TAPE): RunFigures {
  return figuresOf(result, "power:3", INSTRUMENT, tape.feed);
}

/** Everything that a report is made of. */
function bytesOf(result: BacktestResult, tape: MarketTape): string {
  const { log, track } = result;
  return JSON.stringify([
    figures(result, tape),
    log.fills,
    [...log.orders.values()],
    track.points,
    result.alerts,
  ]);
}

function withChanges(changes: PairChanges): RunChanges {
  return { pair: pairOf(changes) };
}

describe("a run", () => {
  test("gives the same bytes for the same market, and others for another one", () => {
    const again = marketTape(2, 120);
    const other = marketTape(3, 120);
    const bytes = bytesOf(runOn(TAPE), TAPE);
    expect(bytesOf(runOn(again), again)).toBe(bytes);
    expect(bytesOf(runOn(other), other)).not.toBe(bytes);
  });

  test("trades on both sides, as a maker only", () => {
    const { log } = runOn(TAPE);
    const sides = new Set(log.fills.map(({ fill }) => fill.side));
    expect([...sides].sort()).toEqual(["buy", "sell"]);
    expect(figures(runOn(TAPE)).makerShare).toBe(1);
  });

  test("leaves no order open, and fills no order beyond its size", () => {
    const orders = [...runOn(TAPE).log.orders.values()];
    expect(orders.filter(({ ending }) => ending === "open")).toEqual([]);
    expect(orders.filter((order) => order.filledLots > order.quantityLots)).toEqual([]);
    expect(orders.every(({ endedMs, sentMs }) => endedMs >= sentMs)).toBe(true);
  });

  test("reports fills that add up to its orders' filled sizes and its volume", () => {
    const { log } = runOn(TAPE);
    const lots = log.fills.reduce((sum, { fill }) => sum + fill.quantityLots, 0);
    const filled = [...log.orders.values()].reduce((sum, order) => sum + order.filledLots, 0);
    expect(filled).toBe(lots);
    expect(figures(runOn(TAPE)).volumeBase).toBe(INSTRUMENT.sizeString(lots));
  });

  test("without a target ratio takes that of the first price", () => {
    const pair = pairOf({ capital: { targetIqvRatio: undefined } });
    const { engine } = runOn(TAPE, { pair });
    const mid = ((TAPE.feed.bidTicks[0] ?? 0) + (TAPE.feed.askTicks[0] ?? 0)) / 200;
    // 5 ETH at the mid over that and 10 000 USDT.
    expect(engine.targetIqvRatio).toBeCloseTo((5 * mid) / (5 * mid + 10_000), 12);
  });

  test("refuses a tape without a message or without a book", () => {
    expect(() => runOn(tapeOf([], []))).toThrow("the tape has no messages");
    const oneSided = tapeOf([], [{ receivedMs: START_MS, askLots: 0 }]);
    expect(() => runOn(oneSided)).toThrow("the tape has no usable book");
  });
});

/** Base, quote and third asset by the fills alone, in the order of the venue's bookkeeping. */
function holdingsByFills({ log }: BacktestResult): Record<"ETH" | "USDT" | "BNB", Decimal> {
  const held = { ETH: decimal("5"), USDT: decimal("10000"), BNB: ZERO };
  for (const { fill } of log.fills) {
    const size = INSTRUMENT.size(fill.quantityLots);
    const value = INSTRUMENT.price(fill.priceTicks).times(size);
    const isBuy = fill.side === "buy";
    held.ETH = isBuy ? held.ETH.plus(size) : held.ETH.minus(size);
    held.USDT = isBuy ? held.USDT.minus(value) : held.USDT.plus(value);
    const asset = fill.feeAsset === "ETH" || fill.feeAsset === "BNB" ? fill.feeAsset : "USDT";
    held[asset] = held[asset].minus(decimal(fill.fee));
  }
  return held;
}

describe("the accounts of a run close exactly", () => {
  const bnb = { feeAsset: { asset: "BNB", price: "612.34" } };
  const cases: readonly (readonly [string, PairChanges])[] = [
    ["fees in what is received", {}],
    ["fees in quote", { simulation: { feeAsset: "quote" } }],
    ["fees in BNB", { simulation: bnb }],
    ["rebates", { instrumentOverride: { makerFeeRate: "-0.00005" } }],
    ["rebates in BNB", { simulation: bnb, instrumentOverride: { makerFeeRate: "-0.00005" } }],
    ["no fees", { instrumentOverride: { makerFeeRate: "0" } }],
    ["an account larger than the pair", { simulation: { base: "7", quote: "25000.5" } }],
  ];
  for (const [name, changes] of cases) {
    test(name, () => {
      const result = runOn(TAPE, withChanges(changes));
      expect(result.log.fills.length).toBeGreaterThan(5);
      expect(plain(result.residual)).toBe("0");
      const { ledger } = result.engine;
      const held = holdingsByFills(result);
      expect(plain(ledger.base())).toBe(plain(held.ETH));
      expect(plain(ledger.quote())).toBe(plain(held.USDT));
      expect(plain(ledger.balance("BNB"))).toBe(plain(held.BNB));
    });
  }

  test("a residual of a hundred-millionth is rounding, more is not", () => {
    expect(isExplained("0.00000001")).toBe(true);
    expect(isExplained("-0.00000001")).toBe(true);
    expect(isExplained("0.000000011")).toBe(false);
    expect(isExplained("-1")).toBe(false);
  });

  test("a rebate is earned: it is the maker fee with its sign turned", () => {
    const result = runOn(TAPE, {
      pair: pairOf({
        simulation: { feeAsset: "quote" },
        instrumentOverride: { makerFeeRate: "-0.00005" },
      }),
    });
    const { pnl, volumeQuote } = figures(result);
    expect(pnl.fees).toBe(plain(decimal(volumeQuote).times("0.00005")));
  });
});

describe("figures against the equity rows", () => {
  const result = runOn(TAPE);
  const { points } = result.track;
  const summary = figures(result);

  test("drawdown is the largest fall from a peak before it", () => {
    let largest = ZERO;
    let peak = ZERO;
    for (const [index, point] of points.entries()) {
      for (const before of points.slice(0, index)) {
        const fall = before.equity.minus(point.equity);
        if (!fall.gt(largest)) continue;
        largest = fall;
        peak = before.equity;
      }
    }
    expect(largest.gt(ZERO)).toBe(true);
    expect(summary.maxDrawdown).toBe(plain(largest));
    // As the drawdown guard counts it: of the peak that it fell from.
    expect(summary.maxDrawdownPct).toBeCloseTo(
      (100 * Number(plain(largest))) / Number(plain(peak)),
      5,
    );
  });

  test("inventory deviation is the largest move, by base, quote and mid", () => {
    const moves = points.map((point) => {
      const value = Number(plain(point.base)) * point.midHalfTicks * 0.005;
      const ratio = value / (value + Number(plain(point.quote)));
      return Math.abs((ratio - 0.5) / 0.5);
    });
    expect(summary.maxInventoryDeviation).toBeCloseTo(Math.max(...moves), 9);
  });

  test("equity is base at the mid plus quote, a second apart", () => {
    for (const [index, point] of points.entries()) {
      const mid = decimal("0.005").times(decimalOfInteger(point.midHalfTicks));
      const equity = point.base.times(mid).plus(point.quote);
      expect(plain(point.equity)).toBe(plain(equity));
      const before = points[index - 1];
      const isLast = index === points.length - 1;
      if (before !== undefined && !isLast)
        expect(point.timeMs - before.timeMs).toBeCloseTo(1000, 3);
    }
  });

  test("PnL is the last equity minus the first, and its parts add up", () => {
    const { equityChange, spreadCapture, inventoryRevaluation, fees, transfers } = summary.pnl;
    const last = points.at(-1)?.equity ?? ZERO;
    expect(equityChange).toBe(plain(last.minus(decimal(summary.openingEquity))));
    const sum = [spreadCapture, inventoryRevaluation, fees, transfers].reduce(
      (so, part) => so.plus(decimal(part)),
      ZERO,
    );
    expect(plain(sum)).toBe(equityChange);
  });

  test("quote uptime is that of the orders: the share of time with both sides open", () => {
    // By the log: an order works from the answer to it (10 ms) to its end; sampled as finely.
    const orders = [...result.log.orders.values()].filter(({ ending }) => ending !== "rejected");
    let both = 0;
    let samples = 0;
    for (let timeMs = result.startMs; timeMs <= result.endMs; timeMs += 100) {
      const open = orders.filter(
        ({ sentMs, endedMs }) => sentMs + 10 <= timeMs && timeMs < endedMs,
      );
      const sides = new Set(open.map(({ side }) => side));
      samples += 1;
      if (sides.size === 2) both += 1;
    }
    expect(summary.quoteUptime).toBeGreaterThan(0.5);
    // What is being replaced counts as open in the log, not for the engine: within 3 %.
    expect(Math.abs(summary.quoteUptime - both / samples)).toBeLessThan(0.03);
  });

  test("counts orders and fills as the log has them", () => {
    const { orders, fills, fillRatio, actionsPerFill } = summary;
    expect(orders.placed + orders.replaced).toBe(result.log.orders.size);
    expect(fills).toBe(result.log.fills.length);
    const actions = orders.placed + orders.replaced + orders.amended + orders.canceled;
    expect(actionsPerFill).toBeCloseTo(actions / fills, 12);
    const sent = [...result.log.orders.values()].reduce((sum, row) => sum + row.quantityLots, 0);
    const filled = result.log.fills.reduce((sum, { fill }) => sum + fill.quantityLots, 0);
    expect(fillRatio).toBeCloseTo(filled / sent, 12);
  });
});

describe("a quiet market", () => {
  test("is no dead feed: quotes stay where messages come every 5 s", () => {
    const rows = Array.from({ length: 20 }, (_, level): Row[] => [
      [START_MS, "bidLevel", 199_999 - level, 50_000],
      [START_MS, "askLevel", 200_001 + level, 50_000],
    ]).flat();
    const feed = Array.from({ length: 24 }, (_, index) => START_MS + index * 5_000);
    const { engine, track } = runOn(tapeOf(rows, feed));
    expect(track.quoteUptime).toBeGreaterThan(0.99);
    // The first ladder and nothing after it but the cancels of the end.
    expect(engine.counts.replaced).toBe(0);
    expect(engine.counts.placed).toBe(engine.counts.canceled);
    expect(engine.counts.placed).toBeLessThanOrEqual(20);
  });
});

describe("markouts", () => {
  function fillAt(
    side: "buy" | "sell",
    priceTicks: number,
    receivedMs: number,
    quantityLots = 1,
  ): FillRow {
    const fill = {
      tradeId: "1",
      clientOrderId: "a",
      side,
      priceTicks,
      quantityLots,
      fee: "0",
      feeAsset: "USDT",
      liquidity: "maker" as const,
      venueTimeMs: receivedMs,
    };
    return { fill, receivedMs, midHalfTicks: 0, level: 1, shape: "spot" };
  }

  // Mids of 200 000 until 900 ms, 200 100 until 5 s, then 199 900 to the end at 40 s. The print
  // at 4.9 s and the one-sided book at 4.95 s have no mid.
  const { feed } = tapeOf(
    [],
    [
      { receivedMs: 0, bidTicks: 199_999, askTicks: 200_001 },
      { receivedMs: 900, bidTicks: 200_099, askTicks: 200_101 },
      { receivedMs: 4_900, kind: FeedKind.sellTrade, bidTicks: 190_000, askTicks: 0 },
      { receivedMs: 4_950, bidTicks: 150_000, askLots: 0 },
      { receivedMs: 5_000, bidTicks: 199_899, askTicks: 199_901 },
      { receivedMs: 40_000, bidTicks: 199_899, askTicks: 199_901 },
    ],
  );

  test("are the mid's move from the fill's price, in basis points, for the fill", () => {
    // A buy at 200 000 at 0 s. After 1 s: 100 / 200 000 = 5 bp up; after 5 s and 30 s: 5 bp down;
    // 300 s are beyond the tape.
    const buy = markoutsBps(fillAt("buy", 200_000, 0), feed);
    expect(buy.slice(0, 3)).toEqual([5, -5, -5]);
    expect(buy[3]).toBeNull();
    expect(markoutsBps(fillAt("sell", 200_000, 0), feed).slice(0, 3)).toEqual([-5, 5, 5]);
  });

  test("take the last book that had both sides, the instant itself included", () => {
    // 3.96 s + 1 s = 4.96 s: the book of 900 ms. 4 s + 1 s: the one of that very instant.
    expect(markoutsBps(fillAt("buy", 200_000, 3_960), feed)[0]).toBe(5);
    expect(markoutsBps(fillAt("buy", 200_000, 4_000), feed)[0]).toBe(-5);
  });

  test("are averaged by size over the fills that have them, and say how many those are", () => {
    // One lot at 0 s: 5 bp after 1 s, −5 after 30 s. Four at 20 s: −5 after 1 s, none after 30 s.
    const fills = [fillAt("buy", 200_000, 0), fillAt("buy", 200_000, 20_000, 4)];
    expect(meanMarkouts(fills, feed)).toEqual([
      { seconds: 1, bps: -3, fills: 2 }, // (1 · 5 − 4 · 5) / 5
      { seconds: 5, bps: -5, fills: 2 },
      { seconds: 30, bps: -5, fills: 1 },
      { seconds: 300, bps: null, fills: 0 },
    ]);
    expect(meanMarkouts([], feed).map(({ bps }) => bps)).toEqual([null, null, null, null]);
  });
});

describe("the band of queue models", () => {
  /** Filled lots by order, for orders that are sent whatever happens: one a side and price. */
  function filledLots(tape: MarketTape, model: string): Map<string, number> {
    const filled = new Map<string, number>();
    const exchange = new SimExchange({
      instrument: INSTRUMENT,
      queueModel: parseQueueModel(model),
      account: { base: "100000", quote: "1000000000" },
      fees: { kind: "received" },
      emit: (event) => {
        if (event.kind !== "fill") return;
        const { clientOrderId, quantityLots } = event.fill;
        filled.set(clientOrderId, (filled.get(clientOrderId) ?? 0) + quantityLots);
      },
    });
    let row = 0;
    for (let second = 2; second < 58; second += 2) {
      const timeMs = START_MS + second * 1000;
      row = exchange.run(tape.rows, row, timeMs);
      exchange.cancelAll("mm", timeMs);
      const { bestBid, bestAsk } = exchange.book;
      for (let away = 0; away < 4; away += 1) {
        exchange.place(quote(`mm-b-${second}-${away}`, "buy", bestBid - away, 3_000), timeMs);
        exchange.place(quote(`mm-a-${second}-${away}`, "sell", bestAsk + away, 3_000), timeMs);
      }
    }
    exchange.run(tape.rows, row, Infinity);
    return filled;
  }

  // With the engine in the loop this need not hold: other fills lead to other orders, and of a
  // dozen seeds one or two have more volume under risk-averse. For given orders it must.
  test("for the same orders, risk-averse fills no order more than any other model does", () => {
    let narrower = 0;
    for (let seed = 1; seed <= 4; seed += 1) {
      const tape = marketTape(seed, 60);
      const careful = filledLots(tape, "risk-averse");
      for (const model of ["power:3", "log", "power-2:2", "log-2", "power-3:3"]) {
        const other = filledLots(tape, model);
        for (const [id, lots] of careful) expect(other.get(id) ?? 0).toBeGreaterThanOrEqual(lots);
        if (total(other) > total(careful)) narrower += 1;
      }
    }
    expect(narrower).toBeGreaterThan(0);
  });

  test("a latency of 300 ms changes the fills, and never the balance", () => {
    const slow = runOn(TAPE, { latency: constantLatency(300, 300) });
    expect(plain(slow.residual)).toBe("0");
    expect(slow.log.fills.length).not.toBe(runOn(TAPE).log.fills.length);
  });
});

function total(lots: ReadonlyMap<string, number>): number {
  return [...lots.values()].reduce((sum, value) => sum + value, 0);
}
