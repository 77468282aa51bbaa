/** Orders as actions, what can come of each, and questions about them. */

import { describe, expect, test } from "bun:test";
import type { OrderRequest } from "#domain/order.ts";
import type { ActionAnswer } from "#venues/hyperliquid/api.ts";
import { cloidOf } from "#venues/hyperliquid/cloid.ts";
import { readOrderReport } from "#venues/hyperliquid/responses.ts";
import { ASSET, err, kitOf, restingKit } from "./execution-kit.ts";
import {
  done,
  HandApi,
  idOf,
  info,
  LOST,
  marketOf,
  notSent,
  orderOf,
  reportOf,
  requestOf,
  resting,
  turn,
  UNANSWERED,
  USER,
} from "./hl-kit.ts";

describe("placing", () => {
  test("one turn is four actions: cancels, replacements, makers, takers", async () => {
    const { api, execution } = await restingKit(1, 2, 3);
    execution.place(requestOf(5));
    execution.place(requestOf(6, { timeInForce: "ioc", postOnly: false }));
    execution.replace(idOf(2), requestOf(4, { priceTicks: 299_990 }));
    execution.cancel(idOf(1));
    execution.cancel(idOf(3));
    execution.place(requestOf(7));
    expect(api.acts.size).toBe(0);
    await turn();
    expect(api.acts.size).toBe(4);
    const cancel = await api.sent("cancel");
    expect(cancel.request).toEqual({
      action: {
        type: "cancel",
        cancels: [
          { a: ASSET, o: 9001 },
          { a: ASSET, o: 9003 },
        ],
        f: true,
      },
      requests: 2,
      isCancel: true,
      expiresInMs: 5000,
    });
    const modify = await api.sent("batchModify");
    expect(modify.request.action["modifies"]).toMatchObject([
      { oid: 9002, order: { p: "2.9999", c: cloidOf(idOf(4)), t: { limit: { tif: "Alo" } } } },
    ]);
    const makers = await api.sent("order");
    expect(makers.request).toMatchObject({ requests: 2, isCancel: false, expiresInMs: 5000 });
    expect(makers.request.action["orders"]).toEqual([wireOf(5, "Alo"), wireOf(7, "Alo")]);
    const takers = await api.sent("order");
    expect(takers.request.action["orders"]).toEqual([wireOf(6, "Ioc")]);
  });

  function wireOf(sequence: number, tif: string): object {
    const limit = { limit: { tif } };
    return { a: ASSET, b: true, p: "3", s: "10", r: false, t: limit, c: cloidOf(idOf(sequence)) };
  }

  test("no order waits for the answer to another", async () => {
    const { api, execution } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await turn();
    execution.place(requestOf(2));
    await turn();
    expect(api.acts.size).toBe(2);
  });

  test("a large gather is split where it would cost more weight", async () => {
    const { api, execution } = kitOf(new HandApi());
    for (let sequence = 1; sequence <= 40; sequence += 1) execution.place(requestOf(sequence));
    const sizes = [
      (await api.sent("order")).request.requests,
      (await api.sent("order")).request.requests,
    ];
    expect(sizes).toEqual([39, 1]);
  });

  test("each order is told what became of it, by its place in the batch", async () => {
    const { api, execution, heard, orders } = kitOf(new HandApi());
    for (const sequence of [1, 2, 3, 4]) execution.place(requestOf(sequence));
    const filled = { filled: { totalSz: "10.0", avgPx: "2.9", oid: 9003 } };
    const crossing = err(
      "Post only order would have immediately matched, bbo was 2.9@2.95. asset=2",
    );
    await api.sent("order", done(resting(9001), crossing, filled, "waitingForTrigger"));
    await turn();
    expect(heard.story()).toEqual(["#1 open", "#2 rejected: would-cross", "#3 filled", "#4 open"]);
    expect(heard.orders(idOf(1))[0]).toMatchObject({ venueOrderId: "9001", quantityLots: -1 });
    expect(heard.orders(idOf(3))[0]).toMatchObject({ venueOrderId: "9003", filledLots: 100 });
    expect([...orders.open()].map(({ clientOrderId }) => clientOrderId)).toEqual([
      idOf(1),
      idOf(4),
    ]);
  });

  test("one error for the whole batch is each order's", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    for (const sequence of [1, 2, 3]) execution.place(requestOf(sequence));
    await api.sent("order", done(err("Price must be divisible by tick size. asset=2")));
    await turn();
    expect(heard.story()).toEqual([
      "#1 rejected: filter",
      "#2 rejected: filter",
      "#3 rejected: filter",
    ]);
  });

  test("one error beside other words is of its own order", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    execution.place(requestOf(2));
    await api.sent("order", done(err("Insufficient margin to place order."), resting(9002)));
    await turn();
    expect(heard.story()).toEqual(["#1 rejected: insufficient-balance", "#2 open"]);
  });

  test("a taker that is filled in part is over; one that found nothing has expired", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    const ioc = { timeInForce: "ioc", postOnly: false } as const;
    execution.place(requestOf(1, ioc));
    execution.place(requestOf(2, ioc));
    const partly = { filled: { totalSz: "4.0", avgPx: "3.0", oid: 9001 } };
    const nothing = err("Order could not immediately match against any resting orders. asset=2");
    await api.sent("order", done(partly, nothing));
    await turn();
    expect(heard.orders()).toMatchObject([
      { change: "expired", filledLots: 40 },
      { change: "expired", reason: "other" },
    ]);
  });

  const whole: readonly (readonly [string, ActionAnswer, string])[] = [
    ["no answer", LOST, "unknown"],
    ["no budget", notSent("budget"), "rejected: throttled"],
    ["no way", notSent("not-connected"), "rejected: other"],
    [
      "the address limit",
      { kind: "refused", message: "Too many cumulative requests sent (20001 > 20000) for …" },
      "rejected: throttled",
    ],
    ["the IP limit", { kind: "refused", message: "429 Too Many Requests" }, "rejected: throttled"],
    ["an expiry", { kind: "refused", message: "Action already expired" }, "rejected: other"],
    ["an answer of another shape", { kind: "answered", response: { type: "default" } }, "unknown"],
    ["too few statuses", done(resting(1), resting(2), resting(3)), "unknown"],
  ];
  test.each(whole)("%s is each order's: %#", async (_name, answer, told) => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    execution.place(requestOf(2));
    await api.sent("order", answer);
    await turn();
    expect(heard.story()).toEqual([`#1 ${told}`, `#2 ${told}`]);
  });

  test("what came too late by a clock that has jumped is signed anew, once", async () => {
    const late: ActionAnswer = { kind: "refused", message: "Action already expired" };
    const { api, execution, heard } = kitOf(new HandApi(), null, () => Promise.resolve(true));
    execution.place(requestOf(1));
    await api.sent("order", late);
    await api.sent("order", done(resting(9001)));
    execution.place(requestOf(2));
    await api.sent("order", late);
    await api.sent("order", late);
    await turn();
    expect(heard.story()).toEqual(["#1 open", "#2 rejected: other"]);
    // One that was cancelled meanwhile does not come after all.
    execution.place(requestOf(3));
    const { answer } = await api.sent("order");
    execution.cancel(idOf(3));
    await api.sent("cancelByCloid");
    answer(late);
    await turn();
    expect(api.acts.size).toBe(0);
    expect(heard.story().at(-1)).toBe("#3 rejected: other");
  });

  test("an ack that comes after the stream's news tells nothing over again", async () => {
    const { api, execution, heard, news } = kitOf(new HandApi());
    execution.place(requestOf(1));
    const { answer } = await api.sent("order");
    const report = readOrderReport(reportOf(orderOf(idOf(1), 9001), "canceled"));
    news.event(report.event(idOf(1), { instrument: marketOf().instrument, receivedTimeMs: 1 }));
    answer(done(resting(9001)));
    await turn();
    expect(heard.story()).toEqual(["#1 canceled"]);
  });

  test("an agent that is not known is told of as critical, once", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    const message = "L1 error: User or API Wallet 0x12ab does not exist.";
    for (const sequence of [1, 2]) {
      execution.place(requestOf(sequence));
      await api.sent("order", { kind: "refused", message });
      await turn();
    }
    expect(heard.story()).toEqual(["#1 rejected: other", "#2 rejected: other"]);
    expect(heard.alerts).toMatchObject([{ level: "critical", code: "venue-refuses", message }]);
  });

  test("an element that cannot be read leaves the others their own", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    execution.place(requestOf(2));
    await api.sent("order", done({ resting: { oid: "nine" } }, resting(9002)));
    await turn();
    expect(heard.story()).toEqual(["#1 unknown", "#2 open"]);
  });

  const refused: readonly (readonly [string, Partial<OrderRequest>, string])[] = [
    ["off the venue's grid", { priceTicks: 300_001 }, "filter"],
    ["below 10 USDC", { quantityLots: 33 }, "filter"],
    ["of no size", { quantityLots: 0, reduceOnly: true }, "filter"],
    ["to rest only and to take at once", { timeInForce: "ioc" }, "other"],
    ["a stop that may open a position", { type: "stop-market", postOnly: false }, "filter"],
    ["at the market where no book is known", { type: "market", postOnly: false }, "other"],
  ];
  test.each(refused)("an order %s is not sent", async (_name, rest, reason) => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1, rest));
    expect(heard.events).toEqual([]);
    await turn();
    expect(heard.story()).toEqual([`#1 rejected: ${reason}`]);
    expect(api.acts.size).toBe(0);
  });

  test("a closing order may be small, and a market order has a worst price", async () => {
    const { api, execution } = kitOf(new HandApi(), { bidTicks: 299_990, askTicks: 300_000 });
    const closing = { type: "market", postOnly: false, reduceOnly: true, priceTicks: 0 } as const;
    execution.place(requestOf(1, { ...closing, quantityLots: 1 }));
    execution.place(requestOf(2, { ...closing, side: "sell" }));
    const { request } = await api.sent("order");
    expect(request.action["orders"]).toMatchObject([
      { b: true, p: "3.15", s: "0.1", r: true, t: { limit: { tif: "Ioc" } } },
      // 2.84990(5): rounded to where it takes less.
      { b: false, p: "2.85", s: "10", r: true, t: { limit: { tif: "Ioc" } } },
    ]);
  });

  test("a second order of one id is not sent, and what there is is looked up", async () => {
    const { api, execution, heard } = await restingKit(1);
    execution.place(requestOf(1, { priceTicks: 299_000 }));
    await turn();
    expect(heard.story()).toEqual(["#1 unknown"]);
    expect(api.acts.size).toBe(0);
  });
});

describe("asking", () => {
  test("a lost answer is resolved by the cloid", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await api.sent("order", LOST);
    await turn();
    execution.query(idOf(1));
    const report = reportOf(orderOf(idOf(1), 9001, { sz: "6.0" }), "open");
    const asked = await api.asked("orderStatus", info({ status: "order", order: report }));
    expect(asked.request).toEqual({ type: "orderStatus", user: USER, oid: cloidOf(idOf(1)) });
    await turn();
    expect(heard.story()).toEqual(["#1 unknown", "#1 open"]);
    expect(heard.orders().at(-1)).toMatchObject({
      venueOrderId: "9001",
      quantityLots: 100,
      filledLots: 40,
    });
  });

  test("what the venue does not know is not found; without an answer nothing is told", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.query(idOf(1));
    await api.asked("orderStatus", info({ status: "unknownOid" }));
    execution.query(idOf(2));
    await api.asked("orderStatus", UNANSWERED);
    await turn();
    expect(heard.story()).toEqual(["#1 not-found"]);
  });

  test("a status that is not known is an alert, and no news of the order", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.query(idOf(1));
    const report = reportOf(orderOf(idOf(1), 9001), "pondering");
    await api.asked("orderStatus", info({ status: "order", order: report }));
    await turn();
    expect(heard.story()).toEqual([]);
    expect(heard.alerts).toMatchObject([{ level: "critical", code: "unreadable-answer" }]);
  });
});

test("after the end nothing is sent, asked or told", async () => {
  const { api, execution, timers } = kitOf(new HandApi());
  execution.place(requestOf(1));
  await api.sent("order", done(resting(9001)));
  execution.place(requestOf(2));
  execution.stop();
  await turn();
  execution.place(requestOf(3));
  execution.cancel(idOf(1));
  await turn();
  expect([api.acts.size, api.infos.size, timers.pending]).toEqual([0, 0, 0]);
});
