/**
 * The other end of the wire: a WebSocket server on loopback that tells what it sees. It answers
 * nothing by itself; tests do.
 */

import type { Server, ServerWebSocket } from "bun";
import { Inbox } from "./support.ts";

/** Its data is the path and query that it asked for. */
export type Peer = ServerWebSocket<string>;

export class WireServer {
  readonly opened = new Inbox<Peer>();
  readonly received = new Inbox<{ peer: Peer; data: string }>();
  readonly pings = new Inbox<Peer>();
  readonly closed = new Inbox<{ peer: Peer; code: number }>();
  /** Open now. */
  readonly peers = new Set<Peer>();
  /** Upgrades asked for, refused ones included. */
  dialled = 0;
  /** Path and query of the last of them. */
  lastPath = "";
  /** Refuses upgrades with a 503. */
  isRefusing = false;
  readonly #server: Server<string>;

  constructor() {
    this.#server = Bun.serve<string>({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, server) => {
        this.dialled += 1;
        const { pathname, search } = new URL(request.url);
        this.lastPath = pathname + search;
        if (!this.isRefusing && server.upgrade(request, { data: this.lastPath })) return;
        return new Response("maintenance", { status: 503 });
      },
      websocket: {
        sendPings: false,
        open: (peer) => {
          this.peers.add(peer);
          this.opened.push(peer);
        },
        message: (peer, data) => this.received.push({ peer, data: data.toString() }),
        ping: (peer) => this.pings.push(peer),
        close: (peer, code) => {
          this.peers.delete(peer);
          this.closed.push({ peer, code });
        },
      },
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#server.port}/ws`;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}
