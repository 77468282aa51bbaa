/** The sweep of orders that nobody looks after any more. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { ActionAnswer, ActionRequest } from "#venues/hyperliquid/api.ts";
import { ACCESS, kitOf, OURS } from "./desk-kit.ts";
import { COIN, done, idOf, LOST, notSent, orderOf, turn } from "./hl-kit.ts";

const Cancels = v.object({ cancels: v.array(v.object({ o: v.number() })) });

describe("a sweep", () => {
  /** A venue with these orders; cancels are answered by `cancel`. */
  async function swept(
    orders: object[],
    cancel: (oids: number[], request: ActionRequest) => ActionAnswer,
    { timeoutMs = 60_000, hasJumped = false } = {},
  ) {
    const kit = kitOf({ frontendOpenOrders: () => orders }, ACCESS, hasJumped);
    const sweeping = kit.desk.sweep(COIN, OURS, timeoutMs);
    const ended = sweeping.then(() => true);
    const goesOn = turn().then(() => false);
    for (let step = 0; step < 500; step += 1) {
      await turn();
      if (await Promise.race([ended, goesOn])) break;
      while (kit.api.acts.size > 0) {
        const { request, answer } = await kit.api.acts.next();
        const { cancels } = v.parse(Cancels, request.action);
        const oids = cancels.map(({ o }) => o);
        answer(cancel(oids, request));
        await turn();
      }
      kit.timers.advance(500);
    }
    return { ...(await sweeping), kit };
  }

  const others = (): object[] => [
    orderOf(idOf(1, { pair: "SUI2" }), 1),
    orderOf(idOf(1, { epoch: 8 }), 2),
    orderOf(null, 3),
    orderOf(idOf(1), 4, { coin: "BTC" }),
  ];

  test("cancels ours in batches, and has the venue say twice that there are none", async () => {
    const orders = others();
    for (let sequence = 1; sequence <= 45; sequence += 1) {
      orders.push(orderOf(idOf(sequence, { epoch: 3 }), 100 + sequence));
    }
    const sizes: number[] = [];
    const { canceled, left, problem, kit } = await swept(orders, (oids) => {
      sizes.push(oids.length);
      const statuses = oids.map((oid) => {
        orders.splice(
          orders.findIndex((order) => "oid" in order && order.oid === oid),
          1,
        );
        return "success";
      });
      return done(...statuses);
    });
    expect({ canceled, left, problem }).toEqual({ canceled: 45, left: [], problem: null });
    expect(sizes).toEqual([39, 6]);
    expect(orders).toEqual(others());
    expect(kit.api.log.filter(({ type }) => type === "frontendOpenOrders")).toHaveLength(4);
    expect(kit.timers.pending).toBe(0);
  });

  test("stops are cancelled last, and not past the queue", async () => {
    const stop = { ...orderOf(idOf(1, { role: "stop-loss" }), 11), isTrigger: true };
    const orders = [stop, orderOf(idOf(2), 12)];
    const seen: [number[], boolean][] = [];
    await swept(orders, (oids, { action }) => {
      seen.push([oids, action["f"] === true]);
      for (const oid of oids) {
        orders.splice(
          orders.findIndex((order) => "oid" in order && order.oid === oid),
          1,
        );
      }
      return done(...oids.map(() => "success"));
    });
    expect(seen).toEqual([
      [[12], true],
      [[11], false],
    ]);
  });

  test("a cancel that came too late by a clock that jumped is sent again at once", async () => {
    const orders = [orderOf(idOf(1), 11)];
    const expiries: (number | null)[] = [];
    const { left, canceled, kit } = await swept(
      orders,
      (_oids, { expiresInMs }) => {
        expiries.push(expiresInMs);
        if (expiries.length === 1) return { kind: "refused", message: "Action already expired" };
        orders.length = 0;
        return done("success");
      },
      { hasJumped: true },
    );
    expect({ left, canceled }).toEqual({ left: [], canceled: 1 });
    expect(expiries).toEqual([5000, 5000]);
    // Not by a new list: the first, and two that are empty.
    expect(kit.api.log.filter(({ type }) => type === "frontendOpenOrders")).toHaveLength(3);
  });

  test("goes on through trouble; what a lost cancel did the next list tells", async () => {
    const orders = [orderOf(idOf(1), 11)];
    let cancels = 0;
    const { left, problem } = await swept(orders, () => {
      cancels += 1;
      if (cancels === 2) orders.length = 0;
      return cancels === 1
        ? { kind: "not-sent", why: "budget", retryAtMs: 0, message: "no" }
        : LOST;
    });
    expect({ left, problem, cancels }).toEqual({ left: [], problem: null, cancels: 2 });
  });

  test("beyond the account's requests goes on one by one", async () => {
    const orders = [orderOf(idOf(1), 11), orderOf(idOf(2), 12), orderOf(idOf(3), 13)];
    const seen: number[][] = [];
    const { left, canceled, problem } = await swept(orders, (oids) => {
      seen.push(oids);
      if (oids.length > 1) return notSent("budget");
      orders.shift();
      return done("success");
    });
    expect({ left, canceled, problem }).toEqual({ left: [], canceled: 3, problem: null });
    expect(seen).toEqual([[11, 12, 13], [11], [12, 13], [12], [13]]);
  });

  test("says what is left where the time is over", async () => {
    const { left, problem, canceled } = await swept([orderOf(idOf(1), 11)], () => LOST, {
      timeoutMs: 3000,
    });
    expect({ left, canceled }).toEqual({ left: [idOf(1)], canceled: 0 });
    expect(problem).toBe(LOST.message);
  });

  test("takes a refused key for an answer", async () => {
    let cancels = 0;
    const message = "L1 error: User or API Wallet 0x1 does not exist.";
    const { problem } = await swept([orderOf(idOf(1), 11)], () => {
      cancels += 1;
      return { kind: "refused", message };
    });
    expect([problem, cancels]).toEqual([message, 1]);
  });

  test("of many pairs at once costs one list a look, and none that a cancel made old", async () => {
    const orders = [orderOf(idOf(1), 11), orderOf(idOf(1, { pair: "SUI2" }), 12)];
    const { api, timers, desk } = kitOf({ frontendOpenOrders: () => [...orders] });
    const lists = (): number => api.log.filter(({ type }) => type === "frontendOpenOrders").length;
    const pairs = [OURS, { ...OURS, pairId: "SUI2" }, { ...OURS, pairId: "SUI3" }];
    const sweeps = pairs.map((owner) => desk.sweep(COIN, owner, 60_000));
    await turn();
    expect(lists()).toBe(1);
    orders.length = 0;
    await api.sent("cancel", done("success"));
    await api.sent("cancel", done("success"));
    await turn();
    expect(lists()).toBeWithin(2, 4);
    for (let step = 0; step < 5; step += 1) {
      timers.advance(2000);
      await turn();
    }
    const results = await Promise.all(sweeps);
    expect(results.map(({ canceled, problem }) => [canceled, problem])).toEqual([
      [1, null],
      [1, null],
      [0, null],
    ]);
    expect(lists()).toBeLessThan(7);
  });

  test("lists our ids", async () => {
    const orders = [...others(), orderOf(idOf(9), 11)];
    const { desk } = kitOf({ frontendOpenOrders: orders });
    expect(await desk.openOrderIds(COIN, OURS)).toEqual([idOf(9)]);
  });
});
