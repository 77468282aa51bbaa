/** A wallet that several instruments share, against plain sums over all of them. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import { SimAccount } from "#sim/sim-account.ts";
import { Wallet } from "#sim/wallet.ts";
import { perpInstrument, spotInstrument } from "./exchange-kit.ts";

const ETH = spotInstrument();
const BTC = spotInstrument({ symbol: "BTCUSDT", base: "BTC", tickSize: "0.1", lotSize: "0.01" });
/** Its base is the quote of nothing, and its quote the base of another. */
const CROSS = spotInstrument({ symbol: "ETHBTC", quote: "BTC", tickSize: "0.0001" });
const INSTRUMENTS = [ETH, BTC, CROSS];

const Step = fc.record({
  index: fc.nat(INSTRUMENTS.length - 1),
  side: fc.constantFrom("buy", "sell"),
  what: fc.constantFrom("lock", "lock", "unlock", "execute"),
  ticks: fc.integer({ min: 900, max: 1100 }),
  lots: fc.integer({ min: 1, max: 400 }),
});

/** One open order. */
interface Lock {
  readonly instrument: Instrument;
  readonly account: SimAccount;
  readonly side: "buy" | "sell";
  readonly ticks: number;
  readonly lots: number;
}

function lockedIn(locks: readonly Lock[], asset: string): Decimal {
  return locks.reduce((sum, { instrument, side, ticks, lots }) => {
    if (side === "buy" && instrument.quote === asset) {
      return sum.plus(instrument.notional(ticks, lots));
    }
    const isBase = side === "sell" && instrument.base === asset;
    return isBase ? sum.plus(instrument.size(lots)) : sum;
  }, ZERO);
}

describe("a shared wallet", () => {
  test("affords exactly what is free, whoever locked or spent it", () => {
    fc.assert(
      fc.property(fc.array(Step, { maxLength: 60 }), (steps) => {
        const wallet = new Wallet({ USDT: "5000", ETH: "40", BTC: "5" });
        const accounts = INSTRUMENTS.map((instrument) => {
          return new SimAccount(instrument, wallet, { kind: "received" });
        });
        const locks: Lock[] = [];
        for (const { index, side, what, ticks, lots } of steps) {
          const [instrument, account] = [INSTRUMENTS[index] ?? ETH, accounts[index]];
          if (account === undefined) continue;
          const asset = side === "buy" ? instrument.quote : instrument.base;
          const cost = side === "buy" ? instrument.notional(ticks, lots) : instrument.size(lots);
          const free = wallet.balance(asset).total.minus(lockedIn(locks, asset));
          const affords = account.canAfford(side, lots, ticks * lots, ticks);
          expect(affords).toBe(free.gte(cost));
          if (what === "lock" && affords) {
            account.lock(side, lots, ticks);
            locks.push({ instrument, account, side, ticks, lots });
          } else if (what === "execute" && affords) {
            account.execute({ side, ticks, lots, liquidity: "taker" });
          } else if (what === "unlock") {
            const lock = locks.shift();
            lock?.account.lock(lock.side, -lock.lots, lock.ticks);
          }
          for (const name of wallet.assets) {
            const balance = wallet.balance(name);
            expect(balance.locked.toFixed()).toBe(lockedIn(locks, name).toFixed());
            expect(balance.total.gte(balance.locked)).toBe(true);
          }
        }
      }),
    );
  });

  test("charges no finer amounts than eight decimals", () => {
    const wallet = new Wallet({ USDT: "5000" });
    const fine = spotInstrument({ tickSize: "0.01", lotSize: "0.0001" });
    const account = new SimAccount(fine, wallet, { kind: "received" });
    account.execute({ side: "buy", ticks: 1001, lots: 1, liquidity: "maker" });
    // 10.01 times 0.0001 is 0.001001; a thousandth of it has nine decimals, and one is cut.
    const charge = account.execute({ side: "sell", ticks: 1001, lots: 1, liquidity: "maker" });
    expect(charge).toEqual({ fee: "0.000001", feeAsset: "USDT" });
    expect(wallet.balance("USDT").total.toFixed()).toBe("4999.999999");
  });

  test("refuses negative amounts, and perps", () => {
    expect(() => new Wallet({ USDT: "-1" })).toThrow("must not be negative");
    const wallet = new Wallet({ USDT: "1" });
    expect(() => new SimAccount(perpInstrument(), wallet, { kind: "quote" })).toThrow("spot");
    expect(decimal("0").eq(wallet.balance("NEW").total)).toBe(true);
  });
});
