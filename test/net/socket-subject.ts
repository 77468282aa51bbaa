/** A ReconnectingSocket under test on a clock turned by hand, with all that its handlers hear. */

import { Rng } from "#domain/rng.ts";
import type { Connection, DownCause } from "#net/connection.ts";
import {
  ReconnectingSocket,
  type SocketOptions,
  type SocketState,
} from "#net/reconnecting-socket.ts";
import { Inbox, ManualTimers } from "./support.ts";

export const BACKOFF = { baseMs: 100, maxMs: 1000 };

export class Subject {
  readonly timers: ManualTimers;
  readonly opened = new Inbox<Connection>();
  readonly messages = new Inbox<{ data: string | ArrayBuffer; connection: Connection }>();
  readonly downs = new Inbox<{ cause: DownCause; connection: Connection }>();
  readonly states = new Inbox<SocketState>();
  readonly socket: ReconnectingSocket;

  constructor(
    options: Partial<SocketOptions> & { url: string },
    { timers = new ManualTimers(), nativePing = false, isReadyAtOnce = true } = {},
  ) {
    this.timers = timers;
    this.socket = new ReconnectingSocket(
      { backoff: BACKOFF, ...options },
      {
        onOpen: (connection) => {
          this.opened.push(connection);
          if (isReadyAtOnce) connection.markReady();
        },
        onMessage: (data, connection) => this.messages.push({ data, connection }),
        onDown: (cause, connection) => this.downs.push({ cause, connection }),
        onState: (state) => this.states.push(state),
        ...(nativePing ? {} : { ping: (connection: Connection) => connection.send("ping") }),
      },
      { timers, rng: new Rng(1) },
    );
  }

  /** The next state of this name, others being passed over. */
  async state<Name extends SocketState["name"]>(
    name: Name,
  ): Promise<Extract<SocketState, { name: Name }>> {
    for (;;) {
      const state = await this.states.next();
      if (isState(state, name)) return state;
    }
  }
}

function isState<Name extends SocketState["name"]>(
  state: SocketState,
  name: Name,
): state is Extract<SocketState, { name: Name }> {
  return state.name === name;
}
