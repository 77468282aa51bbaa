/** One order in the place of another: every mix of outcomes of the two legs. */

import { describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { type News, restingKit } from "./execution-kit.ts";
import { ETHUSDT } from "./market.ts";
import { ackOf, cancelOf, idOf, LOST, notSent, ok, refusal, requestOf } from "./spot-kit.ts";

describe("replace", () => {
  test("is one request that stops where the order has had a fill", async () => {
    const { api, execution, heard } = await restingKit();
    execution.replace(idOf(1), requestOf(2, { priceTicks: 199_000 }));
    const call = await api.expect("order.cancelReplace");
    expect(call.params).toMatchObject({
      cancelReplaceMode: "STOP_ON_FAILURE",
      cancelRestrictions: "ONLY_NEW",
      orderRateLimitExceededMode: "DO_NOTHING",
      cancelOrderId: 9001,
      newClientOrderId: idOf(2),
      type: "LIMIT_MAKER",
      price: "1990",
    });
    call.answer(
      ok({
        cancelResult: "SUCCESS",
        newOrderResult: "SUCCESS",
        cancelResponse: cancelOf(idOf(1), 9001),
        newOrderResponse: ackOf(idOf(2), 9002),
      }),
    );
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    const placed = { clientOrderId: idOf(2), change: "open", venueOrderId: "9002" };
    expect(await heard.order()).toMatchObject(placed);
  });

  const crossing = { code: -2010, msg: "Order would immediately match and take." };
  const gone = { code: -2011, msg: "Unknown order sent." };
  const tooMany = { code: -1015, msg: "Too many new orders" };
  const halves: readonly (readonly [string, ApiAnswer, News, News])[] = [
    [
      "cancelled, and the new one refused",
      refusal(-2021, "Order cancel-replace partially failed.", 409, {
        cancelResult: "SUCCESS",
        newOrderResult: "FAILURE",
        cancelResponse: cancelOf(idOf(1), 9001),
        newOrderResponse: crossing,
      }),
      ["canceled", null],
      ["rejected", "would-cross"],
    ],
    [
      "gone before, so nothing was placed",
      refusal(-2022, "Order cancel-replace failed.", 400, {
        cancelResult: "FAILURE",
        newOrderResult: "NOT_ATTEMPTED",
        cancelResponse: gone,
        newOrderResponse: null,
      }),
      ["cancel-rejected", "unknown-order"],
      ["rejected", "other"],
    ],
    [
      "the order limit: neither was tried",
      refusal(-2022, "Order cancel-replace failed.", 429, {
        cancelResult: "NOT_ATTEMPTED",
        newOrderResult: "FAILURE",
        cancelResponse: null,
        newOrderResponse: tooMany,
      }),
      ["cancel-rejected", "throttled"],
      ["rejected", "throttled"],
    ],
    ["lost", LOST, ["unknown", null], ["unknown", null]],
    [
      "a partial failure without legs",
      refusal(-2021, "?", 409),
      ["unknown", null],
      ["unknown", null],
    ],
    ["a server error", refusal(-1007, "Timeout", 504), ["unknown", null], ["unknown", null]],
    [
      "refused whole by a filter",
      refusal(-1013, "Filter failure: NOTIONAL"),
      ["cancel-rejected", "filter"],
      ["rejected", "filter"],
    ],
    ["no budget", notSent("budget"), ["cancel-rejected", "throttled"], ["rejected", "throttled"]],
    [
      "a cancel that cannot be read beside a placement that can",
      ok({
        cancelResult: "SUCCESS",
        newOrderResult: "SUCCESS",
        cancelResponse: { orderId: 9001 },
        newOrderResponse: ackOf(idOf(2), 9002),
      }),
      ["unknown", null],
      ["open", null],
    ],
  ];
  test.each(halves)("%s", async (_name, answer, [oldChange, oldReason], [newChange, newReason]) => {
    const { api, execution, heard } = await restingKit();
    execution.replace(idOf(1), requestOf(2));
    await api.expect("order.cancelReplace", answer);
    const old = { clientOrderId: idOf(1), change: oldChange, reason: oldReason };
    expect(await heard.order()).toMatchObject(old);
    const fresh = { clientOrderId: idOf(2), change: newChange, reason: newReason };
    expect(await heard.order()).toMatchObject(fresh);
    expect(heard.events.size).toBe(0);
  });

  test("is two requests where the symbol does not allow one", async () => {
    const kit = await restingKit({ ...ETHUSDT, cancelReplaceAllowed: false });
    kit.execution.replace(idOf(1), requestOf(2));
    await kit.api.expect("order.cancel", ok(cancelOf(idOf(1), 9001)));
    await kit.api.expect("order.place", ok(ackOf(idOf(2), 9002)));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "open" });
  });

  test.each([LOST, refusal(-2011, "Unknown order sent."), notSent("budget")])(
    "places nothing where the cancel before it did not succeed: %#",
    async (answer) => {
      const kit = await restingKit({ ...ETHUSDT, cancelReplaceAllowed: false });
      kit.execution.replace(idOf(1), requestOf(2));
      await kit.api.expect("order.cancel", answer);
      await kit.heard.order();
      expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "rejected" });
      expect(kit.api.calls.size).toBe(0);
    },
  );

  test("places nothing that was canceled while it waited for the cancel before it", async () => {
    const kit = await restingKit({ ...ETHUSDT, cancelReplaceAllowed: false });
    kit.execution.replace(idOf(1), requestOf(2));
    const cancel = await kit.api.expect("order.cancel");
    kit.execution.cancelAll(); // a pause, say; the first is being canceled already
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "canceled" });
    await kit.api.expect("openOrders.status", ok([]));
    cancel.answer(ok(cancelOf(idOf(1), 9001)));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    expect([kit.api.calls.size, kit.heard.events.size]).toEqual([0, 0]);
  });

  test("places nothing where the cancel before it took long: the price is of then", async () => {
    const kit = await restingKit({ ...ETHUSDT, cancelReplaceAllowed: false });
    kit.execution.replace(idOf(1), requestOf(2));
    const cancel = await kit.api.expect("order.cancel");
    kit.api.nowMs += 1001;
    cancel.answer(ok(cancelOf(idOf(1), 9001)));
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    expect(await kit.heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "rejected" });
    expect(kit.api.calls.size).toBe(0);
  });

  test("by an order that would be refused cancels, and places nothing", async () => {
    const { api, execution, heard } = await restingKit();
    execution.replace(idOf(1), requestOf(2, { quantityLots: 1 }));
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(2), change: "rejected" });
    await api.expect("order.cancel", ok(cancelOf(idOf(1), 9001)));
    expect(await heard.order()).toMatchObject({ clientOrderId: idOf(1), change: "canceled" });
    expect(api.calls.size).toBe(0);
  });
});
