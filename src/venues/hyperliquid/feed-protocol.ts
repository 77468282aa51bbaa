/**
 * What a pair and a feed worker say to one another over a message port, as two closed unions of
 * plain data, and their heartbeat. Either may die without a word: each tells the other every second
 * that it lives. May import net; time is handed in.
 */

import type { CancelTimer, Timers } from "#net/timers.ts";
import type { PostOutcome, SocketWants } from "./socket.ts";

export type ToFeedServer =
  /** The first, and again whenever the server was silent and is back. */
  | ({ readonly kind: "hello" } & SocketWants)
  | { readonly kind: "alive" }
  | {
      readonly kind: "post";
      readonly id: number;
      readonly payload: string;
      readonly timeoutMs: number;
      readonly isCancel: boolean;
    }
  | { readonly kind: "renew" }
  | { readonly kind: "bye" };

export type FromFeedServer =
  | { readonly kind: "alive" }
  /** Also the answer to a `hello`, where it is up already. */
  | { readonly kind: "up" }
  | { readonly kind: "down"; readonly cause: string }
  | { readonly kind: "frame"; readonly text: string; readonly receivedTimeMs: number }
  | { readonly kind: "answer"; readonly id: number; readonly outcome: PostOutcome }
  | { readonly kind: "error"; readonly message: string };

const BEAT_MS = 1000;

/**
 * Tells each second that we live, and notices where the other side does not. Looks are counted, not
 * time: after a stall of our own thread all that has passed is one look, and the messages that
 * piled up are read before the next.
 */
export class Heartbeat {
  readonly #timers: Timers;
  readonly #silentLooks: number;
  readonly #beat: () => void;
  readonly #onSilent: () => void;
  #looks = 0;
  #cancel: CancelTimer;

  /**
   * @param silentLooks seconds without a word after which `onSilent` is called, once for each
   * silence
   * @param handlers `beat` tells the other side that we live
   */
  constructor(
    timers: Timers,
    silentLooks: number,
    handlers: { readonly beat: () => void; readonly onSilent: () => void },
  ) {
    this.#timers = timers;
    this.#silentLooks = silentLooks;
    this.#beat = handlers.beat;
    this.#onSilent = handlers.onSilent;
    this.#cancel = this.#later();
  }

  /** Something was heard. */
  heard(): void {
    this.#looks = 0;
  }

  get isSilent(): boolean {
    return this.#looks >= this.#silentLooks;
  }

  stop(): void {
    this.#cancel();
  }

  #later(): CancelTimer {
    return this.#timers.after(BEAT_MS, () => {
      this.#cancel = this.#later();
      this.#beat();
      if (this.isSilent) return;
      this.#looks += 1;
      if (this.isSilent) this.#onSilent();
    });
  }
}
