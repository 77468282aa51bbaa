/**
 * PairRunner: drives the decision core of one pair on the connection of its quoting leg and, where
 * it hedges, on that of its hedge. Prices of the past come first, then whatever the connections
 * tell, the time, and an operator's commands; what the core wants goes to the connections, what
 * people should see to a listener. It runs in the pair's worker and knows nothing of threads; time
 * and timers are handed in.
 */

import {
  engineParams,
  NO_POSITION,
  type StartPosition,
  strategyParams,
} from "#config/engine-params.ts";
import type { StrategySource } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { thirdFeeAsset } from "#config/simulated-account.ts";
import { decimal } from "#domain/decimal.ts";
import { InputError, InvariantError, messageOf } from "#domain/errors.ts";
import type {
  EngineEvent,
  FillEvent,
  HedgeEvent,
  OperatorCommand,
  TimeEvent,
  VenueEvent,
} from "#domain/events.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import { type EngineParams, hasSameVolatility, requireSamePair } from "#engine/params.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { Alert, AuditRecord } from "#ports/sink.ts";
import type { VenueConnection, VenueListener } from "#ports/venue.ts";
import type { Strategy } from "#strategies/strategy.ts";
import type { VenueWorld } from "#venues/venue.ts";
import { spin } from "./busy-poll.ts";
import { historyPrices } from "./history.ts";
import type { PairStatus } from "./pair-status.ts";
import { pairStatusOf } from "./pair-status-of.ts";
import { RunnerNews } from "./runner-news.ts";
import { sinkOf } from "./runner-sink.ts";
import { warmUp } from "./warm-up.ts";

/** Hears of one pair. */
export interface RunnerListener {
  onAlert(alert: Alert): void;
  onAudit(record: AuditRecord): void;
  /**
   * Something threw that must not: told once. Nothing is applied any more; what is open at the
   * venue stays open, and is for others to sweep.
   */
  onFailure(error: unknown): void;
}

export interface RunnerLeg {
  /** Not started yet. */
  readonly connection: VenueConnection;
  /** A perp's position at the start. Default: none */
  readonly position?: StartPosition | null;
}

/** Its own leg is the quoting one. */
export interface RunnerOptions extends RunnerLeg {
  /** Default: the pair does not hedge */
  readonly hedge?: RunnerLeg | null;
  readonly pair: PairConfig;
  /** Makes the strategy that trades, and another one for the warm-up. */
  readonly strategy: StrategySource;
  /** Part of every order id: larger than that of any run of this pair before. */
  readonly epoch: number;
  readonly listener: RunnerListener;
  readonly world: Pick<VenueWorld, "timers" | "nowMs">;
  /**
   * Keeps the event loop awake, so that a message is handled some 50 µs earlier, at the price of
   * one whole core for this pair. Off by default.
   */
  readonly busyPoll?: boolean;
  /** Most time spent on making the code hot before the first order; 0: none. */
  readonly warmUpMs?: number;
}

/** The core wants the time at least every 100 ms. */
const TICK_MS = 50;
const WARM_UP_MS = 150;
/** How long a stop waits for the venue to confirm that every order is gone. */
const STOP_TIMEOUT_MS = 5_000;

export class PairRunner {
  readonly #options: RunnerOptions;
  readonly #engine: PairEngine;
  readonly #time: TimeEvent = { kind: "time", venueTimeMs: 0, receivedTimeMs: 0 };
  /** Whatever the hedge's connection tells, wrapped. */
  readonly #hedgeEvent: HedgeEvent = {
    kind: "hedge",
    venueTimeMs: 0,
    receivedTimeMs: 0,
    event: { kind: "connection", venueTimeMs: 0, receivedTimeMs: 0, state: "down" },
  };
  #pair: PairConfig;
  #strategy: Strategy;
  #phase: "new" | "running" | "stopped" | "failed" = "new";
  #failure: unknown = null;
  #isConnecting = false;
  readonly #news = new RunnerNews(
    (alert) => this.#alert(alert),
    () => this.#clock(),
  );
  #nowMs = -Infinity;
  /** The newest `update`: one that was overtaken by another is not carried out. */
  #updates = 0;
  #cancelTick: CancelTimer = () => undefined;
  #stopSpinning: () => void = () => undefined;
  #stopping: Promise<{ left: readonly string[] }> | null = null;
  /** Ends the wait of `stop`. */
  #onSettled: (() => void) | null = null;

  /** @throws {InputError} where the config or the user's strategy makes no pair */
  constructor(options: RunnerOptions) {
    const { pair, connection } = options;
    const { instrument } = connection;
    this.#options = options;
    this.#pair = pair;
    this.#strategy = options.strategy();
    const sink = sinkOf(options.listener, connection, this.#hedge?.connection ?? null);
    this.#engine = new PairEngine(instrument, this.#params(pair), this.#strategy, sink);
    const feeAsset = pair.mode === "paper" ? thirdFeeAsset(pair) : null;
    if (feeAsset !== null) {
      this.#engine.ledger.setAssetPrice(feeAsset.asset, decimal(feeAsset.price));
    }
  }

  /**
   * Asks for history (bounded), warms the code up and connects. Call once; commands may come
   * before. Resolves when the connection was told to start, and never rejects.
   */
  async start(): Promise<void> {
    if (this.#phase !== "new") throw new InvariantError("a runner is started once");
    this.#phase = "running";
    this.#armTick();
    if (this.#options.busyPoll === true) this.#stopSpinning = spin();
    const asked = this.#pair;
    const prices = await this.#history(asked);
    if (!this.#isOpen || this.#stopping !== null) return;
    this.#attempt(() => this.#connect(asked, prices));
  }

  #connect(asked: PairConfig, prices: readonly number[]): void {
    const { connection, strategy, world, warmUpMs } = this.#options;
    // An update may have come first: prices of another step would warm up the wrong grid.
    if (hasSameGrid(asked, this.#pair)) this.#applyHistory(prices);
    warmUp({
      params: this.#params(this.#pair),
      instrument: connection.instrument,
      strategy: strategy(),
      lastPrice: prices.at(-1) ?? null,
      limitMs: warmUpMs ?? WARM_UP_MS,
      elapsedMs: () => world.timers.elapsedMs(),
    });
    this.#isConnecting = true;
    // First the hedge: nothing is to be hedged before anything is quoted.
    this.#hedge?.connection.start(this.#listener("hedge: ", (event) => this.#applyHedge(event)));
    connection.start(this.#listener("", (event) => this.#apply(event)));
  }

  #listener(prefix: string, onEvent: VenueListener["onEvent"]): VenueListener {
    return {
      onEvent,
      onAlert: (alert) => this.#alert({ ...alert, message: `${prefix}${alert.message}` }),
    };
  }

  get #hedge(): RunnerLeg | null {
    return this.#options.hedge ?? null;
  }

  /** Carries out an operator's command at once. @throws {InputError} `not-now` after the end */
  command(command: OperatorCommand): void {
    this.#requireOpen(command);
    this.#apply({ kind: "operator", ...this.#stamp(), command });
  }

  /**
   * Takes new parameters in flight; orders that still fit stay. Where the volatility is measured
   * anew, its history is fetched first (bounded). Resolves once taken, or overtaken by a later one.
   * @throws {InvariantError} where pair, capital or anything else changed that cannot in flight
   * @throws {InputError} `not-now`, or for what the config or the user's strategy has wrong
   */
  async update(pair: PairConfig, strategy: StrategySource): Promise<void> {
    this.#requireOpen("update");
    const before = this.#params(this.#pair);
    const params = this.#params(pair);
    // First: one that is refused must not overtake another.
    requireSamePair(before, params);
    this.#updates += 1;
    const update = this.#updates;
    const prices = hasSameVolatility(before, params) ? [] : await this.#history(pair);
    if (update !== this.#updates) return;
    this.#requireOpen("update");
    // One that goes on as it was keeps its memory: a new one could ask for another shape.
    const next = hasSameStrategy(this.#pair, pair) ? this.#strategy : strategy();
    this.#engine.reconfigure(params, next);
    this.#strategy = next;
    this.#pair = pair;
    this.#applyHistory(prices);
    this.#applyTime();
  }

  /**
   * Cancels everything, waits (bounded) until the venue has confirmed it, and ends the connection.
   * Never rejects; calling it again gives the same answer.
   * @returns client ids of orders that may still be open
   */
  stop(): Promise<{ left: readonly string[] }> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<{ left: readonly string[] }> {
    if (this.#isOpen) this.#apply({ kind: "operator", ...this.#stamp(), command: "stop" });
    if (this.#isOpen && this.#engine.hasOpenOrders) await this.#settled();
    if (this.#isOpen) this.#end("stopped");
    if (this.#isConnecting) {
      for (const { connection } of this.#legs) this.#attempt(() => connection.stop());
    }
    const { orders, hedge } = this.#engine;
    if (hedge !== null) this.#news.hedgeLeft(hedge);
    return { left: [...orders.live.keys(), ...(hedge?.orders.live.keys() ?? [])] };
  }

  get #legs(): readonly RunnerLeg[] {
    const hedge = this.#hedge;
    return hedge === null ? [this.#options] : [this.#options, hedge];
  }

  /** All that can be seen of the pair, as plain data. `restarts` is 0: its supervisor knows. */
  status(): PairStatus {
    const { connection, epoch } = this.#options;
    return pairStatusOf({
      pair: this.#pair,
      instrument: connection.instrument,
      engine: this.#engine,
      epoch,
      timeMs: this.#clock(),
      end: this.#phase === "stopped" || this.#phase === "failed" ? this.#phase : null,
      failure: this.#phase === "failed" ? messageOf(this.#failure) : null,
      connection: this.#isConnecting ? connection.status() : null,
      hedgeConnection: this.#isConnecting ? (this.#hedge?.connection.status() ?? null) : null,
    });
  }

  #params(pair: PairConfig): EngineParams {
    const { connection, epoch, position, hedge = null } = this.#options;
    return engineParams(pair, connection.instrument, epoch, {
      position: position ?? null,
      hedge: hedge && {
        instrument: hedge.connection.instrument,
        position: hedge.position ?? NO_POSITION,
      },
    });
  }

  get #isOpen(): boolean {
    return this.#phase === "new" || this.#phase === "running";
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.world.timers.after(STOP_TIMEOUT_MS, resolve);
      this.#onSettled = () => {
        cancel();
        resolve();
      };
    });
  }

  #requireOpen(what: string): void {
    if (this.#isOpen) return;
    throw new InputError("not-now", `${what}: the pair has ${this.#phase}`, {
      where: `pair ${this.#pair.id}`,
    });
  }

  /** Our time in this thread: it never goes back. */
  #clock(): number {
    this.#nowMs = Math.max(this.#nowMs, this.#options.world.nowMs());
    return this.#nowMs;
  }

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    const nowMs = this.#clock();
    return { venueTimeMs: nowMs, receivedTimeMs: nowMs };
  }

  #apply(event: EngineEvent): void {
    if (!this.#isOpen) return;
    // Also where it is no number: such a time must not reach the core's clock.
    if (!(event.receivedTimeMs >= this.#nowMs)) event.receivedTimeMs = this.#clock();
    this.#nowMs = event.receivedTimeMs;
    try {
      this.#engine.apply(event);
    } catch (error) {
      this.#fail(error);
    }
    if (event.kind === "fill") this.#onFill(event, this.#options.connection);
    if (this.#onSettled !== null && !this.#engine.hasOpenOrders) this.#onSettled();
  }

  #applyHedge(event: VenueEvent): void {
    if (!(event.receivedTimeMs >= this.#nowMs)) event.receivedTimeMs = this.#clock();
    const hedged = this.#hedgeEvent;
    hedged.venueTimeMs = event.venueTimeMs;
    hedged.receivedTimeMs = event.receivedTimeMs;
    hedged.event = event;
    this.#apply(hedged);
    const leg = this.#hedge;
    if (event.kind === "fill" && leg !== null) this.#onFill(event, leg.connection);
  }

  #onFill({ fill }: FillEvent, { instrument }: VenueConnection): void {
    if (this.#pair.mode === "live") this.#news.fees(fill.feeAsset, instrument);
  }

  #alert(alert: Alert): void {
    this.#attempt(() => this.#options.listener.onAlert(alert));
  }

  #applyTime(): void {
    const nowMs = this.#clock();
    this.#time.venueTimeMs = nowMs;
    this.#time.receivedTimeMs = nowMs;
    this.#apply(this.#time);
  }

  #applyHistory(prices: readonly number[]): void {
    if (prices.length > 0) this.#apply({ kind: "history", ...this.#stamp(), prices });
  }

  #history(pair: PairConfig): Promise<readonly number[]> {
    const { connection, world } = this.#options;
    const { sampleIntervalSeconds, historyLimit } = pair.volatility;
    return historyPrices({
      history: connection,
      timers: world.timers,
      intervalMs: sampleIntervalSeconds * 1000,
      count: historyLimit,
      onProblem: (message) => this.#news.warn("history", message),
    });
  }

  #armTick(): void {
    this.#cancelTick = this.#options.world.timers.after(TICK_MS, () => {
      this.#armTick();
      this.#applyTime();
    });
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#phase === "failed") return;
    this.#failure = error;
    this.#end("failed");
    this.#options.listener.onFailure(error);
  }

  #end(phase: "stopped" | "failed"): void {
    this.#phase = phase;
    this.#cancelTick();
    this.#stopSpinning();
    this.#onSettled?.();
  }
}

function hasSameGrid({ volatility: a }: PairConfig, { volatility: b }: PairConfig): boolean {
  return a.sampleIntervalSeconds === b.sampleIntervalSeconds && a.source === b.source;
}

function hasSameStrategy(a: PairConfig, b: PairConfig): boolean {
  return (
    Bun.deepEquals(a.quoting.strategy, b.quoting.strategy) &&
    Bun.deepEquals(strategyParams(a), strategyParams(b))
  );
}
