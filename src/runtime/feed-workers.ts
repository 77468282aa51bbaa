/**
 * FeedWorkers: which legs of pairs have sockets of their own at a venue that allows few of them,
 * and which share those of one feed worker, one for each address of a venue. A feed worker has a
 * socket for each account, so the more accounts, the fewer have their own. It starts that worker,
 * watches it, and starts another one, later and later, where it fails. A pair whose feed worker is
 * gone has its own worker replaced, by the way that any failed worker goes: its orders are swept
 * first. That costs a second or two, and needs no second way of reconnecting. Runs on the main
 * thread; threads and time are handed in.
 */

import { InputError, messageOf } from "#domain/errors.ts";
import { Backoff } from "#net/backoff.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { VenueWorld } from "#venues/venue.ts";
import type { FromFeed, ToFeed } from "./feed-messages.ts";
import type { LegName } from "./legs.ts";
import type { Log } from "./log.ts";
import type { LogFields, LogLevel } from "./messages.ts";
import type { VenueAccess } from "./venue-access.ts";
import { WorkerLife } from "./worker-life.ts";
import type { SpawnFeed } from "./worker-port.ts";

export interface FeedWorkersOptions {
  readonly spawn: SpawnFeed;
  readonly world: VenueWorld;
  readonly log: Log;
}

/** One leg of a pair: each has a socket of its own, or shares one. */
export interface ExpectedLeg {
  /** Which: see `legKey`. */
  readonly key: string;
  readonly access: VenueAccess;
}

export function legKey(pairId: string, leg: LegName): string {
  return `${pairId} ${leg}`;
}

/** A leg whose worker is about to start. */
export interface FeedUser extends ExpectedLeg {
  /** The feed worker that it shared ended: its own worker is of no use any more. */
  readonly onLost: (reason: string) => void;
}

const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };
/** A worker that lived this long failed for another reason than the one before it. */
const SETTLED_AFTER_MS = 60_000;
/** It waits for nothing when it stops. */
const STOP_TIMEOUT_MS = 1_000;
/** Sockets that are kept for the change of a connection, where pairs share. */
const SPARE_SOCKETS = 1;

export class FeedWorkers {
  readonly #options: FeedWorkersOptions;
  /** By the address that the venue counts sockets at. */
  readonly #places = new Map<string, FeedPlace>();
  /** By the same: how many legs may have their own; all where it was not told. */
  readonly #mostOwn = new Map<string, number>();
  #isStopped = false;

  constructor(options: FeedWorkersOptions) {
    this.#options = options;
  }

  /**
   * To be told before pairs start: all that there will be then, so that sockets are kept for those
   * who share.
   * @throws {InputError} `too-many-accounts`; then all is as before
   */
  expect(legs: readonly ExpectedLeg[]): void {
    const mostOwn = new Map<string, number>();
    const limited = legs.filter(({ access }) => access.sockets !== null);
    for (const [key, all] of Map.groupBy(limited, ({ access }) => placeKey(access))) {
      const most = mostOwnOf(all);
      requireSockets(all, most, this.#places.get(key));
      mostOwn.set(key, most);
    }
    this.#mostOwn.clear();
    for (const [key, most] of mostOwn) this.#mostOwn.set(key, most);
  }

  /**
   * Finds a leg its sockets, for the pair's worker. It keeps what it has until `leave`, whatever
   * becomes of its workers; one that shares gets its own as soon as another has left.
   * @returns to a feed worker, to be handed to the pair's worker; null: it has sockets of its own
   */
  join(user: FeedUser): MessagePort | null {
    const { access } = user;
    if (access.sockets === null || this.#isStopped) return null;
    const key = placeKey(access);
    const place = this.#places.get(key) ?? new FeedPlace(access, this.#options);
    this.#places.set(key, place);
    return place.join(user, this.#mostOwn.get(key) ?? access.sockets.maxOwnSockets);
  }

  /** A leg has ended, or goes on elsewhere. */
  leave(leg: string): void {
    for (const [key, place] of this.#places) {
      place.leave(leg);
      if (place.isEmpty) this.#places.delete(key);
    }
  }

  /** Ends every feed worker, within about a second. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#places.values()].map((place) => place.stop()));
    this.#places.clear();
  }

  /** For those who cannot wait. */
  kill(): void {
    this.#isStopped = true;
    for (const place of this.#places.values()) place.kill();
    this.#places.clear();
  }
}

/** What makes the sockets of pairs those of one place: a feed worker dials one address. */
function placeKey({ urls }: VenueAccess): string {
  return `${urls.restUrl} ${urls.streamUrl}`;
}

/** How many of the legs at one address may have their own, with a socket for each account left. */
function mostOwnOf(legs: readonly ExpectedLeg[]): number {
  const { maxOwnSockets = Infinity, maxSockets = Infinity } = legs[0]?.access.sockets ?? {};
  if (legs.length <= maxOwnSockets) return maxOwnSockets;
  const accounts = accountsOf(legs);
  return Math.max(0, Math.min(maxOwnSockets, maxSockets - SPARE_SOCKETS - accounts));
}

function accountsOf(legs: readonly ExpectedLeg[]): number {
  return new Set(legs.map(({ access }) => access.account)).size;
}

/** Those who have their own already keep them, the first of the others have what is left. */
function requireSockets(
  legs: readonly ExpectedLeg[],
  mostOwn: number,
  place: FeedPlace | undefined,
): void {
  const [first] = legs;
  if (first === undefined || first.access.sockets === null) return;
  const others = legs.filter(({ key }) => place?.hasOwn(key) !== true);
  const keep = legs.length - others.length;
  const more = Math.max(0, mostOwn - keep);
  const needed = keep + Math.min(more, others.length) + accountsOf(others.slice(more));
  const { sockets, venue, urls } = first.access;
  if (needed <= sockets.maxSockets) return;
  throw new InputError(
    "too-many-accounts",
    `${legs.length} pairs of these accounts need ${needed} sockets, and ${venue} allows ` +
      `${sockets.maxSockets} at one address`,
    {
      where: urls.restUrl,
      hint:
        keep > mostOwn && accountsOf(legs) <= sockets.maxSockets
          ? "start mm anew: then fewer pairs have sockets of their own"
          : "trade fewer accounts from this machine",
    },
  );
}

type FeedLife = WorkerLife<ToFeed, FromFeed>;

/** The legs at one address of a venue. */
class FeedPlace {
  readonly #access: VenueAccess;
  readonly #options: FeedWorkersOptions;
  readonly #backoff: Backoff;
  /** Keys of legs. */
  readonly #own = new Set<string>();
  readonly #shared = new Map<string, FeedUser>();
  /** Ports that wait for a feed worker, by leg. */
  readonly #waiting = new Map<string, MessagePort>();
  /** Null: there is no thread. */
  #life: FeedLife | null = null;
  #bornMs = 0;
  /** It ends because it was asked to. */
  #isStopping = false;
  #onStopped: () => void = () => undefined;
  /** Of the start that is due later; null: none is. */
  #cancelStart: CancelTimer | null = null;

  constructor(access: VenueAccess, options: FeedWorkersOptions) {
    this.#access = access;
    this.#options = options;
    this.#backoff = new Backoff(BACKOFF, options.world.rng);
  }

  get isEmpty(): boolean {
    return this.#own.size === 0 && this.#shared.size === 0 && this.#life === null;
  }

  hasOwn(key: string): boolean {
    return this.#own.has(key);
  }

  /** @param most legs may have their own */
  join(user: FeedUser, most: number): MessagePort | null {
    const { key } = user;
    if (this.#own.has(key) || this.#own.size < most) {
      this.#own.add(key);
      this.#unshare(key);
      return null;
    }
    const { port1, port2 } = new MessageChannel();
    this.#shared.set(key, user);
    // That of a worker which never lived to use it.
    this.#waiting.get(key)?.close();
    this.#waiting.set(key, port1);
    if (this.#life !== null) this.#attach(this.#life);
    else if (this.#cancelStart === null) this.#start();
    return port2;
  }

  leave(key: string): void {
    this.#own.delete(key);
    this.#unshare(key);
  }

  /** Ends the feed worker; one that is due does not start. */
  stop(): Promise<void> {
    this.#cancelStart?.();
    this.#cancelStart = null;
    const life = this.#life;
    if (life === null) return Promise.resolve();
    this.#isStopping = true;
    return new Promise((resolve) => {
      const cancel = this.#options.world.timers.after(STOP_TIMEOUT_MS, () => {
        life.terminate("no answer");
      });
      const before = this.#onStopped;
      this.#onStopped = () => {
        cancel();
        before();
        resolve();
      };
      life.post({ kind: "stop" });
    });
  }

  kill(): void {
    this.#cancelStart?.();
    this.#isStopping = true;
    this.#life?.terminate("killed");
  }

  #unshare(key: string): void {
    this.#waiting.get(key)?.close();
    this.#waiting.delete(key);
    // The last one: its sockets are for nobody then.
    if (this.#shared.delete(key) && this.#shared.size === 0) void this.stop();
  }

  #start(): void {
    const { world, spawn } = this.#options;
    const { venue, urls, budgets } = this.#access;
    this.#isStopping = false;
    this.#bornMs = world.timers.elapsedMs();
    try {
      const life: FeedLife = new WorkerLife({
        name: `feed-${venue}`,
        spawn,
        timers: world.timers,
        onMessage: (message) => this.#onMessage(message),
        onEnd: (reason) => this.#onEnd(reason),
      });
      this.#life = life;
      life.post({ kind: "open", venue, options: { urls, budgets } });
      this.#attach(life);
    } catch (thrown) {
      this.#onEnd(`no thread: ${messageOf(thrown)}`);
      return;
    }
    this.#say(
      "info",
      "feed-started",
      "a feed worker was started, for pairs that share its sockets",
    );
  }

  /** Hands all ports over that wait, unless it is about to end: then the next one has them. */
  #attach(life: FeedLife): void {
    if (this.#isStopping || life.reason !== null) return;
    for (const port of this.#waiting.values()) life.post({ kind: "attach", port }, [port]);
    this.#waiting.clear();
  }

  #onMessage(message: FromFeed): void {
    switch (message.kind) {
      case "alive":
        this.#life?.beat();
        return;
      case "stopped":
        this.#life?.terminate("stopped");
        return;
      case "failed":
        this.#say("error", "feed-failed", message.error.message, { stack: message.stack });
        this.#life?.terminate(message.error.message);
        return;
    }
  }

  #onEnd(reason: string): void {
    this.#life = null;
    if (this.#isStopping) {
      this.#isStopping = false;
      this.#onStopped();
      this.#onStopped = () => undefined;
      // Somebody came while it was ending.
      if (this.#waiting.size > 0) this.#start();
      return;
    }
    const { timers } = this.#options.world;
    const livedMs = Math.round(timers.elapsedMs() - this.#bornMs);
    if (livedMs >= SETTLED_AFTER_MS) this.#backoff.reset();
    this.#say("error", "feed-lost", `the feed worker ended: ${reason}`, { livedMs });
    this.#cancelStart = timers.after(this.#backoff.nextMs(), () => {
      this.#cancelStart = null;
      if (this.#waiting.size > 0) this.#start();
    });
    for (const [key, { onLost }] of this.#shared) {
      // Those that wait have lost nothing.
      if (!this.#waiting.has(key)) onLost(`the feed worker that it shared ended: ${reason}`);
    }
  }

  #say(level: LogLevel, event: string, message: string, fields: LogFields = {}): void {
    const { restUrl } = this.#access.urls;
    this.#options.log({ level, pair: null, event, message, fields: { ...fields, at: restUrl } });
  }
}
