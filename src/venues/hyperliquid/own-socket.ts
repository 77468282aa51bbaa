/**
 * OwnSocket: a pair's own WebSocket: a hub with one member, in its own thread.
 */

import type { VenueWorld } from "../venue.ts";
import type { HlSocket, PostOutcome, SocketHandlers, SocketWants } from "./socket.ts";
import { type HubMember, type HubOptions, SocketHub } from "./socket-hub.ts";

export class OwnSocket implements HlSocket {
  readonly #wants: SocketWants;
  readonly #hub: SocketHub;
  #member: HubMember | null = null;
  #upTimes = 0;

  /** Does nothing until `open`. @throws {InputError} `url` */
  constructor(wants: SocketWants, options: HubOptions, world: VenueWorld) {
    this.#wants = wants;
    this.#hub = new SocketHub(wants.user, options, world);
  }

  open(handlers: SocketHandlers): void {
    this.#member = this.#hub.join(this.#wants.coin, {
      onUp: () => {
        this.#upTimes += 1;
        handlers.onUp();
      },
      onDown: (cause) => handlers.onDown(cause),
      onMessage: (text, receivedTimeMs) => handlers.onMessage(text, receivedTimeMs),
      onError: (message) => handlers.onError(message),
    });
  }

  close(): void {
    this.#hub.close();
  }

  renew(): void {
    this.#hub.renew();
  }

  get isUp(): boolean {
    return this.#member?.isUp === true;
  }

  /** Times that it went down and came back; planned changes of connection are not counted. */
  get reconnects(): number {
    return Math.max(0, this.#upTimes - 1);
  }

  get inFlight(): number {
    return this.#hub.inFlight;
  }

  post(payload: string, timeoutMs: number, isCancel?: boolean): Promise<PostOutcome> {
    return this.#hub.post(payload, timeoutMs, isCancel);
  }
}
