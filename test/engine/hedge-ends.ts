/**
 * How days of hedging must end: what is held against a HedgeWorld once its day is over. The sums
 * are those of docs/hedging.md, worked out here from what both venues hold.
 */

import { expect } from "bun:test";
import type { Side } from "#domain/instrument.ts";
import type { OrderRole } from "#domain/order.ts";
import type { HedgeParams, PassiveHedgeParams } from "#hedge/params.ts";
import { roleOf } from "./hedge-watch.ts";
import { type HedgeDay, type HedgeWorld, playHedge } from "./hedge-world.ts";
import { ETH } from "./setup.ts";

/** The parameters that hold in the end. */
function paramsNow(world: HedgeWorld): HedgeParams {
  return world.reconfigured.at(-1)?.params.hedge?.params ?? world.day.hedge;
}

/** A hedge that is on when it is configured away is seen through as it was. */
function lastPassive({ day, reconfigured }: HedgeWorld): PassiveHedgeParams | null {
  const all = [day.hedge, ...reconfigured.map(({ params }) => params.hedge?.params)];
  return all.findLast((params) => params !== undefined && params.passive !== null)?.passive ?? null;
}

function expectNoViolation(world: HedgeWorld): void {
  expect(world.watch.violations).toEqual([]);
  expect(world.hedgeVenue.violations).toEqual([]);
  expect(world.venue.violations).toEqual([]);
  const alerts = world.venue.alerts.filter(({ code }) => code.endsWith("-failed"));
  expect(alerts).toEqual([]);
}

/** Both ledgers are what the venues have, to the last digit. */
function expectSameBooks(world: HedgeWorld): void {
  const { engine, venue, hedgeVenue, desk } = world;
  expect(desk.book.positionLots).toBe(hedgeVenue.positionLots);
  expect(desk.book.activeLots + desk.book.passiveLots).toBe(hedgeVenue.positionLots);
  if (!world.hasIntruded) {
    expect(desk.book.ledger.quote().toFixed()).toBe(hedgeVenue.cash.toFixed());
  }
  expect(engine.ledger.base().toFixed()).toBe(ETH.size(venue.baseLots).toFixed());
  expect(engine.ledger.quote().toFixed()).toBe(ETH.notional(1, venue.quoteUnits).toFixed());
  expect(engine.pnl().residual.toFixed()).toBe("0");
  expect(desk.orders.lacksFills).toBe(false);
  const ours = [...desk.orders.live.keys()].sort();
  const theirs = hedgeVenue.open().map(({ request }) => request.clientOrderId);
  expect(ours).toEqual(theirs.sort());
}

/**
 * The net move, and what would be sold (negative: bought) to bring it to its target, in lots. A
 * passive hedge is no reason for an active one: on the side that would undo it, it does not count.
 */
function exposureOf(world: HedgeWorld, side: Side, target: number): { move: number; lots: number } {
  const { engine, desk } = world;
  const price = engine.market.midHalfTicks / 200;
  const { passiveLots } = desk.book;
  const undone = (side === "sell" ? Math.max(0, passiveLots) : Math.min(0, passiveLots)) / 1_000;
  const net = Number(engine.ledger.base().toFixed()) + desk.base - undone;
  const money = Number(engine.ledger.quote().toFixed()) + desk.quote + undone * price;
  const value = net * price + money;
  const move = (net * price) / value / 0.5 - 1;
  return { move, lots: (net - (0.5 * (1 + target) * value) / price) / 0.001 };
}

function expectWithinBand(world: HedgeWorld): void {
  const { active, minStepLots, isDualSided } = paramsNow(world);
  if (active === null || active.target === "seed") return;
  const { iqvRatio, targetIqvRatio } = active;
  const { minNotionalUnits } = world.desk.instrument;
  const leastLots = Math.max(minStepLots, Math.ceil(minNotionalUnits / 180_000) + 1);
  const above = exposureOf(world, "sell", targetIqvRatio);
  if (above.lots >= leastLots) expect(above.move).toBeLessThanOrEqual(iqvRatio);
  const below = exposureOf(world, "buy", -targetIqvRatio);
  if (isDualSided && -below.lots >= leastLots) {
    expect(below.move).toBeGreaterThanOrEqual(-iqvRatio);
  }
}

interface Stop {
  readonly role: OrderRole | undefined;
  readonly side: Side;
  readonly priceTicks: number;
  readonly lots: number;
}

/** The triggers and the stop-loss that are at the venue are those that docs/hedging.md says. */
function expectStops(world: HedgeWorld): void {
  const { desk, hedgeVenue } = world;
  const found = hedgeVenue.open().map(({ request }) => ({
    role: roleOf(request),
    side: request.side,
    priceTicks: request.priceTicks,
    lots: request.quantityLots,
  }));
  const { passive, isDualSided } = paramsNow(world);
  const last = passive ?? lastPassive(world);
  if (desk.book.passiveLots !== 0 && last !== null) {
    expect(found).toEqual(stopLossOf(world, last));
  } else if (passive === null || !desk.instrument.canOpenByStop) {
    expect(found).toEqual([]);
  } else {
    expect(found.every(({ role }) => role === "passive-hedge")).toBe(true);
    const isOf =
      (side: Side) =>
      (stop: Stop): boolean =>
        stop.side === side;
    expectTrigger(world, passive, "sell", found.filter(isOf("sell")));
    if (isDualSided) expectTrigger(world, passive, "buy", found.filter(isOf("buy")));
    else expect(found.filter(isOf("buy"))).toEqual([]);
  }
}

/** What rests behind a hedge that is on: nothing, where its stop is watched by us. */
function stopLossOf(world: HedgeWorld, { stopRatio }: PassiveHedgeParams): Stop[] {
  const { instrument, book, passive } = world.desk;
  const { passiveLots, positionLots } = book;
  const entryTicks = passive?.entryTicks ?? 0;
  const isLong = passiveLots > 0;
  const priceTicks = isLong
    ? instrument.floorTicks(entryTicks * (1 - stopRatio))
    : instrument.ceilTicks(entryTicks * (1 + stopRatio));
  const isReducing = passiveLots * positionLots >= passiveLots ** 2;
  if (!isReducing && !instrument.canOpenByStop) return [];
  const lots = Math.abs(passiveLots);
  return [{ role: "stop-loss", side: isLong ? "sell" : "buy", priceTicks, lots }];
}

function expectTrigger(
  world: HedgeWorld,
  passive: PassiveHedgeParams,
  side: Side,
  found: readonly Stop[],
): void {
  const { instrument, book, passive: hedger } = world.desk;
  const inventory = Number(world.engine.ledger.base().toFixed()) * 1_000;
  const size = Math.max(0, inventory + book.activeLots) * passive.proportion;
  const anchorTicks = hedger?.anchorTicks ?? 0;
  const priceTicks =
    side === "sell"
      ? instrument.floorTicks(anchorTicks * (1 - passive.ratio))
      : instrument.ceilTicks(anchorTicks * (1 + passive.ratio));
  const slack = 1 + (size * passive.movePct) / (100 - passive.movePct);
  // Around the least size either is right.
  const least = Math.max(paramsNow(world).minStepLots, instrument.minNotionalUnits / priceTicks);
  if (size + slack < least) expect(found).toEqual([]);
  if (size - slack <= least) return;
  expect(found.length).toBe(1);
  expect(found[0]).toMatchObject({ priceTicks });
  expect(Math.abs((found[0]?.lots ?? 0) - size)).toBeLessThanOrEqual(slack);
}

/** The operator wants the pair back: it quotes, and is hedged as its parameters say. */
export function endsHedged(day: HedgeDay): void {
  const world = playHedge(day);
  world.heal();
  world.command("rearm");
  world.command("resume");
  world.settle();
  expectNoViolation(world);
  expect(world.watch.isAtRest).toBe(true);
  expect(world.engine.state).toBe("quoting");
  const tripped = world.engine.guards().filter((guard) => guard.tripped);
  expect(tripped.map(({ id }) => id)).toEqual([]);
  expectSameBooks(world);
  expectWithinBand(world);
  expectStops(world);
}

/** The operator wants nothing at stake. */
export function endsFlat(day: HedgeDay): void {
  const world = playHedge(day);
  world.heal();
  world.command("rearm");
  world.command("flatten");
  world.settle();
  expectNoViolation(world);
  expect(world.engine.state).toBe("flattened");
  expectNothingRests(world);
  expectSameBooks(world);
  expect(world.hedgeVenue.positionLots).toBe(0);
}

/** The program ends. */
export function endsStopped(day: HedgeDay): void {
  const world = playHedge(day);
  world.heal();
  world.command("stop");
  for (let step = 0; step < 200; step += 1) world.step(0);
  expectNoViolation(world);
  expectNothingRests(world);
  expectSameBooks(world);
}

function expectNothingRests(world: HedgeWorld): void {
  expect(world.hedgeVenue.open()).toEqual([]);
  expect(world.venue.open()).toEqual([]);
  expect(world.engine.hasOpenOrders).toBe(false);
}
