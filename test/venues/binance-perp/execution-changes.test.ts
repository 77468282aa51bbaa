import { describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { kitOf, resting, STOP, waitingStop } from "./execution-kit.ts";
import {
  algoOf,
  idOf,
  LOST,
  NOW_MS,
  ok,
  orderOf,
  refusal,
  requestOf,
  stopOf,
  turn,
} from "./perp-kit.ts";

describe("cancel", () => {
  test("by the venue's number; what was filled is told", async () => {
    const kit = await resting();
    kit.execution.cancel(idOf(1));
    const canceled = orderOf(idOf(1), 9001, { status: "CANCELED", executedQty: "4.0" });
    const call = await kit.hand.expect("order.cancel", ok(canceled));
    expect(call.params).toEqual({ symbol: "SUIUSDC", orderId: 9001 });
    expect(await kit.heard.order()).toMatchObject({ change: "canceled", filledLots: 40 });
  });

  test("a stop, by its own id, at the Algo service", async () => {
    const kit = await waitingStop();
    kit.execution.cancel(STOP);
    const answer = ok({ algoId: 77, clientAlgoId: STOP, code: "200", msg: "success" });
    const call = await kit.hand.expect("algoOrder.cancel", answer);
    expect(call.params).toEqual({ clientAlgoId: STOP });
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, change: "canceled" });
    expect(kit.algos.mayBecomeOrders).toBe(false);
  });

  test("a stop that is triggered meanwhile: refused, and its order is looked up", async () => {
    const kit = await waitingStop();
    kit.execution.cancel(STOP);
    await kit.hand.expect("algoOrder.cancel", refusal(-2011, "Unknown order sent."));
    const refused = { change: "cancel-rejected", reason: "unknown-order" } as const;
    expect(await kit.heard.order()).toMatchObject(refused);
    kit.execution.query(STOP);
    const triggered = algoOf(STOP, 77, { algoStatus: "TRIGGERED", actualOrderId: "9100" });
    await kit.hand.expect("algoOrder", ok(triggered));
    const filled = { status: "FILLED", executedQty: "10.0" };
    const call = await kit.hand.expect("order.status", ok(orderOf("x-made", 9100, filled)));
    expect(call.params).toEqual({ symbol: "SUIUSDC", orderId: 9100 });
    expect(await kit.heard.order()).toMatchObject({
      clientOrderId: STOP,
      change: "filled",
      filledLots: 100,
    });
    expect(kit.linked).toEqual(["9100"]);
  });

  test("a stop that has become an order is cancelled as that", async () => {
    const kit = await waitingStop();
    kit.algos.link(STOP, "9100");
    kit.execution.cancel(STOP);
    const canceled = orderOf("x-made", 9100, { status: "CANCELED", executedQty: "3.0" });
    const call = await kit.hand.expect("order.cancel", ok(canceled));
    expect(call.params).toEqual({ symbol: "SUIUSDC", orderId: 9100 });
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, filledLots: 30 });
  });

  test("of an earlier run: as an order, and where there is none as a stop", async () => {
    const kit = kitOf();
    kit.execution.cancel(STOP);
    await kit.hand.expect("order.cancel", refusal(-2011, "Unknown order sent."));
    await kit.hand.expect(
      "algoOrder.cancel",
      ok({ algoId: 77, clientAlgoId: STOP, code: "200", msg: "success" }),
    );
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, change: "canceled" });
  });

  test("an answer that says it was not done leaves it unknown", async () => {
    const kit = await waitingStop();
    kit.execution.cancel(STOP);
    const answer = ok({ algoId: 77, clientAlgoId: STOP, code: "-2011", msg: "Unknown order" });
    await kit.hand.expect("algoOrder.cancel", answer);
    expect(await kit.heard.order()).toMatchObject({ change: "unknown" });
  });

  test("all: each of ours, and what earlier runs left, orders and stops", async () => {
    const kit = await resting();
    kit.execution.cancelAll();
    await kit.hand.expect("order.cancel");
    await kit.hand.expect("openOrders", ok([orderOf(idOf(5), 8000), orderOf("web_1", 8001)]));
    await kit.hand.expect("openAlgoOrders", ok([algoOf(idOf(6, "stop-loss"), 70)]));
    expect((await kit.hand.expect("order.cancel")).params).toMatchObject({ orderId: 8000 });
    expect((await kit.hand.expect("algoOrder.cancel")).params).toEqual({
      clientAlgoId: idOf(6, "stop-loss"),
    });
    await turn();
    expect(kit.hand.calls.size).toBe(0);
  });
});

describe("replace", () => {
  test("places nothing where the answer to the cancel cannot be read", async () => {
    const kit = await resting();
    kit.execution.replace(idOf(1), requestOf(2));
    const answer = orderOf(idOf(1), 9001, { status: "CANCELED", executedQty: "?" });
    await kit.hand.expect("order.cancel", ok(answer));
    const told = [await kit.heard.order(), await kit.heard.order()];
    expect(told.map(({ clientOrderId, change }) => [clientOrderId, change])).toEqual([
      [idOf(1), "unknown"],
      [idOf(2), "rejected"],
    ]);
    await turn();
    expect(kit.hand.calls.size).toBe(0);
  });

  test("places no second stop where the first was heard of, and not cancelled", async () => {
    const kit = await waitingStop();
    kit.execution.replace(STOP, stopOf(2));
    const answer = ok({ algoId: 77, clientAlgoId: STOP, code: "-2011", msg: "Unknown order" });
    await kit.hand.expect("algoOrder.cancel", answer);
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, change: "unknown" });
    expect(await kit.heard.order()).toMatchObject({ change: "rejected" });
    await turn();
    expect(kit.hand.calls.size).toBe(0);
  });

  test("places once the venue has cancelled the other", async () => {
    const kit = await resting();
    kit.execution.replace(idOf(1), requestOf(2));
    const cancel = await kit.hand.expect("order.cancel");
    expect(kit.hand.calls.size).toBe(0);
    cancel.answer(ok(orderOf(idOf(1), 9001, { status: "CANCELED" })));
    expect(await kit.heard.order()).toMatchObject({ change: "canceled" });
    expect((await kit.hand.expect("order.place")).params).toMatchObject({
      newClientOrderId: idOf(2),
    });
  });

  test.each<[string, ApiAnswer]>([
    ["was filled", refusal(-2011, "Unknown order sent.")],
    ["may rest", LOST],
    ["had a fill", ok(orderOf(idOf(1), 9001, { status: "CANCELED", executedQty: "1.0" }))],
  ])("does not where the other %s", async (_name, answer) => {
    const kit = await resting();
    kit.execution.replace(idOf(1), requestOf(2));
    await kit.hand.expect("order.cancel", answer);
    await kit.heard.order();
    expect(await kit.heard.order()).toMatchObject({
      clientOrderId: idOf(2),
      change: "rejected",
      reason: "other",
    });
    expect(kit.hand.calls.size).toBe(0);
  });

  test("does not where the cancel took too long", async () => {
    const kit = await resting();
    kit.execution.replace(idOf(1), requestOf(2));
    const cancel = await kit.hand.expect("order.cancel");
    kit.hand.nowMs = NOW_MS + 1001;
    cancel.answer(ok(orderOf(idOf(1), 9001, { status: "CANCELED" })));
    await kit.heard.order();
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "rejected" });
  });

  test("leaves an order that is known to have a fill", async () => {
    const kit = await resting();
    const filled = { status: "PARTIALLY_FILLED", executedQty: "1.0" };
    kit.execution.query(idOf(1));
    await kit.hand.expect("order.status", ok(orderOf(idOf(1), 9001, filled)));
    await kit.heard.order();
    kit.execution.replace(idOf(1), requestOf(2));
    expect(await kit.heard.order()).toMatchObject({ change: "cancel-rejected", reason: "other" });
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "rejected" });
    expect(kit.hand.calls.size).toBe(0);
  });

  test("the new one cancelled meanwhile never comes", async () => {
    const kit = await resting();
    kit.execution.replace(idOf(1), requestOf(2));
    const cancel = await kit.hand.expect("order.cancel");
    kit.execution.cancel(idOf(2));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "canceled" });
    cancel.answer(ok(orderOf(idOf(1), 9001, { status: "CANCELED" })));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    await turn();
    expect(kit.hand.calls.size).toBe(0);
  });
});

test("an amendment cancels: the order must not stay too large", async () => {
  const kit = await resting();
  kit.execution.amend(idOf(1), 50);
  await kit.hand.expect("order.cancel", refusal(-2011, "Unknown order sent."));
  expect(await kit.heard.order()).toMatchObject({
    change: "amend-rejected",
    reason: "unknown-order",
  });
});
