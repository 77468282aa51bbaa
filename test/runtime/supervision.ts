/**
 * Venues, workers and a clock that a test moves by hand, around a real supervisor with a real
 * config file and state folder. Nothing here decides anything.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "#config/load.ts";
import { InputError } from "#domain/errors.ts";
import type { VenueId } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import type { ConnectionStatus } from "#ports/venue.ts";
import type { FromFeed, ToFeed } from "#runtime/feed-messages.ts";
import type { LogEntry } from "#runtime/log.ts";
import type { FromWorker, ToWorker } from "#runtime/messages.ts";
import type { HedgeStatus, PairRunState, PairStatus } from "#runtime/pair-status.ts";
import { Supervisor } from "#runtime/supervisor.ts";
import type { WorkerPort, WorkerPortListener } from "#runtime/worker-port.ts";
import { MINIMAL_PAIR } from "../config/support.ts";
import { ManualTimers } from "../net/support.ts";
import { FakeVenue } from "./fake-venue.ts";

/** Whatever is ready to run has run; a few turns, since one promise waits for another. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Until something holds that does not hang on the clock, such as the end of a file's reading. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settled();
}

/** A worker that does what the test says; by default it takes everything it is asked. */
export class FakeWorker implements WorkerPort {
  readonly name: string;
  readonly received: ToWorker[] = [];
  isTerminated = false;
  isClosed = false;
  /** Answers requests by itself. */
  isObedient = true;
  state: PairRunState = "quoting";
  readonly #listener: WorkerPortListener;
  /** What it tells of itself, until it tells otherwise. */
  #changes: Partial<PairStatus> = {};

  constructor(name: string, listener: WorkerPortListener) {
    this.name = name;
    this.#listener = listener;
  }

  get start(): Extract<ToWorker, { kind: "start" }> {
    const [first] = this.received;
    if (first?.kind !== "start") throw new Error("a worker is sent its start first");
    return first;
  }

  /** What it was sent after its start. */
  get requests(): ToWorker[] {
    return this.received.slice(1);
  }

  post(message: ToWorker): void {
    this.received.push(message);
    if (this.isObedient) setImmediate(() => this.#obey(message));
  }

  terminate(): void {
    this.isTerminated = true;
    setImmediate(() => this.close());
  }

  say(message: FromWorker): void {
    this.#listener.onMessage(message);
  }

  tell(state: PairRunState, changes: Partial<PairStatus> = {}): void {
    this.state = state;
    this.#changes = changes;
    this.say({ kind: "status", status: this.status() });
  }

  error(message: string): void {
    this.#listener.onError(message);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#listener.onClose();
  }

  status(): PairStatus {
    const { pair, epoch, hedge } = this.start;
    const { initInventoryAmount: base, initQuoteAmount: quote } = pair.capital;
    const ratios = { iqvRatio: 0.5, targetIqvRatio: 0.5, iqvMoveRatio: 0 };
    const assets = { baseAsset: "ETH", quoteAsset: "USDT", position: null, equity: null };
    return {
      id: pair.id,
      mode: pair.mode,
      venue: pair.quote.venue,
      symbol: pair.quote.symbol,
      state: this.state,
      reasons: [],
      timeMs: 0,
      epoch,
      restarts: 0,
      mid: null,
      orders: [],
      inventory: { base, quote, ...assets, ...ratios },
      netDelta: 0,
      hedge:
        hedge === null
          ? null
          : hedgeStatus({
              position: hedge.position?.base ?? "0",
              quote: hedge.position?.quote ?? "0",
            }),
      equity: null,
      shape: "spot",
      volatilityPct: null,
      pnl: null,
      fills: 0,
      actions: { placed: 0, replaced: 0, amended: 0, canceled: 0, denied: 0 },
      guards: [],
      connection: null,
      ...this.#changes,
    };
  }

  #obey(message: ToWorker): void {
    if (this.isClosed) return;
    if (message.kind === "stop") {
      this.say({ kind: "stopped", left: [], status: this.status() });
    } else if (message.kind === "start") {
      if (message.commands.includes("pause")) this.state = "paused";
      if (message.commands.includes("flatten")) this.state = "flattened";
      if (message.commands.includes("halt")) this.state = "halted";
      this.tell(this.state);
    } else {
      if (message.kind === "command" && message.command === "pause") this.state = "paused";
      if (message.kind === "command" && message.command === "flatten") this.state = "flattened";
      if (message.kind === "command" && message.command === "resume") this.state = "quoting";
      this.say({ kind: "done", id: message.id, status: this.status() });
    }
  }
}

/** A feed worker: remembers what it is told, and lives as long as the test has it beat. */
export class FakeFeed implements WorkerPort<ToFeed> {
  readonly name: string;
  readonly received: ToFeed[] = [];
  readonly ports: (readonly MessagePort[])[] = [];
  isClosed = false;
  /** Answers a stop. */
  isObedient = true;
  readonly #listener: WorkerPortListener<FromFeed>;

  constructor(name: string, listener: WorkerPortListener<FromFeed>) {
    this.name = name;
    this.#listener = listener;
  }

  /** Ports that it was handed. */
  get attached(): number {
    return this.received.filter(({ kind }) => kind === "attach").length;
  }

  post(message: ToFeed, transfer: readonly MessagePort[] = []): void {
    this.received.push(message);
    this.ports.push(transfer);
    if (message.kind === "stop" && this.isObedient) {
      setImmediate(() => this.say({ kind: "stopped" }));
    }
  }

  terminate(): void {
    setImmediate(() => this.close());
  }

  say(message: FromFeed): void {
    if (!this.isClosed) this.#listener.onMessage(message);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#listener.onClose();
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** A live ETHUSDT pair of account bn, with sections changed. */
export function livePair(id: string, changes: Fields = {}): Fields {
  const quote = { venue: "binance-spot", account: "bn", symbol: `${id}USDT` };
  return { ...MINIMAL_PAIR, id, mode: "live", quote, ...changes };
}

/** A live pair on Hyperliquid of account hl: 20 and 50, or what is changed. */
export function perpPair(id: string, changes: Fields = {}): Fields {
  const quote = { venue: "hyperliquid", account: "hl", symbol: id };
  const capital = { initInventoryAmount: "20", initQuoteAmount: "50" };
  return { ...MINIMAL_PAIR, id, mode: "live", quote, capital, ...changes };
}

/** A hedge on `<base>USDT` of USD-M, active and passive; account bn. */
export function hedgedOn(symbol: string, changes: Fields = {}): Fields {
  return {
    hedgeOn: { venue: "binance-perp", account: "bn", symbol, ...changes },
    hedge: {
      activeHedgeIqvRatio: 0.4,
      passiveHedgeRatio: 0.02,
      passiveHedgeSpRatio: 0.003,
      minHedgeOrderSize: "0.01",
    },
  };
}

export const AGENT_KEY = `0x${"ab".repeat(32)}`;

/** Of a worker's connection that is well. */
export function connectionWith(newestTradeId: string): ConnectionStatus {
  return {
    feed: { state: "live", messages: 1, resyncs: 0, reconnects: 0 },
    trading: "ready",
    reconnects: 0,
    clockOffsetMs: 0,
    inFlight: 0,
    roundTripMs: null,
    budgets: [],
    deadMansSwitch: { by: "guardian", reason: "there is not enough volume" },
    newestTradeId,
  };
}

/** A hedge as a worker tells it: short half an ETH, its orders at the venue. */
export function hedgeStatus(changes: Partial<HedgeStatus> = {}): HedgeStatus {
  return {
    venue: "binance-perp",
    symbol: "ETHUSDT",
    baseAsset: "ETH",
    quoteAsset: "USDT",
    isConnected: true,
    mid: "2000",
    markPrice: "2000.5",
    fundingRate: 0.0001,
    nextFundingMs: null,
    position: "-0.5",
    activePosition: "-0.3",
    passivePosition: "-0.2",
    quote: "1001.25",
    equity: "1.25",
    active: { state: "holding", open: "0", isNeeded: false },
    passive: null,
    unhedgedSinceMs: null,
    orders: [],
    connection: null,
    ...changes,
  };
}

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "mm-runtime-"));
  readonly configPath = join(this.folder, "mm.jsonc");
  readonly timers = new ManualTimers();
  readonly venue = new FakeVenue();
  readonly perps = new FakeVenue("hyperliquid");
  readonly usdm = new FakeVenue("binance-perp");
  readonly workers: FakeWorker[] = [];
  readonly feeds: FakeFeed[] = [];
  readonly log: LogEntry[] = [];
  /** Where this version cannot trade. */
  unsupported: VenueId | null = null;
  /** Whether new workers answer by themselves. */
  areObedient = true;
  env: Record<string, string> = {
    MM_KEY: "key",
    MM_SECRET: "top-secret",
    MM_AGENT: AGENT_KEY,
  };
  readonly supervisor = new Supervisor({
    world: {
      timers: this.timers,
      rng: new Rng(7),
      nowMs: () => 1_800_000_000_000 + this.timers.elapsedMs(),
    },
    log: (entry) => this.log.push(entry),
    env: this.env,
    spawn: (name, listener) => {
      const worker = new FakeWorker(name, listener);
      worker.isObedient = this.areObedient;
      this.workers.push(worker);
      return worker;
    },
    spawnFeed: (name, listener) => {
      const feed = new FakeFeed(name, listener);
      this.feeds.push(feed);
      return feed;
    },
    venues: (id) => {
      const venue = [this.venue, this.perps, this.usdm].find((fake) => fake.id === id);
      if (venue !== undefined && id !== this.unsupported) return venue.module;
      throw new InputError("unsupported-venue", `${id} cannot be traded yet`);
    },
  });

  write(pairs: readonly Fields[], changes: Fields = {}): void {
    const accounts = {
      bn: { venue: "binance", apiKeyEnv: "MM_KEY", secretEnv: "MM_SECRET" },
      hl: { venue: "hyperliquid", address: `0x${"Ab".repeat(20)}`, agentKeyEnv: "MM_AGENT" },
    };
    writeFileSync(this.configPath, JSON.stringify({ accounts, pairs, ...changes }));
  }

  /** Starts these pairs, and lets their workers report. */
  async start(pairs: readonly Fields[], changes: Fields = {}): Promise<void> {
    this.write(pairs, changes);
    const { config } = await loadConfig(this.configPath);
    await this.supervisor.start(config, this.configPath);
    await settled();
  }

  /** The newest worker of a pair. */
  worker(id: string): FakeWorker {
    const worker = this.workers.findLast(({ name }) => name === `pair-${id}`);
    if (worker === undefined) throw new Error(`no worker was started for ${id}`);
    return worker;
  }

  /** Lets time pass in steps, and what it sets off happen. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.timers.advance(stepMs);
      await settled();
    }
  }

  dispose(): void {
    this.supervisor.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<InputError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown;
    throw thrown;
  }
  throw new Error("it did not throw");
}
