/** The transports of one account against an HlWire, on a clock turned by hand. */

import { HttpClient } from "#net/http.ts";
import { accessOf } from "#venues/hyperliquid/access.ts";
import { ActionGate } from "#venues/hyperliquid/action-gate.ts";
import { AddressBudget } from "#venues/hyperliquid/address-budget.ts";
import type { ActionRequest, HlApi } from "#venues/hyperliquid/api.ts";
import { HlClock } from "#venues/hyperliquid/clock.ts";
import { counterOf, HlLimits, makeShared } from "#venues/hyperliquid/limits.ts";
import { LiveHlApi } from "#venues/hyperliquid/live-api.ts";
import { NonceCounter } from "#venues/hyperliquid/nonces.ts";
import { OwnSocket } from "#venues/hyperliquid/own-socket.ts";
import { HlRest } from "#venues/hyperliquid/rest.ts";
import type { HlWire, Posted } from "./hl-wire.ts";
import { Ears, HandWorld, usedOf } from "./socket-subject.ts";

export const VAULT = "0x00000000000000000000000000000000000000dd";

/** An order action as it is sent; only its shape matters here. */
export const ORDER: ActionRequest = {
  action: {
    type: "order",
    orders: [{ a: 0, b: true, p: "65000", s: "0.01", r: false, t: { limit: { tif: "Alo" } } }],
    grouping: "na",
  },
  requests: 1,
  isCancel: false,
  expiresInMs: 5000,
};
export const CANCEL: ActionRequest = {
  action: { type: "cancel", cancels: [{ a: 0, o: 77 }] },
  requests: 1,
  isCancel: true,
  expiresInMs: null,
};

let places = 0;

export class ApiSubject {
  readonly world = new HandWorld();
  readonly access = accessOf({
    kind: "agent",
    address: "0x00000000000000000000000000000000000000CC",
    agentKey: `0x${"0123".repeat(16)}`,
    vaultAddress: VAULT,
    isTestnet: false,
    deadMansSwitch: true,
  });
  readonly clock = new HlClock(() => this.world.nowMs());
  readonly nonces: NonceCounter;
  readonly address: AddressBudget;
  readonly limits: HlLimits;
  readonly gate: ActionGate;
  readonly rest: HlRest;
  readonly socket: OwnSocket;
  readonly live: LiveHlApi;
  readonly ears = new Ears();
  readonly #wire: HlWire;

  constructor(wire: HlWire, restUrl = wire.restUrl) {
    this.#wire = wire;
    places += 1;
    const budgets = makeShared(this.access, `http://api-subject-${places}`);
    const { clock, access, world } = this;
    const nowMs = (): number => world.nowMs();
    this.nonces = new NonceCounter(counterOf(budgets, "nonce"), () => clock.venueNowMs());
    this.address = new AddressBudget(counterOf(budgets, "address"), nowMs);
    this.limits = new HlLimits(budgets, nowMs);
    const { limits, address, nonces } = this;
    this.gate = new ActionGate({ access, nonces, limits, address, clock });
    const http = new HttpClient(world.timers);
    this.rest = new HlRest({ restUrl, gate: this.gate }, { http, clock, limits });
    this.socket = new OwnSocket({ coin: "BTC", user: VAULT }, { wsUrl: wire.wsUrl, limits }, world);
    const { socket, rest, gate } = this;
    this.live = new LiveHlApi({ socket, rest, gate, clock, limits, address });
  }

  async connect(): Promise<void> {
    this.socket.open(this.ears);
    await this.ears.up();
  }

  used(name: string): number | undefined {
    return usedOf(this.limits, name);
  }

  /** The next action that reached the venue, by whichever way was asked. */
  async received(by: HlApi): Promise<{ readonly json: unknown; readonly post: Posted | null }> {
    if (by === this.rest) return { json: (await this.#wire.rest.next()).json, post: null };
    const post = await this.#wire.posts.next();
    return { json: post.payload, post };
  }
}
