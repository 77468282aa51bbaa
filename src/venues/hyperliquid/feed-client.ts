/**
 * FeedClient: a pair's share of a feed worker's sockets, over a message port. Where the worker
 * falls silent the pair is down, and what it has under way has an unknown outcome; once the worker
 * is heard again it is told anew what the pair wants. Time is handed in.
 */

import type { VenueWorld } from "../venue.ts";
import { type FromFeedServer, Heartbeat, type ToFeedServer } from "./feed-protocol.ts";
import type { HlSocket, PostOutcome, SocketHandlers, SocketWants } from "./socket.ts";

/** Of one pair: the venue allows 100 at one address. */
const MAX_IN_FLIGHT = 64;
/** Seconds without a word after which the feed is taken for gone. */
const SILENT_SECONDS = 5;
/** The feed's own time-out comes first, and its answer takes a moment. */
const MORE_MS = 1000;

interface Waiting {
  readonly settle: (outcome: PostOutcome) => void;
  readonly cancelTimeout: () => void;
}

export class FeedClient implements HlSocket {
  readonly #wants: SocketWants;
  readonly #port: MessagePort;
  readonly #world: VenueWorld;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #handlers: SocketHandlers | null = null;
  #heartbeat: Heartbeat | null = null;
  #isUp = false;
  #upTimes = 0;

  /** Does nothing until `open`. */
  constructor(wants: SocketWants, port: MessagePort, world: VenueWorld) {
    this.#wants = wants;
    this.#port = port;
    this.#world = world;
  }

  open(handlers: SocketHandlers): void {
    this.#handlers = handlers;
    this.#port.addEventListener("message", ({ data }) => this.#heard(data));
    // Nothing comes through it any more, and nobody can mend it: the pair stays down.
    this.#port.addEventListener("close", () => this.#lost("the feed's port was closed"));
    this.#port.start();
    this.#heartbeat = new Heartbeat(this.#world.timers, SILENT_SECONDS, {
      beat: () => this.#tell({ kind: "alive" }),
      onSilent: () => this.#lost(`nothing was heard of the feed for ${SILENT_SECONDS} s`),
    });
    this.#tell({ kind: "hello", ...this.#wants });
  }

  close(): void {
    this.#handlers = null;
    this.#heartbeat?.stop();
    this.#lost("it was closed");
    this.#tell({ kind: "bye" });
    this.#port.close();
  }

  renew(): void {
    if (this.#isUp) this.#tell({ kind: "renew" });
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Times that it went down and came back. */
  get reconnects(): number {
    return Math.max(0, this.#upTimes - 1);
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  post(payload: string, timeoutMs: number, isCancel = false): Promise<PostOutcome> {
    if (!this.#isUp) return notSent("not-connected", "the shared feed is not connected");
    if (this.#waiting.size >= MAX_IN_FLIGHT) {
      return notSent("budget", `${MAX_IN_FLIGHT} posts are under way already`);
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<PostOutcome>();
    const cancelTimeout = this.#world.timers.after(timeoutMs + MORE_MS, () =>
      this.#settle(id, { kind: "unknown", message: `no answer within ${timeoutMs} ms` }),
    );
    this.#waiting.set(id, { settle: resolve, cancelTimeout });
    this.#tell({ kind: "post", id, payload, timeoutMs, isCancel });
    return promise;
  }

  #heard(message: FromFeedServer): void {
    const heartbeat = this.#heartbeat;
    if (this.#handlers === null || heartbeat === null) return;
    if (heartbeat.isSilent) {
      // It may have dropped us; and what it says was of before we gave it up.
      heartbeat.heard();
      this.#tell({ kind: "hello", ...this.#wants });
      return;
    }
    heartbeat.heard();
    switch (message.kind) {
      case "alive":
        return;
      case "up":
        this.#up();
        return;
      case "down":
        this.#lost(message.cause);
        return;
      case "frame":
        this.#handlers.onMessage(message.text, message.receivedTimeMs);
        return;
      case "answer":
        this.#settle(message.id, message.outcome);
        return;
      case "error":
        this.#handlers.onError(message.message);
        return;
    }
  }

  #up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#upTimes += 1;
    this.#handlers?.onUp();
  }

  #lost(cause: string): void {
    for (const id of this.#waiting.keys()) {
      this.#settle(id, { kind: "unknown", message: `no answer: ${cause}` });
    }
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#handlers?.onDown(cause);
  }

  #settle(id: number, outcome: PostOutcome): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.cancelTimeout();
    waiting.settle(outcome);
  }

  #tell(message: ToFeedServer): void {
    this.#port.postMessage(message, []);
  }
}

function notSent(why: "budget" | "not-connected", message: string): Promise<PostOutcome> {
  return Promise.resolve({ kind: "not-sent", why, message });
}
