/** The supervisor with workers and a venue in the hands of the test: their life, and their end. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { livePair, rejection, Stage, settled } from "./supervision.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.dispose());

describe("a start", () => {
  test("gives each pair a worker of its own, which shares its account's budgets", async () => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    const [eth, btc] = [stage.worker("ETH").start, stage.worker("BTC").start];
    expect(stage.venue.opened).toHaveLength(1);
    expect(eth.quote.link.budgets.memory).toBe(btc.quote.link.budgets.memory);
    expect(eth.quote.link).toMatchObject({
      venue: "binance-spot",
      symbol: "ETHUSDT",
      credentials: { apiKey: "key", secret: "top-secret" },
      market: { symbol: "ETHUSDT" },
      orderPrefix: "mm",
      pairId: "ETH",
    });
    expect(eth.epoch).toBe(1_800_000_000);
  });

  test("opens the public part of a venue, without keys, for paper", async () => {
    const quote = { venue: "binance-spot", symbol: "ETHUSDT" };
    await stage.start([livePair("ETH", { mode: "paper", quote })]);
    expect(stage.venue.opened).toEqual([{ urls: stage.venue.module.urls, credentials: null }]);
  });

  test("is ready once every pair quotes, or is paused or flattened on purpose", async () => {
    stage.areObedient = false;
    await stage.start([livePair("ETH"), livePair("BTC")]);
    expect(stage.supervisor.readiness().ready).toBe(false);
    expect(stage.supervisor.pair("ETH")?.state).toBe("starting");
    stage.worker("ETH").tell("quoting");
    stage.worker("BTC").tell("quoting", { reasons: ["stale-book: 4000, its limit 3000"] });
    expect(stage.supervisor.readiness()).toEqual({
      ready: false,
      reasons: ["BTC is quoting: stale-book: 4000, its limit 3000"],
    });
    for (const state of ["paused", "flattened"] as const) {
      stage.worker("BTC").tell(state, { reasons: [`${state} by an operator`] });
      expect(stage.supervisor.readiness()).toEqual({ ready: true, reasons: [] });
    }
  });
});

describe("a command", () => {
  test("reaches the pair and is answered with its state", async () => {
    await stage.start([livePair("ETH")]);
    const status = await stage.supervisor.command("ETH", "pause");
    expect(status.state).toBe("paused");
    expect(stage.worker("ETH").requests).toMatchObject([{ kind: "command", command: "pause" }]);
  });

  test("to no pair, or one that cannot take it, says so", async () => {
    await stage.start([livePair("ETH")]);
    const { supervisor } = stage;
    expect((await rejection(supervisor.command("SUI", "pause"))).code).toBe("no-pair");
    expect((await rejection(supervisor.command("ETH", "stop"))).code).toBe("not-now");
  });

  test("that is not answered in time is not said to have failed", async () => {
    await stage.start([livePair("ETH")]);
    stage.worker("ETH").isObedient = false;
    const answer = rejection(stage.supervisor.command("ETH", "pause"));
    for (let second = 0; second < 5; second += 1) {
      stage.timers.advance(1000);
      stage.worker("ETH").tell("quoting");
    }
    expect((await answer).hint).toContain("it may have been done");
    expect(stage.worker("ETH").isTerminated).toBe(false);
  });
});

describe("a worker that ends", () => {
  const OURS = ["mm-ETH-q1-1", "mm-ETH-q1-2"];
  // The last one is of a later worker: an old sweep may still be under way when it has begun.
  const FOREIGN = ["mm-ETHX-q1-1", "web_123", "mm-BTC-q1-1", "mm-ETH-qzzzzzzz-1"];

  test.each([
    ["without a word", (): void => stage.worker("ETH").close()],
    ["with an error", (): void => stage.worker("ETH").error("thrown")],
    [
      "with a failure that it tells",
      (): void => {
        const error = { code: "unexpected", message: "thrown" };
        stage.worker("ETH").say({ kind: "failed", error, stack: "" });
      },
    ],
  ])("%s has its own orders swept, and is replaced", async (_name, end) => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    stage.venue.open("ETHUSDT", ...OURS, ...FOREIGN);
    const [first, other] = [stage.worker("ETH"), stage.worker("BTC")];
    end();
    await settled();
    expect(stage.supervisor.pair("ETH")?.state).toBe("failed");
    expect([...(stage.venue.openOrders.get("ETHUSDT") ?? [])]).toEqual(FOREIGN);
    expect(stage.worker("ETH")).toBe(first);
    await stage.pass(3000);
    expect(stage.worker("ETH")).not.toBe(first);
    expect(stage.supervisor.pair("ETH")).toMatchObject({ state: "quoting", restarts: 1 });
    expect(stage.worker("ETH").start.epoch).toBeGreaterThan(first.start.epoch);
    expect(stage.worker("BTC")).toBe(other);
    expect(other.requests).toEqual([]);
  });

  test("or hangs is terminated first", async () => {
    await stage.start([livePair("ETH")]);
    const first = stage.worker("ETH");
    stage.timers.advance(4000);
    expect(first.isTerminated).toBe(false);
    stage.timers.advance(1000);
    expect(first.isTerminated).toBe(true);
    await stage.pass(3000);
    expect(stage.worker("ETH")).not.toBe(first);
  });

  test("is not hung while it reports", async () => {
    await stage.start([livePair("ETH")]);
    const first = stage.worker("ETH");
    for (let second = 0; second < 20; second += 1) {
      stage.timers.advance(1000);
      first.tell("quoting");
    }
    expect(first.isTerminated).toBe(false);
  });

  test("is not replaced before its orders are confirmed to be gone", async () => {
    await stage.start([livePair("ETH")]);
    const first = stage.worker("ETH");
    const problem = { canceled: 0, left: OURS, problem: "the venue does not answer" };
    stage.venue.open("ETHUSDT", ...OURS);
    for (let times = 0; times < 4; times += 1) stage.venue.sweepAnswers.push(problem);
    first.close();
    await settled();
    expect(stage.supervisor.pair("ETH")).toMatchObject({
      state: "failed",
      reasons: ["orders may still be open: the venue does not answer"],
    });
    await stage.pass(1000);
    while (stage.venue.sweepAnswers.length > 0) {
      expect(stage.worker("ETH")).toBe(first);
      await stage.pass(500);
    }
    await stage.pass(20_000);
    expect(stage.worker("ETH")).not.toBe(first);
  });

  test("stays paused or halted in its next life; reducing becomes halted", async () => {
    await stage.start([livePair("ETH"), livePair("BTC"), livePair("SOL")].map(cheap));
    await stage.supervisor.command("ETH", "pause");
    stage.worker("BTC").tell("halted");
    stage.worker("SOL").tell("reducing");
    for (const id of ["ETH", "BTC", "SOL"]) stage.worker(id).close();
    await stage.pass(3000);
    expect(["ETH", "BTC", "SOL"].map((id) => stage.worker(id).start.commands)).toEqual([
      ["pause"],
      ["halt"],
      ["halt"],
    ]);
    expect(stage.supervisor.pair("ETH")?.state).toBe("paused");
  });

  test("takes commands while it is gone", async () => {
    await stage.start([livePair("ETH")]);
    await stage.supervisor.command("ETH", "pause");
    stage.worker("ETH").close();
    await settled();
    expect((await stage.supervisor.command("ETH", "resume")).state).toBe("failed");
    await stage.pass(3000);
    expect(stage.worker("ETH").start.commands).toEqual([]);
  });

  test("before it answers a pause leaves that to the next one", async () => {
    await stage.start([livePair("ETH")]);
    const first = stage.worker("ETH");
    first.isObedient = false;
    const answers = [
      rejection(stage.supervisor.command("ETH", "pause")),
      rejection(stage.supervisor.command("ETH", "cancel")),
    ];
    await settled();
    first.close();
    expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(["not-now", "not-now"]);
    await stage.pass(3000);
    expect(stage.worker("ETH")).not.toBe(first);
    expect(stage.worker("ETH").start.commands).toEqual(["pause"]);
    expect(stage.supervisor.pair("ETH")?.state).toBe("paused");
  });

  test("hands what it had on to the next one", async () => {
    await stage.start([livePair("ETH")]);
    const { inventory } = stage.worker("ETH").status();
    stage.worker("ETH").tell("quoting", {
      inventory: { ...inventory, base: "1.25", quote: "6500.5", targetIqvRatio: 0.45 },
    });
    stage.worker("ETH").close();
    await stage.pass(3000);
    expect(stage.worker("ETH").start.pair.capital).toMatchObject({
      initInventoryAmount: "1.25",
      initQuoteAmount: "6500.5",
      targetIqvRatio: 0.45,
    });
  });

  test("time and again is replaced later and later, at most a minute later", async () => {
    await stage.start([livePair("ETH")]);
    stage.timers.delays.clear();
    for (let times = 0; times < 12; times += 1) {
      stage.worker("ETH").close();
      const before = stage.workers.length;
      while (stage.workers.length === before) await stage.pass(5000, 1000);
    }
    const delays: number[] = [];
    while (stage.timers.delays.size > 0) delays.push(await stage.timers.delays.next());
    const waits = delays.filter((delay) => !Number.isInteger(delay));
    expect(waits).toHaveLength(12);
    expect(Math.max(...waits)).toBeLessThan(60_000);
    expect(Math.max(...waits)).toBeGreaterThan(10_000);
    expect(stage.supervisor.pair("ETH")?.restarts).toBe(12);
  });
});

/** So many pairs fit into the account. */
function cheap(pair: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const capital = { initInventoryAmount: "0", initQuoteAmount: "10", targetIqvRatio: 0.5 };
  return { ...pair, capital };
}

describe("a stop", () => {
  test("has every worker stop, and the venue asked; locks are gone", async () => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    expect(readdirSync(join(stage.folder, "state", "locks"))).toHaveLength(2);
    const report = await stage.supervisor.stop();
    expect(report).toEqual({
      isClean: true,
      pairs: [
        { id: "BTC", left: [], problem: null },
        { id: "ETH", left: [], problem: null },
      ],
    });
    for (const { requests, isTerminated } of stage.workers) {
      expect(requests).toEqual([{ kind: "stop" }]);
      expect(isTerminated).toBe(true);
    }
    expect(stage.venue.listed.toSorted()).toEqual(["BTCUSDT", "ETHUSDT"]);
    expect(stage.venue.sweeps).toEqual([]);
    expect(readdirSync(join(stage.folder, "state", "locks"))).toEqual([]);
    expect(stage.supervisor.readiness().ready).toBe(false);
  });

  test("of a worker that hangs takes ten seconds at most, and sweeps for it", async () => {
    await stage.start([livePair("ETH")]);
    stage.worker("ETH").isObedient = false;
    stage.venue.open("ETHUSDT", "mm-ETH-q1-1");
    const stopping = stage.supervisor.stop();
    // Nothing moves the clock on after these ten seconds.
    await stage.pass(10_000);
    const pairs = [{ id: "ETH", left: [], problem: null }];
    expect(await stopping).toEqual({ isClean: true, pairs });
    expect(stage.venue.openOrders.get("ETHUSDT")?.size).toBe(0);
  });

  test("sweeps what the venue lists although the worker told of nothing", async () => {
    await stage.start([livePair("ETH")]);
    stage.venue.open("ETHUSDT", "mm-ETH-q1-1", "web_1");
    expect((await stage.supervisor.stop()).isClean).toBe(true);
    expect([...(stage.venue.openOrders.get("ETHUSDT") ?? [])]).toEqual(["web_1"]);
  });

  test("where the venue goes mute after the workers stopped ends in ten seconds", async () => {
    await stage.start([livePair("ETH")]);
    stage.venue.mute.add("openOrderIds");
    stage.venue.sweepAnswers.push({ canceled: 0, left: [], problem: "no answer" });
    const stopping = stage.supervisor.stop();
    // Nothing moves the clock on after these ten seconds.
    await stage.pass(10_000);
    expect((await stopping).pairs).toEqual([{ id: "ETH", left: [], problem: "no answer" }]);
    expect(stage.timers.pending).toBe(0);
  });

  test("names the orders that a worker knew of where the venue does not list them", async () => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    const answer = { canceled: 0, left: [], problem: "no answer" };
    stage.venue.sweepAnswers.push(answer, answer);
    const eth = stage.worker("ETH");
    eth.isObedient = false;
    const view = { side: "buy", price: "1", size: "1", filled: "0", status: "open" } as const;
    const orders = [{ clientOrderId: "mm-BTC-q1-1", ...view }];
    stage.worker("BTC").tell("quoting", { orders });
    // One says what it could not cancel; the other has gone when it is asked.
    stage.worker("BTC").close();
    await settled();
    stage.venue.sweepAnswers.push(answer);
    const stopping = stage.supervisor.stop();
    eth.say({ kind: "stopped", left: ["mm-ETH-q1-7"], status: eth.status() });
    await stage.pass(10_000);
    expect((await stopping).pairs).toEqual([
      { id: "BTC", left: ["mm-BTC-q1-1"], problem: "no answer" },
      { id: "ETH", left: ["mm-ETH-q1-7"], problem: "no answer" },
    ]);
  });

  test("does not fail for a lock that cannot be removed, nor take away another's", async () => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    const locks = join(stage.folder, "state", "locks");
    rmSync(join(locks, "pair-ETH.lock"));
    mkdirSync(join(locks, "pair-ETH.lock"));
    writeFileSync(join(locks, "pair-BTC.lock"), "another's");
    expect((await stage.supervisor.stop()).isClean).toBe(true);
    expect(readdirSync(locks).toSorted()).toEqual(["pair-BTC.lock", "pair-ETH.lock"]);
  });

  test("says what may be left, and why", async () => {
    await stage.start([livePair("ETH")]);
    const left = ["mm-ETH-q1-1"];
    stage.venue.open("ETHUSDT", ...left);
    stage.venue.sweepAnswers.push({ canceled: 0, left, problem: "time-out" });
    const { isClean, pairs } = await stage.supervisor.stop();
    expect(isClean).toBe(false);
    expect(pairs).toEqual([{ id: "ETH", left, problem: "time-out" }]);
  });

  test("ends a restart that is under way", async () => {
    await stage.start([livePair("ETH")]);
    stage.worker("ETH").close();
    await settled();
    const stopping = stage.supervisor.stop();
    await stage.pass(70_000, 5000);
    expect((await stopping).isClean).toBe(true);
    expect(stage.workers).toHaveLength(1);
  });

  test("that cannot be waited for ends all threads at once", async () => {
    await stage.start([livePair("ETH"), livePair("BTC")]);
    stage.supervisor.kill();
    expect(stage.workers.every(({ isTerminated }) => isTerminated)).toBe(true);
    expect(readdirSync(join(stage.folder, "state", "locks"))).toEqual([]);
    await stage.pass(5000);
    expect(stage.workers).toHaveLength(2);
  });

  test("leaves no timer behind", async () => {
    await stage.start([livePair("ETH")]);
    await stage.supervisor.stop();
    await settled();
    expect(stage.timers.pending).toBe(0);
    expect(existsSync(stage.configPath)).toBe(true);
  });
});

test("no secret gets into the log", async () => {
  await stage.start([livePair("ETH")]);
  stage.worker("ETH").close();
  await stage.pass(3000);
  await stage.supervisor.stop();
  expect(stage.log.length).toBeGreaterThan(0);
  expect(JSON.stringify(stage.log)).not.toContain("top-secret");
});
