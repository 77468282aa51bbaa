/**
 * Whatever the order of reports (shuffled, repeated, outcomes unknown, fill before ack, ack after
 * cancel), orders and inventory end as they are in truth. The truth is a list of histories; the
 * reports are what a venue says of them; look-ups are answered truthfully.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OrderChange, OrderEvent } from "#domain/events.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRequest, type OrderStatus } from "#domain/order.ts";
import { OrderManager } from "#engine/order-manager.ts";
import { Reconciler } from "#engine/reconciler.ts";
import { RecordingSink } from "./setup.ts";

const SENT_MS = 1_000_000;
const SETTLED_MS = SENT_MS + 60_000;

interface History {
  readonly side: Side;
  readonly quantityLots: number;
  readonly isAccepted: boolean;
  /** Positive: so many lots are filled. 0: amended down to what is filled and half of the rest. */
  readonly steps: readonly number[];
  readonly end: "open" | "canceled" | "expired";
  /** A cancel was sent; where the order was filled before it came, it is refused. */
  readonly cancelSent: boolean;
}

const history: fc.Arbitrary<History> = fc.record({
  side: fc.constantFrom<Side>("buy", "sell"),
  quantityLots: fc.integer({ min: 1, max: 100 }),
  isAccepted: fc.constantFrom(true, true, true, false),
  steps: fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(0)), { maxLength: 5 }),
  end: fc.constantFrom("open", "canceled", "expired"),
  cancelSent: fc.boolean(),
});

type Report = { readonly fill: Fill } | { readonly order: OrderEvent };

/** What became of one order, and everything that was ever said about it. */
class Truth {
  readonly request: OrderRequest;
  readonly reports: Report[] = [];
  status: OrderStatus = "open";
  filledLots = 0;
  #quantityLots: number;

  constructor(index: number, told: History) {
    this.request = {
      clientOrderId: formatClientOrderId({
        prefix: "mm",
        pair: "ETH",
        role: "quote",
        epoch: 1,
        sequence: index,
      }),
      side: told.side,
      type: "limit",
      timeInForce: "gtc",
      postOnly: true,
      reduceOnly: false,
      priceTicks: 1000 + index,
      quantityLots: told.quantityLots,
    };
    this.#quantityLots = told.quantityLots;
    if (told.isAccepted) this.#live(told);
    else this.#reject();
  }

  #reject(): void {
    this.status = "rejected";
    this.reports.push({ order: this.event("rejected", false) });
  }

  #live(told: History): void {
    this.#say("open");
    for (const step of told.steps) {
      const leaves = this.#quantityLots - this.filledLots;
      if (leaves === 0) break;
      if (step > 0) this.#fill(Math.min(step, leaves));
      else if (leaves > 1) {
        this.#quantityLots -= Math.floor(leaves / 2);
        this.#say("open");
      }
    }
    if (this.filledLots === this.#quantityLots) {
      this.status = "filled";
      if (told.cancelSent) {
        const refusal = this.event("cancel-rejected", false);
        this.reports.push({ order: { ...refusal, reason: "unknown-order" } });
      }
    } else if (told.end === "open") {
      this.status = this.filledLots > 0 ? "partially-filled" : "open";
    } else {
      this.status = told.end;
      this.#say(told.end);
    }
  }

  #fill(lots: number): void {
    this.filledLots += lots;
    const { clientOrderId, side, priceTicks } = this.request;
    const fill: Fill = {
      tradeId: `${clientOrderId}/${this.filledLots}`,
      clientOrderId,
      side,
      priceTicks,
      quantityLots: lots,
      fee: "0",
      feeAsset: "BNB",
      liquidity: "maker",
      venueTimeMs: SENT_MS,
    };
    this.reports.push({ fill });
    this.#say(this.filledLots === this.#quantityLots ? "filled" : "open");
  }

  #say(change: OrderChange): void {
    this.reports.push({ order: this.event(change, true) });
  }

  event(change: OrderChange, knowsFigures: boolean): OrderEvent {
    return {
      kind: "order",
      venueTimeMs: SENT_MS,
      receivedTimeMs: SENT_MS,
      clientOrderId: this.request.clientOrderId,
      venueOrderId: knowsFigures ? "1" : null,
      change,
      quantityLots: knowsFigures ? this.#quantityLots : -1,
      filledLots: knowsFigures ? this.filledLots : -1,
      reason: null,
      message: "",
    };
  }

  /** What a look-up says: nothing was ever there, or how it ended, or that it is open. */
  answer(): OrderEvent {
    const { status } = this;
    if (status === "rejected") return this.event("not-found", false);
    const hasEnded = status === "canceled" || status === "expired" || status === "filled";
    return this.event(hasEnded ? status : "open", true);
  }
}

/** Reports with a random key to sort by; some of them come again. */
interface Delivery {
  readonly keys: readonly number[];
  readonly repeated: readonly boolean[];
  readonly unknown: readonly boolean[];
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  keys: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 40, maxLength: 40 }),
  repeated: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  unknown: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
});

/** Every report once, some twice, and unknown outcomes in between, in the order of the keys. */
function delivered(truths: readonly Truth[], { keys, repeated, unknown }: Delivery): Report[] {
  const keyed: { key: number; report: Report }[] = [];
  let index = 0;
  const add = (report: Report): void => {
    keyed.push({ key: keys[index % keys.length] ?? 0, report });
    index += 1;
  };
  truths.forEach((truth, order) => {
    for (const report of truth.reports) {
      add(report);
      if (repeated[index % repeated.length] === true) add(report);
    }
    if (unknown[order] === true) add({ order: truth.event("unknown", false) });
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ report }) => report);
}

test("orders and inventory end as they are in truth, whatever the order of the reports", () => {
  fc.assert(
    fc.property(fc.array(history, { minLength: 1, maxLength: 6 }), delivery, (histories, how) => {
      const truths = histories.map((told, index) => new Truth(index, told));
      const orders = new OrderManager("mm", "ETH");
      const sink = new RecordingSink();
      const reconciler = new Reconciler(orders, sink);
      let inventoryLots = 0;
      truths.forEach((truth, index) => {
        const origin = { createdMs: SENT_MS, trace: null, replaces: null };
        const order = orders.add(truth.request, origin);
        if (histories[index]?.cancelSent === true) order.setInFlight("cancel", SENT_MS);
      });
      for (const report of delivered(truths, how)) {
        if ("order" in report) orders.onReport(report.order, SENT_MS);
        else if (orders.onFill(report.fill) === "booked") {
          const { side, quantityLots } = report.fill;
          inventoryLots += side === "buy" ? quantityLots : -quantityLots;
        }
      }

      // The venue answers what it is asked, until nothing is asked any more.
      let asked = 0;
      for (let nowMs = SENT_MS; nowMs <= SETTLED_MS; nowMs += 500) {
        reconciler.tick(nowMs);
        for (; asked < sink.calls.length; asked += 1) {
          const call = sink.calls[asked];
          const truth = truths.find(
            ({ request }) => call?.call === "query" && call.id === request.clientOrderId,
          );
          if (truth !== undefined) orders.onReport(truth.answer(), nowMs);
        }
      }

      const statuses = truths.map(({ request }) => orders.find(request.clientOrderId)?.status);
      expect(statuses).toEqual(truths.map(({ status }) => status));
      const signed = truths.map((truth) =>
        truth.request.side === "buy" ? truth.filledLots : -truth.filledLots,
      );
      expect(inventoryLots).toBe(signed.reduce((sum, lots) => sum + lots, 0));
      const open = truths.filter(
        ({ status }) => status === "open" || status === "partially-filled",
      );
      expect([...orders.live.keys()].sort()).toEqual(
        open.map(({ request }) => request.clientOrderId).sort(),
      );
      for (const order of orders.live.values()) expect(order.isSettled).toBe(true);
      expect(orders.lacksFills).toBe(false);
      expect(orders.missingCost("buy") + orders.missingCost("sell")).toBe(0);
      expect(reconciler.tick(SETTLED_MS + 1)).toBe(-1);
    }),
    { numRuns: 1_000 },
  );
});
