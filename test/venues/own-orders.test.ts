/** What a connection remembers of its orders, and for how long. */

import { describe, expect, test } from "bun:test";
import type { OrderChange, OrderEvent } from "#domain/events.ts";
import { OwnOrders } from "#venues/own-orders.ts";
import { idOf, NOW_MS, requestOf } from "./binance-spot/spot-kit.ts";

function newsOf(
  clientOrderId: string,
  change: OrderChange,
  rest: Partial<OrderEvent> = {},
): OrderEvent {
  return {
    kind: "order",
    venueTimeMs: NOW_MS,
    receivedTimeMs: NOW_MS,
    clientOrderId,
    venueOrderId: null,
    change,
    quantityLots: -1,
    filledLots: -1,
    reason: null,
    message: "",
    ...rest,
  };
}

function openIds(orders: OwnOrders): string[] {
  return [...orders.open()].map(({ clientOrderId }) => clientOrderId);
}

/** One order, sent just now. */
function withOne(): OwnOrders {
  const orders = new OwnOrders("mm", "ETH");
  orders.add(requestOf(1), NOW_MS);
  return orders;
}

describe("an order counts as open", () => {
  const named = { venueOrderId: "9" };
  const gone = { reason: "unknown-order" } as const;
  const late = { receivedTimeMs: NOW_MS + 6000 };
  const stories: readonly (readonly [string, readonly OrderEvent[], boolean])[] = [
    ["once it is sent", [], true],
    ["while a request's outcome is unknown", [newsOf(idOf(1), "unknown")], true],
    ["not after it was refused", [newsOf(idOf(1), "rejected")], false],
    [
      "though refused, once it is seen",
      [newsOf(idOf(1), "rejected"), newsOf(idOf(1), "open", named)],
      true,
    ],
    [
      "though a later request of its id is refused",
      [newsOf(idOf(1), "open", named), newsOf(idOf(1), "rejected")],
      true,
    ],
    ["not after it was refused under its own number", [newsOf(idOf(1), "rejected", named)], false],
    ["not after it was cancelled", [newsOf(idOf(1), "canceled", named)], false],
    [
      "not after its end, by an older report",
      [newsOf(idOf(1), "filled", named), newsOf(idOf(1), "open", named)],
      false,
    ],
    ["while it may be on its way", [newsOf(idOf(1), "not-found")], true],
    ["not where it can arrive no more", [newsOf(idOf(1), "not-found", late)], false],
    [
      "though not found, where it was seen",
      [newsOf(idOf(1), "open", named), newsOf(idOf(1), "not-found", late)],
      true,
    ],
    ["though its cancel came before it", [newsOf(idOf(1), "cancel-rejected", gone)], true],
    [
      "not where the venue does not know its number",
      [newsOf(idOf(1), "open", named), newsOf(idOf(1), "cancel-rejected", gone)],
      false,
    ],
    [
      "though its cancel came before it, and the answer to that after it",
      [
        newsOf(idOf(1), "open", named),
        newsOf(idOf(1), "cancel-rejected", gone),
        newsOf(idOf(1), "open", named),
      ],
      true,
    ],
    [
      "where its cancel was refused otherwise",
      [newsOf(idOf(1), "open", named), newsOf(idOf(1), "cancel-rejected")],
      true,
    ],
  ];
  test.each(stories)("%s", (_name, news, isOpen) => {
    const orders = withOne();
    for (const event of news) orders.note(event);
    expect(openIds(orders)).toEqual(isOpen ? [idOf(1)] : []);
    expect(orders.find(idOf(1))?.isOpen).toBe(isOpen);
  });
});

test("a number names its order, ours or not, after its end too", () => {
  const orders = withOne();
  orders.note(newsOf(idOf(1), "open", { venueOrderId: "9" }));
  orders.note(newsOf("web_1", "open", { venueOrderId: "10" }));
  orders.note(newsOf(idOf(1, "ETH2"), "open", { venueOrderId: "11" }));
  orders.note(newsOf(idOf(1), "filled"));
  const names = ["9", "10", "11", "12"].map((number) => orders.clientIdOf(number));
  expect(names).toEqual([idOf(1), null, null, undefined]);
  expect(orders.find("web_1")).toBeUndefined();
});

test("a number that a fill brings before any news names its order, also after its end", () => {
  const orders = withOne();
  orders.name(idOf(1), "9");
  orders.name(idOf(1), "10"); // it has one number
  orders.name(idOf(2), "11"); // not known
  expect(["9", "10", "11"].map((number) => orders.clientIdOf(number))).toEqual([
    idOf(1),
    undefined,
    undefined,
  ]);
  orders.note(newsOf(idOf(1), "filled"));
  expect(orders.clientIdOf("9")).toBe(idOf(1));
});

test("an order of an earlier run is taken up where the venue shows it", () => {
  const orders = new OwnOrders("mm", "ETH");
  orders.note(newsOf(idOf(7, "ETH", 2), "open", { venueOrderId: "70", quantityLots: 50 }));
  expect(orders.find(idOf(7, "ETH", 2))).toMatchObject({ isOpen: true, isOfThisRun: false });
  orders.note(newsOf(idOf(8, "ETH", 2), "not-found"));
  expect(orders.find(idOf(8, "ETH", 2))).toBeUndefined();
});

test("open buys add up by what is left of them", () => {
  const orders = withOne();
  orders.add(requestOf(2, { side: "sell" }), NOW_MS);
  orders.add(requestOf(3, { quantityLots: 40 }), NOW_MS);
  expect(orders.openBuyLots()).toBe(140);
  orders.note(newsOf(idOf(1), "open", { venueOrderId: "1", filledLots: 30 }));
  orders.note(newsOf(idOf(1), "open", { quantityLots: 80, filledLots: 10 })); // an older report
  expect(orders.openBuyLots()).toBe(50 + 40);
  orders.note(newsOf(idOf(3), "canceled"));
  expect(orders.openBuyLots()).toBe(50);
});

test("what is remembered is bounded, and what had to be forgotten is listed again", () => {
  const orders = new OwnOrders("mm", "ETH");
  orders.isListed = true;
  for (let sequence = 0; sequence <= 4096; sequence += 1) orders.add(requestOf(sequence), NOW_MS);
  expect(openIds(orders)).toHaveLength(4096);
  expect(orders.find(idOf(0))?.isOpen).toBe(false);
  expect(orders.isListed).toBe(false);
  for (let round = 0; round < 12_000; round += 1) {
    const id = idOf(10_000 + round);
    orders.note(newsOf(id, "canceled", { venueOrderId: String(round) }));
  }
  expect(orders.find(idOf(10_000))).toBeUndefined();
  expect(orders.clientIdOf("0")).toBeUndefined();
  expect(orders.find(idOf(21_999))?.isOpen).toBe(false);
});
