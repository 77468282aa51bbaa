/**
 * WorkerHandle: one pair worker seen from the main thread: requests with their answers and
 * time-outs, and what it tells of itself. Time and threads are handed in.
 */

import type { PairConfig } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";
import type { OperatorCommand } from "#domain/events.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { Alert } from "#ports/sink.ts";
import type { LogEntry } from "./log.ts";
import type { FromWorker, PairStart, StoryRecord, ToWorker } from "./messages.ts";
import type { PairStatus } from "./pair-status.ts";
import { WorkerLife } from "./worker-life.ts";
import type { SpawnWorker } from "./worker-port.ts";

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

/** A command waits for nothing; an update may wait for prices of the past. */
const COMMAND_TIMEOUT_MS = 5_000;
const UPDATE_TIMEOUT_MS = 10_000;

type LogMessage = Extract<FromWorker, { readonly kind: "log" }>;

interface Request {
  readonly resolve: (status: PairStatus) => void;
  readonly reject: (error: InputError) => void;
  readonly cancelTimeout: CancelTimer;
}

export class WorkerHandle {
  readonly #options: WorkerHandleOptions;
  readonly #life: WorkerLife<ToWorker, FromWorker>;
  readonly #requests = new Map<number, Request>();
  #nextId = 1;
  #left: readonly string[] | null = null;
  #stopping: Promise<readonly string[] | null> | undefined;
  #onStopped: (() => void) | undefined;

  /** Starts the thread. */
  constructor(options: WorkerHandleOptions) {
    this.#options = options;
    const { start, spawn, timers } = options;
    this.#life = new WorkerLife({
      name: `pair-${start.pair.id}`,
      spawn,
      timers,
      onMessage: (message) => this.#onMessage(message),
      onEnd: (reason) => this.#onEnd(reason),
    });
    const feeds = [start.quote.feed, start.hedge?.feed ?? null];
    this.#life.post(
      { kind: "start", ...start },
      feeds.filter((feed) => feed !== null),
    );
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
      if (this.#life.isClosed) {
        resolve(null);
        return;
      }
      if (this.#life.reason === null) this.#life.post({ kind: "stop" });
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
    this.#life.terminate(reason);
  }

  #request(build: (id: number) => ToWorker, timeoutMs: number): Promise<PairStatus> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const { isClosed, reason } = this.#life;
      if (isClosed || reason !== null) {
        reject(this.#unanswered(reason ?? "it is gone"));
        return;
      }
      const cancelTimeout = this.#options.timers.after(timeoutMs, () => {
        this.#requests.delete(id);
        reject(this.#unanswered(`no answer within ${timeoutMs} ms`));
      });
      this.#requests.set(id, { resolve, reject, cancelTimeout });
      this.#life.post(build(id));
    });
  }

  #unanswered(reason: string): InputError {
    return new InputError("not-now", `its worker did not answer: ${reason}`, {
      where: `pair ${this.#options.start.pair.id}`,
      hint: "look at its state before you ask again: it may have been done",
    });
  }

  #onMessage(message: FromWorker): void {
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
    this.#life.beat();
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

  #onEnd(reason: string): void {
    for (const id of this.#requests.keys()) this.#take(id)?.reject(this.#unanswered(reason));
    if (this.#onStopped !== undefined) this.#onStopped();
    else this.#options.listener.onGone(reason);
  }
}
