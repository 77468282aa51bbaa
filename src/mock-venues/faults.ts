/**
 * Faults: which request, event or message of a mock venue goes wrong, and how. Ordered by script
 * or drawn at random from a seed; the server asks its hooks at each step and does what they say.
 * Given the same orders, requests and times, the same faults. Every fault ends by itself.
 */

import { InputError } from "#domain/errors.ts";
import { Rng } from "#domain/rng.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import {
  type FaultKind,
  type FaultOrder,
  type FaultRules,
  parseFaultScript,
} from "./fault-script.ts";
import { RandomFaults } from "./random-faults.ts";

type Settled<Kind extends FaultKind> = Omit<
  Extract<FaultOrder, { kind: Kind }>,
  "count" | "afterMs" | "method" | "transport" | "stream" | "event"
>;

/**
 * - `delay`: handled `ms` later. `drop-request`: neither handled nor answered.
 * - `drop-response`: handled, never answered. `disconnect-before`: the connection is cut instead.
 * - `disconnect-after`: handled, its events sent, and the connection cut instead of an answer.
 * - `half-open`: not handled; the connection is silent both ways for `forMs`, then cut.
 * - `error-5xx-accepted`, `error-5xx-refused`: answered by a 5xx, handled or not.
 * - `rate-limit`: 429, this one and all until then. `ban`: 418 likewise.
 * - `event-before-response`: the answer comes `ms` after the events that the request caused;
 *   `response-before-event`: the other way round.
 * - `unavailable`: a 5xx that says that nothing was done. `overload`: refused for the load of the
 *   venue, unless it is exempt.
 */
export type RequestFault =
  | Settled<"delay">
  | Settled<"drop-request">
  | Settled<"drop-response">
  | Settled<"disconnect-before">
  | Settled<"disconnect-after">
  | Settled<"half-open">
  | Settled<"error-5xx-accepted">
  | Settled<"error-5xx-refused">
  | Settled<"rate-limit">
  | Settled<"ban">
  | Settled<"event-before-response">
  | Settled<"response-before-event">
  | Settled<"unavailable">
  | Settled<"overload">;

/** See fault-actions.ts, which does them. */
export type UserEventFault =
  | Settled<"user-event-delay">
  | Settled<"user-event-duplicate">
  | Settled<"user-event-reorder">
  | Settled<"user-event-lost">
  | Settled<"user-event-disconnect">;

/** See fault-actions.ts, which does them. */
export type StreamFault =
  | Settled<"stream-gap">
  | Settled<"stream-duplicate">
  | Settled<"stream-delay">
  | Settled<"stream-reorder">
  | Settled<"stream-half-open">
  | Settled<"stream-disconnect">
  | Settled<"stream-garbage">;

/** A subscription that is accepted, and nothing ever comes of it. */
type SubscriptionFault = Settled<"stream-silence">;

/** What a fault of the whole venue turns; the server has them. */
export interface VenueSwitches<Status extends string = string> {
  /** Added to the venue's clock from now on; 0 again at the end. */
  setClockSkew(skewMs: number): void;
  /** Of every market; the usual one again at the end. */
  setStatus(status: Status): void;
  /** Sends the shutdown notice on every socket now, and closes them all after `graceMs`. */
  shutDown(graceMs: number): void;
  /** The keys of the user streams are no longer valid; only where there are such keys. */
  expireUserStreams?(): void;
}

/** One ordered fault and how often it is still to strike. */
interface Armed<Order extends FaultOrder = FaultOrder> {
  readonly order: Order;
  readonly notBeforeMs: number;
  left: number;
}

type VenueKind = "clock-jump" | "maintenance" | "server-shutdown" | "user-stream-expiry";
type VenueOrder = Extract<FaultOrder, { kind: VenueKind }>;
type OrderOf<Fault extends { readonly kind: FaultKind }> = Extract<
  FaultOrder,
  { kind: Fault["kind"] }
>;

export interface FaultCount {
  /** Still to strike. */
  readonly armed: number;
  readonly fired: number;
}

/** Scripts may be sent again and again; more than this waiting is a mistake. */
const MAX_ARMED = 10_000;
/** A random fault that finds nothing to strike waits; more of its kind than this are not drawn. */
const MAX_RANDOM_WAITING = 3;

/** These strike any request unless a method is named; all others, those that change orders. */
const ANY_METHOD: ReadonlySet<FaultKind> = new Set([
  "delay",
  "half-open",
  "disconnect-before",
  "rate-limit",
  "ban",
]);
/** About the streams of the book unless another is named. */
const BOOK_ONLY: ReadonlySet<FaultKind> = new Set(["stream-gap", "stream-reorder"]);

export class Faults<Status extends string = string> {
  readonly rules: FaultRules<Status>;
  readonly #timers: Timers;
  readonly #switches: VenueSwitches<Status>;
  readonly #fired = new Map<FaultKind, number>();
  /** Waiting, oldest first. */
  readonly #requests: Armed<OrderOf<RequestFault>>[] = [];
  readonly #userEvents: Armed<OrderOf<UserEventFault>>[] = [];
  readonly #streams: Armed<OrderOf<StreamFault>>[] = [];
  readonly #subscriptions: Armed<OrderOf<SubscriptionFault>>[] = [];
  readonly #venue: Armed<VenueOrder>[] = [];
  /** Faults of the venue that go on now, and how each ends. */
  readonly #active = new Map<FaultKind, CancelTimer>();
  #random: RandomFaults | null = null;
  #cancelRandom: CancelTimer | null = null;
  #cancelVenue: CancelTimer | null = null;

  constructor(rules: FaultRules<Status>, timers: Timers, switches: VenueSwitches<Status>) {
    this.rules = rules;
    this.#timers = timers;
    this.#switches = switches;
  }

  /**
   * Orders the faults of a script on top of those that wait already; its random faults replace
   * the present ones.
   * @param where the file, or whoever sent it, for the error
   * @throws {InputError} `bad-faults` with the path of each mistake; nothing is ordered then
   */
  arm(script: unknown, where: string): void {
    const { seed, faults, random } = parseFaultScript(script, where, this.rules);
    if (this.#waiting + faults.length > MAX_ARMED) {
      throw new InputError("bad-faults", `more than ${MAX_ARMED} faults are waiting`, { where });
    }
    for (const order of faults) this.#add(order);
    if (random === undefined) return;
    this.#cancelRandom?.();
    this.#random = new RandomFaults(new Rng(seed), this.rules, random);
    this.#scheduleRandom(this.#random);
  }

  /** Forgets all that waits, and ends what goes on. Counts stay. */
  clear(): void {
    this.#cancelRandom?.();
    this.#cancelVenue?.();
    this.#random = null;
    const ofMessages = [this.#requests, this.#userEvents, this.#streams, this.#subscriptions];
    for (const list of [...ofMessages, this.#venue]) list.length = 0;
    for (const [kind, cancel] of this.#active) {
      cancel();
      this.#restore(kind);
    }
    this.#active.clear();
  }

  /**
   * @param transport one of the venue's
   * @param method the same name however it came
   * @param isExempt an overloaded venue takes it all the same
   */
  forRequest(transport: string, method: string, isExempt = false): RequestFault | null {
    return this.#take(this.#requests, ({ kind, method: wanted, transport: over }) => {
      if (over !== undefined && over !== transport) return false;
      if (kind === "overload" && isExempt) return false;
      if (wanted !== undefined) return wanted === method;
      return ANY_METHOD.has(kind) || this.rules.orderMethods.includes(method);
    });
  }

  /** @param name the kind of event, in the venue's words; empty where they have none */
  forUserEvent(name = ""): UserEventFault | null {
    return this.#take(this.#userEvents, ({ event }) => event === undefined || event === name);
  }

  /** Whether a new subscription is to stay silent. @param name of the stream, as in `forStream` */
  isSilenced(name: string): boolean {
    const matches = ({ stream }: OrderOf<SubscriptionFault>): boolean =>
      stream === undefined || stream === name;
    return this.#take(this.#subscriptions, matches) !== null;
  }

  /** @param name the stream's, without what it is about */
  forStream(name: string): StreamFault | null {
    return this.#take(this.#streams, ({ kind, stream }) => {
      if (stream !== undefined) return stream === name;
      return !BOOK_ONLY.has(kind) || this.rules.bookStreams.includes(name);
    });
  }

  /** Of every kind of the venue, whether it was ordered or not. */
  counts(): Readonly<Record<string, FaultCount>> {
    return Object.fromEntries(
      this.rules.kinds.map((kind) => {
        return [kind, { armed: this.#armed(kind), fired: this.#fired.get(kind) ?? 0 }];
      }),
    );
  }

  get #all(): readonly Armed[] {
    const ofMessages = [...this.#requests, ...this.#userEvents, ...this.#streams];
    return [...ofMessages, ...this.#subscriptions, ...this.#venue];
  }

  get #waiting(): number {
    return this.#all.length;
  }

  #armed(kind: FaultKind): number {
    return this.#all.reduce((sum, { order, left }) => sum + (order.kind === kind ? left : 0), 0);
  }

  #add(order: FaultOrder): void {
    const timing = { notBeforeMs: this.#timers.elapsedMs() + order.afterMs, left: order.count };
    if (order.kind === "stream-silence") this.#subscriptions.push({ order, ...timing });
    else if (isStreamOrder(order)) this.#streams.push({ order, ...timing });
    else if (isUserEventOrder(order)) this.#userEvents.push({ order, ...timing });
    else if (isVenueOrder(order)) {
      this.#venue.push({ order, ...timing });
      this.#fireVenue();
    } else this.#requests.push({ order, ...timing });
  }

  /** The oldest fault that is due and matches strikes: on most calls, there is none at all. */
  #take<Order extends FaultOrder>(
    list: Armed<Order>[],
    matches: (order: Order) => boolean,
  ): Order | null {
    if (list.length === 0) return null;
    const nowMs = this.#timers.elapsedMs();
    const index = list.findIndex(
      ({ order, notBeforeMs }) => notBeforeMs <= nowMs && matches(order),
    );
    const armed = list[index];
    if (armed === undefined) return null;
    armed.left -= 1;
    if (armed.left === 0) list.splice(index, 1);
    this.#count(armed.order.kind);
    return armed.order;
  }

  #count(kind: FaultKind): void {
    this.#fired.set(kind, (this.#fired.get(kind) ?? 0) + 1);
  }

  #scheduleRandom(random: RandomFaults): void {
    this.#cancelRandom = this.#timers.after(Math.max(1, random.waitMs()), () => {
      const order = random.next();
      if (this.#armed(order.kind) < MAX_RANDOM_WAITING) this.#add(order);
      this.#scheduleRandom(random);
    });
  }

  /** Starts what is due of the venue's own faults, one of a kind at a time. */
  #fireVenue(): void {
    for (;;) {
      const order = this.#take(this.#venue, ({ kind }) => !this.#active.has(kind));
      if (order === null) break;
      this.#begin(order);
    }
    this.#cancelVenue?.();
    const idle = this.#venue.filter(({ order }) => !this.#active.has(order.kind));
    const dueMs = Math.min(...idle.map(({ notBeforeMs }) => notBeforeMs));
    if (dueMs === Infinity) return;
    const waitMs = Math.max(1, dueMs - this.#timers.elapsedMs());
    this.#cancelVenue = this.#timers.after(waitMs, () => this.#fireVenue());
  }

  #begin(order: VenueOrder): void {
    const { kind } = order;
    if (kind === "user-stream-expiry") return this.#switches.expireUserStreams?.();
    const lastsMs = kind === "server-shutdown" ? order.graceMs : order.forMs;
    const cancel = this.#timers.after(lastsMs, () => {
      this.#active.delete(kind);
      this.#restore(kind);
      this.#fireVenue();
    });
    this.#active.set(kind, cancel);
    if (kind === "clock-jump") this.#switches.setClockSkew(order.skewMs);
    else if (kind === "maintenance") this.#switches.setStatus(this.#statusOf(order.status));
    else this.#switches.shutDown(order.graceMs);
  }

  #statusOf(name: string): Status {
    const { statuses } = this.rules;
    return statuses.find((status) => status === name) ?? statuses[0];
  }

  #restore(kind: FaultKind): void {
    if (kind === "clock-jump") this.#switches.setClockSkew(0);
    if (kind === "maintenance") this.#switches.setStatus(this.rules.usualStatus);
  }
}

function isStreamOrder(order: FaultOrder): order is OrderOf<StreamFault> {
  return order.kind.startsWith("stream-");
}
function isUserEventOrder(order: FaultOrder): order is OrderOf<UserEventFault> {
  return order.kind.startsWith("user-event-");
}
function isVenueOrder(order: FaultOrder): order is VenueOrder {
  const kinds: readonly string[] = [
    "clock-jump",
    "maintenance",
    "server-shutdown",
    "user-stream-expiry",
  ];
  return kinds.includes(order.kind);
}
