/** Benchmarks of the core, one operation at a time. */

import { bench, do_not_optimize } from "mitata";
import type { BookEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import { Ledger } from "#domain/ledger.ts";
import { ManagedOrder } from "#engine/managed-order.ts";
import { OrderPlanner } from "#engine/order-planner.ts";
import { Ladder } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderInput } from "#strategies/ladder-builder.ts";
import { VolatilityEstimator } from "#volatility/estimator.ts";
import { BenchEngine, benchParams, benchStrategy, instrument, MID_HALF_TICKS } from "./fixtures.ts";

function bookEvent(): BookEvent {
  return {
    kind: "book",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    bidTicks: MID_HALF_TICKS / 2 - 1,
    bidLots: 5_000,
    askTicks: MID_HALF_TICKS / 2 + 1,
    askLots: 5_000,
  };
}

function move(event: BookEvent, venue: BenchEngine, ticks: number): void {
  event.bidTicks += ticks;
  event.askTicks += ticks;
  event.receivedTimeMs = venue.nowMs;
}

export function quietBookEvent(): void {
  const venue = new BenchEngine(10);
  const event = bookEvent();
  let size = 0;
  bench("engine: book event, nothing to do", () => {
    venue.nowMs += 0.05;
    size = (size + 1) % 64;
    event.bidLots = 5_000 + size;
    event.receivedTimeMs = venue.nowMs;
    venue.engine.apply(event);
  });
}

/** Figures of one operation, in nanoseconds. */
export interface Timed {
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  readonly note: string;
}

const REQUOTES = 20_000;
const WARM_UP = 5_000;

/**
 * Re-quotes with plan and commands, each timed on its own, without the venue's answers.
 * @param ticks how far the mid goes to and fro: 40 is one bin, after which most orders still fit
 */
export function requote(name: string, levels: number, ticks: number): Timed {
  const venue = new BenchEngine(levels);
  const event = bookEvent();
  move(event, venue, 0);
  venue.engine.apply(event);
  venue.settle();
  if (venue.engine.state !== "quoting") throw new Error("the engine does not quote");
  const times: number[] = [];
  const sentBefore = venue.sent;
  for (let turn = 0; turn < REQUOTES + WARM_UP; turn += 1) {
    venue.nowMs += 1;
    move(event, venue, turn % 2 === 0 ? ticks : -ticks);
    const startNs = Bun.nanoseconds();
    venue.engine.apply(event);
    times.push(Bun.nanoseconds() - startNs);
    venue.settle();
  }
  const sent = (venue.sent - sentBefore) / (REQUOTES + WARM_UP);
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * REQUOTES)] ?? 0;
  return { name, p50: at(0.5), p99: at(0.99), note: `${sent.toFixed(0)} order reports each` };
}

export function volatilitySample(): void {
  const { volatility } = benchParams(10);
  const estimator = new VolatilityEstimator(volatility);
  let price = 2_000;
  let step = 0;
  bench("volatility: one sample, with the figure read", () => {
    step = (step * 31 + 7) % 97;
    price *= 1 + (step - 48) * 1e-6;
    estimator.addPrice(price);
    do_not_optimize(estimator.annualisedPct());
  });
}

export function plannerRun(levels: number): void {
  const params = benchParams(levels);
  const ladder = new Ladder(LadderBuilder.capacity(params.ladder));
  const builder = new LadderBuilder(instrument, params.ladder, benchStrategy());
  const input: LadderInput = {
    timeMs: 0,
    midHalfTicks: MID_HALF_TICKS,
    inventoryLots: 500_000,
    quoteUnits: 100_000_000_000,
    targetIqvRatio: 0.5,
    volatilityPct: 50,
    bestBidTicks: MID_HALF_TICKS / 2 - 1,
    bestAskTicks: MID_HALF_TICKS / 2 + 1,
  };
  builder.build(input, ladder);
  const live = Array.from({ length: ladder.bids.count }, (_, index) => {
    const request = {
      clientOrderId: `mm-ETH-q1-${(index + 1).toString(36)}`,
      side: "buy",
      type: "limit",
      timeInForce: "gtc",
      postOnly: true,
      reduceOnly: false,
      priceTicks: ladder.bids.priceTicks[index] ?? 0,
      quantityLots: ladder.bids.quantityLots[index] ?? 0,
    } as const;
    const order = new ManagedOrder(request, { createdMs: 0, trace: null, replaces: null });
    order.addSeen(null, request.quantityLots, 0);
    return order;
  });
  // The market moved one bin: all but one order of the side still stand where one is wanted.
  builder.build({ ...input, midHalfTicks: MID_HALF_TICKS + 80 }, ladder);
  const bids = new OrderPlanner(instrument, "buy");
  const limits = { keepPriceTicks: 10, keepSizePct: 10, capital: input.quoteUnits };
  bench(`planner: one side of 2×${levels}, mid moved one bin`, () => {
    bids.plan(ladder.bids, live, limits);
    do_not_optimize(bids.actions.length);
  });
}

export function ledgerFill(): void {
  const ledger = new Ledger(instrument, { base: "50", quote: "100000" });
  const fill = (side: "buy" | "sell"): Fill => ({
    tradeId: "1",
    clientOrderId: "mm-ETH-q1-1",
    side,
    priceTicks: MID_HALF_TICKS / 2 - (side === "buy" ? 2 : -2),
    quantityLots: 1_234,
    fee: "0.0001234",
    feeAsset: "ETH",
    liquidity: "maker",
    venueTimeMs: 0,
  });
  const fills = [fill("buy"), fill("sell")];
  let turn = 0;
  bench("ledger: one fill", () => {
    turn = 1 - turn;
    const next = fills[turn];
    if (next !== undefined) ledger.bookFill(next, MID_HALF_TICKS + turn);
  });
}
