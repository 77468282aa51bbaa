/**
 * SocketSession: one connection's subscriptions: sent as far as budgets allow, confirmed or refused
 * by the venue, sent again where it says nothing. SocketHub makes one for each connection. Does
 * network I/O through the Connection; time is handed in.
 */

import type { Connection } from "#net/connection.ts";
import type { Timers } from "#net/timers.ts";
import { type Subscription, subscribeText } from "./frames.ts";
import type { GaugeCell } from "./gauges.ts";
import type { HlLimits } from "./limits.ts";

export interface SessionWorld {
  readonly cell: GaugeCell;
  readonly limits: HlLimits;
  readonly timers: Timers;
}

interface Entry {
  readonly subscription: Subscription;
  state: "unsent" | "sent" | "confirmed" | "refused";
  /** When it entered that state, by `elapsedMs`. */
  sinceMs: number;
}

/** An acknowledgement takes one round trip; after so long it is taken for lost. */
const ACK_MS = 4000;
/** What the venue refused may pass later: others have left, or its limits have moved. */
const REFUSED_PAUSE_MS = 30_000;

export class SocketSession {
  readonly connection: Connection;
  readonly #world: SessionWorld;
  readonly #entries = new Map<string, Entry>();

  constructor(connection: Connection, world: SessionWorld) {
    this.connection = connection;
    this.#world = world;
  }

  /** Does nothing where it has begun. */
  subscribe(key: string, subscription: Subscription): void {
    if (this.#entries.has(key)) return;
    const sinceMs = this.#world.timers.elapsedMs();
    const entry: Entry = { subscription, state: "unsent", sinceMs };
    this.#entries.set(key, entry);
    this.#send(entry);
  }

  unsubscribe(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (entry.state !== "sent" && entry.state !== "confirmed") return;
    const { cell, limits } = this.#world;
    cell.giveBack("subscriptions");
    // Where that fails the connection is down, and its subscriptions with it.
    const result = this.connection.send(subscribeText("unsubscribe", entry.subscription));
    if (result === "sent") limits.chargeMessage();
  }

  /** False where it was not waited for. */
  confirm(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry?.state !== "sent") return false;
    this.#enter(entry, "confirmed");
    return true;
  }

  refuse(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state !== "sent") return;
    this.#enter(entry, "refused");
    this.#world.cell.giveBack("subscriptions");
  }

  isConfirmed(key: string): boolean {
    return this.#entries.get(key)?.state === "confirmed";
  }

  /** The venue has said yes or no to every one. */
  get isSettled(): boolean {
    const isOpen = ({ state }: Entry): boolean => state === "unsent" || state === "sent";
    return ![...this.#entries.values()].some(isOpen);
  }

  /** Names of those that were sent and are neither confirmed nor refused. */
  awaited(): string[] {
    return [...this.#entries].filter(([, { state }]) => state === "sent").map(([key]) => key);
  }

  /** Each second: sends what had no budget, what was not confirmed, what was refused long ago. */
  retry(): void {
    const nowMs = this.#world.timers.elapsedMs();
    for (const entry of this.#entries.values()) {
      const ageMs = nowMs - entry.sinceMs;
      const isRefused = entry.state === "refused" && ageMs >= REFUSED_PAUSE_MS;
      const isLate = entry.state === "sent" && ageMs >= ACK_MS;
      if (entry.state === "unsent" || isRefused || isLate) this.#send(entry);
    }
  }

  /** The connection is down: gives back what it took. */
  end(): void {
    for (const { state } of this.#entries.values()) {
      if (state === "sent" || state === "confirmed") this.#world.cell.giveBack("subscriptions");
    }
    this.#entries.clear();
    this.#world.cell.giveBack("sockets");
  }

  /** One that was sent before keeps its place in the gauge. */
  #send(entry: Entry): void {
    const { cell, limits } = this.#world;
    const isCounted = entry.state === "sent";
    if (!isCounted && !cell.take("subscriptions")) return;
    const text = subscribeText("subscribe", entry.subscription);
    if (limits.takeMessage(false) && this.connection.send(text) === "sent") {
      this.#enter(entry, "sent");
    } else if (!isCounted) {
      cell.giveBack("subscriptions");
    }
  }

  #enter(entry: Entry, state: Entry["state"]): void {
    entry.state = state;
    entry.sinceMs = this.#world.timers.elapsedMs();
  }
}
