/**
 * HlFeed: the sockets of a feed worker: one hub for each user, and one for those who want nobody's
 * news, shared by any number of pairs over message ports. A pair that falls silent is dropped: its
 * thread is gone. Does network I/O through its hubs; time is handed in.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import type { FeedOptions, SharedFeed, VenueWorld } from "../venue.ts";
import { type FromFeedServer, Heartbeat, type ToFeedServer } from "./feed-protocol.ts";
import { HlLimits } from "./limits.ts";
import type { SocketWants } from "./socket.ts";
import { type HubMember, type HubOptions, SocketHub } from "./socket-hub.ts";

const MAX_CLIENTS = 256;
/** Seconds without a word after which nothing is kept up for a pair. */
const SILENT_SECONDS = 10;
/** So long after that it may still come back, before its port is closed. */
const GONE_MS = 60_000;

/** @throws {InputError} for budgets that are none of `makeShared` */
export function openFeed({ urls, budgets }: FeedOptions, world: VenueWorld): SharedFeed {
  const limits = new HlLimits(budgets, () => world.nowMs());
  return new HlFeed({ wsUrl: urls.streamUrl, limits }, world);
}

/** A hub and how many use it. */
interface Shared {
  readonly hub: SocketHub;
  clients: number;
}

class HlFeed implements SharedFeed {
  readonly #options: HubOptions;
  readonly #world: VenueWorld;
  readonly #hubs = new Map<string | null, Shared>();
  readonly #clients = new Set<FeedServerClient>();

  constructor(options: HubOptions, world: VenueWorld) {
    this.#options = options;
    this.#world = world;
  }

  attach(port: MessagePort): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      tell(port, { kind: "error", message: `${MAX_CLIENTS} pairs share this feed already` });
      port.close();
      return;
    }
    const client: FeedServerClient = new FeedServerClient(port, this.#world, {
      enter: (user) => this.#enter(user),
      leave: (user) => this.#leave(user),
      onGone: () => this.#clients.delete(client),
    });
    this.#clients.add(client);
  }

  stop(): void {
    for (const client of this.#clients) client.end("the feed was stopped");
  }

  #enter(user: string | null): SocketHub {
    const shared = this.#hubs.get(user) ?? {
      hub: new SocketHub(user, this.#options, this.#world),
      clients: 0,
    };
    shared.clients += 1;
    this.#hubs.set(user, shared);
    return shared.hub;
  }

  #leave(user: string | null): void {
    const shared = this.#hubs.get(user);
    if (shared === undefined) return;
    shared.clients -= 1;
    if (shared.clients > 0) return;
    this.#hubs.delete(user);
    shared.hub.close();
  }
}

interface ClientOwner {
  enter(user: string | null): SocketHub;
  leave(user: string | null): void;
  onGone(): void;
}

/** Its place at a hub, once it has said what it wants. */
interface Place {
  readonly user: string | null;
  readonly hub: SocketHub;
  readonly member: HubMember;
}

class FeedServerClient {
  readonly #port: MessagePort;
  readonly #owner: ClientOwner;
  readonly #timers: Timers;
  readonly #heartbeat: Heartbeat;
  #cancelGone: CancelTimer = () => {};
  #place: Place | null = null;
  /** Of its newest `hello`; kept while it is silent. */
  #wants: SocketWants | null = null;
  #isEnded = false;

  constructor(port: MessagePort, { timers }: VenueWorld, owner: ClientOwner) {
    this.#port = port;
    this.#owner = owner;
    this.#timers = timers;
    this.#heartbeat = new Heartbeat(timers, SILENT_SECONDS, {
      beat: () => this.#tell({ kind: "alive" }),
      onSilent: () => this.#silent(),
    });
    port.addEventListener("message", ({ data }) => this.#heed(data));
    port.addEventListener("close", () => this.end("its port was closed"));
    port.start();
    this.#tell({ kind: "alive" });
  }

  /** Lets go of all it had. @param cause for the pair, if it still listens */
  end(cause: string): void {
    if (this.#isEnded) return;
    this.#drop(cause);
    this.#isEnded = true;
    this.#heartbeat.stop();
    this.#cancelGone();
    this.#owner.onGone();
    this.#port.close();
  }

  /** Nothing is subscribed for it any more, until it is heard again. */
  #silent(): void {
    this.#drop("nothing was heard of the pair");
    this.#cancelGone = this.#timers.after(GONE_MS, () => this.end("it is gone"));
  }

  #heed(message: ToFeedServer): void {
    if (this.#isEnded) return;
    this.#heartbeat.heard();
    this.#cancelGone();
    this.#comeBack(message);
    switch (message.kind) {
      case "hello":
        this.#enter(message);
        return;
      case "alive":
        return;
      case "post":
        void this.#post(message);
        return;
      case "renew":
        this.#place?.hub.renew();
        return;
      case "bye":
        this.end("it said good-bye");
        return;
    }
  }

  /** One that was held up may not know that it was silent, and so says no `hello`. */
  #comeBack({ kind }: ToFeedServer): void {
    const isNoMatter = this.#place !== null || kind === "hello" || kind === "bye";
    if (!isNoMatter && this.#wants !== null) this.#enter(this.#wants);
  }

  /** Whatever it wanted before: a new `hello` begins anew, where it has missed what came. */
  #enter({ coin, user }: SocketWants): void {
    const last = this.#place;
    this.#wants = { coin, user };
    const hub = this.#owner.enter(user);
    const member = hub.join(coin, {
      onUp: () => this.#tell({ kind: "up" }),
      onDown: (cause) => this.#tell({ kind: "down", cause }),
      onMessage: (text, receivedTimeMs) => this.#tell({ kind: "frame", text, receivedTimeMs }),
      onError: (text) => this.#tell({ kind: "error", message: text }),
    });
    this.#place = { user, hub, member };
    // Only now, so that subscriptions which it keeps are not ended in between.
    if (last === null) return;
    last.member.leave();
    this.#owner.leave(last.user);
  }

  #drop(cause: string): void {
    if (this.#place === null) return;
    const { user, member } = this.#place;
    this.#place = null;
    if (member.isUp) this.#tell({ kind: "down", cause });
    member.leave();
    this.#owner.leave(user);
  }

  async #post(post: Extract<ToFeedServer, { kind: "post" }>): Promise<void> {
    const { id, payload, timeoutMs, isCancel } = post;
    const hub = this.#place?.hub;
    const outcome = (await hub?.post(payload, timeoutMs, isCancel)) ?? {
      kind: "not-sent",
      why: "not-connected",
      message: "the feed does not know this pair yet",
    };
    this.#tell({ kind: "answer", id, outcome });
  }

  #tell(message: FromFeedServer): void {
    if (!this.#isEnded) tell(this.#port, message);
  }
}

function tell(port: MessagePort, message: FromFeedServer): void {
  port.postMessage(message, []);
}
