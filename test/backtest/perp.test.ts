/** A whole run of a perp: an allotment that nobody holds, and a position of either sign. */

import { describe, expect, test } from "bun:test";
import type { BacktestResult } from "#backtest/run-backtest.ts";
import { figuresOf, type RunFigures } from "#backtest/summary.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { marketTape, type PairChanges, pairOf, runOn } from "./support.ts";

const INSTRUMENT = instrumentFor(pairOf());
const TAPE = marketTape(2, 120);
/** 5 ETH allotted and 10 000 USDC, on the grid of the spot pair. */
const PERP: PairChanges = { quote: { venue: "hyperliquid", symbol: "ETH" } };

function figures(result: BacktestResult): RunFigures {
  return figuresOf(result, "power:3", INSTRUMENT, TAPE.feed);
}

describe("a perp", () => {
  /** Position and cash by the fills alone. */
  function byFills({ log }: BacktestResult): { position: Decimal; cash: Decimal } {
    let position = ZERO;
    let cash = decimal("10000");
    for (const { fill } of log.fills) {
      const size = INSTRUMENT.size(fill.side === "buy" ? fill.quantityLots : -fill.quantityLots);
      position = position.plus(size);
      cash = cash.minus(INSTRUMENT.price(fill.priceTicks).times(size)).minus(decimal(fill.fee));
    }
    return { position, cash };
  }

  test("starts flat, trades on both sides of zero, and its accounts close exactly", () => {
    const result = runOn(TAPE, { pair: pairOf(PERP) });
    expect(result.log.fills.length).toBeGreaterThan(5);
    expect(plain(result.residual)).toBe("0");
    const { ledger } = result.engine;
    const { position, cash } = byFills(result);
    expect(plain(ledger.base())).toBe(plain(position));
    expect(plain(ledger.quote())).toBe(plain(cash));
    expect(new Set(result.log.fills.map(({ fill }) => fill.feeAsset))).toEqual(new Set(["USDC"]));
    const signs = new Set(result.track.points.map(({ base }) => base.cmp(ZERO)));
    expect([...signs].sort((a, b) => a - b)).toEqual([-1, 0, 1]);
    expect(figures(result).pnl.funding).toBe("0");
  });

  test("is never amended, and always back from what it strays to", () => {
    const result = runOn(TAPE, { pair: pairOf(PERP) });
    const { orders } = figures(result);
    expect(orders.amended).toBe(0);
    expect(orders.replaced).toBeGreaterThan(orders.placed);
    // Against the ratio of allotment and position: nothing strays beyond what is allotted.
    expect(result.track.maxAbsMoveRatio).toBeWithin(0.01, 1);
    const inventories = result.track.points.map(({ base }) => base.plus(decimal("5")));
    expect(inventories.every((inventory) => inventory.gte(ZERO))).toBe(true);
  });

  test("without margin for the ladder orders are refused, as at a venue", () => {
    const pair = pairOf({ ...PERP, simulation: { quote: "500" } });
    const refused = (leverage: number): number => {
      const { log } = runOn(TAPE, { pair: { ...pair, quote: { ...pair.quote, leverage } } });
      return [...log.orders.values()].filter(({ reason }) => reason === "insufficient-balance")
        .length;
    };
    expect(refused(1)).toBeGreaterThan(10);
    expect(refused(50)).toBe(0);
  });
});
