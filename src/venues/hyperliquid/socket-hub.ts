/**
 * SocketHub: one WebSocket for the account of one user, or for nobody's, shared by any number of
 * members, each with a coin. It keeps all subscriptions that somebody wants over every reconnect,
 * and hands each frame to those whom it concerns. A member is up while each of its subscriptions is
 * confirmed on the connection in use. Does network I/O through ReconnectingSocket; time is handed
 * in.
 */

import type { Connection, DownCause } from "#net/connection.ts";
import { ReconnectingSocket, type SocketState } from "#net/reconnecting-socket.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { VenueWorld } from "../venue.ts";
import {
  acknowledgedKey,
  frameOf,
  keyOf,
  marketSubscriptions,
  PING,
  postText,
  type Subscription,
  subscriptionIn,
  userSubscriptions,
} from "./frames.ts";
import type { GaugeCell } from "./gauges.ts";
import type { HlLimits } from "./limits.ts";
import type { PostOutcome, SocketHandlers } from "./socket.ts";
import { SocketPosts } from "./socket-posts.ts";
import { SocketSession } from "./socket-session.ts";

export interface HubOptions {
  readonly wsUrl: string;
  readonly limits: HlLimits;
}

/** Ends what was asked for at a hub. */
export interface HubMember {
  readonly isUp: boolean;
  /** Hears no more. */
  leave(): void;
}

interface Member {
  readonly coin: string;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  readonly handlers: SocketHandlers;
  isUp: boolean;
}

const BACKOFF = { baseMs: 200, maxMs: 10_000 };
const TICK_MS = 1000;
/** Before it is asked again whether one more socket may be opened. */
const NO_SOCKET_PAUSE_MS = 1000;
/** A connection that is replaced is heard until its last post is answered or late. */
const LINGER_MS = 10_000;
/** Between two connections that were wanted since a channel was mute: it may just be quiet. */
const RENEW_PAUSE_MS = 30_000;

export class SocketHub {
  readonly #user: string | null;
  readonly #limits: HlLimits;
  readonly #world: VenueWorld;
  readonly #socket: ReconnectingSocket;
  readonly #posts: SocketPosts;
  readonly #members = new Set<Member>();
  readonly #byCoin = new Map<string, Set<Member>>();
  /** Of all connections that are open: three at most. */
  readonly #sessions = new Map<number, SocketSession>();
  /** The one in use. */
  #current: SocketSession | null = null;
  #cell: GaugeCell | null = null;
  /** A connection is counted that has not opened yet. */
  #isDialling = false;
  #renewedMs = Number.NEGATIVE_INFINITY;
  #cancelTick: CancelTimer = () => {};

  /** Dials when the first member joins. @throws {InputError} `url` */
  constructor(user: string | null, { wsUrl, limits }: HubOptions, world: VenueWorld) {
    this.#user = user;
    this.#limits = limits;
    this.#world = world;
    this.#posts = new SocketPosts(world.timers);
    this.#socket = new ReconnectingSocket(
      { url: wsUrl, backoff: BACKOFF, lingerMs: LINGER_MS, admit: () => this.#admit() },
      {
        onOpen: (connection) => this.#opened(connection),
        onMessage: (data, connection) => this.#heard(data, connection),
        onDown: (cause, connection) => this.#down(cause, connection),
        onState: (state) => this.#entered(state),
        ping: (connection) => {
          if (connection.send(PING) === "sent") this.#limits.chargeMessage();
        },
      },
      world,
    );
  }

  /** Posts that somebody waits for. */
  get inFlight(): number {
    return this.#posts.inFlight;
  }

  /**
   * One more that wants the frames of a coin, and of the hub's user. `onUp` follows, from the event
   * loop, once all of them are confirmed.
   */
  join(coin: string, handlers: SocketHandlers): HubMember {
    const subscriptions = new Map<string, Subscription>();
    const user = this.#user === null ? [] : userSubscriptions(this.#user);
    for (const subscription of [...marketSubscriptions(coin), ...user]) {
      subscriptions.set(keyOf(subscription) ?? subscription.type, subscription);
    }
    const member: Member = { coin, subscriptions, handlers, isUp: false };
    this.#members.add(member);
    this.#byCoin.set(coin, (this.#byCoin.get(coin) ?? new Set()).add(member));
    for (const session of this.#sessions.values()) subscribe(session, member);
    if (this.#members.size === 1) {
      this.#socket.open();
      this.#tickLater();
    }
    // Others may have all that it wants: then nothing of the venue's will bring it up.
    queueMicrotask(() => this.#review("not subscribed"));
    return {
      get isUp() {
        return member.isUp;
      },
      leave: () => this.#leave(member),
    };
  }

  /** As HlSocket.post, over the connection in use. */
  post(payload: string, timeoutMs: number, isCancel = false): Promise<PostOutcome> {
    const session = this.#current;
    const cell = this.#cell;
    if (session === null || cell === null) {
      return notSent("not-connected", "the WebSocket is not connected");
    }
    if (!cell.take("posts", isCancel)) return notSent("budget", "too many posts are under way");
    if (!this.#limits.takeMessage(isCancel)) {
      cell.giveBack("posts");
      return notSent("budget", "too many messages were sent within a minute");
    }
    const id = this.#posts.nextId();
    const { connection } = session;
    const result = connection.send(postText(id, payload));
    if (result !== "sent") {
      cell.giveBack("posts");
      return notSent("not-connected", `the WebSocket is ${result}`);
    }
    return this.#posts.await(id, connection.id, timeoutMs, () => cell.giveBack("posts"));
  }

  /**
   * Has the connection in use replaced by another, with all subscriptions anew. At most twice a
   * minute for all members. Where the address has no room for two, this one goes first.
   */
  renew(): void {
    const nowMs = this.#world.timers.elapsedMs();
    if (this.#current === null || nowMs - this.#renewedMs < RENEW_PAUSE_MS) return;
    const { gauges } = this.#limits;
    const hasRoom = gauges.total("sockets") < gauges.limits.sockets.limit;
    if (!hasRoom) this.#current.connection.retire();
    if (!hasRoom || this.#socket.rotate()) this.#renewedMs = nowMs;
  }

  /** Ends it for good; what is under way is answered as unknown, and no member hears any more. */
  close(): void {
    for (const member of this.#members) member.isUp = false;
    this.#members.clear();
    this.#byCoin.clear();
    this.#cancelTick();
    this.#socket.close();
    this.#cell?.leave();
    this.#cell = null;
  }

  #leave(member: Member): void {
    member.isUp = false;
    if (!this.#members.delete(member)) return;
    const ofCoin = this.#byCoin.get(member.coin);
    ofCoin?.delete(member);
    if (ofCoin?.size === 0) this.#byCoin.delete(member.coin);
    for (const key of member.subscriptions.keys()) {
      const isWanted = [...this.#members].some(({ subscriptions }) => subscriptions.has(key));
      if (isWanted) continue;
      for (const session of this.#sessions.values()) session.unsubscribe(key);
    }
    // One that was waited for may have been the last.
    for (const session of this.#sessions.values()) this.#settle(session);
  }

  #admit(): number {
    this.#dialEnded(); // the one before never opened
    this.#cell ??= this.#limits.gauges.claim();
    if (this.#cell?.take("sockets") !== true) return NO_SOCKET_PAUSE_MS;
    const waitMs = this.#limits.takeConnection();
    if (waitMs > 0) this.#cell.giveBack("sockets");
    this.#isDialling = waitMs === 0;
    return waitMs;
  }

  #dialEnded(): void {
    if (this.#isDialling) this.#cell?.giveBack("sockets");
    this.#isDialling = false;
  }

  #opened(connection: Connection): void {
    const cell = this.#cell;
    if (cell === null) {
      // We were silent so long that others may have opened sockets in its place.
      connection.retire();
      return;
    }
    this.#isDialling = false; // counted by its session from now on
    const { timers } = this.#world;
    const session = new SocketSession(connection, { cell, limits: this.#limits, timers });
    this.#sessions.set(connection.id, session);
    for (const member of this.#members) subscribe(session, member);
    this.#settle(session);
  }

  #entered(state: SocketState): void {
    // While another one is in use, what was dialled in vain is counted until the next dialling.
    if (state.name === "waiting" && state.cause !== null) this.#dialEnded();
    if (state.name === "ready") {
      this.#current = this.#sessions.get(state.connectionId) ?? null;
      this.#review("the venue refused a subscription of the new connection");
    }
  }

  #down(cause: DownCause, connection: Connection): void {
    const session = this.#sessions.get(connection.id);
    this.#sessions.delete(connection.id);
    session?.end();
    if (session !== undefined && session === this.#current) this.#current = null;
    this.#posts.lose(connection.id, cause.message);
    this.#review(cause.message);
  }

  #heard(data: string | ArrayBuffer, connection: Connection): void {
    const receivedTimeMs = this.#world.nowMs();
    const frame = typeof data === "string" ? frameOf(data) : null;
    if (typeof data !== "string" || frame === null || frame.kind === "unreadable") {
      this.#tellAll("the venue sent what is no JSON of a channel");
    } else if (frame.kind === "market") {
      for (const member of this.#byCoin.get(frame.coin) ?? []) {
        member.handlers.onMessage(data, receivedTimeMs);
      }
    } else if (frame.kind === "user") {
      for (const member of this.#members) member.handlers.onMessage(data, receivedTimeMs);
    } else if (frame.kind === "other") {
      this.#heed(frame.channel, frame.data, connection);
    }
  }

  #heed(channel: string, data: unknown, connection: Connection): void {
    const session = this.#sessions.get(connection.id);
    if (channel === "post") this.#posts.answered(data);
    else if (channel === "error") this.#failed(data, session);
    else if (channel === "subscriptionResponse" && session !== undefined) {
      const key = acknowledgedKey(data);
      if (key !== null && session.confirm(key)) this.#settle(session);
    }
  }

  #failed(data: unknown, session: SocketSession | undefined): void {
    const message = typeof data === "string" ? data : JSON.stringify(data ?? null);
    if (this.#posts.failed(message)) return;
    const key = session === undefined ? null : subscriptionIn(message, session.awaited());
    if (session === undefined || key === null) {
      this.#tellAll(message);
      return;
    }
    if (/^\s*already subscribed/i.test(message)) {
      session.confirm(key);
    } else {
      session.refuse(key);
      for (const { subscriptions, handlers } of this.#members) {
        if (subscriptions.has(key)) handlers.onError(message);
      }
    }
    this.#settle(session);
  }

  /** Once the venue has answered for all of them the connection may be used. */
  #settle(session: SocketSession): void {
    if (session.isSettled) session.connection.markReady(); // does nothing where it is already
    this.#review("a subscription was refused");
  }

  /** Tells those who came up or went down. @param cause for people */
  #review(cause: string): void {
    const session = this.#current;
    for (const member of this.#members) {
      const keys = [...member.subscriptions.keys()];
      const isUp = session !== null && keys.every((key) => session.isConfirmed(key));
      if (isUp === member.isUp) continue;
      member.isUp = isUp;
      if (isUp) member.handlers.onUp();
      else member.handlers.onDown(cause);
    }
  }

  #tellAll(message: string): void {
    for (const { handlers } of this.#members) handlers.onError(message);
  }

  #tickLater(): void {
    this.#cancelTick();
    this.#cancelTick = this.#world.timers.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#tickLater();
    if (this.#cell?.refresh() === false) {
      this.#cell = null;
      this.#isDialling = false;
      for (const { connection } of this.#sessions.values()) connection.retire();
      return;
    }
    for (const session of this.#sessions.values()) session.retry();
  }
}

function subscribe(session: SocketSession, { subscriptions }: Member): void {
  for (const [key, subscription] of subscriptions) session.subscribe(key, subscription);
}

function notSent(why: "budget" | "not-connected", message: string): Promise<PostOutcome> {
  return Promise.resolve({ kind: "not-sent", why, message });
}
