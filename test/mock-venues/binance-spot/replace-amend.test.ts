/** Cancel-replace and amend at the mock venue: legs, modes, shapes and refusals. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { outcome, record, type WsAnswer, type WsClient } from "../binance-kit.ts";
import { VenueBench } from "./venue-kit.ts";

let bench: VenueBench;
let client: WsClient;

beforeAll(async () => {
  bench = await VenueBench.start();
  client = await bench.wsApi();
  expect(outcome(await client.logOn())).toBe("ok");
});
afterAll(() => bench.stop());

const BUY = { symbol: "ETHUSDT", side: "BUY", type: "LIMIT_MAKER" };

/** A resting buy far from the market. */
function rest(id: string, changes: Record<string, string | number> = {}): Promise<WsAnswer> {
  const order = { price: "1900.00", quantity: "0.01", newClientOrderId: id };
  return client.timed("order.place", { ...BUY, ...order, ...changes });
}

function cancel(params: Record<string, string | number>): Promise<WsAnswer> {
  return client.timed("order.cancel", { symbol: "ETHUSDT", ...params });
}

describe("order.cancelReplace", () => {
  const replace = (params: Record<string, string | number>): Promise<WsAnswer> =>
    client.timed("order.cancelReplace", {
      ...BUY,
      price: "1910.00",
      quantity: "0.01",
      cancelReplaceMode: "STOP_ON_FAILURE",
      ...params,
    });

  test("both legs", async () => {
    const { orderId } = record((await rest("r-1")).result);
    const answer = await replace({ cancelOrderId: Number(orderId), newClientOrderId: "r-2" });
    expect(answer.result).toMatchObject({
      cancelResult: "SUCCESS",
      newOrderResult: "SUCCESS",
      cancelResponse: { orderId, origClientOrderId: "r-1", status: "CANCELED" },
      newOrderResponse: { clientOrderId: "r-2" },
    });
    await cancel({ origClientOrderId: "r-2" });
  });

  test("the new leg fails: 409 -2021, and the old order is gone", async () => {
    const { orderId } = record((await rest("r-3")).result);
    const answer = await replace({ cancelOrderId: Number(orderId), price: "2000.01" });
    expect(outcome(answer)).toBe("409 -2021 Order cancel-replace partially failed.");
    expect(answer.error?.data).toMatchObject({
      cancelResult: "SUCCESS",
      newOrderResult: "FAILURE",
      cancelResponse: { orderId, status: "CANCELED" },
      newOrderResponse: { code: -2010, msg: "Order would immediately match and take." },
    });
  });

  test("the cancel fails: 400 -2022, the new leg not attempted or tried by the mode", async () => {
    const stopped = await replace({ cancelOrderId: 999_999 });
    expect(outcome(stopped)).toBe("400 -2022 Order cancel-replace failed.");
    expect(stopped.error?.data).toEqual({
      cancelResult: "FAILURE",
      newOrderResult: "NOT_ATTEMPTED",
      cancelResponse: { code: -2011, msg: "Unknown order sent." },
      newOrderResponse: null,
    });
    const allow = { cancelReplaceMode: "ALLOW_FAILURE", cancelOrderId: 999_999 };
    const tried = await replace({ ...allow, newClientOrderId: "r-4" });
    expect(outcome(tried)).toBe("409 -2021 Order cancel-replace partially failed.");
    expect(tried.error?.data).toMatchObject({ newOrderResponse: { clientOrderId: "r-4" } });
    const neither = await replace({ ...allow, price: "2000.01" });
    expect(outcome(neither)).toBe("400 -2022 Order cancel-replace failed.");
    expect(neither.error?.data).toMatchObject({ newOrderResult: "FAILURE" });
    await cancel({ origClientOrderId: "r-4" });
  });

  test("filters are looked at before either leg", async () => {
    const { orderId } = record((await rest("r-5")).result);
    const answer = await replace({ cancelOrderId: Number(orderId), quantity: "0.00001" });
    expect(outcome(answer)).toBe("400 -1013 Filter failure: LOT_SIZE");
    expect(outcome(await cancel({ orderId: Number(orderId) }))).toBe("ok");
  });
});

describe("order.amend.keepPriority", () => {
  const amend = (params: Record<string, string | number>): Promise<WsAnswer> =>
    client.timed("order.amend.keepPriority", { symbol: "ETHUSDT", ...params });

  test("lowers the quantity under the same number; the id is kept where it is sent", async () => {
    const { orderId } = record((await rest("a-1")).result);
    const kept = await amend({
      origClientOrderId: "a-1",
      newQty: "0.008",
      newClientOrderId: "a-1",
    });
    expect(kept.result).toMatchObject({
      transactTime: bench.clock.nowMs,
      executionId: expect.any(Number),
      amendedOrder: {
        orderId,
        origClientOrderId: "a-1",
        clientOrderId: "a-1",
        price: "1900.00000000",
        qty: "0.00800000",
        executedQty: "0.00000000",
        preventedQty: "0.00000000",
        quoteOrderQty: "0.00000000",
        cumulativeQuoteQty: "0.00000000",
        status: "NEW",
        timeInForce: "GTC",
        type: "LIMIT_MAKER",
        side: "BUY",
      },
    });
    const { amendedOrder } = record(
      (await amend({ orderId: Number(orderId), newQty: "0.007" })).result,
    );
    expect(record(amendedOrder)).toMatchObject({ origClientOrderId: "a-1", qty: "0.00700000" });
    expect(record(amendedOrder)["clientOrderId"]).toMatch(/^[A-Za-z0-9]{22}$/);
    await cancel({ orderId: Number(orderId) });
  });

  test("only lowers, to a valid size, ten times, an order that is open", async () => {
    const id = { origClientOrderId: "a-2", newClientOrderId: "a-2" };
    expect(outcome(await amend({ ...id, newQty: "0.01" }))).toBe("400 -2038 Unknown order sent.");
    await rest("a-2");
    for (const newQty of ["0.01", "0.02"]) {
      expect(outcome(await amend({ ...id, newQty }))).toStartWith("400 -2038 ");
    }
    expect(outcome(await amend({ ...id, newQty: "0.001" }))).toBe(
      "400 -1013 Filter failure: NOTIONAL",
    );
    for (let lots = 99; lots >= 90; lots -= 1) {
      expect(outcome(await amend({ ...id, newQty: `0.00${lots}` }))).toBe("ok");
    }
    expect(outcome(await amend({ ...id, newQty: "0.0080" }))).toStartWith("400 -2038 ");
    await cancel({ origClientOrderId: "a-2" });
  });
});
