/**
 * MarketDriver: lets the market of one SimExchange happen in real time. Wakes when the source's
 * next moment is due, feeds its rows to the exchange and tells a listener of each. For any venue.
 *
 * Its clock is the wall clock of the start, carried on by the monotonic one: a wall clock that is
 * set while we run neither stops the market nor hurries it.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import { RowKind } from "#sim/market-tape.ts";
import type { RowSink } from "#sim/market-tape-builder.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import type { MarketSource } from "./market-source.ts";

/** Told of each row after the exchange had it, but for `clearing`; times are the driver's. */
export interface MarketListener {
  levelSet(isBid: boolean, ticks: number): void;
  printed(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void;
  /** The recorded book is about to be forgotten. */
  clearing(): void;
  /** All rows of one moment are in: the book is as the venue would show it. */
  settled(timeMs: number): void;
}

export interface MarketDriverOptions {
  readonly source: MarketSource;
  readonly exchange: SimExchange;
  readonly listener: MarketListener;
  readonly timers: Timers;
  /** Wall clock, milliseconds since the epoch; asked once, at the start. */
  readonly nowMs: () => number;
  /** Market milliseconds per millisecond. Default: 1 */
  readonly speed?: number;
}

/** How long one batch may hold the event loop. */
const BATCH_MS = 4;
/** Further behind than this, the machine slept: the market goes on from where it stood. */
const MAX_LAG_MS = 5000;
/** The longest timer: a source may be silent for longer than a timer can count. */
const MAX_WAIT_MS = 60_000;

export class MarketDriver implements RowSink {
  readonly #options: MarketDriverOptions;
  readonly #speed: number;
  /** Wall time of the start, and what the other clocks said then. */
  #startMs = 0;
  #startElapsedMs = 0;
  #startSourceMs = 0;
  #rowMs = 0;
  #isRunning = false;
  #isAdvancing = false;
  /** When the market was halted; null while it runs. */
  #haltedMs: number | null = null;
  #cancelWake: CancelTimer | null = null;

  constructor(options: MarketDriverOptions) {
    this.#options = options;
    this.#speed = options.speed ?? 1;
  }

  /** Whether rows are being fed right now: whoever is called in between waits for `settled`. */
  get isAdvancing(): boolean {
    return this.#isAdvancing;
  }

  /** Sets the market's first moment to now; the exchange has its book when this returns. */
  start(): void {
    if (this.#isRunning) return;
    const { timers, source, nowMs } = this.#options;
    this.#isRunning = true;
    this.#startMs = nowMs();
    this.#startElapsedMs = timers.elapsedMs();
    this.#startSourceMs = source.nextTimeMs;
    this.advanceToNow();
  }

  /** The market stops for good. */
  stop(): void {
    this.#isRunning = false;
    this.#cancelWake?.();
    this.#cancelWake = null;
  }

  /** The market stands still; orders may come and go all the same. */
  halt(): void {
    if (this.#haltedMs !== null) return;
    this.advanceToNow();
    this.#haltedMs = this.nowMs();
    this.#cancelWake?.();
  }

  /** The market goes on from where it stood. */
  resume(): void {
    if (this.#haltedMs === null) return;
    this.#postpone(this.nowMs() - this.#haltedMs);
    this.#haltedMs = null;
    this.advanceToNow();
  }

  /** The time at the exchange, milliseconds since the epoch; never goes back. */
  nowMs(): number {
    return this.#startMs + this.#options.timers.elapsedMs() - this.#startElapsedMs;
  }

  /**
   * Lets everything happen that is due: to be called before a request is executed. Where more is
   * due than one batch holds, the rest follows in batches of its own.
   * @returns the time at the exchange
   */
  advanceToNow(): number {
    const nowMs = this.nowMs();
    if (this.#isAdvancing || !this.#isRunning || this.#haltedMs !== null) return nowMs;
    this.#isAdvancing = true;
    try {
      this.#skipSleep(nowMs);
      this.#advance(nowMs);
    } finally {
      this.#isAdvancing = false;
    }
    this.#scheduleWake(nowMs);
    return nowMs;
  }

  /** From the source: one row of the moment that happens. */
  addRow(_sourceMs: number, kind: number, ticks: number, lots: number): void {
    const { exchange, listener } = this.#options;
    if (kind <= RowKind.askLevel) {
      const isBid = kind === RowKind.bidLevel;
      exchange.onLevel(isBid, ticks, lots, this.#rowMs);
      listener.levelSet(isBid, ticks);
    } else if (kind === RowKind.clear) {
      listener.clearing();
      exchange.onClear();
    } else {
      const aggressorIsBuy = kind === RowKind.buyTrade;
      exchange.onTrade(aggressorIsBuy, ticks, lots, this.#rowMs);
      listener.printed(aggressorIsBuy, ticks, lots, this.#rowMs);
    }
  }

  #advance(nowMs: number): void {
    const { source, timers, listener } = this.#options;
    const untilMs = timers.elapsedMs() + BATCH_MS;
    for (;;) {
      const dueMs = this.#dueMs();
      if (dueMs > nowMs) return;
      this.#rowMs = dueMs;
      source.next(this);
      listener.settled(dueMs);
      if (timers.elapsedMs() > untilMs) return;
    }
  }

  /** Wall time of the source's next moment. */
  #dueMs(): number {
    return this.#startMs + (this.#options.source.nextTimeMs - this.#startSourceMs) / this.#speed;
  }

  #skipSleep(nowMs: number): void {
    const lagMs = nowMs - this.#dueMs();
    if (lagMs > MAX_LAG_MS) this.#postpone(lagMs);
  }

  /** Everything that has not happened yet happens so much later. */
  #postpone(byMs: number): void {
    this.#startSourceMs -= byMs * this.#speed;
  }

  #scheduleWake(nowMs: number): void {
    this.#cancelWake?.();
    const waitMs = Math.min(Math.max(Math.ceil(this.#dueMs() - nowMs), 1), MAX_WAIT_MS);
    this.#cancelWake = this.#options.timers.after(waitMs, () => {
      this.#cancelWake = null;
      this.advanceToNow();
    });
  }
}
