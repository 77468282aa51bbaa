/**
 * WorkerLife: a worker thread from its start to its end, seen from the main thread: the watch over
 * its heartbeat, and its end, which is told once and only after the thread is gone. What is said to
 * it and by it is its owner's. Time and threads are handed in.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import type { WorkerPort, WorkerPortListener } from "./worker-port.ts";

export interface WorkerLifeOptions<In, Out> {
  readonly name: string;
  readonly spawn: (name: string, listener: WorkerPortListener<Out>) => WorkerPort<In>;
  readonly timers: Timers;
  /** Not any more once it was given up. */
  readonly onMessage: (message: Out) => void;
  /** The thread is gone. Told once. */
  readonly onEnd: (reason: string) => void;
}

/**
 * The heartbeat is looked for this often, and a worker is hung after so many looks in a row
 * without one. Looks are counted, not time: after a stall of our own thread all that has passed
 * is one look, and the heartbeats that piled up are read before the next.
 */
const LOOK_INTERVAL_MS = 1_000;
const HUNG_AFTER_LOOKS = 5;
/** Loading its modules, and the user's strategy, takes a new worker longer. */
const STARTED_AFTER_LOOKS = 20;
/** A terminated thread that has not closed by then is taken to be gone. */
const CLOSE_TIMEOUT_MS = 2_000;

export class WorkerLife<In, Out> {
  readonly #options: WorkerLifeOptions<In, Out>;
  readonly #port: WorkerPort<In>;
  #looksWithout = 0;
  #hasBeaten = false;
  #cancelLook: CancelTimer;
  #cancelClose: CancelTimer | undefined;
  /** Why it ends, as far as known. */
  #reason: string | null = null;
  #isClosed = false;

  /** Starts the thread. */
  constructor(options: WorkerLifeOptions<In, Out>) {
    this.#options = options;
    this.#port = options.spawn(options.name, {
      onMessage: (message) => {
        // What was under way when it was given up is of no use any more.
        if (!this.#isClosed && this.#reason === null) options.onMessage(message);
      },
      onError: (message) => this.terminate(message),
      onClose: () => this.#onClose(),
    });
    this.#cancelLook = this.#lookLater();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why it was given up; null: it was not. */
  get reason(): string | null {
    return this.#reason;
  }

  post(message: In, transfer?: readonly MessagePort[]): void {
    this.#port.post(message, transfer);
  }

  /** It lives. */
  beat(): void {
    this.#hasBeaten = true;
    this.#looksWithout = 0;
  }

  /** Ends the thread at once. */
  terminate(reason: string): void {
    if (this.#isClosed) return;
    this.#reason ??= reason;
    this.#port.terminate();
    this.#cancelClose ??= this.#options.timers.after(CLOSE_TIMEOUT_MS, () => this.#onClose());
  }

  #lookLater(): CancelTimer {
    return this.#options.timers.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    this.#looksWithout += 1;
    const most = this.#hasBeaten ? HUNG_AFTER_LOOKS : STARTED_AFTER_LOOKS;
    if (this.#looksWithout < most) {
      this.#cancelLook = this.#lookLater();
      return;
    }
    this.terminate(`it hangs: nothing was heard of it for ${(most * LOOK_INTERVAL_MS) / 1000} s`);
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook();
    this.#cancelClose?.();
    this.#options.onEnd(this.#reason ?? "its thread ended without a word");
  }
}
