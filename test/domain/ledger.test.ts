/** The ledger by hand: every expected number with its sum beside it. */

import { describe, expect, test } from "bun:test";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { Fill } from "#domain/fill.ts";
import { Ledger, type LedgerEntry } from "#domain/ledger.ts";
import { spotInstrument } from "./instruments.ts";

/** ETH/USDT; a tick is 0.01 and a lot 0.001. */
const instrument = spotInstrument();

/** A mid in USDT, in half ticks of 0.005. */
function mid(price: string): number {
  return instrument.ticksOf(plain(decimal(price).times("2")));
}

function fill(side: Fill["side"], size: string, price: string, fee: string): Fill {
  const [amount = "", feeAsset = ""] = fee.split(" ");
  return {
    tradeId: `${side}-${size}-${price}`,
    clientOrderId: "mm-ETH-q1-1",
    side,
    priceTicks: instrument.ticksOf(price),
    quantityLots: instrument.lotsOf(size),
    fee: amount,
    feeAsset,
    liquidity: "maker",
    venueTimeMs: 1_700_000_000_000,
  };
}

/** Every figure of the ledger as text. */
function figures(ledger: Ledger): Record<string, string> {
  const pnl = ledger.pnl();
  const { equityChange, spreadCapture, inventoryRevaluation, fees, transfers, residual } = pnl;
  return {
    base: plain(ledger.base()),
    quote: plain(ledger.quote()),
    equity: plain(ledger.equity()),
    equityChange: plain(equityChange),
    spreadCapture: plain(spreadCapture),
    inventoryRevaluation: plain(inventoryRevaluation),
    fees: plain(fees),
    funding: plain(pnl.funding),
    transfers: plain(transfers),
    residual: plain(residual),
  };
}

function opened(base = "2", quote = "5000"): Ledger {
  const ledger = new Ledger(instrument, { base, quote });
  ledger.mark(mid("2000"));
  return ledger;
}

test("a trading day: fills, fees in three assets, a rebate, moves of prices, a transfer", () => {
  const ledger = opened(); // 2 · 2000 + 5000 = 9000

  ledger.bookFill(fill("buy", "0.5", "1999", "0.0005 ETH"), mid("2000"));
  expect(figures(ledger)).toEqual({
    base: "2.4995", // 2 + 0.5 − 0.0005
    quote: "4000.5", // 5000 − 0.5 · 1999
    equity: "8999.5", // 2.4995 · 2000 + 4000.5
    equityChange: "-0.5",
    spreadCapture: "0.5", // (2000 − 1999) · 0.5
    inventoryRevaluation: "0",
    fees: "-1", // 0.0005 · 2000
    funding: "0",
    transfers: "0",
    residual: "0",
  });

  ledger.bookFill(fill("sell", "1", "2011.5", "2.0115 USDT"), mid("2010"));
  expect(figures(ledger)).toEqual({
    base: "1.4995", // 2.4995 − 1
    quote: "6009.9885", // 4000.5 + 2011.5 − 2.0115
    equity: "9023.9835", // 1.4995 · 2010 + 6009.9885
    equityChange: "23.9835",
    spreadCapture: "2", // 0.5 + (2011.5 − 2010) · 1
    inventoryRevaluation: "24.995", // 2.4995 · (2010 − 2000)
    fees: "-3.0115", // −1 − 2.0115
    funding: "0",
    transfers: "0",
    residual: "0",
  });

  ledger.setAssetPrice("BNB", decimal("600"));
  ledger.bookFill(fill("sell", "0.2", "2012", "0.0001 BNB"), mid("2010.005"));
  ledger.setAssetPrice("BNB", decimal("610"));
  ledger.bookFill(fill("buy", "0.1", "2009", "-0.02 USDT"), mid("2010.005"));
  ledger.bookTransfer("USDT", decimal("100"));
  ledger.bookTransfer("ETH", decimal("-0.3995"));
  expect(plain(ledger.balance("BNB"))).toBe("-0.0001");
  expect(ledger.unpricedAssets()).toEqual([]);
  expect(figures(ledger)).toEqual({
    base: "1", // 1.4995 − 0.2 + 0.1 − 0.3995
    quote: "6311.5085", // 6009.9885 + 402.4 − 200.9 + 0.02 + 100
    equity: "8321.4525", // 2010.005 + 6311.5085 − 0.0001 · 610
    equityChange: "-678.5475", // 8321.4525 − 9000
    spreadCapture: "2.4995", // 2 + 1.995 · 0.2 + 1.005 · 0.1
    inventoryRevaluation: "25.0014975", // 24.995 + 0.005 · 1.4995 − 10 · 0.0001
    fees: "-3.0515", // −3.0115 − 0.0001 · 600 + 0.02
    funding: "0",
    transfers: "-702.9969975", // 100 − 0.3995 · 2010.005
    residual: "0",
  });
});

describe("mistake 10: fee sign wrong on buys; fees in base ignored", () => {
  const at = mid("2000");

  test("a fee lowers equity by the same amount on a buy and on a sell", () => {
    for (const side of ["buy", "sell"] as const) {
      const ledger = opened();
      ledger.bookFill(fill(side, "1", "2000", "2 USDT"), at);
      // Traded at the mid, so equity changes by the fee alone.
      expect(figures(ledger)).toMatchObject({ equityChange: "-2", fees: "-2", residual: "0" });
    }
  });

  test("a fee in base comes off the base, on a buy and on a sell", () => {
    const buyer = opened("2", "5000");
    buyer.bookFill(fill("buy", "1", "2000", "0.001 ETH"), at);
    expect(figures(buyer)).toMatchObject({ base: "2.999", quote: "3000", fees: "-2" });

    const seller = opened("2", "5000");
    seller.bookFill(fill("sell", "1", "2000", "0.001 ETH"), at);
    expect(figures(seller)).toMatchObject({ base: "0.999", quote: "7000", fees: "-2" });
  });

  test("a rebate raises equity on both sides, in base as in quote", () => {
    for (const side of ["buy", "sell"] as const) {
      for (const fee of ["-2 USDT", "-0.001 ETH"]) {
        const ledger = opened();
        ledger.bookFill(fill(side, "1", "2000", fee), at);
        expect(figures(ledger)).toMatchObject({ equityChange: "2", fees: "2", residual: "0" });
      }
    }
  });

  test("a fee in base leaves holdings that are no whole number of lots", () => {
    const ledger = opened("0", "5000");
    ledger.bookFill(fill("buy", "0.007", "2000", "0.000005 ETH"), at);
    expect(plain(ledger.base())).toBe("0.006995");
    expect(instrument.wholeLots(ledger.base())).toBe(6);
  });
});

describe("a fee asset without a price", () => {
  test("counts as nothing, and is named, until its first price makes it a fee", () => {
    const ledger = opened();
    ledger.bookFill(fill("buy", "1", "2000", "0.01 BNB"), mid("2000"));
    expect(ledger.unpricedAssets()).toEqual(["BNB"]);
    expect(figures(ledger)).toMatchObject({ equityChange: "0", fees: "0", residual: "0" });

    ledger.bookTransfer("BNB", decimal("0.05")); // and some BNB to pay with
    ledger.setAssetPrice("BNB", decimal("600"));
    expect(ledger.unpricedAssets()).toEqual([]);
    expect(figures(ledger)).toMatchObject({
      equityChange: "24", // (0.05 − 0.01) · 600
      fees: "-6", // 0.01 · 600
      transfers: "30", // 0.05 · 600
      inventoryRevaluation: "0",
      residual: "0",
    });
  });
});

describe("marks", () => {
  test("PnL counts from the first mark: what was moved before it is opening capital", () => {
    const ledger = new Ledger(instrument, { base: "1", quote: "0" });
    expect(ledger.isMarked).toBe(false);
    expect(() => ledger.equity()).toThrow(InvariantError);
    expect(plain(ledger.pnl().equityChange)).toBe("0");
    ledger.bookTransfer("USDT", decimal("1000"));
    ledger.mark(mid("2000"));
    expect(ledger.isMarked).toBe(true);
    expect(figures(ledger)).toMatchObject({ equity: "3000", equityChange: "0", transfers: "0" });
  });

  test("so are prices of other assets that moved before it", () => {
    const ledger = new Ledger(instrument, { base: "1", quote: "0" });
    ledger.bookTransfer("BNB", decimal("2"));
    ledger.setAssetPrice("BNB", decimal("600"));
    ledger.setAssetPrice("BNB", decimal("610"));
    ledger.mark(mid("2000"));
    expect(figures(ledger)).toMatchObject({ equity: "3220", equityChange: "0", residual: "0" });
  });

  test("a fill is the first mark where there was none", () => {
    const ledger = new Ledger(instrument, { base: "1", quote: "3000" });
    ledger.bookFill(fill("buy", "1", "1999.5", "0 USDT"), mid("2000"));
    expect(figures(ledger)).toMatchObject({ equityChange: "0.5", spreadCapture: "0.5" });
  });

  test("a mid of half a tick is exact", () => {
    const ledger = opened("3", "0");
    ledger.mark(mid("2000.005"));
    expect(figures(ledger)).toMatchObject({ equity: "6000.015", inventoryRevaluation: "0.015" });
  });

  test("a short position loses when the mid rises", () => {
    const ledger = opened("-1.5", "5000");
    ledger.mark(mid("2001"));
    expect(figures(ledger)).toMatchObject({ equityChange: "-1.5", inventoryRevaluation: "-1.5" });
  });
});

test("bad input is refused before anything changes", () => {
  const entries: LedgerEntry[] = [];
  const ledger = new Ledger(instrument, { base: "2", quote: "5000" }, (entry) => {
    entries.push(entry);
  });
  ledger.mark(mid("2000"));
  const good = fill("buy", "1", "2000", "0 USDT");
  const before = figures(ledger);
  for (const [bad, midHalfTicks, error] of [
    [{ ...good, fee: "1e-3" }, 400_000, InputError],
    [{ ...good, quantityLots: 0 }, 400_000, InvariantError],
    [{ ...good, quantityLots: -5 }, 400_000, InvariantError],
    [{ ...good, quantityLots: 0.5 }, 400_000, InputError],
    [{ ...good, priceTicks: 0 }, 400_000, InvariantError],
    [good, 0, InvariantError],
    [good, NaN, InvariantError],
    [good, 400_000.5, InvariantError],
  ] as const) {
    expect(() => ledger.bookFill(bad, midHalfTicks)).toThrow(error);
  }
  expect(() => ledger.mark(-1)).toThrow(InvariantError);
  expect(() => ledger.setAssetPrice("ETH", decimal("2000"))).toThrow(InvariantError);
  expect(() => ledger.setAssetPrice("BNB", decimal("0"))).toThrow(InputError);
  expect(figures(ledger)).toEqual(before);
  expect(entries.map((entry) => entry.kind)).toEqual(["opening"]);
});

test("every entry is handed out as it is booked, with the trade it is for", () => {
  const entries: string[] = [];
  const ledger = new Ledger(instrument, { base: "2", quote: "5000" }, (entry) => {
    const postings = entry.postings.map(
      ({ account, asset, amount }) => `${account} ${plain(amount)} ${asset}`,
    );
    entries.push(`${entry.kind} ${entry.reference}: ${postings.join(", ")}`);
  });
  ledger.bookFill(fill("sell", "0.5", "2000", "1 USDT"), mid("2000"));
  ledger.bookTransfer("USDT", decimal("-10"));
  expect(entries).toEqual([
    "opening null: capital -2 ETH, inventory 2 ETH, capital -5000 USDT, inventory 5000 USDT",
    "fill sell-0.5-2000: trading 0.5 ETH, inventory -0.5 ETH, inventory 1000 USDT, " +
      "trading -1000 USDT, inventory -1 USDT, fees 1 USDT",
    "transfer null: capital 10 USDT, inventory -10 USDT",
  ]);
  expect(plain(ledger.accountBalance("fees", "USDT"))).toBe("1");
});

describe("a perp", () => {
  /** Allotment of 2 ETH, 5000 USDT, and a long of 0.5 ETH that cost 950 USDT. */
  const opening = { base: "0.5", quote: "4050", allotment: "2" };

  test("equity has the allotment at its first price, and moves with the position alone", () => {
    const ledger = new Ledger(instrument, opening);
    ledger.mark(mid("2000"));
    // 0.5 · 2000 + 4050 + 2 · 2000: the 50 USDT that the long has gained are there from the start.
    expect(figures(ledger)).toMatchObject({ equity: "9050", equityChange: "0" });
    expect(plain(ledger.inventory())).toBe("2.5");
    ledger.mark(mid("2100"));
    expect(figures(ledger)).toMatchObject({
      equity: "9100", // 0.5 · 100 more
      inventoryRevaluation: "50",
      residual: "0",
    });
  });

  test("sold through zero, the short gains when the price falls", () => {
    const ledger = new Ledger(instrument, opening);
    ledger.bookFill(fill("sell", "1.5", "2001", "0.3 USDT"), mid("2000"));
    expect(plain(ledger.base())).toBe("-1");
    expect(plain(ledger.inventory())).toBe("1");
    ledger.mark(mid("1990"));
    expect(figures(ledger)).toMatchObject({
      quote: "7051.2", // 4050 + 1.5 · 2001 − 0.3
      spreadCapture: "1.5",
      inventoryRevaluation: "10", // −1 · −10
      fees: "-0.3",
      equity: "9061.2", // 9050 + 1.5 + 10 − 0.3
      residual: "0",
    });
  });

  test("funding is a part of its own; before the first mark it is capital", () => {
    const ledger = new Ledger(instrument, opening);
    ledger.bookFunding("h0", decimal("100"));
    ledger.mark(mid("2000"));
    expect(figures(ledger)).toMatchObject({ equity: "9150", equityChange: "0", funding: "0" });
    ledger.bookFunding("h1", decimal("-0.125"));
    ledger.bookFunding("h2", decimal("0.025"));
    expect(figures(ledger)).toMatchObject({
      quote: "4149.9", // 4050 + 100 − 0.125 + 0.025
      equityChange: "-0.1",
      funding: "-0.1",
      residual: "0",
    });
    expect(plain(ledger.accountBalance("funding", "USDT"))).toBe("-99.9");
  });
});
