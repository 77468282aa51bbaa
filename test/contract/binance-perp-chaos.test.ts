/**
 * Binance USD-M while everything goes wrong at random: orders and stops are placed, cancelled and
 * triggered on the mock venue, and in the end the venue's books and what was told are the same.
 */

import { expect, test } from "bun:test";
import { parseClientOrderId } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import { type BinancePerpUnderTest, startBinancePerp } from "./binance-perp-under-test.ts";
import { LiveStage, quote } from "./live-stage.ts";

const SEEDS = [1, 2];
const STEPS = 60;
const STEP_MS = 25;
const FAULT_EVERY_MS = 40;
/** Bans and clocks that jump are tests of their own: here they would only stop the trading. */
const KINDS = [
  "drop-response",
  "drop-request",
  "error-5xx-accepted",
  "error-5xx-refused",
  "unavailable",
  "overload",
  "disconnect-after",
  "disconnect-before",
  "event-before-response",
  "response-before-event",
  "user-event-delay",
  "user-event-duplicate",
  "user-event-reorder",
  "user-event-disconnect",
  "user-stream-expiry",
];
/** A wait of ten seconds for a lost answer is one. */
const SPEED = 10;

/** One step of somebody who trades without a plan. */
function act(stage: LiveStage, venue: BinancePerpUnderTest, rng: Rng): void {
  const { connection } = stage;
  const { bidTicks, usualLots } = venue;
  const sent = [
    ...new Set(stage.events.flatMap((e) => (e.kind === "order" ? [e.clientOrderId] : []))),
  ];
  const some = sent[rng.integer(Math.max(1, sent.length))] ?? stage.nextId();
  const side = rng.integer(2) === 0 ? "buy" : "sell";
  const id = stage.nextId();
  const lots = Math.ceil(usualLots / 10) + rng.integer(20);
  const priceTicks = bidTicks + 10 + rng.integer(30);
  switch (rng.integer(8)) {
    case 0:
    case 1:
      stage.call(() => connection.place(quote(id, { side, priceTicks, quantityLots: lots })));
      return;
    case 2:
      venue.print(side, priceTicks, 5 * lots);
      return;
    case 3:
      stage.call(() => connection.cancel(some));
      return;
    case 4: {
      const fields = { side, priceTicks: 0, quantityLots: lots } as const;
      const request = { ...quote(id, fields), type: "market", postOnly: false } as const;
      stage.call(() => connection.place(request));
      return;
    }
    case 5: {
      const trigger = bidTicks - 300 - rng.integer(200);
      const fields = { side: "sell", priceTicks: trigger, quantityLots: lots } as const;
      const request = { ...quote(id, fields), type: "stop-market", postOnly: false } as const;
      stage.call(() => connection.place(request));
      return;
    }
    case 6: {
      const move = rng.integer(600);
      venue.setTouch(bidTicks - move, venue.askTicks - move);
      venue.print("sell", bidTicks - move, 1);
      return;
    }
    default:
      stage.call(() => connection.query(some));
  }
}

/** Our fills in the venue's books, by key: an order that a stop became counts as the stop. */
function venueFills(venue: BinancePerpUnderTest): Map<string, string> {
  const { records, market } = venue.mock.venue.listing(venue.symbol);
  const fills = new Map<string, string>();
  for (const { id, orderId, lots, isBuyer } of records.trades) {
    const order = records.byId(orderId);
    const owner = order?.algo?.clientAlgoId ?? order?.clientOrderId ?? "";
    if (parseClientOrderId(owner) === undefined) continue;
    fills.set(`${market.instrument.symbol}:${id}`, `${owner} ${isBuyer ? "buy" : "sell"} ${lots}`);
  }
  return fills;
}

function toldFills(stage: LiveStage): Map<string, string> {
  return new Map(
    stage
      .fillEvents()
      .map(({ fill }) => [fill.tradeId, `${fill.clientOrderId} ${fill.side} ${fill.quantityLots}`]),
  );
}

function openAtVenue(venue: BinancePerpUnderTest): string[] {
  const stops = venue.mock.venue.algo.records.waiting().map(({ clientAlgoId }) => clientAlgoId);
  return [...venue.openOrders().map(({ clientOrderId }) => clientOrderId), ...stops].toSorted();
}

test.each(SEEDS)(
  "each fill is told once, whatever goes wrong (seed %d)",
  async (seed) => {
    const venue = await startBinancePerp("ed25519");
    const rng = new Rng(seed);
    try {
      const stage = await LiveStage.open(venue, { speed: SPEED });
      await stage.up();
      await stage.reconciled();
      venue.mock.faults.arm(
        { seed, random: { everyMs: FAULT_EVERY_MS, kinds: KINDS } },
        "the test",
      );
      for (let step = 0; step < STEPS; step += 1) {
        act(stage, venue, rng);
        await Bun.sleep(STEP_MS); // the faults strike by the clock
      }
      venue.clearFaults();
      await stage.until("up", () => stage.states().at(-1) !== "down");
      // Each of them finds what is there: later ones only what was under way.
      for (let round = 0; round < 3; round += 1) await stage.reconciled();
      expect(toldFills(stage)).toEqual(venueFills(venue));
      expect(toldFills(stage).size).toBeGreaterThan(0);
      await stage.until("the same position", () => {
        const last = stage.events.findLast((event) => event.kind === "account");
        return last?.kind === "account" && last.base === venue.holding().base;
      });
      expect(await stage.reconciled()).toEqual(openAtVenue(venue));
      expect(stage.fillEvents()).toHaveLength(toldFills(stage).size);
      await stage.stop();
    } finally {
      await venue.stop();
    }
  },
  30_000,
);
