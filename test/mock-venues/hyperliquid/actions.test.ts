/**
 * When actions are executed and whether they are: blocks, nonces, expiry, budget, modifications.
 */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { NonceWindows } from "#mock-venues/hyperliquid/nonces.ts";
import {
  BTC,
  cancel,
  cloid,
  HlBench,
  type Json,
  order,
  START_MS,
  SUI,
  wire,
} from "./venue-bench.ts";

const DAY_MS = 86_400_000;
const IOC = { tif: "Ioc" };

describe("a block", () => {
  test("answers after itself and the commit; its events go out with it", async () => {
    const bench = new HlBench({ rules: { blockMs: 70, commitMs: 30 } });
    bench.timers.advance(10);
    const box = bench.submit(await bench.signed(order(wire())));
    bench.timers.advance(59);
    expect([box.reply, bench.events.length]).toEqual([null, 0]);
    bench.timers.advance(1);
    expect([box.reply, bench.events.length]).toEqual([null, 1]);
    bench.timers.advance(30);
    expect(box.reply?.status).toBe(200);
  });

  test("executes makers, cancels and takers, each in the order of their coming", async () => {
    const bench = new HlBench();
    const resting = await bench.oidOf(order(wire({ isBuy: false, p: "64005", s: "0.3" })));
    bench.told();
    const taker = bench.submit(await bench.signed(order(wire({ ...IOC, p: "64005", s: "0.1" }))));
    const mixed = bench.submit(await bench.signed(order(wire(), wire({ tif: "Gtc", p: "63970" }))));
    const cancels = bench.submit(await bench.signed(cancel(resting)));
    const maker = bench.submit(await bench.signed(order(wire({ p: "63980" }))));
    bench.block();
    // The cancel came after the taker and was done before it.
    expect(JSON.stringify(cancels.reply)).toContain("success");
    expect(JSON.stringify(taker.reply)).toContain("could not immediately match");
    for (const { reply } of [mixed, maker]) expect(JSON.stringify(reply)).toContain("resting");
    const [first] = bench.told();
    expect(first).toBe("open B 0.01");
    expect(bench.venue.openOrders().map(({ priceTicks }) => priceTicks)).toEqual([
      639_800, 639_900, 639_700,
    ]);
  });

  test("tells everything of an account in one message of each channel", async () => {
    const bench = new HlBench();
    await bench.act(order(wire(), wire({ ...IOC, p: "64010" })));
    const channels = bench.events.map(({ channel }) => channel).toSorted();
    expect(channels).toEqual(["orderUpdates", "user", "userFills"]);
  });

  test("is none after the end", async () => {
    const bench = new HlBench();
    const box = bench.submit(await bench.signed(order(wire())));
    bench.venue.stop();
    bench.block();
    expect(box.reply).toBe(null);
    expect(bench.timers.pending).toBe(0);
  });
});

describe("a nonce", () => {
  test("is used once, whatever became of it", async () => {
    const bench = new HlBench();
    const nonce = bench.nowMs();
    expect(await bench.statuses(order(wire()), { nonce })).toHaveLength(1);
    expect(await bench.refusal(order(wire()), { nonce })).toBe(
      `Invalid nonce: duplicate nonce ${nonce}`,
    );
  });

  test("of a noop keeps an action of the same block from being done", async () => {
    const bench = new HlBench();
    const nonce = bench.nextNonce();
    const taker = bench.submit(await bench.signed(order(wire({ ...IOC, p: "64010" })), { nonce }));
    const noop = bench.submit(await bench.signed({ type: "noop" }, { nonce }));
    bench.block();
    expect(noop.reply?.body).toEqual({ status: "ok", response: { type: "default" } });
    expect(JSON.stringify(taker.reply)).toContain(`duplicate nonce ${nonce}`);
    expect(bench.venue.fills()).toEqual([]);
  });

  test("lies between two days ago and in a day, both excluded", async () => {
    const bench = new HlBench();
    const refusalOf = (nonce: number) => bench.act(order(wire()), { nonce });
    // The block comes at the next boundary of 70 ms.
    const block = START_MS + 70;
    expect(await refusalOf(block - 2 * DAY_MS)).toEqual({
      status: "err",
      response: `Invalid nonce: nonce too low ${block - 2 * DAY_MS} < ${block - 2 * DAY_MS + 1}`,
    });
    const later = bench.nowMs() + 70;
    expect(await refusalOf(later + DAY_MS)).toEqual({
      status: "err",
      response: `Invalid nonce: nonce too high ${later + DAY_MS} > ${later + DAY_MS - 1}`,
    });
    const last = bench.nowMs() + 70;
    expect(await refusalOf(last + DAY_MS - 1)).toMatchObject({ status: "ok" });
    const first = bench.nowMs() + 70;
    expect(await refusalOf(first - 2 * DAY_MS + 1)).toMatchObject({ status: "ok" });
  });

  test("need not be higher than the last, but than the lowest of a hundred", () => {
    const windows = new NonceWindows();
    const now = START_MS;
    for (let count = 0; count < 100; count += 1) {
      expect(windows.use("a", now + 2 * count, now)).toBe(null);
    }
    expect(windows.use("a", now + 1, now)).toBe(null);
    // That one has pushed out the lowest.
    expect(windows.use("a", now, now)).toBe(`Invalid nonce: nonce too low ${now} < ${now + 1}`);
    expect(windows.use("b", now, now)).toBe(null);
  });

  test("is accepted once at most, and always while it is the highest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 400 }), (offsets) => {
        const windows = new NonceWindows();
        const accepted: number[] = [];
        for (const offset of offsets) {
          const nonce = START_MS + offset;
          const isNew = accepted.every((other) => other < nonce);
          const refusal = windows.use("a", nonce, START_MS);
          if (isNew) expect(refusal).toBe(null);
          // The plain rule, over all that was ever accepted.
          const kept = accepted.toSorted((x, y) => y - x).slice(0, 100);
          const isLow = kept.length === 100 && nonce < Math.min(...kept);
          expect(refusal === null).toBe(!isLow && !kept.includes(nonce));
          if (refusal === null) accepted.push(nonce);
        }
      }),
    );
  });
});

describe("expiresAfter", () => {
  test("in the past is refused at once and counted five times", async () => {
    const bench = new HlBench();
    const refusal = await bench.refusal(order(wire()), { expiresAfter: bench.nowMs() - 1 });
    expect(refusal).toBe("Action already expired");
    expect(bench.venue.limits.used).toBe(5);
  });

  test("before the block is refused by it, and the nonce is used", async () => {
    const bench = new HlBench();
    const nonce = bench.nowMs();
    const refusal = await bench.refusal(order(wire()), { expiresAfter: nonce + 20, nonce });
    expect(refusal).toBe("Action already expired");
    expect(await bench.refusal(order(wire()), { nonce })).toContain("duplicate nonce");
    expect(bench.venue.openOrders()).toEqual([]);
  });
});

describe("the address budget", () => {
  const rules = { freeRequests: 10, extraCancelRequests: 5 };

  test("counts each order of a batch, and refuses in the venue's words", async () => {
    const bench = new HlBench({ rules });
    await bench.act(order(wire(), wire(), wire()));
    await bench.act({ type: "noop" });
    expect(bench.venue.limits.used).toBe(4);
    bench.venue.limits.setUsed(10);
    // One request every ten seconds goes through all the same: no batch.
    expect(await bench.statuses(order(wire()))).toHaveLength(1);
    expect(await bench.refusal(order(wire(), wire()))).toBe(
      "Too many cumulative requests sent (13 > 10) for cumulative volume traded $0. " +
        "Place taker orders to free up 1 request per USDC traded.",
    );
    bench.timers.advance(10_000);
    expect(await bench.refusal(order(wire(), wire()))).toContain("(13 > 10)");
    expect(await bench.statuses(order(wire()))).toHaveLength(1);
    expect(bench.venue.openOrders()).toHaveLength(5);
  });

  test("lets cancels go on up to a cap of their own", async () => {
    const bench = new HlBench({ rules });
    const oid = await bench.oidOf(order(wire()));
    bench.venue.limits.setUsed(14);
    expect(await bench.statuses(cancel(oid))).toEqual(["success"]);
    expect(bench.venue.limits.used).toBe(15);
    expect(await bench.statuses(cancel(oid))).toHaveLength(1);
    expect(await bench.refusal(cancel(oid))).toContain("(17 > 15)");
  });

  test("grows by a request for each dollar traded, and by what is bought", async () => {
    const bench = new HlBench({ rules });
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.01" })));
    const { user } = bench.venue;
    expect(bench.info({ type: "userRateLimit", user })).toEqual({
      cumVlm: "640.1",
      nRequestsUsed: 1,
      nRequestsCap: 650,
      nRequestsSurplus: 0,
    });
    const before = bench.venue.accountValue();
    await bench.act({ type: "reserveRequestWeight", weight: 1000 });
    expect(before.minus(bench.venue.accountValue()).toFixed()).toBe("0.5");
    bench.venue.limits.setUsed(1649);
    const left = { nRequestsUsed: 649, nRequestsCap: 650 };
    expect(bench.info({ type: "userRateLimit", user })).toMatchObject(left);
    expect(await bench.statuses(order(wire()))).toHaveLength(1);
    expect(bench.venue.limits.used).toBe(1650);
  });
});

describe("a modification", () => {
  const changed = (order_: Json, oid: number | string, a?: true): Json => ({
    type: "batchModify",
    modifies: [{ oid, order: order_ }],
    ...(a === undefined ? {} : { a }),
  });

  test("cancels and places anew, with a new id and the same client id", async () => {
    const bench = new HlBench();
    const c = cloid(3);
    const oid = await bench.oidOf(order(wire({ c })));
    bench.told();
    const [status] = await bench.statuses(changed(wire({ c, p: "63980" }), oid));
    const [open, ...others] = bench.venue.openOrders();
    expect(others).toEqual([]);
    expect(open).toMatchObject({ cloid: c, priceTicks: 639_800 });
    expect(open?.oid).not.toBe(oid);
    expect(status).toEqual({ resting: { oid: open?.oid, cloid: c } });
    expect(bench.told().toSorted()).toEqual(["canceled B 0.01", "open B 0.01"]);
    const { user } = bench.venue;
    expect(bench.info({ type: "orderStatus", user, oid })).toMatchObject({
      order: { status: "canceled" },
    });
    expect(bench.info({ type: "orderStatus", user, oid: c })).toMatchObject({
      order: { status: "open" },
    });
  });

  test("is told of in either order", async () => {
    const bench = new HlBench();
    let oid = await bench.oidOf(order(wire()));
    const first = new Set<string | undefined>();
    for (let round = 0; round < 20; round += 1) {
      bench.told();
      oid = await bench.oidOf(changed(wire(), oid));
      first.add(bench.told()[0]);
    }
    expect(first).toEqual(new Set(["canceled B 0.01", "open B 0.01"]));
  });

  test("by client id, of an order that is partly filled, places the whole new size", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ c: cloid(1), s: "0.02", p: "63990" })));
    bench.btc.print("sell", 639_900, 1000);
    await bench.statuses(changed(wire({ c: cloid(1), s: "0.02", p: "63980" }), cloid(1)));
    expect(bench.venue.fills()).toHaveLength(1);
    expect(bench.venue.openOrders()).toMatchObject([{ quantityLots: 2000, filledLots: 0 }]);
  });

  test("of an order that is gone places nothing, unless it always does", async () => {
    const bench = new HlBench();
    const error = "Cannot modify canceled or filled order";
    expect(await bench.statuses(changed(wire(), 99))).toEqual([{ error }]);
    expect(await bench.refusal({ type: "modify", oid: 99, order: wire() })).toBe(error);
    expect(bench.venue.openOrders()).toEqual([]);
    const [status] = await bench.statuses(changed(wire(), 99, true));
    expect(status).toHaveProperty("resting");
  });

  test("whose new order is refused leaves nothing of the old one", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire()));
    const [status] = await bench.statuses(changed(wire({ p: "64010" }), oid));
    expect(status).toEqual({
      error:
        "Error placing new order during modify: Post only order would have immediately " +
        "matched, bbo was 64000@64010. asset=0",
    });
    expect(bench.venue.openOrders()).toEqual([]);
    const told = bench.told().toSorted();
    expect(told).toEqual(["badAloPxRejected B 0.01", "canceled B 0.01", "open B 0.01"]);
  });

  test("makes a GTC order post-only, and refuses an IOC one before it cancels", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire()));
    const [refused] = await bench.statuses(changed(wire({ ...IOC, p: "64010" }), oid));
    expect(refused).toEqual({ error: "Attempted to modify to invalid new order" });
    expect(bench.venue.openOrders().map((open) => open.oid)).toEqual([oid]);
    await bench.statuses(changed(wire({ tif: "Gtc", p: "63980" }), oid));
    expect(bench.venue.openOrders()).toMatchObject([{ tif: "Alo" }]);
    const [open] = bench.venue.openOrders();
    const [taken] = await bench.statuses(
      changed(wire({ ...IOC, p: "64010" }), open?.oid ?? 0, true),
    );
    expect(taken).toHaveProperty("filled");
  });

  test("to a price off the grid leaves the old order as it was", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire()));
    await bench.statuses(changed(wire({ p: "63990.5" }), oid));
    expect(bench.venue.openOrders().map((open) => open.oid)).toEqual([oid]);
  });

  test("of another asset's order is one of none", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire()));
    const [status] = await bench.statuses(changed(wire({ p: "2.9", s: "10" }, SUI), oid));
    expect(status).toEqual({ error: "Cannot modify canceled or filled order" });
    expect(bench.venue.openOrders().map(({ asset }) => asset)).toEqual([BTC]);
  });

  test("races with a fill: the order that was filled is not replaced", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire()));
    bench.told();
    const box = bench.submit(await bench.signed(changed(wire({ p: "63980" }), oid)));
    bench.btc.print("sell", 639_890, 5);
    bench.block();
    expect(JSON.stringify(box.reply)).toContain("Cannot modify canceled or filled order");
    expect(bench.told()).toEqual(["filled B 0.0", "fill B 0.01@63990.0"]);
  });
});

describe("the dead man's switch", () => {
  const VOLUME = { lifetimeVolume: 1_000_000 };
  const at = (time: number): Json => ({ type: "scheduleCancel", time });

  test("needs volume", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.01" })));
    expect(await bench.refusal(at(bench.nowMs() + 60_000))).toBe(
      "Cannot set scheduled cancel time until enough volume traded. " +
        "Required: $1000000. Traded: $640.1.",
    );
  });

  test("takes every open order of every coin at its time, unasked", async () => {
    const bench = new HlBench({ account: VOLUME });
    await bench.act(order(wire(), wire({ p: "2.9", s: "10" }, SUI)));
    bench.venue.placeForeign({
      coin: "BTC",
      cloid: null,
      side: "sell",
      priceTicks: 641_000,
      quantityLots: 1000,
    });
    const due = bench.nowMs() + 6000;
    await bench.act(at(due));
    bench.told();
    bench.timers.advance(due - bench.nowMs() - 1);
    expect(bench.told()).toEqual([]);
    bench.timers.advance(1);
    expect(bench.events.at(-1)).toMatchObject({
      channel: "user",
      data: { nonUserCancel: [{ coin: "BTC" }, { coin: "SUI" }, { coin: "BTC" }] },
    });
    expect(bench.told().map((line) => line.split(" ")[0] ?? "")).toEqual([
      "scheduledCancel",
      "scheduledCancel",
      "scheduledCancel",
    ]);
    expect(bench.venue.openOrders()).toEqual([]);
    expect(bench.venue.deadMansSwitch.timeMs).toBe(null);
  });

  test("is moved by the next, and cleared without a time", async () => {
    const bench = new HlBench({ account: VOLUME });
    await bench.act(order(wire()));
    await bench.act(at(bench.nowMs() + 6000));
    bench.timers.advance(4000);
    await bench.act(at(bench.nowMs() + 6000));
    bench.timers.advance(4000);
    expect(bench.venue.openOrders()).toHaveLength(1);
    await bench.act({ type: "scheduleCancel" });
    bench.timers.advance(60_000);
    expect(bench.venue.openOrders()).toHaveLength(1);
  });

  test("is at least five seconds away, and goes off ten times a day at most", async () => {
    const bench = new HlBench({ account: VOLUME });
    const soon = await bench.refusal(at(bench.nowMs() + 4999));
    expect(soon).toContain("at least 5 seconds");
    for (let count = 0; count < 10; count += 1) {
      expect(await bench.act(at(bench.nowMs() + 6000))).toMatchObject({ status: "ok" });
      bench.timers.advance(6000);
    }
    expect(await bench.refusal(at(bench.nowMs() + 6000))).toContain("more than 10");
    bench.timers.advance(DAY_MS);
    expect(await bench.act(at(bench.nowMs() + 6000))).toMatchObject({ status: "ok" });
  });
});
