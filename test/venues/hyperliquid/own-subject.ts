/** An OwnSocket under test, facing an HlWire on a clock turned by hand. */

import { OwnSocket } from "#venues/hyperliquid/own-socket.ts";
import type { PostOutcome } from "#venues/hyperliquid/socket.ts";
import { bboFrame, HlWire, type Peer } from "./hl-wire.ts";
import { Ears, freshLimits, HandWorld, USER, usedOf } from "./socket-subject.ts";

export class OwnSubject {
  readonly world = new HandWorld();
  readonly wire = new HlWire();
  readonly limits = freshLimits(this.world);
  readonly ears = new Ears();
  readonly socket: OwnSocket;

  constructor(user: string | null = USER) {
    const options = { wsUrl: this.wire.wsUrl, limits: this.limits };
    this.socket = new OwnSocket({ coin: "BTC", user }, options, this.world);
  }

  /** @returns the venue's end of its connection */
  async begin(): Promise<Peer> {
    this.socket.open(this.ears);
    await this.ears.up();
    return this.wire.opened.next();
  }

  post(payload = '{"n":1}', isCancel = false): Promise<PostOutcome> {
    return this.socket.post(payload, 5000, isCancel);
  }

  /** Once everything that was sent before has arrived there and here. */
  async settled(): Promise<void> {
    const last = bboFrame("BTC", "1");
    this.wire.tell(last);
    while ((await this.ears.text()) !== last);
  }

  /** Lets time pass on a connection that lives. */
  async live(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.world.timers.advance(1000);
      await this.settled();
    }
  }

  used(name: string): number | undefined {
    return usedOf(this.limits, name);
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.wire.stop();
  }
}
