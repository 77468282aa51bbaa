/**
 * Streams of a user: what happens to the account as it happens, after a snapshot where the venue
 * sends one, and whole states when they changed. An address that does not trade hears nothing but
 * of its emptiness. Each frame is made once for all who listen. Writes no sockets. May import net
 * and this folder.
 *
 * Fills are never merged, whatever `aggregateByTime` asks for.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import { isRecord } from "../json.ts";
import type { UserStream } from "../user-stream.ts";
import { answerInfo } from "./info.ts";
import type { Subscription } from "./subscription.ts";
import type { HlMockVenue, HlUserEvent } from "./venue.ts";

/** Gets each frame as JSON text. */
export type FrameListener = (frame: string) => void;

export interface UserStreamsParts {
  readonly venue: HlMockVenue;
  readonly timers: Timers;
  /** What happens to the traded account. */
  readonly events: UserStream<HlUserEvent>;
}

interface Topic {
  readonly subscription: Subscription;
  readonly listeners: Set<FrameListener>;
  /** The last frame, of a state. */
  last: string;
}

/** The real one's depth is not documented: a client must not count on more. */
const SNAPSHOT_ITEMS = 100;
/** Changes of a state within so short a time are told at once. */
const STATE_MS = 100;
/** Which subscriptions hear a channel. */
const TYPES: Readonly<Record<HlUserEvent["channel"], Subscription["type"]>> = {
  orderUpdates: "orderUpdates",
  userFills: "userFills",
  userFundings: "userFundings",
  user: "userEvents",
};

export class UserStreams {
  readonly #parts: UserStreamsParts;
  readonly #topics = new Map<string, Topic>();
  readonly #end: () => void;
  #cancelStates: CancelTimer | null = null;

  constructor(parts: UserStreamsParts) {
    this.#parts = parts;
    this.#end = parts.events.subscribe((event) => this.#onEvent(event));
  }

  stop(): void {
    this.#end();
    this.#cancelStates?.();
  }

  /** The listener gets the first frame, if there is one, before this returns. @returns ends it */
  subscribe(subscription: Subscription, listener: FrameListener): () => void {
    const { key } = subscription;
    const topic = this.#topics.get(key) ?? { subscription, listeners: new Set(), last: "" };
    // A wrapper of its own: the same function may listen twice.
    const own: FrameListener = (text) => listener(text);
    this.#topics.set(key, topic);
    const first = this.#snapshotOf(subscription) ?? this.#stateOf(subscription);
    if (topic.listeners.size === 0) topic.last = first ?? "";
    topic.listeners.add(own);
    if (first !== undefined) listener(first);
    return () => {
      topic.listeners.delete(own);
      if (topic.listeners.size === 0 && this.#topics.get(key) === topic) this.#topics.delete(key);
    };
  }

  /** Tells the states that have changed, with prices too. */
  tellStates(): void {
    for (const topic of this.#topics.values()) {
      const text = this.#stateOf(topic.subscription);
      if (text === undefined || text === topic.last) continue;
      topic.last = text;
      for (const listener of topic.listeners) listener(text);
    }
  }

  #onEvent({ channel, data }: HlUserEvent): void {
    const text = JSON.stringify({ channel, data });
    for (const { subscription, listeners } of this.#topics.values()) {
      if (subscription.type !== TYPES[channel]) continue;
      if (subscription.user !== this.#parts.venue.user) continue;
      for (const listener of listeners) listener(text);
    }
    this.#cancelStates ??= this.#parts.timers.after(STATE_MS, () => {
      this.#cancelStates = null;
      this.tellStates();
    });
  }

  /** The first frame of what is told as it happens. */
  #snapshotOf({ type, user }: Subscription): string | undefined {
    if (type === "userFills") {
      const fills = this.#list({ type: "userFills", user }).slice(0, SNAPSHOT_ITEMS);
      return JSON.stringify({ channel: type, data: { user, fills, isSnapshot: true } });
    }
    if (type === "userFundings") {
      const all = this.#list({ type: "userFunding", user, startTime: 0 }).slice(-SNAPSHOT_ITEMS);
      const fundings = all.filter((entry) => isRecord(entry)).map((entry) => fundingOf(entry));
      return JSON.stringify({ channel: type, data: { user, fundings, isSnapshot: true } });
    }
    return undefined;
  }

  /** What a stream of a whole state says now; undefined where it is none. */
  #stateOf({ type, user, coin }: Subscription): string | undefined {
    if (type === "openOrders") {
      const orders = this.#ask({ type: "frontendOpenOrders", user });
      return JSON.stringify({ channel: type, data: { dex: "", user, orders } });
    }
    if (type === "clearinghouseState") {
      const clearinghouseState = this.#ask({ type, user });
      return JSON.stringify({ channel: type, data: { dex: "", user, clearinghouseState } });
    }
    if (type !== "activeAssetData") return undefined;
    return JSON.stringify({ channel: type, data: this.#ask({ type, user, coin }) });
  }

  #ask(request: Readonly<Record<string, unknown>>): unknown {
    return answerInfo(this.#parts.venue, request).body;
  }

  #list(request: Readonly<Record<string, unknown>>): readonly unknown[] {
    const answer = this.#ask(request);
    return Array.isArray(answer) ? answer : [];
  }
}

/** An entry of the answer `userFunding` as the stream has it. */
function fundingOf({ time, delta }: Readonly<Record<string, unknown>>): unknown {
  if (!isRecord(delta)) return { time };
  const { type: _, ...funding } = delta;
  return { time, ...funding };
}
