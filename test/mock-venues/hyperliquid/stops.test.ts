/** Stop orders of the mock venue: placing, waiting, firing by the mark, and every end of them. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { BTC, cancel, cloid, HlBench, type Json, order, stop, wire } from "./venue-bench.ts";

/** Buys at the touch. */
async function long(bench: HlBench, s = "0.1"): Promise<void> {
  await bench.act(order(wire({ tif: "Ioc", p: "64010", s })));
  bench.told();
}

/** One with a worst price of its own, and a client id. */
function stopAt(triggerPx: string, { s = "0.1", p = triggerPx, c = cloid(1) } = {}): Json {
  return { ...stop(triggerPx, s), p, c };
}

const Status = v.object({
  order: v.object({
    status: v.string(),
    order: v.looseObject({ oid: v.number(), sz: v.string(), isTrigger: v.boolean() }),
  }),
});

function statusOf(bench: HlBench): v.InferOutput<typeof Status>["order"] {
  const { user } = bench.venue;
  return v.parse(Status, bench.info({ type: "orderStatus", user, oid: cloid(1) })).order;
}

describe("a stop order", () => {
  test("waits in every list, and can be cancelled", async () => {
    const bench = new HlBench();
    await long(bench);
    const oid = await bench.oidOf(order(stopAt("63900", { p: "57510" })));
    const { user } = bench.venue;
    const plain = { coin: "BTC", oid, side: "A", limitPx: "57510.0", sz: "0.1", cloid: cloid(1) };
    expect(bench.info({ type: "openOrders", user })).toMatchObject([plain]);
    const kind = { isTrigger: true, triggerPx: "63900.0", orderType: "Stop Market", tif: null };
    expect(bench.info({ type: "frontendOpenOrders", user })).toMatchObject([{ ...plain, ...kind }]);
    expect(statusOf(bench)).toMatchObject({ status: "open", order: { isTrigger: true } });
    expect(await bench.statuses(cancel(oid))).toEqual([
      { error: "Trigger orders cannot be canceled with priority. asset=0" },
    ]);
    const slow = { type: "cancel", cancels: [{ a: BTC, o: oid }] };
    expect(await bench.statuses(slow)).toEqual(["success"]);
    expect(statusOf(bench).status).toBe("canceled");
    bench.venue.coin("BTC")?.pin(600_000);
    expect(bench.told()).toEqual(["open A 0.1", "canceled A 0.1"]);
    expect(bench.venue.positionLots("BTC")).toBe(10_000);
  });

  test("keeps both of its numbers as it fires and fills", async () => {
    const bench = new HlBench();
    await long(bench);
    const oid = await bench.oidOf(order(stopAt("63900")));
    bench.venue.coin("BTC")?.pin(639_000);
    expect(bench.told()).toEqual([
      "open A 0.1",
      "triggered A 0.1",
      "filled A 0.0",
      "fill A 0.1@64000.0",
    ]);
    const { user } = bench.venue;
    const [newest] = v.parse(v.array(v.looseObject({})), bench.info({ type: "userFills", user }));
    expect(newest).toMatchObject({ oid, cloid: cloid(1), side: "A", crossed: true });
    expect(statusOf(bench)).toMatchObject({ status: "filled", order: { oid } });
    expect(bench.venue.openOrders()).toEqual([]);
  });

  test("takes no worse than its price, and of that no more than there is", async () => {
    const bench = new HlBench();
    // 1 BTC lies at each tick from 64000 down: the two best are not worse.
    bench.btc.setTouch(640_000, 640_100);
    await long(bench, "1");
    await bench.act(order(wire({ tif: "Ioc", p: "64020", s: "1.5" })));
    bench.told();
    await bench.act(order(stopAt("63990", { s: "2.5", p: "64000" })));
    bench.venue.coin("BTC")?.pin(639_900);
    expect(bench.told()).toEqual([
      "open A 2.5",
      "triggered A 2.5",
      "canceled A 1.5",
      "fill A 1.0@64000.0",
    ]);
    expect(bench.venue.positionLots("BTC")).toBe(150_000);
    expect(statusOf(bench)).toMatchObject({ status: "canceled", order: { sz: "1.5" } });
  });

  test("finds no liquidity where all is worse than its price", async () => {
    const bench = new HlBench();
    await long(bench);
    await bench.act(order(stopAt("63990", { p: "64001" })));
    bench.venue.coin("BTC")?.pin(639_900);
    expect(bench.told()).toEqual([
      "open A 0.1",
      "triggered A 0.1",
      "marketOrderNoLiquidityRejected A 0.1",
    ]);
    expect(bench.venue.positionLots("BTC")).toBe(10_000);
  });

  test("is cancelled where the position is gone by the time that it fires", async () => {
    const bench = new HlBench();
    await long(bench);
    await bench.act(order(stopAt("63900")));
    await bench.act(order(wire({ isBuy: false, tif: "Ioc", p: "64000", s: "0.1", r: true })));
    bench.told();
    bench.venue.coin("BTC")?.pin(639_000);
    expect(bench.told()).toEqual(["triggered A 0.1", "reduceOnlyCanceled A 0.1"]);
    expect(bench.venue.openOrders()).toEqual([]);
  });

  test("of a short position fires as the mark rises to it, and not of another coin", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ isBuy: false, tif: "Ioc", p: "64000", s: "0.1" })));
    await bench.act(order({ ...stop("64100", "0.1", true), p: "70510" }));
    bench.told();
    bench.venue.coin("SUI")?.pin(900_000);
    bench.venue.coin("BTC")?.pin(640_990);
    expect(bench.told()).toEqual([]);
    bench.venue.coin("BTC")?.pin(641_000);
    expect(bench.told()).toEqual(["triggered B 0.1", "filled B 0.0", "fill B 0.1@64010.0"]);
    expect(bench.venue.positionLots("BTC")).toBe(0);
  });

  test("that the mark has reached already is refused, and remembered so", async () => {
    const bench = new HlBench();
    await long(bench);
    bench.venue.coin("BTC")?.pin(639_000);
    const error = "Invalid TP/SL price. asset=0";
    expect(await bench.statuses(order(stopAt("63900")))).toEqual([{ error }]);
    expect(statusOf(bench).status).toBe("badTriggerPxRejected");
  });

  test("goes with the others by the dead-man's switch", async () => {
    const bench = new HlBench({ account: { lifetimeVolume: 1_000_000 } });
    await long(bench);
    await bench.act(order(stopAt("63900")));
    await bench.act({ type: "scheduleCancel", time: bench.nowMs() + 6000 });
    bench.timers.advance(7000);
    expect(bench.told()).toEqual(["open A 0.1", "scheduledCancel A 0.1"]);
  });
});

test("with a thousand others open what only reduces is refused, also what takes", async () => {
  const bench = new HlBench({
    account: { lifetimeVolume: 5_000_000 },
    rules: { freeOpenOrders: 2000 },
  });
  await long(bench);
  const resting = Array.from({ length: 1000 }, () => wire({ s: "0.0002" }));
  await bench.act(order(...resting));
  const full = { error: "Too many open orders: 1000. asset=0" };
  const reducing = wire({ isBuy: false, tif: "Ioc", p: "64000", s: "0.1", r: true });
  expect(await bench.statuses(order(reducing))).toEqual([full]);
  expect(await bench.statuses(order(stopAt("63900")))).toEqual([full]);
  const [opening] = await bench.statuses(order(wire({ s: "0.0002" })));
  expect(opening).toHaveProperty("resting");
});
