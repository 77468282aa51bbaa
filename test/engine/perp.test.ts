/**
 * What is different of a perp: its inventory is an allotment with the position on top, the venue's
 * word of the position is held against the fills, funding moves the books, and it may be
 * liquidated.
 */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { EngineEvent } from "#domain/events.ts";
import type { CapitalParams } from "#engine/params.ts";
import { bestOf, MID, ordersOf, QUOTES } from "./quoting.ts";
import { Bench, type Changes, ETH_PERP, FLAT, params, strategy } from "./setup.ts";

function perp(changes: Changes = {}): Bench {
  const capital = { position: FLAT, ...changes.capital };
  return new Bench(params({ ...changes, capital }), strategy("spot"), ETH_PERP);
}

/** Its quotes are open. */
function quotingPerp(changes: Changes = {}): Bench {
  const bench = perp(changes);
  bench.start(MID);
  bench.pass(300, MID);
  bench.acknowledge();
  bench.news();
  return bench;
}

/** A position that cost what it is worth at 2000. */
function at2000(base: string): CapitalParams["position"] {
  return { base, quote: String(-2000 * Number(base)) };
}

function sumOf(bench: Bench, side: "buy" | "sell"): number {
  return ordersOf(bench, side).reduce((sum, { leavesLots }) => sum + leavesLots, 0);
}

describe("position 0 is the target", () => {
  test("flat, the ladder is that of the configured amounts, and nothing is held", () => {
    const bench = quotingPerp();
    expect(bench.live()).toEqual(QUOTES);
    expect(bench.base).toBe("0");
    expect(bench.engine.iqvMoveRatio).toBe(0);
  });

  test("a position from before a restart is not the new normal: it is worked off", () => {
    // Long 0.4 at 2000: 1.4 ETH of 4000 USDC are 0.7, 40 % above one half.
    const bench = quotingPerp({ capital: { position: at2000("0.4"), targetIqvRatio: null } });
    expect(bench.engine.targetIqvRatio).toBe(0.5);
    expect(bench.engine.iqvMoveRatio).toBeCloseTo(0.4, 9);
    // Selling in whole, buying (0.6 − 0.4) / 0.3 of 1200 USDC.
    expect(sumOf(bench, "sell")).toBe(1398); // 3 · 466: rounded down to lots
    expect(bench.engine.ladder.bids.multiplier).toBeCloseTo(2 / 3, 9);
  });

  test("a fill from before the first price does not unset the target", () => {
    const bench = perp({ capital: { targetIqvRatio: null }, risk: { maxDrawdownPct: 5 } });
    const { events } = bench;
    const left = { clientOrderId: "mm-ETH-q0-7", side: "buy", priceTicks: 199_000 } as const;
    bench.apply(events.connection("up"), events.execution(left, 400, "t0"));
    bench.pass(1_000);
    expect(bench.engine.state).toBe("starting");
    bench.apply(events.book(MID));
    bench.agree();
    bench.pass(300, MID);
    expect(bench.engine.targetIqvRatio).toBe(0.5);
    expect(bench.engine.iqvMoveRatio).toBeCloseTo(0.4, 2);
    expect(bench.engine.ledger.pnl().residual.toFixed()).toBe("0");
  });

  test("of any position: its sign is that of the move, and asks are within what is left", () => {
    const lots = fc.integer({ min: -2_000, max: 2_000 });
    const cost = fc.integer({ min: -1_000, max: 1_000 });
    fc.assert(
      fc.property(lots, cost, (positionLots, gain) => {
        const base = ETH_PERP.size(positionLots).toFixed();
        const quote = String(-2 * positionLots + gain);
        const capital = { position: { base, quote }, targetIqvRatio: null };
        const bench = quotingPerp({ capital });
        expect(bench.engine.targetIqvRatio).toBe(0.5);
        if (gain === 0 && Math.abs(positionLots) <= 1_000) {
          expect(Math.sign(bench.engine.iqvMoveRatio)).toBe(Math.sign(positionLots));
        }
        expect(sumOf(bench, "sell")).toBeLessThanOrEqual(Math.max(0, 1_000 + positionLots));
        const bids = ordersOf(bench, "buy").reduce((sum, order) => {
          return sum + order.leavesLots * order.priceTicks;
        }, 0);
        const quoteUnits = (2_000 - 2 * positionLots + gain) * 100_000;
        expect(bids).toBeLessThanOrEqual(Math.max(0, quoteUnits));
        expect(bench.engine.state).toBe("quoting");
        expect(bench.engine.ledger.pnl().equityChange.toFixed()).toBe("0");
      }),
      { numRuns: 100 },
    );
  });

  test("with the allotment sold out only bids are quoted; with no money left only asks", () => {
    const short = quotingPerp({ capital: { position: at2000("-1.2") } });
    expect([sumOf(short, "sell"), ordersOf(short, "buy").length]).toEqual([0, 3]);
    const long = quotingPerp({ capital: { position: at2000("1.2") } });
    expect([ordersOf(long, "sell").length, sumOf(long, "buy")]).toEqual([3, 0]);
  });

  test("it may be sold through zero", () => {
    const bench = quotingPerp();
    const lots = ordersOf(bench, "sell").map((ask, index) => {
      bench.apply(bench.events.execution(ask, ask.leavesLots, `t${index}`));
      return ask.quantityLots;
    });
    expect(lots).toEqual([333, 333, 333]);
    expect(bench.base).toBe("-0.999");
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
    expect(bench.engine.state).toBe("quoting");
  });
});

describe("the position is the venue's word", () => {
  test.each([
    ["less", "-0.001"],
    ["more, which would cover a spot pair", "0.001"],
  ])("%s than the fills make of it: quotes pulled, until they agree", (_name, position) => {
    const bench = quotingPerp();
    bench.pass(2_000, MID);
    bench.apply(bench.events.account(position, "2000", null));
    expect(bench.guard("balance-mismatch")).toMatchObject({ tripped: true, effect: "pull-quotes" });
    expect(bench.sent()).toEqual(["reconcile", "cancelAll"]);
    bench.acknowledge();
    expect(bench.live()).toEqual([]);
    bench.apply(bench.events.account("0", "2000", []));
    bench.pass(200, MID);
    bench.acknowledge();
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
    expect(bench.live()).toEqual(QUOTES);
  });

  test("what the account is worth says nothing: other pairs share it", () => {
    const bench = quotingPerp();
    bench.apply(bench.events.account("0", "1", null));
    bench.apply(bench.events.account("0.000", "-5", null));
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
  });

  test("while a fill is missing that the venue counted, it is no mismatch", () => {
    const bench = quotingPerp();
    const bid = bestOf(bench, "buy");
    const facts = { quantityLots: 333, filledLots: 333 };
    bench.apply(bench.events.order(bid.clientOrderId, "filled", facts));
    bench.apply(bench.events.account("0.333", "2000", null));
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
    bench.apply(bench.events.execution(bid, 333, "t1"));
    bench.apply(bench.events.account("0.333", "2000", null));
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
  });
});

describe("a fill that the venue counted and never tells", () => {
  test("it is a mismatch once the venue was asked for the whole truth", () => {
    const bench = quotingPerp();
    const bid = bestOf(bench, "buy");
    const facts = { quantityLots: 333, filledLots: 333 };
    bench.apply(bench.events.order(bid.clientOrderId, "filled", facts));
    const others = [...bench.engine.orders.live.keys()];
    bench.apply(bench.events.account("0.333", "2000", others));
    expect(bench.guard("balance-mismatch").tripped).toBe(true);
    bench.apply(bench.events.execution(bid, 333, "t1"));
    bench.apply(bench.events.account("0.333", "2000", null));
    expect(bench.guard("balance-mismatch").tripped).toBe(false);
  });
});

describe("funding", () => {
  function settled(bench: Bench, fundingId: string, amount: string): EngineEvent {
    const times = { venueTimeMs: bench.events.nowMs, receivedTimeMs: bench.events.nowMs };
    return { kind: "funding", ...times, fundingId, amount };
  }

  test("each settlement is booked once, from stream and back-fill alike, in any order", () => {
    const settlement = fc.record({
      hour: fc.integer({ min: 0, max: 20 }),
      times: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(settlement, { maxLength: 30 }), (settlements) => {
        const bench = quotingPerp();
        for (const { hour, times } of settlements) {
          for (let time = 0; time < times; time += 1) {
            bench.apply(settled(bench, `h${hour}`, `-0.0${10 + hour}`));
          }
        }
        // In thousandths of a USDC, all paid.
        const hours = new Set(settlements.map(({ hour }) => hour));
        const paid = [...hours].reduce((sum, hour) => sum + 10 + hour, 0);
        const pnl = bench.engine.ledger.pnl();
        expect(Number(pnl.funding.toFixed()) * 1000).toBeCloseTo(-paid, 6);
        expect(pnl.equityChange.toFixed()).toBe(pnl.funding.toFixed());
        expect(pnl.residual.toFixed()).toBe("0");
      }),
      { numRuns: 50 },
    );
  });

  test("what was paid is not bid with any more", () => {
    const bench = quotingPerp();
    bench.apply(settled(bench, "h1", "-1000"));
    bench.pass(1_000, MID);
    bench.acknowledge();
    const bids = ordersOf(bench, "buy").map((order) => order.leavesLots * order.priceTicks);
    expect(bids.reduce((sum, units) => sum + units, 0)).toBeLessThanOrEqual(1000 * 100_000);
    expect(bids).toHaveLength(3);
  });
});

describe("limits count on both sides of zero", () => {
  test.each([
    ["long", "0.5", "buy"],
    ["short", "-0.5", "sell"],
  ] as const)(
    "max-position-notional: %s at the limit, only the way back is quoted",
    (_name, base, off) => {
      const capital = { base: "4", quote: "8000", position: at2000(base) };
      const bench = quotingPerp({ capital, risk: { maxPositionNotional: "1000" } });
      expect(bench.guard("max-position-notional")).toMatchObject({ tripped: true, value: 1000 });
      expect(sumOf(bench, off)).toBe(0);
      const back = off === "buy" ? "sell" : "buy";
      // Back through zero and as far on the other side: 2000 USDC, at the mid 1 ETH.
      expect(sumOf(bench, back)).toBeWithin(995, 1_003);
    },
  );
});

test("max-net-delta: of a perp it is the position, wherever the price has gone", () => {
  const bench = quotingPerp({ risk: { maxNetDelta: "0.3" } });
  for (const mid of [210_000, 220_000, 230_000, 240_000]) {
    bench.pass(1_000, mid);
    bench.acknowledge();
  }
  bench.pass(1_000, 240_000);
  bench.acknowledge();
  expect(bench.guard("max-net-delta")).toMatchObject({ tripped: false, value: 0 });
  expect(sumOf(bench, "sell")).toBe(300);
  expect(sumOf(bench, "buy")).toBeWithin(295, 302);
  bench.apply(bench.events.execution(bestOf(bench, "sell"), 100, "t1"));
  bench.pass(1_000, 240_000);
  bench.acknowledge();
  expect(bench.guard("max-net-delta")).toMatchObject({ tripped: false, value: -0.1 });
  expect(sumOf(bench, "sell")).toBeLessThanOrEqual(200);
});

describe("liquidation-distance", () => {
  const near = { risk: { minLiquidationDistancePct: 10 } };

  function told(bench: Bench, base: string, liquidationPrice?: number): void {
    const event = bench.events.account(base, "5000", null);
    bench.apply(liquidationPrice === undefined ? event : { ...event, liquidationPrice });
    bench.pass(300, MID);
    bench.acknowledge();
  }

  test.each([
    ["a long", "0.2", 1810, "buy"],
    ["a short", "-0.2", 2190, "sell"],
  ] as const)(
    "too near to that of %s: what would add to it is off, the way back stays",
    (_name, base, price, off) => {
      const bench = quotingPerp({ ...near, capital: { position: at2000(base) } });
      const back = off === "buy" ? "sell" : "buy";
      const wayBack = ordersOf(bench, back).map(({ clientOrderId }) => clientOrderId);
      expect(ordersOf(bench, off)).toHaveLength(3);
      told(bench, base, price);
      expect(bench.guard("liquidation-distance")).toMatchObject({
        tripped: true,
        effect: "side-off",
      });
      expect(bench.guard("liquidation-distance").value).toBeCloseTo(9.5, 9);
      expect(sumOf(bench, off)).toBe(0);
      expect(ordersOf(bench, back).map(({ clientOrderId }) => clientOrderId)).toEqual(wayBack);
    },
  );

  test("it is on again at 1.2 times the limit, not before; or where there is none any more", () => {
    const bench = quotingPerp({ ...near, capital: { position: at2000("0.2") } });
    const isOff = (): boolean => sumOf(bench, "buy") === 0;
    told(bench, "0.2", 1810);
    told(bench, "0.2", 1770); // 11.5 %
    expect(isOff()).toBe(true);
    told(bench, "0.2", 1750); // 12.5 %
    expect(isOff()).toBe(false);
    told(bench, "0.2", 1790); // 10.5 %
    expect(isOff()).toBe(false);
    told(bench, "0.2", 1810);
    expect(isOff()).toBe(true);
    told(bench, "0.2");
    expect(isOff()).toBe(false);
    expect(bench.guard("liquidation-distance")).toMatchObject({ tripped: false, value: Infinity });
  });

  test("a price that nobody has told anew for minutes is kept, and the mid moves on", () => {
    const bench = quotingPerp({ ...near, capital: { position: at2000("0.2") } });
    told(bench, "0.2", 1750); // 12.5 % at 2000
    bench.pass(120_000, MID);
    expect(bench.guard("liquidation-distance")).toMatchObject({ tripped: false, value: 12.5 });
    bench.pass(300, 194_000); // 9.8 % at 1940
    expect(bench.guard("liquidation-distance").tripped).toBe(true);
    bench.pass(300, 174_000);
    expect(bench.guard("liquidation-distance").value).toBeLessThan(0);
  });

  test.each(["0.2", "-0.2"])("before the first price nothing is near (%s)", (base) => {
    const bench = perp({ ...near, capital: { position: at2000(base) } });
    const account = bench.events.account(base, "5000", null);
    bench.apply(bench.events.connection("up"), { ...account, liquidationPrice: 1500 });
    bench.pass(300);
    expect(bench.guard("liquidation-distance")).toMatchObject({ tripped: false, value: Infinity });
  });

  test("off where it has no limit", () => {
    const bench = quotingPerp({ capital: { position: at2000("0.2") } });
    told(bench, "0.2", 1999);
    expect(bench.guard("liquidation-distance")).toMatchObject({ tripped: false, limit: Infinity });
  });
});
