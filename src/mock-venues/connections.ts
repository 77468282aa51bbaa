/**
 * Connections: every open socket of a mock venue, kept as the real one keeps them: pings, and cut
 * without a pong; cut where it was told nothing for long; cut at the end of its lifetime after a
 * notice. May import net and this folder.
 */

import type { ServerWebSocket } from "bun";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { FaultyConnection, FaultyDelivery } from "./fault-actions.ts";

/** The notice comes so long before the end, or a fifth of the lifetime where that is less. */
const NOTICE_MS = 30_000;

/** What a kind of socket does with what comes in. */
export interface SocketHandler {
  readonly onMessage: (text: string) => void;
  /** A ping or pong of the client's: it counts where messages are limited. */
  readonly onControlFrame: () => void;
  /** Tells the client that the server is about to go. */
  readonly notice: () => void;
  readonly onClose: () => void;
}

/** What is attached to a socket when it is upgraded. */
export interface SocketData {
  readonly open: (connection: Connection) => SocketHandler;
  connection: Connection | null;
}

export interface ConnectionRules {
  readonly timers: Timers;
  readonly delivery: FaultyDelivery;
  /** The venue's pings, and how long it waits for a pong; null: it sends none. */
  readonly pings: { readonly everyMs: number; readonly pongWithinMs: number } | null;
  /** It cuts a connection that it has sent nothing for so long; null: it does not mind. */
  readonly maxSilenceMs: number | null;
  /** null: as long as the client likes. */
  readonly lifetimeMs: number | null;
}

export class Connection implements FaultyConnection {
  readonly #socket: ServerWebSocket<SocketData>;
  readonly #rules: ConnectionRules;
  readonly #handler: SocketHandler;
  readonly #cancels = new Set<CancelTimer>();
  #isOpen = true;
  #pongMs: number;
  #sentMs: number;
  #cancelPing: CancelTimer = () => undefined;
  #cancelSilence: CancelTimer = () => undefined;

  constructor(socket: ServerWebSocket<SocketData>, rules: ConnectionRules) {
    this.#socket = socket;
    this.#rules = rules;
    const { timers, lifetimeMs, pings, maxSilenceMs } = rules;
    this.#pongMs = timers.elapsedMs();
    this.#sentMs = timers.elapsedMs();
    this.#handler = socket.data.open(this);
    if (lifetimeMs !== null) {
      const noticeMs = lifetimeMs - Math.min(NOTICE_MS, lifetimeMs / 5);
      this.#cancels.add(timers.after(noticeMs, () => this.notice()));
      this.#cancels.add(timers.after(lifetimeMs, () => this.close(1001, "end of lifetime")));
    }
    if (pings !== null) this.#schedulePing(pings);
    if (maxSilenceMs !== null) this.#scheduleSilence(maxSilenceMs, maxSilenceMs);
  }

  get isSilent(): boolean {
    return this.#rules.delivery.isSilent(this);
  }

  /** Past all faults; see `reply`. */
  send(text: string): void {
    if (!this.#isOpen) return;
    this.#sentMs = this.#rules.timers.elapsedMs();
    this.#socket.send(text);
  }

  /** Sends behind what a fault delays, and not where the connection is silent. */
  reply(text: string): void {
    this.#rules.delivery.send(this, text);
  }

  notice(): void {
    if (!this.isSilent) this.#handler.notice();
  }

  /**
   * Stops reading where a fault made the connection silent: a ping that is not read is not
   * answered.
   */
  pauseIfSilent(): void {
    if (this.#isOpen && this.isSilent) this.#socket.pause();
  }

  cut(): void {
    if (this.#isOpen) this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    if (this.#isOpen) this.#socket.close(code, reason);
  }

  onMessage(text: string): void {
    if (!this.isSilent) this.#handler.onMessage(text);
  }

  onPing(): void {
    this.#handler.onControlFrame();
  }

  onPong(): void {
    this.#pongMs = this.#rules.timers.elapsedMs();
    this.#handler.onControlFrame();
  }

  onClose(): void {
    this.#isOpen = false;
    this.#cancelPing();
    this.#cancelSilence();
    for (const cancel of this.#cancels) cancel();
    this.#handler.onClose();
  }

  #schedulePing(pings: NonNullable<ConnectionRules["pings"]>): void {
    const { timers } = this.#rules;
    this.#cancelPing = timers.after(pings.everyMs, () => {
      this.#schedulePing(pings);
      if (this.isSilent) return;
      if (timers.elapsedMs() - this.#pongMs > pings.pongWithinMs) this.cut();
      else if (this.#isOpen) this.#socket.ping(`${Math.floor(timers.elapsedMs())}`);
    });
  }

  #scheduleSilence(waitMs: number, maxSilenceMs: number): void {
    const { timers } = this.#rules;
    this.#cancelSilence = timers.after(waitMs, () => {
      const leftMs = this.#sentMs + maxSilenceMs - timers.elapsedMs();
      if (leftMs <= 0) this.cut();
      else this.#scheduleSilence(leftMs, maxSilenceMs);
    });
  }
}

export class Connections {
  readonly #rules: ConnectionRules;
  readonly #open = new Set<Connection>();

  constructor(rules: ConnectionRules) {
    this.#rules = rules;
  }

  get count(): number {
    return this.#open.size;
  }

  add(socket: ServerWebSocket<SocketData>): void {
    const connection = new Connection(socket, this.#rules);
    socket.data.connection = connection;
    this.#open.add(connection);
  }

  remove(socket: ServerWebSocket<SocketData>): void {
    const { connection } = socket.data;
    if (connection === null) return;
    this.#open.delete(connection);
    connection.onClose();
  }

  /** @returns those that were told that they will be closed */
  noticeAll(): readonly Connection[] {
    const told = [...this.#open];
    for (const connection of told) connection.notice();
    return told;
  }

  cutAll(): void {
    for (const connection of this.#open) connection.cut();
  }
}
