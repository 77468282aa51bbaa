/** Cancels and replacements as actions, and what can come of each. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ActionAnswer } from "#venues/hyperliquid/api.ts";
import { cloidOf } from "#venues/hyperliquid/cloid.ts";
import { ASSET, err, kitOf, restingKit } from "./execution-kit.ts";
import {
  AutoApi,
  done,
  HandApi,
  idOf,
  info,
  LOST,
  notSent,
  orderOf,
  reportOf,
  requestOf,
  resting,
  turn,
  UNANSWERED,
} from "./hl-kit.ts";

describe("cancelling", () => {
  test("one whose number is not known yet goes by its cloid", async () => {
    const { api, execution } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await api.sent("order");
    execution.cancel(idOf(1));
    const { request } = await api.sent("cancelByCloid");
    expect(request.action["cancels"]).toEqual([{ asset: ASSET, cloid: cloidOf(idOf(1)) }]);
    expect(request.action["f"]).toBe(true);
  });

  test("one that was not sent yet is taken back", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    execution.cancel(idOf(1));
    expect(heard.events).toEqual([]);
    await turn();
    expect(heard.story()).toEqual(["#1 canceled"]);
    expect(api.acts.size).toBe(0);
  });

  test("stops are not cancelled past the queue: the venue refuses that", async () => {
    const { api, execution } = kitOf(new HandApi());
    const clientOrderId = idOf(1, { role: "stop-loss" });
    execution.place(
      requestOf(1, { clientOrderId, type: "stop-market", postOnly: false, reduceOnly: true }),
    );
    await api.sent("order", done(resting(9001)));
    await turn();
    execution.cancel(clientOrderId);
    const { request } = await api.sent("cancel");
    expect("f" in request.action).toBe(false);
  });

  test("each is told what became of it", async () => {
    const { api, execution, heard } = await restingKit(1, 2);
    execution.cancel(idOf(1));
    execution.cancel(idOf(2));
    const gone = err("Order was never placed, already canceled, or filled. asset=2");
    await api.sent("cancel", done("success", gone));
    await turn();
    expect(heard.story()).toEqual(["#1 canceled", "#2 cancel-rejected: unknown-order"]);
  });

  test("a lost cancel is in doubt, an unsent one is refused", async () => {
    const { api, execution, heard } = await restingKit(1);
    for (const answer of [LOST, notSent("budget")]) {
      execution.cancel(idOf(1));
      await api.sent("cancel", answer);
      await turn();
    }
    expect(heard.story()).toEqual(["#1 unknown", "#1 cancel-rejected: throttled"]);
  });

  test("beyond the account's requests, where no batch goes any more, one goes alone", async () => {
    const { api, execution, heard } = await restingKit(1, 2, 3);
    execution.cancelAll();
    await api.asked("frontendOpenOrders", info([]));
    await api.sent("cancel", notSent("budget"));
    const { request } = await api.sent("cancel", done("success"));
    expect(request.action["cancels"]).toEqual([{ a: ASSET, o: 9001 }]);
    await turn();
    expect(heard.story().toSorted()).toEqual([
      "#1 canceled",
      "#2 cancel-rejected: throttled",
      "#3 cancel-rejected: throttled",
    ]);
    expect(api.acts.size).toBe(0);
  });

  test("beyond them by more, each is told that it was not sent", async () => {
    const { api, execution, heard } = await restingKit(1, 2);
    execution.cancel(idOf(1));
    execution.cancel(idOf(2));
    await api.sent("cancel", notSent("budget"));
    await api.sent("cancel", notSent("budget"));
    await turn();
    const told = ["#1 cancel-rejected: throttled", "#2 cancel-rejected: throttled"];
    expect(heard.story().toSorted()).toEqual(told);
    expect(api.acts.size).toBe(0);
  });

  test("after the end nothing is tried again", async () => {
    const { api, execution } = await restingKit(1, 2);
    execution.cancelAll();
    const { answer } = await api.sent("cancel");
    execution.stop();
    answer(notSent("budget"));
    await turn();
    expect(api.acts.size).toBe(0);
  });

  test("an id that is none of ours is not sent", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.cancel("by-hand");
    await turn();
    expect(heard.orders()).toMatchObject([{ change: "cancel-rejected", reason: "unknown-order" }]);
    expect(api.acts.size).toBe(0);
  });

  test("what cannot be lowered in its place is cancelled", async () => {
    const { api, execution, heard } = await restingKit(1);
    execution.amend(idOf(1), 50);
    await api.sent("cancel", done(err("Order was never placed, already canceled, or filled.")));
    await turn();
    expect(heard.story()).toEqual(["#1 amend-rejected: unknown-order"]);
  });

  test("all: what is open and what earlier runs left, but nobody else's", async () => {
    const { api, execution, heard } = await restingKit(1, 2);
    execution.cancel(idOf(2));
    await api.sent("cancel");
    execution.cancelAll();
    const now = await api.sent("cancel", done("success"));
    expect(now.request.action["cancels"]).toEqual([{ a: ASSET, o: 9001 }]);
    const earlier = idOf(5, { epoch: 3 });
    const listed = [
      orderOf(earlier, 8000),
      orderOf(idOf(1, { pair: "SUI2" }), 8001),
      orderOf(null, 8002),
      orderOf(null, 8003, { cloid: "0xffffffffffffffffffffffffffffffff" }),
      orderOf(idOf(6), 8004, { coin: "BTC" }),
    ];
    await api.asked("frontendOpenOrders", info(listed));
    const old = await api.sent("cancel", done("success"));
    expect(old.request.action["cancels"]).toEqual([{ a: ASSET, o: 8000 }]);
    await turn();
    expect(heard.story()).toEqual(["#1 canceled", "#5 canceled"]);
    execution.cancelAll();
    await turn();
    expect([api.acts.size, api.infos.size]).toEqual([0, 0]);
  });

  test("all: what was placed while the venue was asked is not meant", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.cancelAll();
    api.nowMs += 5;
    execution.place(requestOf(1));
    await api.sent("order", done(resting(9001)));
    await api.asked("frontendOpenOrders", info([orderOf(idOf(1), 9001)]));
    await turn();
    expect(heard.story()).toEqual(["#1 open"]);
    expect(api.acts.size).toBe(0);
  });

  test("one of an earlier run is asked about until it is known to be gone", async () => {
    const { api, execution, timers, orders } = kitOf(new HandApi());
    const earlier = idOf(5, { epoch: 3 });
    execution.cancelAll();
    await api.asked("frontendOpenOrders", info([orderOf(earlier, 8000)]));
    await api.sent("cancel", LOST);
    await turn();
    timers.advance(1000);
    await api.asked("orderStatus", UNANSWERED);
    await turn();
    timers.advance(1000);
    const report = reportOf(orderOf(earlier, 8000), "canceled");
    await api.asked("orderStatus", info({ status: "order", order: report }));
    await turn();
    expect(orders.find(earlier)?.isOpen).toBe(false);
    expect(timers.pending).toBe(0);
  });
});

describe("replacing", () => {
  const races: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["goes well", resting(9002), ["#1 canceled", "#2 open"]],
    [
      "finds the old one filled",
      err("Cannot modify canceled or filled order"),
      ["#1 cancel-rejected: unknown-order", "#2 rejected: other"],
    ],
    [
      "takes the old one, and the new one would cross",
      err(
        "Error placing new order during modify: Post only order would have immediately matched, " +
          "bbo was 2.9@2.95.",
      ),
      ["#1 canceled", "#2 rejected: would-cross"],
    ],
    [
      "is refused, and nobody says what became of the old one",
      err("Insufficient margin to place order. asset=2"),
      ["#1 unknown", "#2 rejected: insufficient-balance"],
    ],
  ];
  test.each(races)("%s", async (_name, status, story) => {
    const { api, execution, heard } = await restingKit(1);
    execution.replace(idOf(1), requestOf(2));
    await api.sent("batchModify", done(status));
    await turn();
    expect(heard.story()).toEqual([...story]);
  });

  const whole: readonly (readonly [string, ActionAnswer, readonly string[]])[] = [
    ["lost", LOST, ["#1 unknown", "#2 unknown"]],
    ["not sent", notSent("budget"), ["#1 cancel-rejected: throttled", "#2 rejected: throttled"]],
    [
      "refused as a whole: the old one is as it was",
      { kind: "refused", message: "Some words that nobody knows" },
      ["#1 cancel-rejected: other", "#2 rejected: other"],
    ],
  ];
  test.each(whole)("%s", async (_name, answer, story) => {
    const { api, execution, heard } = await restingKit(1);
    execution.replace(idOf(1), requestOf(2));
    await api.sent("batchModify", answer);
    await turn();
    expect(heard.story()).toEqual([...story]);
  });

  const gone = "Cannot modify canceled or filled order";
  const failed = "Error placing new order during modify: Price must be divisible by tick size.";
  const batches: readonly (readonly [string, ActionAnswer, string])[] = [
    ["one status that says that an old one is cancelled", done(err(failed)), "unknown"],
    ["one status that says that an old one was gone", done(err(gone)), "unknown"],
    ["a refusal that says so", { kind: "refused", message: failed }, "unknown"],
    ["a refusal of all", { kind: "refused", message: "words" }, "cancel-rejected: other"],
  ];
  test.each(batches)("several, of which all is told by %s", async (_name, answer, old) => {
    const { api, execution, heard } = await restingKit(1, 2);
    execution.replace(idOf(1), requestOf(3));
    execution.replace(idOf(2), requestOf(4));
    await api.sent("batchModify", answer);
    await turn();
    const told = heard.story().filter((line) => /^#[12] /.test(line));
    expect(told).toEqual([`#1 ${old}`, `#2 ${old}`]);
  });

  test("a refusal of the one that there is may say that the old one went", async () => {
    const { api, execution, heard } = await restingKit(1);
    execution.replace(idOf(1), requestOf(2));
    await api.sent("batchModify", { kind: "refused", message: failed });
    await turn();
    expect(heard.story()).toEqual(["#1 canceled", "#2 rejected: filter"]);
  });

  test("an order whose number is not known is named by its cloid", async () => {
    const { api, execution } = kitOf(new HandApi());
    execution.place(requestOf(1));
    await api.sent("order");
    execution.replace(idOf(1), requestOf(2));
    const { request } = await api.sent("batchModify");
    expect(request.action["modifies"]).toMatchObject([{ oid: cloidOf(idOf(1)) }]);
  });

  test("of an order that was not sent yet, the new one is placed alone", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1));
    execution.replace(idOf(1), requestOf(2));
    const { request } = await api.sent("order", done(resting(9002)));
    expect(request.action["orders"]).toMatchObject([{ c: cloidOf(idOf(2)) }]);
    await turn();
    expect(heard.story()).toEqual(["#1 canceled", "#2 open"]);
  });

  test("cancelled within its turn: neither the old one nor the new one rests", async () => {
    const { api, execution, heard } = await restingKit(1);
    execution.replace(idOf(1), requestOf(2));
    execution.cancel(idOf(2));
    await api.sent("cancel", done("success"));
    await turn();
    expect(heard.story()).toEqual(["#2 canceled", "#1 canceled"]);
    expect(api.acts.size).toBe(0);
  });

  test("by an order that the venue would refuse: it is not sent, the old one goes", async () => {
    const { api, execution, heard } = await restingKit(1);
    execution.replace(idOf(1), requestOf(2, { quantityLots: 1 }));
    await api.sent("cancel", done("success"));
    await turn();
    expect(heard.story()).toEqual(["#2 rejected: filter", "#1 canceled"]);
  });
});

/** What may be done in one turn: each with the numbers that it is about. */
const Wish = fc.record({
  what: fc.constantFrom("place", "replace", "cancel", "cancelAll"),
  old: fc.integer({ min: 1, max: 6 }),
});

test("whatever one turn wants: each order sent is told of, none is sent twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Wish, { maxLength: 12 }), async (wishes) => {
      const api = new AutoApi(() => info([]));
      const { execution, heard, orders } = kitOf(api);
      for (let sequence = 1; sequence <= 3; sequence += 1) execution.place(requestOf(sequence));
      await api.sent("order", done(resting(9001), resting(9002), resting(9003)));
      await turn();
      let last = 6;
      for (const { what, old } of wishes) {
        last += 1;
        if (what === "place") execution.place(requestOf(last));
        else if (what === "replace") execution.replace(idOf(old), requestOf(last));
        else if (what === "cancel") execution.cancel(idOf(old));
        else execution.cancelAll();
      }
      await turn();
      const cloids: unknown[] = [];
      while (api.acts.size > 0) {
        const { request, answer } = await api.acts.next();
        cloids.push(
          ...JSON.stringify(request.action)
            .matchAll(/"c":"(0x\w+)"/g)
            .map(([, c]) => c),
        );
        answer(LOST);
      }
      await turn();
      expect(new Set(cloids).size).toBe(cloids.length);
      for (const { clientOrderId } of orders.open()) {
        const told = heard.orders(clientOrderId).map(({ change }) => change);
        expect(told.length).toBeGreaterThan(0);
      }
    }),
    { verbose: true },
  );
});
