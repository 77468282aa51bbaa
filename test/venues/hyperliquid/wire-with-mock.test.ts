/** The transports against the mock venue, which was written apart from them. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { HttpClient } from "#net/http.ts";
import { accessOf } from "#venues/hyperliquid/access.ts";
import { ActionGate } from "#venues/hyperliquid/action-gate.ts";
import { AddressBudget } from "#venues/hyperliquid/address-budget.ts";
import type { ActionAnswer, HlAction } from "#venues/hyperliquid/api.ts";
import { HlClock } from "#venues/hyperliquid/clock.ts";
import { counterOf, HlLimits, makeShared } from "#venues/hyperliquid/limits.ts";
import { LiveHlApi } from "#venues/hyperliquid/live-api.ts";
import { NonceCounter } from "#venues/hyperliquid/nonces.ts";
import { OwnSocket } from "#venues/hyperliquid/own-socket.ts";
import { HlRest } from "#venues/hyperliquid/rest.ts";
import { eventually } from "../../contract/eventually.ts";
import {
  buyEth,
  ETH,
  MASTER,
  START_MS,
  WireBench,
} from "../../mock-venues/hyperliquid/wire-kit.ts";
import { Ears, HandWorld, NOW_MS, usedOf } from "./socket-subject.ts";

/** As in the mock's kit. */
const AGENT_KEY = `0x${"0123".repeat(16)}`;

let bench: WireBench;
let subject: Subject;
beforeEach(async () => {
  bench = await WireBench.start({ postsWeigh: true });
  subject = new Subject();
});
afterEach(async () => {
  subject.socket.close();
  await bench.stop();
});

class Subject {
  /** The venue's clock is that of its kit, months from ours: the offset is measured. */
  readonly world = Object.assign(new HandWorld(), { timers: bench.timers });
  readonly clock = new HlClock(() => NOW_MS + bench.timers.elapsedMs());
  readonly address: AddressBudget;
  readonly limits: HlLimits;
  readonly socket: OwnSocket;
  readonly live: LiveHlApi;
  readonly ears = new Ears();

  constructor() {
    const { clock, world } = this;
    const access = accessOf({
      kind: "agent",
      address: MASTER,
      agentKey: AGENT_KEY,
      vaultAddress: null,
      isTestnet: false,
      deadMansSwitch: true,
    });
    const budgets = makeShared(access, bench.mock.url);
    this.limits = new HlLimits(budgets, () => clock.nowMs());
    this.address = new AddressBudget(counterOf(budgets, "address"), () => clock.nowMs());
    const nonces = new NonceCounter(counterOf(budgets, "nonce"), () => clock.venueNowMs());
    const { limits, address } = this;
    const gate = new ActionGate({ access, nonces, limits, address, clock });
    const http = new HttpClient(world.timers);
    const rest = new HlRest({ restUrl: bench.mock.url, gate }, { http, clock, limits });
    const wants = { coin: "ETH", user: MASTER };
    this.socket = new OwnSocket(wants, { wsUrl: bench.mock.wsUrl, limits }, world);
    this.live = new LiveHlApi({ socket: this.socket, rest, gate, clock, limits, address });
  }

  async connect(): Promise<void> {
    this.socket.open(this.ears);
    await this.ears.up();
  }

  /** Sends, and lets time pass until the venue has answered. */
  async act(action: HlAction, isCancel = false): Promise<ActionAnswer> {
    const answer = this.live.act({ action, requests: 1, isCancel, expiresInMs: 5000 });
    await eventually("the venue has answered", () => {
      bench.timers.advance(10);
      return this.live.inFlight === 0;
    });
    return answer;
  }
}

test("an order and its cancel go over the socket, and news comes", async () => {
  expect(
    await subject.live.act({
      action: buyEth("1999"),
      requests: 1,
      isCancel: false,
      expiresInMs: 1000,
    }),
  ).toMatchObject({
    kind: "refused",
    message: "Action already expired",
  });
  expect(await subject.clock.measureBy(subject.live)).toBeNull();
  expect(subject.clock.offsetMs).toBeCloseTo(START_MS - NOW_MS, -1);
  await subject.connect();
  const placed = await subject.act(buyEth("1999"));
  expect(placed).toMatchObject({
    kind: "answered",
    response: { type: "order", data: { statuses: [{ resting: {} }] } },
  });
  const { oid } = JSON.parse(JSON.stringify(placed)).response.data.statuses[0].resting;
  const canceled = await subject.act({ type: "cancel", cancels: [{ a: ETH, o: oid }] }, true);
  expect(canceled).toMatchObject({
    kind: "answered",
    response: { type: "cancel", data: { statuses: ["success"] } },
  });
  expect(subject.live.roundTripMs()).not.toBeNull();
  const channels = new Set<string>();
  while (subject.ears.messages.size > 0) {
    channels.add(JSON.parse(await subject.ears.text()).channel);
  }
  expect([...channels]).toEqual(expect.arrayContaining(["bbo", "l2Book", "orderUpdates"]));
});

test("our counts are those of the venue, and nothing is left when it is closed", async () => {
  await subject.clock.measureBy(subject.live);
  await subject.connect();
  await subject.act(buyEth("1999"));
  await subject.live.info({ type: "frontendOpenOrders", user: MASTER });
  const counts = bench.mock.limits.counts();
  const names = [
    "weight-1m",
    "ws-messages-1m",
    "connections-1m",
    "sockets",
    "subscriptions",
    "posts",
  ];
  expect(names.map((name) => usedOf(subject.limits, name))).toEqual([
    counts.weightPerMinute,
    counts.messagesPerMinute,
    counts.newConnectionsPerMinute,
    counts.connections,
    counts.subscriptions,
    counts.postsInFlight,
  ]);
  expect(counts).toMatchObject({ weightPerMinute: 23, connections: 1, subscriptions: 7 });
});

test("an unlisted coin costs the connection, again and again, within the limits", async () => {
  const { limits, world } = subject;
  const ears = new Ears();
  const wants = { coin: "NOSUCH", user: null };
  const socket = new OwnSocket(wants, { wsUrl: bench.mock.wsUrl, limits }, world);
  socket.open(ears);
  await eventually("it has tried ten times", () => {
    bench.timers.advance(50);
    return (usedOf(limits, "connections-1m") ?? 0) >= 10;
  });
  socket.close();
  expect(ears.news.size).toBe(0);
  expect(Object.values(bench.mock.limits.overruns)).toEqual(Array(7).fill(0));
});
