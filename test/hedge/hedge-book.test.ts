/** The hedge venue's position: whose fill is whose, and the venue's word on the sum. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { AccountEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRole } from "#domain/order.ts";
import { HedgeBook } from "#hedge/hedge-book.ts";
import { hedgeInstrument } from "./setup.ts";

const FLAT = { base: "0", quote: "0" };

function fill(role: OrderRole, side: Side, lots: number, ticks = 4000): Fill {
  return {
    tradeId: "t",
    clientOrderId: formatClientOrderId({ prefix: "mm", pair: "SUI", role, epoch: 1, sequence: 1 }),
    side,
    priceTicks: ticks,
    quantityLots: lots,
    fee: "0.01",
    feeAsset: "USDC",
    liquidity: "taker",
    venueTimeMs: 0,
  };
}

function account(base: string): AccountEvent {
  return {
    kind: "account",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    base,
    quote: "0",
    openOrderIds: null,
  };
}

function lotsOf({ activeLots, passiveLots, positionLots }: HedgeBook): number[] {
  return [activeLots, passiveLots, positionLots];
}

describe("a fill belongs to the hedger whose order it was", () => {
  test("by the role in the order's id", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    book.bookFill(fill("active-hedge", "sell", 40), 8000);
    expect(lotsOf(book)).toEqual([-40, 0, -40]);
    book.bookFill(fill("passive-hedge", "sell", 30), 8000);
    expect(lotsOf(book)).toEqual([-40, -30, -70]);
    book.bookFill(fill("stop-loss", "buy", 10), 8000);
    expect(lotsOf(book)).toEqual([-40, -20, -60]);
    // Nobody here sends one; whoever did, it is the active hedge's.
    book.bookFill(fill("flatten", "buy", 15), 8000);
    expect(lotsOf(book)).toEqual([-25, -20, -45]);
  });

  test("the ledger has the position, what it brought in, and the fees", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    book.bookFill(fill("active-hedge", "sell", 40), 8000);
    expect(book.ledger.base().toFixed()).toBe("-4");
    expect(book.ledger.quote().toFixed()).toBe("15.99"); // 4 · 4 − 0.01
  });

  test("without a mid the fill's own price stands for it", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    book.bookFill(fill("active-hedge", "sell", 40), 0);
    expect(book.ledger.pnl().spreadCapture.toFixed()).toBe("0");
    expect(book.ledger.equity().toFixed()).toBe("-0.01");
  });
});

test("mistake 2: what was there at the start is not forgotten; it is the active's", () => {
  const book = new HedgeBook(hedgeInstrument(), { base: "-12.5", quote: "50" });
  expect(lotsOf(book)).toEqual([-125, 0, -125]);
});

test("funding is booked once by its key", () => {
  const book = new HedgeBook(hedgeInstrument(), FLAT);
  const funding = {
    kind: "funding",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    fundingId: "f1",
    amount: "-0.5",
  } as const;
  book.bookFunding(funding);
  book.bookFunding(funding);
  expect(book.ledger.quote().toFixed()).toBe("-0.5");
});

describe("the venue's word on the position", () => {
  test("contradicts whichever way it differs", () => {
    const book = new HedgeBook(hedgeInstrument(), { base: "-5", quote: "20" });
    expect(book.isContradictedBy(account("-5.0"))).toBe(false);
    expect(book.isContradictedBy(account("-5.1"))).toBe(true);
    expect(book.isContradictedBy(account("0"))).toBe(true);
  });

  test("what opened without us is the active hedge's, at the mid: equity stays as it was", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    book.bookFill(fill("passive-hedge", "sell", 30), 8000);
    const before = book.ledger.equity().toFixed();
    expect(book.adopt(account("-5"), 8000)).toBe(-20);
    expect(lotsOf(book)).toEqual([-20, -30, -50]);
    expect(book.ledger.equity().toFixed()).toBe(before);
    expect(book.ledger.pnl().residual.toFixed()).toBe("0");
    expect(book.isContradictedBy(account("-5"))).toBe(false);
  });

  test("what closed without us is off the active hedge first, then off the passive one", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    book.bookFill(fill("passive-hedge", "sell", 30), 8000);
    book.bookFill(fill("active-hedge", "sell", 20), 8000);
    expect(book.adopt(account("-4"), 8000)).toBe(10);
    expect(lotsOf(book)).toEqual([-10, -30, -40]);
    // Liquidated: nothing is left of either, so that neither opens it anew.
    expect(book.adopt(account("0"), 8000)).toBe(40);
    expect(lotsOf(book)).toEqual([0, 0, 0]);
    expect(book.adopt(account("2"), 8000)).toBe(20);
    expect(lotsOf(book)).toEqual([20, 0, 20]);
  });

  test("without a mid nothing is adopted, and the contradiction stays", () => {
    const book = new HedgeBook(hedgeInstrument(), FLAT);
    expect(book.adopt(account("-5"), 0)).toBe(0);
    expect(lotsOf(book)).toEqual([0, 0, 0]);
    expect(book.isContradictedBy(account("-5"))).toBe(true);
  });

  test("nothing to adopt changes nothing", () => {
    const book = new HedgeBook(hedgeInstrument(), { base: "-5", quote: "20" });
    expect(book.adopt(account("-5"), 8000)).toBe(0);
    expect(book.ledger.transfers.toFixed()).toBe("0");
  });
});

test("what is too little to be closed goes over to the active hedge", () => {
  const book = new HedgeBook(hedgeInstrument(), FLAT);
  book.bookFill(fill("passive-hedge", "sell", 3), 8000);
  book.cedePassive();
  expect(lotsOf(book)).toEqual([-3, 0, -3]);
});

test("whatever happens, the parts sum to the venue's position and equity is explained", () => {
  const happening = fc.oneof(
    fc.record({
      role: fc.constantFrom<OrderRole>("active-hedge", "passive-hedge", "stop-loss"),
      side: fc.constantFrom<Side>("buy", "sell"),
      lots: fc.integer({ min: 1, max: 500 }),
      ticks: fc.integer({ min: 3500, max: 4500 }),
    }),
    fc.record({ venueLots: fc.integer({ min: -500, max: 500 }) }),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const instrument = hedgeInstrument();
      const book = new HedgeBook(instrument, FLAT);
      let position = 0;
      for (const each of happenings) {
        if ("venueLots" in each) {
          const passive = book.passiveLots;
          expect(book.adopt(account(instrument.sizeString(each.venueLots)), 8001)).toBe(
            each.venueLots - position,
          );
          position = each.venueLots;
          // From outside the passive hedge can only be closed, not opened or turned.
          expect(Math.abs(book.passiveLots)).toBeLessThanOrEqual(Math.abs(passive));
          expect(book.passiveLots * passive).toBeGreaterThanOrEqual(0);
        } else {
          book.bookFill(fill(each.role, each.side, each.lots, each.ticks), 8001);
          position += each.side === "buy" ? each.lots : -each.lots;
        }
        expect(book.activeLots + book.passiveLots).toBe(position);
        expect(book.positionLots).toBe(position);
        expect(instrument.size(position).eq(book.ledger.base())).toBe(true);
      }
      expect(book.ledger.pnl().residual.toFixed()).toBe("0");
    }),
    { numRuns: 300 },
  );
});
