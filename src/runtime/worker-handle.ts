/**
 * WorkerHandle: one pair worker seen from the main thread: requests with their answers and
 * time-outs, the heartbeat watch, and its end, which is told once and only after the thread is
 * gone. Time and threads are handed in.
 */

import type { PairConfig } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";
import type { OperatorCommand } from "#domain/events.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { Alert } from "#ports/sink.ts";
import type { LogEntry } from "./log.ts";
import type { FromWorker, PairStart, StoryRecord, ToWorker } from "./messages.ts";
import type { PairStatus } from "./pair-status.ts";
import type { SpawnWorker, WorkerPort } from "./worker-port.ts";

export interface WorkerHandleListener {
  onStatus(status: PairStatus): void;
  onLog(entry: LogEntry): void;
  onAlert(alert: Alert): void;
  onAudit(record: StoryRecord): void;
  /** The thread ended although nobody asked it to. Told once. */
  onGone(reason: string): void;
}

export interface WorkerHandleOptions {
  readonly start: PairStart;
  readonly spawn: SpawnWorker;
  readonly timers: Timers;
  readonly listener: WorkerHandleListener;
}

/**
 * The heartbeat is looked for this often, and a worker is hung after so many looks in a row
 * without one. Looks are counted, not time: after a stall of our own thread all that has passed
 * is one look, and the statuses that piled up are read before the next.
 */
const LOOK_INTERVAL_MS = 1_000;
const HUNG_AFTER_LOOKS = 5;
/** Loading its modules, and the user's strategy, takes a new worker longer. */
const STARTED_AFTER_LOOKS = 20;
/** A command waits for nothing; an update may wait for prices of the past. */
const COMMAND_TIMEOUT_MS = 5_000;
const UPDATE_TIMEOUT_MS = 10_000;
/** A terminated thread that has not closed by then is taken to be gone. */
const CLOSE_TIMEOUT_MS = 2_000;

type LogMessage = Extract<FromWorker, { readonly kind: "log" }>;

interface Request {
  readonly resolve: (status: PairStatus) => void;
  readonly reject: (error: InputError) => void;
  readonly cancelTimeout: CancelTimer;
}

export class WorkerHandle {
  readonly #options: WorkerHandleOptions;
  readonly #port: WorkerPort;
  readonly #requests = new Map<number, Request>();
  #nextId = 1;
  #looksWithout = 0;
  #hasReported = false;
  #cancelLook: CancelTimer;
  #cancelClose: CancelTimer | undefined;
  /** Why it ends, as far as known. */
  #reason: string | undefined;
  #isClosed = false;
  #left: readonly string[] | null = null;
  #stopping: Promise<readonly string[] | null> | undefined;
  #onStopped: (() => void) | undefined;

  /** Starts the thread. */
  constructor(options: WorkerHandleOptions) {
    this.#options = options;
    const name = `pair-${options.start.pair.id}`;
    this.#port = options.spawn(name, {
      onMessage: (message) => this.#onMessage(message),
      onError: (message) => this.terminate(message),
      onClose: () => this.#onClose(),
    });
    this.#port.post({ kind: "start", ...options.start });
    this.#cancelLook = this.#lookLater();
  }

  /** @throws {InputError} `not-now` where no answer came: it may have been done all the same */
  command(command: OperatorCommand): Promise<PairStatus> {
    return this.#request((id) => ({ kind: "command", id, command }), COMMAND_TIMEOUT_MS);
  }

  /** @throws {InputError} `not-now`, or what the worker says is wrong with the parameters */
  update(pair: PairConfig): Promise<PairStatus> {
    return this.#request((id) => ({ kind: "update", id, pair }), UPDATE_TIMEOUT_MS);
  }

  /**
   * Has it cancel all orders and stop, and ends the thread then, or when the time is over. Never
   * rejects.
   * @returns client ids of orders that are not confirmed to be gone; null: it did not say
   */
  stop(timeoutMs: number): Promise<readonly string[] | null> {
    this.#stopping ??= new Promise((resolve) => {
      this.#onStopped = () => resolve(this.#left);
      if (this.#isClosed) {
        resolve(null);
        return;
      }
      if (this.#reason === undefined) this.#port.post({ kind: "stop" });
      const cancel = this.#options.timers.after(timeoutMs, () => this.terminate("no answer"));
      this.#onStopped = () => {
        cancel();
        resolve(this.#left);
      };
    });
    return this.#stopping;
  }

  /** Ends the thread at once; its orders stay where they are. */
  terminate(reason: string): void {
    if (this.#isClosed) return;
    this.#reason ??= reason;
    this.#port.terminate();
    this.#cancelClose ??= this.#options.timers.after(CLOSE_TIMEOUT_MS, () => this.#onClose());
  }

  #request(build: (id: number) => ToWorker, timeoutMs: number): Promise<PairStatus> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      if (this.#isClosed || this.#reason !== undefined) {
        reject(this.#unanswered(this.#reason ?? "it is gone"));
        return;
      }
      const cancelTimeout = this.#options.timers.after(timeoutMs, () => {
        this.#requests.delete(id);
        reject(this.#unanswered(`no answer within ${timeoutMs} ms`));
      });
      this.#requests.set(id, { resolve, reject, cancelTimeout });
      this.#port.post(build(id));
    });
  }

  #unanswered(reason: string): InputError {
    return new InputError("not-now", `its worker did not answer: ${reason}`, {
      where: `pair ${this.#options.start.pair.id}`,
      hint: "look at its state before you ask again: it may have been done",
    });
  }

  #onMessage(message: FromWorker): void {
    // What was under way when it was given up is of no use any more.
    if (this.#isClosed || this.#reason !== undefined) return;
    const { listener } = this.#options;
    switch (message.kind) {
      case "status":
        this.#onStatus(message.status);
        return;
      case "log":
        listener.onLog(this.#entry(message));
        return;
      case "alert":
        listener.onAlert(message.alert);
        return;
      case "audit":
        listener.onAudit(message.record);
        return;
      case "done":
        this.#onStatus(message.status);
        this.#take(message.id)?.resolve(message.status);
        return;
      case "refused":
        this.#take(message.id)?.reject(new InputError(message.error.code, message.error.message));
        return;
      case "stopped":
        this.#onStatus(message.status);
        this.#left = message.left;
        this.terminate("stopped");
        return;
      case "failed":
        this.#onFailed(message.error.message, message.stack);
        return;
    }
  }

  #onStatus(status: PairStatus): void {
    this.#hasReported = true;
    this.#looksWithout = 0;
    this.#options.listener.onStatus(status);
  }

  #entry({ level, event, message, fields }: LogMessage): LogEntry {
    return { level, pair: this.#options.start.pair.id, event, message, fields };
  }

  #onFailed(message: string, stack: string): void {
    this.#options.listener.onLog({
      level: "error",
      pair: this.#options.start.pair.id,
      event: "worker-failed",
      message,
      fields: { stack },
    });
    this.terminate(message);
  }

  #take(id: number): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    request?.cancelTimeout();
    return request;
  }

  #lookLater(): CancelTimer {
    return this.#options.timers.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    this.#looksWithout += 1;
    const most = this.#hasReported ? HUNG_AFTER_LOOKS : STARTED_AFTER_LOOKS;
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
    const reason = this.#reason ?? "its thread ended without a word";
    for (const id of this.#requests.keys()) this.#take(id)?.reject(this.#unanswered(reason));
    if (this.#onStopped !== undefined) this.#onStopped();
    else this.#options.listener.onGone(reason);
  }
}
