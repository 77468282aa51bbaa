/** The way of a wish to the venue and back: parameters, and every kind of outcome as news. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { kitOf, outcomes, restingKit } from "./execution-kit.ts";
import { ETHUSDT } from "./market.ts";
import {
  AutoApi,
  ackOf,
  cancelOf,
  HandApi,
  idOf,
  LOST,
  NOW_MS,
  notSent,
  ok,
  refusal,
  requestOf,
  statusOf,
  turn,
} from "./spot-kit.ts";

describe("place", () => {
  test("sends a post-only order and tells its number", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1, { side: "sell", priceTicks: 250_050, quantityLots: 123 }));
    const call = await api.expect("order.place");
    expect(call.params).toEqual({
      symbol: "ETHUSDT",
      side: "SELL",
      type: "LIMIT_MAKER",
      price: "2500.5",
      quantity: "0.0123",
      newClientOrderId: idOf(1),
      newOrderRespType: "ACK",
      selfTradePreventionMode: "EXPIRE_MAKER",
    });
    call.answer(ok(ackOf(idOf(1), 9001)));
    expect(await heard.order()).toEqual({
      kind: "order",
      venueTimeMs: NOW_MS + 3,
      receivedTimeMs: NOW_MS,
      clientOrderId: idOf(1),
      venueOrderId: "9001",
      change: "open",
      quantityLots: -1,
      filledLots: -1,
      reason: null,
      message: "",
    });
  });

  test.each(outcomes("rejected"))("%s", async (_name, answer, [change, reason]) => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await api.expect("order.place", answer);
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change, reason });
    expect(heard.events.size).toBe(0);
  });

  test("crossing is told as such", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    const words = "Order would immediately match and take.";
    await api.expect("order.place", refusal(-2010, words));
    expect(await heard.order()).toMatchObject({ reason: "would-cross", message: words });
  });

  test("a duplicate is looked up: something of this id rests", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await api.expect("order.place", refusal(-2010, "Duplicate order sent."));
    expect(await heard.order()).toMatchObject({ change: "unknown" });
  });

  test("an answer with the whole result says its state", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    const result = { status: "EXPIRED_IN_MATCH", origQty: "0.0100", executedQty: "0.0000" };
    await api.expect("order.place", ok({ ...ackOf(idOf(1), 9001), ...result }));
    const news = { change: "expired", quantityLots: 100, filledLots: 0 };
    expect(await heard.order()).toMatchObject(news);
  });

  test("what the venue would refuse is refused here, and not from within the call", async () => {
    const { api, execution, heard, orders } = kitOf(new HandApi());
    execution.place(requestOf(1, { quantityLots: 19 }));
    expect(heard.events.size).toBe(0);
    expect(await heard.order()).toMatchObject({ change: "rejected", reason: "filter" });
    expect(api.calls.size).toBe(0);
    expect([...orders.open()]).toEqual([]);
  });

  test("a refusal by a rule has the rules read again; a lasting one is told once", async () => {
    const kit = kitOf(new HandApi());
    for (const [sequence, answer] of [
      refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
      refusal(-2010, "Market is closed."),
      refusal(-2010, "Order would immediately match and take."),
      refusal(-2015, "Invalid API-key", 401),
      refusal(-2015, "Invalid API-key", 401),
    ].entries()) {
      kit.execution.place(requestOf(sequence));
      await kit.api.expect("order.place", answer);
      await kit.heard.order();
    }
    expect(kit.ruleRefusals()).toBe(2);
    const alert = { level: "critical", code: "venue-refuses", message: "Invalid API-key" };
    expect(kit.heard.alerts).toMatchObject([alert]);
  });
});

describe("cancel", () => {
  test("by number where it is known, else by our id", async () => {
    const { api, execution, heard } = await restingKit();
    execution.cancel(idOf(1));
    const call = await api.expect("order.cancel", ok(cancelOf(idOf(1), 9001, "0.0040")));
    expect(call.params).toEqual({ symbol: "ETHUSDT", orderId: 9001 });
    const news = { clientOrderId: idOf(1), change: "canceled", filledLots: 40 };
    expect(await heard.order()).toMatchObject(news);
    execution.place(requestOf(2));
    execution.cancel(idOf(2));
    await api.expect("order.place");
    const early = await api.expect("order.cancel");
    expect(early.params).toEqual({ symbol: "ETHUSDT", origClientOrderId: idOf(2) });
  });

  test.each([
    ...outcomes("cancel-rejected"),
    [
      "gone already",
      refusal(-2011, "Unknown order sent."),
      ["cancel-rejected", "unknown-order"],
    ] as const,
  ])("%s", async (_name, answer, [change, reason]) => {
    const { api, execution, heard } = await restingKit();
    execution.cancel(idOf(1));
    await api.expect("order.cancel", answer);
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change, reason });
    expect(heard.events.size).toBe(0);
  });
});

describe("amend", () => {
  test("keeps the id, and tells the quantity", async () => {
    const { api, execution, heard } = await restingKit();
    execution.amend(idOf(1), 60);
    const call = await api.expect("order.amend.keepPriority");
    expect(call.params).toEqual({
      symbol: "ETHUSDT",
      orderId: 9001,
      newQty: "0.006",
      newClientOrderId: idOf(1),
    });
    const amendedOrder = {
      symbol: "ETHUSDT",
      orderId: 9001,
      clientOrderId: idOf(1),
      qty: "0.00600000",
      executedQty: "0.00100000",
      preventedQty: "0.00000000",
      status: "PARTIALLY_FILLED",
    };
    call.answer(ok({ transactTime: NOW_MS + 9, executionId: 60, amendedOrder }));
    const news = { change: "open", quantityLots: 60, filledLots: 10, venueTimeMs: NOW_MS + 9 };
    expect(await heard.order()).toMatchObject(news);
  });

  test.each(outcomes("amend-rejected"))("%s", async (_name, answer, [change, reason]) => {
    const { api, execution, heard } = await restingKit();
    execution.amend(idOf(1), 60);
    await api.expect("order.amend.keepPriority", answer);
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change, reason });
  });

  test("cancels where the symbol does not allow it", async () => {
    const { api, execution, heard } = await restingKit({ ...ETHUSDT, amendAllowed: false });
    execution.amend(idOf(1), 60);
    await api.expect("order.cancel", ok(cancelOf(idOf(1), 9001)));
    expect(await heard.order()).toMatchObject({ change: "canceled" });
  });

  test("cancels once the venue's number of amendments is used up", async () => {
    const { api, execution, heard } = await restingKit();
    for (let amend = 0; amend < 10; amend += 1) {
      execution.amend(idOf(1), 60);
      await api.expect("order.amend.keepPriority", LOST);
      await heard.order();
    }
    execution.amend(idOf(1), 60);
    await api.expect("order.cancel", refusal(-1003, "Too much request weight", 429));
    expect(await heard.order()).toMatchObject({ change: "amend-rejected", reason: "throttled" });
  });
});

describe("query", () => {
  test.each([
    ["found", ok(statusOf(idOf(1), 9001)), "open"],
    ["renamed by its cancel", ok(statusOf("pXLV6Hz6", 9001, "CANCELED")), "canceled"],
    ["not found", refusal(-2013, "Order does not exist."), "not-found"],
  ])("%s", async (_name, answer, change) => {
    const { api, execution, heard } = await restingKit();
    execution.query(idOf(1));
    await api.expect("order.status", answer);
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change });
  });

  test.each([LOST, refusal(-1003, "Too much request weight", 429), notSent("not-connected")])(
    "nothing is told where the venue did not say: %#",
    async (answer) => {
      const { api, execution, heard } = await restingKit();
      execution.query(idOf(1));
      await api.expect("order.status", answer);
      await turn();
      expect(heard.events.size).toBe(0);
    },
  );
});

describe("cancelAll", () => {
  test("cancels what rests and what is on its way, each once", async () => {
    const { api, execution, orders } = await restingKit();
    orders.isListed = true;
    execution.place(requestOf(2));
    await api.expect("order.place");
    execution.cancelAll();
    execution.cancelAll();
    const params = [await api.expect("order.cancel"), await api.expect("order.cancel")];
    expect(params.map((call) => call.params)).toEqual([
      { symbol: "ETHUSDT", orderId: 9001 },
      { symbol: "ETHUSDT", origClientOrderId: idOf(2) },
    ]);
    expect(api.calls.size).toBe(0);
  });

  test("is not kept from a second try by a cancel that has no answer", async () => {
    const { api, execution, heard, orders } = await restingKit();
    orders.isListed = true;
    execution.cancelAll();
    const lost = await api.expect("order.cancel");
    api.nowMs += 1400;
    execution.cancelAll();
    expect(api.calls.size).toBe(0);
    api.nowMs += 200;
    execution.cancelAll();
    await api.expect("order.cancel", ok(cancelOf(idOf(1), 9001)));
    expect(await heard.order()).toMatchObject({ change: "canceled" });
    lost.answer(refusal(-2011, "Unknown order sent."));
    const late = { change: "cancel-rejected", reason: "unknown-order" };
    expect(await heard.order()).toMatchObject(late);
    execution.cancelAll();
    expect(api.calls.size).toBe(0);
  });

  test("does not rely on a replacement that may leave its order", async () => {
    const { api, execution, orders } = await restingKit();
    orders.isListed = true;
    execution.replace(idOf(1), requestOf(2));
    execution.cancelAll();
    await api.expect("order.cancelReplace");
    const params = [await api.expect("order.cancel"), await api.expect("order.cancel")];
    expect(params.map((call) => call.params)).toEqual([
      { symbol: "ETHUSDT", orderId: 9001 },
      { symbol: "ETHUSDT", origClientOrderId: idOf(2) },
    ]);
  });

  test("tries again what was refused", async () => {
    const { api, execution, heard, orders } = await restingKit();
    orders.isListed = true;
    execution.cancelAll();
    await api.expect("order.cancel", notSent("budget"));
    expect(await heard.order()).toMatchObject({ change: "cancel-rejected", reason: "throttled" });
    execution.cancelAll();
    await api.expect("order.cancel", ok(cancelOf(idOf(1), 9001)));
    expect(await heard.order()).toMatchObject({ change: "canceled" });
    execution.cancelAll();
    expect(api.calls.size).toBe(0);
  });

  test("an order of an earlier run whose cancel got lost is asked about again", async () => {
    const { api, execution, heard, timers } = kitOf(new HandApi());
    execution.cancelAll();
    await api.expect("openOrders.status", ok([statusOf(idOf(3, "ETH", 6), 8000)]));
    await api.expect("order.cancel", notSent("budget"));
    expect(await heard.order()).toMatchObject({ change: "cancel-rejected" });
    expect(timers.pending).toBe(1);
    timers.advance(1000);
    await api.expect("order.status", ok(statusOf(idOf(3, "ETH", 6), 8000)));
    // To which the core, not knowing the order, answers with a cancel.
    expect(await heard.order()).toMatchObject({ change: "open", venueOrderId: "8000" });
    execution.stop();
    expect(timers.pending).toBe(0);
  });

  test("never touches an order that is not this pair's", async () => {
    const anyId = fc.oneof(
      fc.integer({ min: 0, max: 99 }).map((sequence) => idOf(sequence, "ETH", 3)),
      fc.integer({ min: 0, max: 99 }).map((sequence) => idOf(sequence, "ETH2", 3)),
      fc.constantFrom(
        "web_123",
        "mm-ETH",
        "mm-ETH-q1-",
        "xx-ETH-q1-1",
        "MM-ETH-q1-1",
        "mm-eth-q1-1",
      ),
      fc.string({ minLength: 1, maxLength: 36 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyId, { maxLength: 30 }), async (ids) => {
        const listed = ids.map((id, index) => statusOf(id, index + 1));
        const api = new AutoApi((method, { orderId }) =>
          method === "openOrders.status"
            ? ok(listed)
            : ok(cancelOf(ids[Number(orderId) - 1] ?? "", Number(orderId))),
        );
        const { execution, heard } = kitOf(api);
        execution.cancelAll();
        await turn();
        const canceled = api.paramsOf("order.cancel").map(({ orderId }) => Number(orderId) - 1);
        const ours = ids.flatMap((id, index) => (id.startsWith("mm-ETH-q3-") ? [index] : []));
        expect(canceled).toEqual(ours);
        expect(heard.events.size).toBe(ours.length);
      }),
    );
  });
});
