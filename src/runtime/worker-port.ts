/**
 * WorkerPort: a worker thread as the supervisor sees it, so that tests put a fake in its place.
 * The real one is a Web Worker. It is gone when it closes, whatever the close code: a rejection
 * that nobody handled ends a worker with code 0. May start threads.
 */

import type { FromWorker, ToWorker } from "./messages.ts";

export interface WorkerPort {
  post(message: ToWorker): void;
  /** Ends the thread, even in a busy loop; `onClose` follows. */
  terminate(): void;
}

/** Always called from the event loop. */
export interface WorkerPortListener {
  onMessage(message: FromWorker): void;
  /** It ends with an error; `onClose` follows. */
  onError(message: string): void;
  /** Told once. */
  onClose(): void;
}

/** @param name of the thread, e.g. `pair-ETH` */
export type SpawnWorker = (name: string, listener: WorkerPortListener) => WorkerPort;

/** Starts the worker of one pair: src/runtime/pair-worker.ts, built into the executable. */
export const spawnPairWorker: SpawnWorker = (name, listener) =>
  workerPort(new Worker(new URL("./pair-worker.ts", import.meta.url), { name }), listener);

export function workerPort(worker: Worker, listener: WorkerPortListener): WorkerPort {
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
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
    post: (message) => worker.postMessage(message, []),
    terminate: () => worker.terminate(),
  };
}
