/**
 * WorkerPort: a worker thread as the supervisor sees it, so that tests put a fake in its place.
 * The real one is a Web Worker. It is gone when it closes, whatever the close code: a rejection
 * that nobody handled ends a worker with code 0. May start threads.
 */

import type { FromFeed, ToFeed } from "./feed-messages.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface WorkerPort<In = ToWorker> {
  /** @param transfer ports within the message, which are the other thread's from then on */
  post(message: In, transfer?: readonly MessagePort[]): void;
  /** Ends the thread, even in a busy loop; `onClose` follows. */
  terminate(): void;
}

/** Always called from the event loop. */
export interface WorkerPortListener<Out = FromWorker> {
  onMessage(message: Out): void;
  /** It ends with an error; `onClose` follows. */
  onError(message: string): void;
  /** Told once. */
  onClose(): void;
}

/** @param name of the thread, e.g. `pair-ETH` */
export type SpawnWorker = (name: string, listener: WorkerPortListener) => WorkerPort;
export type SpawnFeed = (
  name: string,
  listener: WorkerPortListener<FromFeed>,
) => WorkerPort<ToFeed>;

/** Starts the worker of one pair: src/runtime/pair-worker.ts, built into the executable. */
export const spawnPairWorker: SpawnWorker = (name, listener) =>
  workerPort(new Worker(new URL("./pair-worker.ts", import.meta.url), { name }), listener);

/** Starts a feed worker: src/runtime/feed-worker.ts, built into the executable. */
export const spawnFeedWorker: SpawnFeed = (name, listener) =>
  workerPort(new Worker(new URL("./feed-worker.ts", import.meta.url), { name }), listener);

export function workerPort<In, Out>(
  worker: Worker,
  listener: WorkerPortListener<Out>,
): WorkerPort<In> {
  worker.addEventListener("message", ({ data }: MessageEvent<Out>) => {
    listener.onMessage(data);
  });
  worker.addEventListener("error", (event) => {
    // Else the error of a thread would count as one of ours.
    event.preventDefault();
    listener.onError(event.message);
  });
  worker.addEventListener("messageerror", () => listener.onError("a message cannot be read"));
  worker.addEventListener("close", () => listener.onClose());
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    terminate: () => worker.terminate(),
  };
}
