/**
 * Real threads: however a worker ends, the main thread hears of it once and goes on; and the
 * worker of a pair itself, on a venue that is not there.
 */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import type { LogEntry } from "#runtime/log.ts";
import type { PairStart } from "#runtime/messages.ts";
import type { PairStatus } from "#runtime/pair-status.ts";
import { WorkerHandle } from "#runtime/worker-handle.ts";
import { type SpawnWorker, spawnPairWorker, workerPort } from "#runtime/worker-port.ts";
import { configText } from "../backtest/support.ts";
import { Inbox, ManualTimers } from "../net/support.ts";
import { ETHUSDT } from "../venues/binance-spot/market.ts";

const spawnFailing: SpawnWorker = (name, listener) =>
  workerPort(new Worker(new URL("./failing-worker.ts", import.meta.url), { name }), listener);

function startOf(changes: Partial<PairStart> = {}): PairStart {
  const [pair] = parseConfig(configText(), "test").config.pairs;
  if (pair === undefined) throw new Error("the config has no pair");
  return {
    pair,
    configDir: import.meta.dir,
    epoch: 1,
    hedge: null,
    busyPoll: false,
    commands: [],
    quote: {
      position: null,
      feed: null,
      link: {
        venue: "binance-spot",
        symbol: "ETHUSDT",
        // Nothing listens on port 1 of this machine.
        urls: {
          restUrl: "http://127.0.0.1:1",
          wsApiUrl: "ws://127.0.0.1:1",
          streamUrl: "ws://127.0.0.1:1",
        },
        credentials: null,
        market: {
          exchangeInfo: { serverTime: 1, rateLimits: [], exchangeFilters: [], symbols: [ETHUSDT] },
          fees: { makerFeeRate: "0.001", takerFeeRate: "0.001" },
        },
        budgets: { specs: [], memory: new SharedArrayBuffer(0) },
        orderPrefix: "mm",
        pairId: pair.id,
        sinceTradeId: null,
      },
    },
    ...changes,
  };
}

class Subject {
  readonly timers = new ManualTimers();
  readonly gone = new Inbox<string>();
  readonly logs = new Inbox<LogEntry>();
  readonly statuses = new Inbox<PairStatus>();
  readonly handle: WorkerHandle;

  constructor(start: PairStart, spawn: SpawnWorker) {
    this.handle = new WorkerHandle({
      start,
      spawn,
      timers: this.timers,
      listener: {
        onStatus: (status) => this.statuses.push(status),
        onLog: (entry) => this.logs.push(entry),
        onAlert: () => undefined,
        onAudit: () => undefined,
        onGone: (reason) => this.gone.push(reason),
      },
    });
  }
}

describe("a worker thread that", () => {
  test.each([
    ["throws", "thrown on purpose"],
    ["throws later", "thrown late"],
    ["rejects", "rejected on purpose"],
    ["exits", "its thread ended without a word"],
  ])("%s is gone, with its reason, and so is the request under way", async (way, reason) => {
    const subject = new Subject(startOf({ configDir: way }), spawnFailing);
    expect((await subject.logs.next()).event).toBe("up");
    const answer = subject.handle.command("pause").catch(String);
    expect(await subject.gone.next()).toContain(reason);
    expect(await answer).toContain("its worker did not answer");
    expect(subject.gone.size).toBe(0);
    expect(subject.timers.pending).toBe(0);
  });

  test("hangs in a busy loop is terminated", async () => {
    const subject = new Subject(startOf({ configDir: "hangs" }), spawnFailing);
    await subject.logs.next();
    const answer = subject.handle.command("pause").catch(String);
    expect((await subject.logs.next()).event).toBe("loops");
    // It has never sent a status, so it is given as long as one that is still loading.
    subject.timers.advance(20_000);
    expect(await subject.gone.next()).toBe("it hangs: nothing was heard of it for 20 s");
    expect(await answer).toContain("no answer within");
  });
});

describe("the worker of a pair", () => {
  test("runs, takes commands and parameters, and stops", async () => {
    const subject = new Subject(startOf({ commands: ["pause"] }), spawnPairWorker);
    const first = await subject.statuses.next();
    expect(first).toMatchObject({ id: "ETH", mode: "paper", state: "paused", epoch: 1 });
    expect((await subject.handle.command("halt")).state).toBe("halted");
    const { pair } = startOf();
    const other: PairConfig = { ...pair, quoting: { ...pair.quoting, binStep: 2 } };
    expect((await subject.handle.update(other)).state).toBe("halted");
    // Heartbeats come by themselves.
    subject.statuses.clear();
    expect((await subject.statuses.next()).timeMs).toBeGreaterThan(first.timeMs);
    expect(await subject.handle.stop(5000)).toEqual([]);
    expect(subject.gone.size).toBe(0);
  });

  test("refuses parameters that make no pair, and goes on", async () => {
    const subject = new Subject(startOf(), spawnPairWorker);
    const { pair } = startOf();
    const quoting = { ...pair.quoting, maxOrderSize: "0.00001", minOrderSize: "0" };
    const refusal = await subject.handle.update({ ...pair, quoting }).catch(String);
    expect(refusal).toContain("maxOrderSize is less than the smallest order");
    expect((await subject.handle.command("pause")).state).toBe("paused");
    expect(await subject.handle.stop(5000)).toEqual([]);
  });

  test("tells why it cannot begin", async () => {
    const { pair } = startOf();
    const strategy = { module: "./not-there.ts" };
    const start = startOf({ pair: { ...pair, quoting: { ...pair.quoting, strategy } } });
    const subject = new Subject(start, spawnPairWorker);
    const path = join(import.meta.dir, "not-there.ts");
    expect(await subject.gone.next()).toContain(`there is no file ${path}`);
  });
});
