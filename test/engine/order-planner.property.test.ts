/**
 * The planner beside a naive twin that cancels everything and places everything: the same ladder
 * in the end, never more actions, never more than the capital at any moment between.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Side } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import { ManagedOrder } from "#engine/managed-order.ts";
import { OrderPlanner, type PlannedAction } from "#engine/order-planner.ts";
import { LadderSide } from "#strategies/ladder.ts";
import { spotInstrument } from "../domain/instruments.ts";

const instrument = spotInstrument({ minNotional: "0" });
/** Of a venue that cannot lower an order in its place. */
const rigid = spotInstrument({ minNotional: "0", canAmend: false });

interface Level {
  readonly ticks: number;
  readonly lots: number;
}

/** Levels further apart than twice the price tolerance, so that each order fits one at most. */
interface Setting {
  readonly side: Side;
  readonly wanted: readonly Level[];
  readonly live: readonly (Level & { filledLots: number })[];
  readonly spareCapital: number;
  readonly keepPriceTicks: number;
  readonly keepSizePct: number;
  readonly canAmend: boolean;
  /** The venue carries the actions out in any order. */
  readonly shuffle: readonly number[];
}

const MID = 10_000;
const GAP = 21;
const wantedLevels = fc
  .array(
    fc.record({ skip: fc.integer({ min: 0, max: 2 }), lots: fc.integer({ min: 1, max: 50 }) }),
    {
      maxLength: 8,
    },
  )
  .map((levels) => {
    let away = 0;
    return levels.map(({ skip, lots }) => {
      away += 1 + skip;
      return { away: away * GAP, lots };
    });
  });
const liveLevels = fc.uniqueArray(
  fc.record({
    // Often exactly on a level, often a little beside it.
    away: fc
      .tuple(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 0, 1, 3, 8, 12))
      .map(([bin, beside]) => bin * GAP + beside),
    lots: fc.integer({ min: 1, max: 50 }),
    filledLots: fc.constantFrom(0, 0, 0, 3),
  }),
  { maxLength: 8, selector: ({ away }) => away },
);

const setting: fc.Arbitrary<Setting> = fc
  .record({
    side: fc.constantFrom<Side>("buy", "sell"),
    wanted: wantedLevels,
    live: liveLevels,
    likeWanted: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    spareCapital: fc.constantFrom(0, 1, 10_000, 1e9),
    keepPriceTicks: fc.constantFrom(0, 3, 10),
    keepSizePct: fc.constantFrom(0, 10, 50),
    canAmend: fc.boolean(),
    shuffle: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 20, maxLength: 20 }),
  })
  .map((given) => {
    const { wanted, live, likeWanted } = given;
    const ticks = (away: number): number => MID + (given.side === "buy" ? -away : away);
    const levels = wanted.map(({ away, lots }) => ({ ticks: ticks(away), lots }));
    // Some live orders have the very size that is wanted where they are.
    const orders = live.map(({ away, lots, filledLots }, index) => {
      const level = likeWanted[index] === true ? wanted.find((w) => w.away === away) : undefined;
      return { ticks: ticks(away), lots: level?.lots ?? lots, filledLots };
    });
    return Object.assign(given, { wanted: levels, live: orders });
  });

function ladderSide(levels: readonly Level[]): LadderSide {
  const side = new LadderSide(levels.length);
  levels.forEach(({ ticks, lots }, index) => {
    side.priceTicks[index] = ticks;
    side.quantityLots[index] = lots;
    side.level[index] = index + 1;
  });
  side.count = levels.length;
  return side;
}

/** A venue that does what it is told at once, and minds the capital. */
class Orders {
  live: ManagedOrder[] = [];
  actions = 0;
  readonly #side: Side;
  readonly #capital: number;
  #sequence = 0;

  constructor(side: Side, capital: number) {
    this.#side = side;
    this.#capital = capital;
  }

  add(ticks: number, leavesLots: number, filledLots: number): ManagedOrder {
    this.#sequence += 1;
    const quantityLots = leavesLots + filledLots;
    const request: OrderRequest = {
      clientOrderId: `mm-ETH-q1-${this.#sequence}`,
      side: this.#side,
      type: "limit",
      timeInForce: "gtc",
      postOnly: true,
      reduceOnly: false,
      priceTicks: ticks,
      quantityLots,
    };
    const order = new ManagedOrder(request, { createdMs: 0, trace: null, replaces: null });
    order.addSeen("1", quantityLots, filledLots);
    order.filledLots = filledLots;
    this.live.push(order);
    return order;
  }

  sorted(): ManagedOrder[] {
    const sign = this.#side === "buy" ? -1 : 1;
    return this.live.sort((a, b) => sign * (a.priceTicks - b.priceTicks));
  }

  carryOut({ kind, order, priceTicks, quantityLots }: PlannedAction): void {
    this.actions += 1;
    if (kind === "amend") order?.addSeen("1", order.filledLots + quantityLots, order.filledLots);
    else {
      if (kind !== "place") this.live = this.live.filter((other) => other !== order);
      if (kind !== "cancel") this.add(priceTicks, quantityLots, 0);
    }
    expect(this.cost()).toBeLessThanOrEqual(this.#capital);
  }

  cost(): number {
    const unit = (order: ManagedOrder): number => (this.#side === "buy" ? order.priceTicks : 1);
    return this.live.reduce((sum, order) => sum + unit(order) * order.leavesLots, 0);
  }

  levels(): Level[] {
    return this.sorted().map(({ priceTicks, leavesLots }) => ({
      ticks: priceTicks,
      lots: leavesLots,
    }));
  }
}

function costOf(side: Side, levels: readonly Level[]): number {
  return levels.reduce((sum, { ticks, lots }) => sum + (side === "buy" ? ticks * lots : lots), 0);
}

/** Plans and carries out, round by round, until there is nothing left to do. */
function settle(given: Setting, orders: Orders, capital: number): void {
  const planner = new OrderPlanner(given.canAmend ? instrument : rigid, given.side);
  const wanted = ladderSide(given.wanted);
  const { keepPriceTicks, keepSizePct, shuffle } = given;
  for (let round = 0; round < 5; round += 1) {
    planner.plan(wanted, orders.sorted(), { keepPriceTicks, keepSizePct, capital });
    if (planner.actions.length === 0) return;
    if (!given.canAmend) expect(planner.actions.map(({ kind }) => kind)).not.toContain("amend");
    const order = planner.actions.map((_, index) => index);
    order.sort((a, b) => (shuffle[a] ?? 0) - (shuffle[b] ?? 0));
    for (const index of order) {
      const action = planner.actions[index];
      if (action !== undefined) orders.carryOut(action);
    }
  }
  throw new Error("the plan never comes to an end");
}

/** The twin: everything off, everything on. */
function naiveActions(given: Setting): number {
  return given.live.length + given.wanted.length;
}

test("with no tolerance the ladder is the naive one, in no more actions", () => {
  fc.assert(
    fc.property(setting, (any) => {
      const given = { ...any, keepPriceTicks: 0, keepSizePct: 0 };
      const capital =
        Math.max(costOf(given.side, given.wanted), costOf(given.side, given.live)) +
        given.spareCapital;
      const orders = new Orders(given.side, capital);
      for (const { ticks, lots, filledLots } of given.live) orders.add(ticks, lots, filledLots);
      settle(given, orders, capital);
      expect(orders.levels()).toEqual([...given.wanted]);
      expect(orders.actions).toBeLessThanOrEqual(naiveActions(given));
    }),
    { numRuns: 2_000 },
  );
});

test("with tolerances every level is served within them, in no more actions", () => {
  fc.assert(
    fc.property(setting, (given) => {
      const capital =
        Math.max(costOf(given.side, given.wanted), costOf(given.side, given.live)) +
        given.spareCapital;
      const orders = new Orders(given.side, capital);
      for (const { ticks, lots, filledLots } of given.live) orders.add(ticks, lots, filledLots);
      settle(given, orders, capital);
      const levels = orders.levels();
      expect(levels).toHaveLength(given.wanted.length);
      levels.forEach(({ ticks, lots }, index) => {
        const wanted = given.wanted[index] ?? { ticks: 0, lots: 0 };
        expect(Math.abs(ticks - wanted.ticks)).toBeLessThanOrEqual(given.keepPriceTicks);
        const tolerance = (wanted.lots * given.keepSizePct) / 100;
        expect(Math.abs(lots - wanted.lots)).toBeLessThanOrEqual(tolerance);
      });
      expect(orders.actions).toBeLessThanOrEqual(naiveActions(given));
    }),
    { numRuns: 2_000 },
  );
});

test("an order that is what is wanted keeps its place in the queue", () => {
  fc.assert(
    fc.property(setting, (given) => {
      const capital =
        Math.max(costOf(given.side, given.wanted), costOf(given.side, given.live)) +
        given.spareCapital;
      const orders = new Orders(given.side, capital);
      for (const { ticks, lots, filledLots } of given.live) orders.add(ticks, lots, filledLots);
      const isWanted = (order: ManagedOrder): boolean =>
        given.wanted.some(
          ({ ticks, lots }) => ticks === order.priceTicks && lots === order.leavesLots,
        );
      const right = orders.live.filter(isWanted);
      settle({ ...given, keepPriceTicks: 0, keepSizePct: 0 }, orders, capital);
      for (const order of right) expect(orders.live).toContain(order);
    }),
    { numRuns: 1_000 },
  );
});

test("orders on their way, in doubt or being canceled are not touched, and still count", () => {
  const capital = 300;
  const orders = new Orders("sell", capital);
  const doubtful = orders.add(10_021, 100, 0);
  doubtful.addDoubt(1);
  const canceling = orders.add(10_042, 100, 0);
  canceling.setInFlight("cancel", 1);
  const planner = new OrderPlanner(instrument, "sell");
  const wanted = ladderSide([
    { ticks: 10_021, lots: 50 },
    { ticks: 10_042, lots: 100 },
    { ticks: 10_063, lots: 100 },
  ]);
  planner.plan(wanted, orders.sorted(), { keepPriceTicks: 0, keepSizePct: 0, capital });
  // 300 lots, less 100 in doubt, less 100 that may still be there: one of the two can be placed.
  expect(planner.actions.map(({ kind, priceTicks }) => [kind, priceTicks])).toEqual([
    ["place", 10_042],
  ]);
  expect(planner.deferred).toBe(true);
});

test.each([
  ["without a fill it is replaced", 0, [["replace", 10_021, 60]]],
  // Where it has one, how much is left once it is canceled is not known beforehand.
  [
    "with a fill it is canceled and placed anew",
    20,
    [
      ["cancel", 10_021, 0],
      ["place", 10_021, 60],
    ],
  ],
] as const)("an order too large at a venue that amends nothing: %s", (_name, filledLots, plan) => {
  const orders = new Orders("sell", 300);
  orders.add(10_021, 100, filledLots);
  const planner = new OrderPlanner(rigid, "sell");
  const wanted = ladderSide([{ ticks: 10_021, lots: 60 }]);
  planner.plan(wanted, orders.sorted(), { keepPriceTicks: 0, keepSizePct: 10, capital: 300 });
  const actions = planner.actions.map(({ kind, priceTicks, quantityLots }) => [
    kind,
    priceTicks,
    quantityLots,
  ]);
  expect(actions).toEqual(plan.map((action) => [...action]));
});

test("too large within tolerance, but not within the capital: the outermost are replaced", () => {
  const orders = new Orders("sell", 200);
  orders.add(10_021, 105, 0);
  orders.add(10_042, 95, 0);
  const planner = new OrderPlanner(rigid, "sell");
  const wanted = ladderSide([
    { ticks: 10_021, lots: 100 },
    { ticks: 10_042, lots: 90 },
  ]);
  planner.plan(wanted, orders.sorted(), { keepPriceTicks: 0, keepSizePct: 10, capital: 195 });
  const actions = planner.actions.map(({ kind, quantityLots }) => [kind, quantityLots]);
  expect(actions).toEqual([["replace", 90]]);
});
