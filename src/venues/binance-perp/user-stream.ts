/**
 * UserStream: the private stream of one account, heard until it is closed. It holds a listen key
 * alive, asks for another one where that ended, and dials by the form `/private/ws/<key>`, which
 * brings every kind of event: one that a list of them forgot would be missed in silence. Nothing is
 * replayed after a cut, so its owner is told when to reconcile. A connection counts once the venue
 * has confirmed its key: one by a key that ended connects all the same and stays mute. Does network
 * I/O through ReconnectingSocket and PerpApi; time is handed in.
 */

import * as v from "valibot";
import { Backoff } from "#net/backoff.ts";
import type { Connection } from "#net/connection.ts";
import { ReconnectingSocket } from "#net/reconnecting-socket.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { ApiAnswer } from "../binance/api.ts";
import { parseJson } from "../binance/json.ts";
import type { VenueWorld } from "../venue.ts";
import type { PerpApi } from "./api.ts";
import { NO_LISTEN_KEY, outcomeOf } from "./errors.ts";

/** Hears of it from the event loop only; must not throw. */
export interface StreamOwner {
  /** Events are heard, again: reconcile. Not for a planned change of connection. */
  onReady(): void;
  onLost(cause: string): void;
  /** Events may have been missed while they were heard. */
  onInterrupted(): void;
  /** Parsed. While connections change it may come twice. */
  onMessage(json: unknown, receivedTimeMs: number): void;
  /** For people; may come again and again. */
  onTrouble(code: string, message: string): void;
}

export interface StreamOptions {
  readonly streamUrl: string;
  readonly api: PerpApi;
  /** See SocketOptions. */
  readonly admit: () => number;
}

const BACKOFF = { baseMs: 200, maxMs: 10_000 };
/** Keys last an hour. */
const KEEP_EVERY_MS = 1_800_000;
const KEEP_AGAIN_MS = 60_000;
/** Connections are told of a listen key that ended so often at most. */
const LEAST_PAUSE_MS = 1000;

const Key = v.object({ listenKey: v.pipe(v.string(), v.minLength(1)) });

const NOTHING: CancelTimer = () => {};

export class UserStream {
  readonly #options: StreamOptions;
  readonly #world: VenueWorld;
  readonly #backoff: Backoff;
  #owner: StreamOwner | null = null;
  #key: string | null = null;
  #socket: ReconnectingSocket | null = null;
  #isAsking = false;
  #askedMs = -Infinity;
  #isReady = false;
  #readyTimes = 0;
  #cancelAsk = NOTHING;
  #cancelKeep = NOTHING;

  /** Does nothing until `start`. */
  constructor(options: StreamOptions, world: VenueWorld) {
    this.#options = options;
    this.#world = world;
    this.#backoff = new Backoff(BACKOFF, world.rng);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Times that it was lost and came back. */
  get reconnects(): number {
    return Math.max(0, this.#readyTimes - 1);
  }

  /** Begins to connect. Call once. */
  start(owner: StreamOwner): void {
    this.#owner = owner;
    void this.#openKey();
  }

  /** Ends it for good; the owner hears no more. The key ends by itself: other pairs may use it. */
  stop(): void {
    this.#owner = null;
    this.#cancelAsk();
    this.#cancelKeep();
    this.#socket?.close();
    this.#socket = null;
  }

  /** It is connected, and yet seems to bring nothing: the key and the connection are made anew. */
  renew(why: string): void {
    if (this.#owner === null) return;
    this.#drop(why);
    this.#askSoon();
  }

  /** One request at a time, until there is a key. */
  async #openKey(): Promise<void> {
    if (this.#isAsking || this.#owner === null) return;
    this.#isAsking = true;
    this.#askedMs = this.#world.timers.elapsedMs();
    const answer = await this.#options.api.call("listenKey.open", {});
    this.#isAsking = false;
    if (this.#owner === null) return;
    const key = answer.kind === "answered" ? v.safeParse(Key, answer.result) : null;
    if (key?.success === true) {
      this.#backoff.reset();
      this.#useKey(key.output.listenKey);
      return;
    }
    this.#owner.onTrouble("no-listen-key", `the venue gives no listen key: ${wordsOf(answer)}`);
    this.#cancelAsk();
    this.#cancelAsk = this.#world.timers.after(this.#backoff.nextMs(), () => void this.#openKey());
  }

  /** Not at once where that was just done: a venue that ends every key must not be flooded. */
  #askSoon(): void {
    const waitMs = this.#askedMs + LEAST_PAUSE_MS - this.#world.timers.elapsedMs();
    this.#cancelAsk();
    if (waitMs <= 0) void this.#openKey();
    else this.#cancelAsk = this.#world.timers.after(waitMs, () => void this.#openKey());
  }

  #useKey(key: string): void {
    if (this.#socket === null || key !== this.#key) {
      this.#drop("the listen key was replaced");
      this.#key = key;
      this.#socket = this.#dial(key);
      this.#socket.open();
    }
    this.#keepAfter(KEEP_EVERY_MS);
  }

  #dial(key: string): ReconnectingSocket {
    const { streamUrl, admit } = this.#options;
    const socket: ReconnectingSocket = new ReconnectingSocket(
      { url: `${streamUrl}/private/ws/${encodeURIComponent(key)}`, backoff: BACKOFF, admit },
      {
        onOpen: (connection) => void this.#confirm(connection, socket),
        onMessage: (data) => {
          if (socket === this.#socket) this.#heard(data);
        },
        onDown: (cause, connection) => {
          // Replaced, and cut rather than ended by us: it may have been deaf for a while.
          const wasReplaced =
            socket === this.#socket && this.#isReady && isOther(socket, connection);
          if (wasReplaced && cause.kind !== "retired") this.#owner?.onInterrupted();
        },
        onState: (state) => {
          if (socket !== this.#socket) return;
          if (state.name === "ready") this.#ready();
          else if (state.name === "waiting") this.#lost(state.cause?.message ?? "it has to wait");
          else if (state.name === "connecting") this.#lost("it was cut");
        },
      },
      this.#world,
    );
    return socket;
  }

  /** The venue confirms the key that this connection was dialled by. */
  async #confirm(connection: Connection, socket: ReconnectingSocket): Promise<void> {
    const answer = await this.#options.api.call("listenKey.keep", {});
    if (socket !== this.#socket) return;
    if (isAccepted(answer)) {
      connection.markReady();
      return;
    }
    if (!this.#isKeyGone(answer)) connection.retire();
  }

  /** Whether the venue says so; then another one is asked for. */
  #isKeyGone(answer: ApiAnswer): boolean {
    if (answer.kind !== "answered" || answer.reply.code !== NO_LISTEN_KEY) {
      this.#owner?.onTrouble("listen-key-unconfirmed", `the listen key: ${wordsOf(answer)}`);
      return false;
    }
    this.#drop("the listen key had ended");
    this.#askSoon();
    return true;
  }

  #keepAfter(delayMs: number): void {
    this.#cancelKeep();
    this.#cancelKeep = this.#world.timers.after(delayMs, () => void this.#keep());
  }

  async #keep(): Promise<void> {
    const key = this.#key;
    const answer = await this.#options.api.call("listenKey.keep", {});
    if (this.#owner === null || key === null || key !== this.#key) return;
    if (isAccepted(answer)) this.#keepAfter(KEEP_EVERY_MS);
    else if (!this.#isKeyGone(answer)) this.#keepAfter(KEEP_AGAIN_MS);
  }

  #heard(data: string | ArrayBuffer): void {
    const json = jsonOf(data);
    if (json === undefined) {
      this.#owner?.onTrouble("bad-message", "the private stream sent what is no JSON");
    } else if (nameOf(json) === "listenKeyExpired") {
      this.#drop("the listen key ended");
      this.#askSoon();
    } else if (nameOf(json) === "serverShutdown") this.#socket?.rotate();
    else this.#owner?.onMessage(json, this.#world.nowMs());
  }

  #ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#readyTimes += 1;
    this.#owner?.onReady();
  }

  #lost(cause: string): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#owner?.onLost(cause);
  }

  #drop(cause: string): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#key = null;
    this.#cancelKeep();
    socket?.close();
    this.#lost(cause);
  }
}

/** Whether another connection is in use than this one. */
function isOther({ state }: ReconnectingSocket, { id }: Connection): boolean {
  return state.name === "ready" && state.connectionId !== id;
}

function isAccepted(answer: ApiAnswer): boolean {
  return answer.kind === "answered" && outcomeOf(answer.reply, 0).kind === "accepted";
}

function nameOf(json: unknown): unknown {
  return typeof json === "object" && json !== null && "e" in json ? json.e : undefined;
}

function wordsOf(answer: ApiAnswer): string {
  return answer.kind === "answered" ? answer.reply.message : answer.message;
}

/** Undefined where it is no JSON. */
function jsonOf(data: string | ArrayBuffer): unknown {
  if (typeof data !== "string") return undefined;
  try {
    return parseJson(data);
  } catch {
    return undefined;
  }
}
