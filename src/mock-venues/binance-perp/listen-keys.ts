/**
 * ListenKeys: the key of the user stream: one at a time, valid for an hour from when it was last
 * asked for, and whoever listens by it. May import net and this folder.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import { badRequest } from "../binance/api-error.ts";
import type { JsonObject } from "../json.ts";
import type { UserStream } from "../user-stream.ts";

interface ListenKeyParts {
  readonly stream: UserStream<JsonObject>;
  readonly validMs: number;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** A key that was not there before. */
  readonly randomKey: () => string;
}

type Listener = (event: JsonObject) => void;

export class ListenKeys {
  readonly #parts: ListenKeyParts;
  #key: string | null = null;
  #cancelExpiry: CancelTimer = () => undefined;
  readonly #listeners = new Set<Listener>();

  constructor(parts: ListenKeyParts) {
    this.#parts = parts;
    parts.stream.subscribe((event) => this.#tell(event));
  }

  /** The active key, which lives on from now; a new one where there is none. */
  start(): JsonObject {
    this.#key ??= this.#parts.randomKey();
    return this.#extend(this.#key);
  }

  /** @throws {ApiError} -1125 where there is none that is active */
  ping(): JsonObject {
    if (this.#key === null) throw badRequest(-1125, "This listenKey does not exist.");
    return this.#extend(this.#key);
  }

  /** Nothing comes by the key any more, and nothing is said of it. */
  close(): JsonObject {
    this.stop();
    this.#key = null;
    this.#listeners.clear();
    return {};
  }

  /** The key is valid no longer: that is the last that comes by it. */
  expire(): void {
    const listenKey = this.#key;
    if (listenKey === null) return;
    const E = Math.floor(this.#parts.nowMs());
    this.#tell({ e: "listenKeyExpired", E, listenKey });
    this.close();
  }

  /** @returns ends it; undefined where the key is none: nothing comes of it then */
  subscribe(key: string, listener: Listener): (() => void) | undefined {
    if (key !== this.#key) return undefined;
    const own: Listener = (event) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  stop(): void {
    this.#cancelExpiry();
    this.#cancelExpiry = () => undefined;
  }

  #extend(listenKey: string): JsonObject {
    const { timers, validMs } = this.#parts;
    this.#cancelExpiry();
    this.#cancelExpiry = timers.after(validMs, () => this.expire());
    return { listenKey };
  }

  #tell(event: JsonObject): void {
    for (const listener of this.#listeners) listener(event);
  }
}
