/** The ledger against a twin in integers (BigInt), over random days. */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { decimal, formatScaled, plain } from "#domain/decimal.ts";
import type { Fill } from "#domain/fill.ts";
import { Ledger } from "#domain/ledger.ts";
import { spotInstrument } from "./instruments.ts";

/** A tick of 0.05 and a lot of 0.001; amounts below are in units of 10^-8. */
const instrument = spotInstrument({ tickSize: "0.05" });
const HALF_TICK = 25n; // in 10^-3 USDT
const TICK = 50n;
const LOT = 100_000n; // in 10^-8 ETH
/** Values are amounts (10^-8) times prices (10^-3). */
const VALUE_DECIMALS = 11;
const ASSETS = ["ETH", "USDT", "BNB", "XYZ"] as const;
type Asset = (typeof ASSETS)[number];

type Step =
  | {
      kind: "fill";
      side: "buy" | "sell";
      priceTicks: number;
      lots: number;
      fee: number;
      feeAsset: Asset;
      midHalfTicks: number;
    }
  | { kind: "mark"; midHalfTicks: number }
  | { kind: "transfer"; asset: Asset; amount: number }
  | { kind: "funding"; amount: number }
  | { kind: "price"; asset: "BNB" | "XYZ"; price: number };

const midHalfTicks = fc.integer({ min: 1, max: 200_000 });
const asset = fc.constantFrom(...ASSETS);
/** In units of 10^-8: a rebate as likely as a fee. */
const amount = fc.integer({ min: -500_000_000, max: 500_000_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("fill" as const),
    side: fc.constantFrom("buy" as const, "sell" as const),
    priceTicks: fc.integer({ min: 1, max: 100_000 }),
    lots: fc.integer({ min: 1, max: 1_000_000 }),
    fee: amount,
    feeAsset: asset,
    midHalfTicks,
  }),
  fc.record({ kind: fc.constant("mark" as const), midHalfTicks }),
  fc.record({ kind: fc.constant("transfer" as const), asset, amount }),
  fc.record({ kind: fc.constant("funding" as const), amount }),
  fc.record({
    kind: fc.constant("price" as const),
    asset: fc.constantFrom("BNB" as const, "XYZ" as const),
    price: fc.integer({ min: 1, max: 1_000_000 }), // in 10^-3 USDT
  }),
);

const OPENING = { ETH: 300_000_000n, USDT: 1_000_000_000_000n, BNB: 0n, XYZ: 0n };
const OPENING_MID = 80_000;

function play(ledger: Ledger, steps: readonly Step[]): void {
  ledger.mark(OPENING_MID);
  for (const one of steps) playOne(ledger, one);
}

function playOne(ledger: Ledger, one: Step): void {
  if (one.kind === "mark") ledger.mark(one.midHalfTicks);
  else if (one.kind === "transfer") {
    ledger.bookTransfer(one.asset, decimal(formatScaled(one.amount, 8)));
  } else if (one.kind === "funding") {
    ledger.bookFunding("f1", decimal(formatScaled(one.amount, 8)));
  } else if (one.kind === "price") {
    ledger.setAssetPrice(one.asset, decimal(formatScaled(one.price, 3)));
  } else ledger.bookFill(fillOf(one), one.midHalfTicks);
}

function fillOf(one: Extract<Step, { kind: "fill" }>): Fill {
  return {
    tradeId: "1",
    clientOrderId: "mm-ETH-q1-1",
    side: one.side,
    priceTicks: one.priceTicks,
    quantityLots: one.lots,
    fee: formatScaled(one.fee, 8),
    feeAsset: one.feeAsset,
    liquidity: "maker",
    venueTimeMs: 0,
  };
}

function newLedger(): Ledger {
  return new Ledger(instrument, { base: "3", quote: "10000" });
}

/** What an asset is worth after the first `count` steps, in 10^-3 USDT; null where unknown. */
function priceAfter(steps: readonly Step[], count: number, of: Asset): bigint | null {
  if (of === "USDT") return 1000n;
  for (const one of steps.slice(0, count).toReversed()) {
    if (one.kind === "price" && one.asset === of) return BigInt(one.price);
    if (of === "ETH" && (one.kind === "fill" || one.kind === "mark")) {
      return BigInt(one.midHalfTicks) * HALF_TICK;
    }
  }
  return of === "ETH" ? BigInt(OPENING_MID) * HALF_TICK : null;
}

/** What the step moves of an asset, by cause, in 10^-8 (rounded nowhere: ticks and lots divide). */
function movesOf(one: Step, of: Asset) {
  const moves = { traded: 0n, fee: 0n, funding: 0n, transfer: 0n };
  if (one.kind === "funding" && of === "USDT") moves.funding = BigInt(one.amount);
  if (one.kind === "transfer" && one.asset === of) moves.transfer = BigInt(one.amount);
  if (one.kind !== "fill") return moves;
  const sign = one.side === "buy" ? 1n : -1n;
  const size = sign * BigInt(one.lots) * LOT;
  if (of === "ETH") moves.traded = size;
  if (of === "USDT") moves.traded = (-size * BigInt(one.priceTicks) * TICK) / 1000n;
  if (one.feeAsset === of) moves.fee = -BigInt(one.fee);
  return moves;
}

/** The whole day from its steps, cause by cause and asset by asset: no running state. */
function twin(steps: readonly Step[]) {
  const balances = { ...OPENING };
  const parts = {
    spreadCapture: 0n,
    inventoryRevaluation: 0n,
    fees: 0n,
    funding: 0n,
    transfers: 0n,
  };
  let equity = 0n;
  for (const of of ASSETS) {
    for (const [index, one] of steps.entries()) {
      const before = priceAfter(steps, index, of);
      const after = priceAfter(steps, index + 1, of);
      if (before !== null && after !== null) {
        parts.inventoryRevaluation += balances[of] * (after - before);
      }
      const { traded, fee, funding, transfer } = movesOf(one, of);
      balances[of] += traded + fee + funding + transfer;
      // What moved before there was a price takes the first one.
      const value = after ?? firstPrice(steps, of);
      parts.fees += fee * value;
      parts.funding += funding * value;
      parts.transfers += transfer * value;
      if (of === "ETH" && one.kind === "fill") {
        const belowMid = BigInt(one.midHalfTicks) * HALF_TICK - BigInt(one.priceTicks) * TICK;
        parts.spreadCapture += belowMid * traded;
      }
    }
    equity += balances[of] * (priceAfter(steps, steps.length, of) ?? 0n);
  }
  return { balances, parts, equity };
}

function firstPrice(steps: readonly Step[], of: Asset): bigint {
  for (const one of steps) if (one.kind === "price" && one.asset === of) return BigInt(one.price);
  return 0n;
}

function scaled(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return plain(decimal(value < 0n ? `-${text}` : text));
}

const days = fc.array(step, { maxLength: 40, size: "max" });

test("conservation: every asset sums to zero over all accounts, whatever is booked", () => {
  fc.assert(
    fc.property(days, (steps) => {
      const ledger = newLedger();
      play(ledger, steps);
      for (const of of ASSETS) {
        const total = (["inventory", "capital", "trading", "fees", "funding"] as const)
          .map((account) => ledger.accountBalance(account, of))
          .reduce((sum, balance) => sum.plus(balance));
        expect(plain(total)).toBe("0");
      }
    }),
  );
});

test("the parts explain the equity change to the last digit after every step", () => {
  fc.assert(
    fc.property(days, (steps) => {
      for (let count = 0; count <= steps.length; count += 1) {
        const ledger = newLedger();
        play(ledger, steps.slice(0, count));
        const pnl = ledger.pnl();
        expect(plain(pnl.residual)).toBe("0");
        const { spreadCapture, inventoryRevaluation, fees, funding, transfers } = pnl;
        const parts = [spreadCapture, inventoryRevaluation, fees, funding, transfers];
        expect(plain(parts.reduce((sum, part) => sum.plus(part)))).toBe(plain(pnl.equityChange));
      }
    }),
    { numRuns: 40 },
  );
});

test("balances, equity and every part equal the twin's", () => {
  fc.assert(
    fc.property(days, (steps) => {
      const ledger = newLedger();
      play(ledger, steps);
      const expected = twin(steps);
      for (const of of ASSETS) {
        expect(plain(ledger.balance(of))).toBe(scaled(expected.balances[of], 8));
      }
      const pnl = ledger.pnl();
      expect(plain(ledger.equity())).toBe(scaled(expected.equity, VALUE_DECIMALS));
      const { spreadCapture, inventoryRevaluation, fees, funding, transfers } = expected.parts;
      expect(plain(pnl.spreadCapture)).toBe(scaled(spreadCapture, VALUE_DECIMALS));
      expect(plain(pnl.inventoryRevaluation)).toBe(scaled(inventoryRevaluation, VALUE_DECIMALS));
      expect(plain(pnl.fees)).toBe(scaled(fees, VALUE_DECIMALS));
      expect(plain(pnl.funding)).toBe(scaled(funding, VALUE_DECIMALS));
      expect(plain(pnl.transfers)).toBe(scaled(transfers, VALUE_DECIMALS));
    }),
  );
});

test("how often the ledger is marked or asked in between makes no difference", () => {
  fc.assert(
    fc.property(days, fc.array(midHalfTicks, { maxLength: 5 }), (steps, between) => {
      const seldom = newLedger();
      const often = newLedger();
      play(seldom, steps);
      often.mark(OPENING_MID);
      for (const one of steps) {
        for (const at of between) {
          // Only where the step brings its own mid is a passing one forgotten.
          if (one.kind === "fill" || one.kind === "mark") often.mark(at);
          often.pnl();
        }
        playOne(often, one);
      }
      expect(textsOf(often)).toEqual(textsOf(seldom));
    }),
  );
});

function textsOf(ledger: Ledger): string[] {
  return [ledger.equity(), ...Object.values(ledger.pnl())].map((value) => plain(value));
}

test("of a perp equity is that of the same position, and its allotment at the first price", () => {
  fc.assert(
    fc.property(days, fc.integer({ min: 1, max: 1_000_000 }), (steps, allotmentLots) => {
      const allotment = plain(instrument.size(allotmentLots));
      const without = newLedger();
      const perp = new Ledger(instrument, { base: "3", quote: "10000", allotment });
      play(without, steps);
      play(perp, steps);
      const constant = BigInt(OPENING_MID) * HALF_TICK * BigInt(allotmentLots) * LOT;
      const more = perp.equity().minus(without.equity());
      expect(plain(more)).toBe(scaled(constant, VALUE_DECIMALS));
      expect(plain(perp.inventory().minus(perp.base()))).toBe(allotment);
      for (const part of ["equityChange", "inventoryRevaluation", "residual"] as const) {
        expect(plain(perp.pnl()[part])).toBe(plain(without.pnl()[part]));
      }
    }),
  );
});
