import { describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { kitOf, STOP, waitingStop } from "./execution-kit.ts";
import {
  algoOf,
  idOf,
  LOST,
  notSent,
  ok,
  orderOf,
  refusal,
  requestOf,
  stopOf,
  turn,
} from "./perp-kit.ts";

describe("an order is sent as the venue has it:", () => {
  const COMMON = { symbol: "SUIUSDC", side: "SELL", quantity: "10", newClientOrderId: idOf(1) };
  test.each([
    ["post-only", {}, { type: "LIMIT", timeInForce: "GTX", price: "3", newOrderRespType: "ACK" }],
    [
      "a limit that rests",
      { postOnly: false },
      { type: "LIMIT", timeInForce: "GTC", price: "3", newOrderRespType: "ACK" },
    ],
    [
      "an IOC that reduces",
      { postOnly: false, timeInForce: "ioc", reduceOnly: true } as const,
      {
        type: "LIMIT",
        timeInForce: "IOC",
        price: "3",
        reduceOnly: "true",
        newOrderRespType: "RESULT",
      },
    ],
    [
      "at market",
      { postOnly: false, type: "market", priceTicks: 0 } as const,
      { type: "MARKET", newOrderRespType: "RESULT" },
    ],
  ])("%s", async (_name, rest, params) => {
    const { hand, execution } = kitOf();
    execution.place(requestOf(1, rest));
    const call = await hand.expect("order.place");
    expect(call.params).toEqual({ ...COMMON, ...params });
  });

  test("a stop, by the Algo service and its names", async () => {
    const { hand, execution } = kitOf();
    execution.place(stopOf(1, { reduceOnly: true }));
    const call = await hand.expect("algoOrder.place");
    expect(call.params).toEqual({
      algoType: "CONDITIONAL",
      symbol: "SUIUSDC",
      side: "SELL",
      type: "STOP_MARKET",
      quantity: "10",
      triggerPrice: "2.9",
      workingType: "CONTRACT_PRICE",
      reduceOnly: "true",
      clientAlgoId: STOP,
    });
  });
});

describe("place", () => {
  test("the answer's state is told, without fills", async () => {
    const kit = kitOf();
    kit.execution.place(requestOf(1, { postOnly: false, type: "market", priceTicks: 0 }));
    const result = { status: "FILLED", executedQty: "10.0" };
    await kit.hand.expect("order.place", ok(orderOf(idOf(1), 9001, result)));
    expect(await kit.heard.order()).toMatchObject({ change: "filled", filledLots: 100 });
    expect(kit.heard.events.size).toBe(0);
    expect(kit.placed).toEqual([idOf(1)]);
  });

  test.each([
    [
      "post-only that would take",
      refusal(-5022, "Post Only order will be rejected."),
      "would-cross",
    ],
    [
      "turned away",
      refusal(-1008, "Request throttled by system-level protection.", 503),
      "throttled",
    ],
    ["service unavailable", refusal(-1001, "Service Unavailable.", 503), "throttled"],
    ["margin", refusal(-2019, "Margin is insufficient."), "insufficient-balance"],
    ["reduce-only", refusal(-2022, "ReduceOnly Order is rejected."), "reduce-only"],
    ["the order limit", refusal(-1015, "Too many new orders.", 429), "throttled"],
    ["a filter", refusal(-4014, "Price not increased by tick size."), "filter"],
    ["no budget of our own", notSent("budget"), "throttled"],
    ["no way to the venue", notSent("not-connected"), "other"],
  ] as const)("%s: refused for sure", async (_name, answer, reason) => {
    const kit = kitOf();
    kit.execution.place(requestOf(1));
    await kit.hand.expect("order.place", answer);
    expect(await kit.heard.order()).toMatchObject({ change: "rejected", reason });
    expect(kit.placed).toEqual([]);
  });

  test.each<[string, ApiAnswer]>([
    ["no answer", LOST],
    ["an unknown error", refusal(-1000, "Unknown error, please check your request.", 503)],
    ["the backend's time-out", refusal(-1007, "Timeout waiting for response.", 408)],
    ["an answer of another shape", ok({ orderId: "nine" })],
    ["an answer about another order", ok(orderOf("web_1", 5))],
    ["an id that is there already", refusal(-4116, "ClientOrderId is duplicated.")],
  ])("%s: unknown, and never a failure", async (_name, answer) => {
    const kit = kitOf();
    kit.execution.place(requestOf(1));
    await kit.hand.expect("order.place", answer);
    expect(await kit.heard.order()).toMatchObject({ change: "unknown" });
    expect(kit.orders.find(idOf(1))?.isOpen).toBe(true);
  });

  test("what the venue would refuse is refused here, and not from within the call", async () => {
    const kit = kitOf();
    kit.execution.place(requestOf(1, { quantityLots: 0 }));
    expect(kit.heard.events.size).toBe(0);
    expect(await kit.heard.order()).toMatchObject({ change: "rejected", reason: "filter" });
    expect(kit.hand.calls.size).toBe(0);
  });

  test("a stop that would fire at once is told as crossing, and waits for nothing", async () => {
    const kit = kitOf();
    kit.execution.place(stopOf(1));
    await kit.hand.expect("algoOrder.place", refusal(-2021, "Order would immediately trigger."));
    expect(await kit.heard.order()).toMatchObject({ change: "rejected", reason: "would-cross" });
    expect(kit.algos.mayBecomeOrders).toBe(false);
  });
});

describe("query", () => {
  test("an order of ours that the venue does not know", async () => {
    const kit = kitOf();
    kit.execution.place(requestOf(1));
    await kit.hand.expect("order.place", LOST);
    await kit.heard.order();
    kit.execution.query(idOf(1));
    const call = await kit.hand.expect("order.status", refusal(-2013, "Order does not exist."));
    expect(call.params).toEqual({ symbol: "SUIUSDC", origClientOrderId: idOf(1) });
    expect(await kit.heard.order()).toMatchObject({ change: "not-found" });
  });

  test("of a stop is answered by the Algo service alone while it waits", async () => {
    const kit = await waitingStop();
    kit.execution.query(STOP);
    await kit.hand.expect("algoOrder", ok(algoOf(STOP, 77)));
    expect(await kit.heard.order()).toMatchObject({ change: "open", quantityLots: 100 });
    expect(kit.hand.calls.size).toBe(0);
  });

  test("of a stop whose placing was lost, and that never was", async () => {
    const kit = kitOf();
    kit.execution.place(stopOf(1));
    await kit.hand.expect("algoOrder.place", LOST);
    expect(await kit.heard.order()).toMatchObject({ change: "unknown" });
    kit.execution.query(STOP);
    await kit.hand.expect("algoOrder", refusal(-2013, "Order does not exist."));
    expect(await kit.heard.order()).toMatchObject({ change: "not-found" });
  });

  test("of a stop that is given up: no order can come of it any more", async () => {
    const kit = kitOf();
    kit.execution.place(stopOf(1));
    await kit.hand.expect("algoOrder.place", LOST);
    expect(await kit.heard.order()).toMatchObject({ change: "unknown" });
    kit.hand.nowMs += 6000;
    kit.execution.query(STOP);
    await kit.hand.expect("algoOrder", refusal(-2013, "Order does not exist."));
    expect(await kit.heard.order()).toMatchObject({ change: "not-found" });
    await turn();
    expect(kit.algos.mayBecomeOrders).toBe(false);
  });

  test("of an id of an earlier run looks in both places", async () => {
    const kit = kitOf();
    kit.execution.query(STOP);
    await kit.hand.expect("order.status", refusal(-2013, "Order does not exist."));
    await kit.hand.expect("algoOrder", ok(algoOf(STOP, 77, { algoStatus: "CANCELED" })));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, change: "canceled" });
  });

  test("unanswered, an order of an earlier run is asked about again", async () => {
    const kit = kitOf();
    kit.execution.query(idOf(9));
    await kit.hand.expect("order.status", LOST);
    await turn();
    kit.timers.advance(1000);
    await kit.hand.expect("order.status");
    kit.execution.stop();
    expect(kit.timers.pending).toBe(0);
  });
});

test("a refusal by a rule that is not known here has the rules read again", async () => {
  const kit = kitOf();
  for (const [sequence, answer] of [
    refusal(-4141, "Symbol is closed."),
    refusal(-4016, "Limit price can't be higher than 3.15."),
    refusal(-5022, "Post Only order will be rejected."),
    refusal(-2019, "Margin is insufficient."),
  ].entries()) {
    kit.execution.place(requestOf(sequence));
    await kit.hand.expect("order.place", answer);
    await kit.heard.order();
  }
  expect(kit.ruleRefusals()).toBe(2);
});

test("a refusal that will last is told once, as an alarm", async () => {
  const kit = kitOf();
  const mode = refusal(-4061, "Order's position side does not match user's setting.");
  for (const sequence of [1, 2]) {
    kit.execution.place(requestOf(sequence));
    await kit.hand.expect("order.place", mode);
    expect(await kit.heard.order()).toMatchObject({ change: "rejected", reason: "other" });
  }
  expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "venue-refuses" }]);
});
