/**
 * Hyperliquid's door: puts its parts together, on the main thread (a desk and the budgets that all
 * threads share), in a pair's worker (a connection, or the public market alone), and in a feed
 * worker, whose sockets pairs may share.
 */

import { InputError } from "#domain/errors.ts";
import { HttpClient } from "#net/http.ts";
import type { PublicMarket, VenueConnection } from "#ports/venue.ts";
import type { DeskOptions, SharedBudgets, VenueLink, VenueModule, VenueWorld } from "../venue.ts";
import { accessOf, type HlAccess } from "./access.ts";
import { ActionGate } from "./action-gate.ts";
import { AddressBudget } from "./address-budget.ts";
import { HlClock } from "./clock.ts";
import { HlConnection } from "./connection.ts";
import { HlDesk } from "./desk.ts";
import { unreachable } from "./desk-errors.ts";
import { FeedClient } from "./feed-client.ts";
import { openFeed } from "./feed-server.ts";
import { CandleHistory } from "./history.ts";
import { counterOf, HlLimits, MAX_SOCKETS, makeShared } from "./limits.ts";
import { LiveHlApi } from "./live-api.ts";
import { HlMarketStream } from "./market-stream.ts";
import { NonceCounter } from "./nonces.ts";
import { OwnSocket } from "./own-socket.ts";
import { HlPublicMarket } from "./public-market.ts";
import { HlRest } from "./rest.ts";
import { readSetup } from "./setup.ts";
import type { HlSocket, SocketWants } from "./socket.ts";

/** At one address; two are left for changes of them. */
const MAX_OWN_SOCKETS = 8;

export const hyperliquid: VenueModule = {
  urls: {
    restUrl: "https://api.hyperliquid.xyz",
    wsApiUrl: "wss://api.hyperliquid.xyz/ws",
    streamUrl: "wss://api.hyperliquid.xyz/ws",
  },
  openDesk,
  connect,
  openMarket,
  sharing: { maxOwnSockets: MAX_OWN_SOCKETS, maxSockets: MAX_SOCKETS, openFeed },
};

async function openDesk(
  { urls, credentials }: DeskOptions,
  world: VenueWorld,
): ReturnType<VenueModule["openDesk"]> {
  const access = credentials === null ? null : accessOf(credentials);
  const budgets = makeShared(access, urls.restUrl);
  const { rest, clock } = restOf(
    { restUrl: urls.restUrl, access, budgets, isSweeper: true },
    world,
  );
  // Actions are stamped by the venue's clock, so it has to be known first.
  const problem = await clock.measureBy(rest);
  if (problem !== null) throw unreachable(problem);
  const { timers, rng } = world;
  return { desk: new HlDesk({ api: rest, clock, timers, rng, access }), budgets };
}

function connect(link: VenueLink, world: VenueWorld, feed?: MessagePort): VenueConnection {
  const { urls, budgets, orderPrefix, pairId, sinceTradeId, symbol } = link;
  if (link.credentials === null) {
    throw new InputError("bad-key", "an account cannot be traded without its agent wallet", {
      where: `hyperliquid:${symbol}`,
      hint: "name the account's keys in the config, or run the pair in paper mode",
    });
  }
  const access = accessOf(link.credentials);
  const market = readSetup(link.market, symbol);
  const { rest, clock, limits, address, gate } = tradingOf(
    { restUrl: urls.restUrl, access, budgets },
    world,
  );
  const wants = { coin: symbol, user: access.user };
  const socket = socketOf(wants, { wsUrl: urls.streamUrl, limits, feed }, world);
  return new HlConnection({
    market,
    access,
    api: new LiveHlApi({ socket, rest, gate, clock, limits, address }),
    socket,
    clock,
    address,
    makeFeed: (options) => new HlMarketStream(options, world),
    history: new CandleHistory(rest, symbol),
    deadMan: counterOf(budgets, "deadMan"),
    orderPrefix,
    pairId,
    sinceTradeId,
    world,
  });
}

function openMarket(link: VenueLink, world: VenueWorld, feed?: MessagePort): PublicMarket {
  const { urls, budgets, symbol } = link;
  const { instrument } = readSetup(link.market, symbol);
  const { rest, limits } = restOf({ restUrl: urls.restUrl, access: null, budgets }, world);
  const wants = { coin: symbol, user: null };
  const socket = socketOf(wants, { wsUrl: urls.streamUrl, limits, feed }, world);
  const history = new CandleHistory(rest, symbol);
  return new HlPublicMarket({ instrument, socket, history }, world);
}

interface RestOptions {
  readonly restUrl: string;
  /** Null: questions only. */
  readonly access: HlAccess | null;
  readonly budgets: SharedBudgets;
  /** See HlRestOptions. */
  readonly isSweeper?: boolean;
}

interface Rest {
  readonly rest: HlRest;
  readonly clock: HlClock;
  readonly limits: HlLimits;
}

function restOf(options: RestOptions, world: VenueWorld): Rest {
  const { restUrl, access, budgets } = options;
  if (access !== null) return tradingOf({ ...options, access }, world);
  const clock = new HlClock(() => world.nowMs());
  const limits = new HlLimits(budgets, () => world.nowMs());
  const http = new HttpClient(world.timers);
  return { rest: new HlRest({ restUrl, gate: null }, { http, clock, limits }), clock, limits };
}

function tradingOf(
  { restUrl, access, budgets, isSweeper = false }: RestOptions & { readonly access: HlAccess },
  world: VenueWorld,
): Rest & { readonly address: AddressBudget; readonly gate: ActionGate } {
  const clock = new HlClock(() => world.nowMs());
  const limits = new HlLimits(budgets, () => world.nowMs());
  const address = new AddressBudget(counterOf(budgets, "address"), () => world.nowMs());
  const nonces = new NonceCounter(counterOf(budgets, "nonce"), () => clock.venueNowMs());
  const gate = new ActionGate({ access, nonces, limits, address, clock });
  const http = new HttpClient(world.timers);
  const rest = new HlRest({ restUrl, gate, isSweeper }, { http, clock, limits });
  return { rest, clock, limits, address, gate };
}

interface SocketOptions {
  readonly wsUrl: string;
  readonly limits: HlLimits;
  readonly feed: MessagePort | undefined;
}

function socketOf(
  wants: SocketWants,
  { wsUrl, limits, feed }: SocketOptions,
  world: VenueWorld,
): HlSocket {
  if (feed !== undefined) return new FeedClient(wants, feed, world);
  return new OwnSocket(wants, { wsUrl, limits }, world);
}
