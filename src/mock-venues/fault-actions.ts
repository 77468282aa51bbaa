/**
 * FaultyDelivery: the last step before a socket. Sends a message, or does to it (and to the
 * connection) what a fault says. What it holds back is bounded, and all of it ends by itself.
 *
 * - gap, lost: the message is lost. duplicate: it comes twice. garbage: broken JSON first.
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

type MessageFault = StreamFault | UserEventFault;
type Action = "lose" | "repeat" | "garble" | "delay" | "overtake" | "silence" | "cut";

const ACTIONS: Readonly<Record<MessageFault["kind"], Action>> = {
  "stream-gap": "lose",
  "stream-duplicate": "repeat",
  "stream-garbage": "garble",
  "stream-delay": "delay",
  "stream-reorder": "overtake",
  "stream-half-open": "silence",
  "stream-disconnect": "cut",
  "user-event-lost": "lose",
  "user-event-duplicate": "repeat",
  "user-event-delay": "delay",
  "user-event-reorder": "overtake",
  "user-event-disconnect": "cut",
};

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

  /** Sends an event of the user stream. @param name its kind, where it has one */
  deliverUserEvent(connection: FaultyConnection, text: string, name = ""): void {
    this.#do(connection, this.#faults.forUserEvent(name), text);
  }

  /** Whether a new subscription is to stay silent. @param stream as in `deliver` */
  silences(stream: string): boolean {
    return this.#faults.isSilenced(stream);
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

  #do(connection: FaultyConnection, fault: MessageFault | null, text: string): void {
    if (this.isSilent(connection)) return;
    if (fault === null) return this.#pass(connection, text);
    switch (ACTIONS[fault.kind]) {
      case "lose":
        return;
      case "repeat":
        this.#pass(connection, text);
        return this.#pass(connection, text);
      case "garble":
        this.#pass(connection, this.#faults.rules.garbage);
        return this.#pass(connection, text);
      case "delay":
        return this.#delay(connection, text, "ms" in fault ? fault.ms : 0);
      case "overtake":
        return this.#letOvertake(connection, text);
      case "silence":
        return this.silence(connection, "forMs" in fault ? fault.forMs : 0);
      case "cut":
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
