/**
 * FaultyDelivery: the last step before a socket. Sends a message, or does to it (and to the
 * connection) what a fault says. What it holds back is bounded, and all of it ends by itself.
 *
 * - gap: the message is lost. duplicate: it comes twice. garbage: broken JSON comes before it.
 * - delay: it and all behind it come `ms` later. reorder: it comes after the next one.
 * - half-open: nothing comes any more, and after `forMs` the connection is cut.
 * - disconnect: it is cut now.
 */

import type { Timers } from "#net/timers.ts";
import type { Faults, StreamFault, UserEventFault } from "./faults.ts";

/** What a server has of one client. */
export interface FaultyConnection {
  send(text: string): void;
  /** Ends it at once, without a closing handshake; ended already, it does nothing. */
  cut(): void;
}

interface State {
  /** Messages that wait behind a delayed one, oldest first; null where nothing is delayed. */
  delayed: string[] | null;
  /** A message that waits for the next one to overtake it. */
  overtaken: string | null;
  isSilent: boolean;
}

/** A client so far behind is cut, as a venue does with slow ones. */
const MAX_DELAYED = 10_000;
/** A reordered message comes at the latest then, where nothing else is sent. */
const MAX_OVERTAKING_MS = 1000;

export class FaultyDelivery {
  readonly #faults: Faults;
  readonly #timers: Timers;
  /** Only of connections that something was done to. */
  readonly #states = new WeakMap<FaultyConnection, State>();

  constructor(faults: Faults, timers: Timers) {
    this.#faults = faults;
    this.#timers = timers;
  }

  /** Sends a market message. @param stream its name without what it is about */
  deliver(connection: FaultyConnection, stream: string, text: string): void {
    this.#do(connection, this.#faults.forStream(stream), text);
  }

  /** Sends an event of the user stream. */
  deliverUserEvent(connection: FaultyConnection, text: string): void {
    this.#do(connection, this.#faults.forUserEvent(), text);
  }

  /** Sends anything else, such as an answer: behind what is delayed, unless all is silent. */
  send(connection: FaultyConnection, text: string): void {
    this.#do(connection, null, text);
  }

  /** Whether the connection is half-open: what it sends is to be ignored, and not to be pinged. */
  isSilent(connection: FaultyConnection): boolean {
    return this.#states.get(connection)?.isSilent ?? false;
  }

  /** Makes the connection half-open, and cuts it after `forMs`. */
  silence(connection: FaultyConnection, forMs: number): void {
    const state = this.#stateOf(connection);
    if (state.isSilent) return;
    state.isSilent = true;
    state.delayed = null;
    state.overtaken = null;
    this.#timers.after(forMs, () => connection.cut());
  }

  #do(
    connection: FaultyConnection,
    fault: StreamFault | UserEventFault | null,
    text: string,
  ): void {
    if (this.isSilent(connection)) return;
    switch (fault?.kind) {
      case undefined:
        return this.#pass(connection, text);
      case "stream-gap":
        return;
      case "stream-duplicate":
      case "user-event-duplicate":
        this.#pass(connection, text);
        return this.#pass(connection, text);
      case "stream-garbage":
        this.#pass(connection, this.#faults.rules.garbage);
        return this.#pass(connection, text);
      case "stream-delay":
      case "user-event-delay":
        return this.#delay(connection, text, fault.ms);
      case "stream-reorder":
      case "user-event-reorder":
        return this.#letOvertake(connection, text);
      case "stream-half-open":
        return this.silence(connection, fault.forMs);
      case "stream-disconnect":
        return connection.cut();
    }
  }

  #pass(connection: FaultyConnection, text: string): void {
    const state = this.#states.get(connection);
    if (state === undefined) connection.send(text);
    else if (state.delayed !== null) this.#enqueue(connection, state.delayed, text);
    else {
      connection.send(text);
      this.#sendOvertaken(connection, state);
    }
  }

  #enqueue(connection: FaultyConnection, delayed: string[], text: string): void {
    if (delayed.length < MAX_DELAYED) delayed.push(text);
    else this.silence(connection, 0);
  }

  #delay(connection: FaultyConnection, text: string, ms: number): void {
    const state = this.#stateOf(connection);
    if (state.delayed !== null) return this.#enqueue(connection, state.delayed, text);
    state.delayed = [text];
    this.#timers.after(ms, () => {
      const { delayed } = state;
      state.delayed = null;
      for (const message of delayed ?? []) this.#pass(connection, message);
    });
  }

  #letOvertake(connection: FaultyConnection, text: string): void {
    const state = this.#stateOf(connection);
    if (state.overtaken !== null || state.delayed !== null) return this.#pass(connection, text);
    state.overtaken = text;
    this.#timers.after(MAX_OVERTAKING_MS, () => this.#sendOvertaken(connection, state));
  }

  #sendOvertaken(connection: FaultyConnection, state: State): void {
    const { overtaken } = state;
    state.overtaken = null;
    if (overtaken !== null) connection.send(overtaken);
  }

  #stateOf(connection: FaultyConnection): State {
    const known = this.#states.get(connection);
    if (known !== undefined) return known;
    const state: State = { delayed: null, overtaken: null, isSilent: false };
    this.#states.set(connection, state);
    return state;
  }
}
