/**
 * Binance USD-M futures' door: puts its parts together, on the main thread (a desk and the budgets
 * that all threads share) and in a pair's worker (a connection, or the public market alone).
 */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { HttpClient } from "#net/http.ts";
import { RateBudgets } from "#net/rate-budget.ts";
import type { PublicMarket, VenueConnection } from "#ports/venue.ts";
import { accessOf, type BinanceAccess } from "../binance/access.ts";
import { BinanceClock } from "../binance/clock.ts";
import { readDepth } from "../binance/depth-snapshot.ts";
import { resultIn } from "../binance/desk-errors.ts";
import { BinanceLimits, budgetSpecs } from "../binance/limits.ts";
import { LiveBinanceApi } from "../binance/live-api.ts";
import { BinancePublicMarket } from "../binance/public-market.ts";
import { BinanceRest } from "../binance/rest.ts";
import type { FetchDepth } from "../binance/snapshot-fetcher.ts";
import type { DeskOptions, SharedBudgets, VenueLink, VenueModule, VenueWorld } from "../venue.ts";
import { DIALECT, type PerpApi } from "./api.ts";
import { PerpHistory } from "./history.ts";
import { readExchangeInfo } from "./instruments.ts";
import { PerpMarketStream } from "./market-stream.ts";
import { PerpConnection } from "./perp-connection.ts";
import { PerpDesk } from "./perp-desk.ts";
import { readSetup } from "./setup.ts";
import { UserStream } from "./user-stream.ts";

/** Levels of a book snapshot; what `METHODS.depth` is priced for. */
const DEPTH_LEVELS = 1000;

const LIVE_REST_URL = "https://fapi.binance.com";
/** Keys are the same for spot and futures, and what they may do is told here alone. */
const LIVE_WALLET_URL = "https://api.binance.com";

export const binancePerp: VenueModule = {
  urls: {
    restUrl: LIVE_REST_URL,
    wsApiUrl: "wss://ws-fapi.binance.com/ws-fapi/v1",
    streamUrl: "wss://fstream.binance.com",
  },
  openDesk,
  connect,
  openMarket,
};

/** Where the wallet API is asked: a venue at another address has it there, or not at all. */
export function walletUrlOf(restUrl: string): string {
  return restUrl === LIVE_REST_URL ? LIVE_WALLET_URL : restUrl;
}

async function openDesk(
  { urls, credentials }: DeskOptions,
  world: VenueWorld,
): ReturnType<VenueModule["openDesk"]> {
  const access = credentials === null ? null : accessOf(credentials);
  const { restUrl } = urls;
  const first = restOf({ restUrl, access, budgets: sharedBudgets([]) }, world);
  const answer = await first.api.call("exchangeInfo", {});
  const info = readExchangeInfo(resultIn(answer, first.api.venueNowMs(), DIALECT));
  const budgets = sharedBudgets(info.rateLimits);
  const { api, clock } = restOf({ restUrl, access, budgets }, world);
  // Its address meters for itself.
  const walletBudgets = sharedBudgets([]);
  const wallet = restOf(
    { restUrl: walletUrlOf(restUrl), access, budgets: walletBudgets, clock },
    world,
  );
  const { timers, rng } = world;
  const hasKey = access !== null;
  const desk = new PerpDesk({ api, wallet: wallet.api, clock, timers, rng, hasKey });
  return { desk, budgets };
}

function connect(link: VenueLink, world: VenueWorld): VenueConnection {
  const { urls, budgets, credentials, orderPrefix, pairId, sinceTradeId, symbol } = link;
  if (credentials === null) {
    throw new InputError("bad-key", "an account cannot be traded without its API key", {
      where: `binance-perp:${symbol}`,
      hint: "name the account's key in the config, or run the pair in paper mode",
    });
  }
  const access = accessOf(credentials);
  const isSwitchedOff = credentials.kind === "api-key" && credentials.deadMansSwitch === false;
  const { market } = readSetup(link.market, symbol);
  const api = new LiveBinanceApi({ dialect: DIALECT, urls, access, budgets }, world);
  const admit = (): number => api.limits.admitConnection();
  const { streamUrl } = urls;
  return new PerpConnection({
    market,
    api,
    stream: new UserStream({ streamUrl, api, admit }, world),
    feed: feedOf({ instrument: market.instrument, streamUrl, api, admit }, world),
    history: historyOf(symbol, api),
    orderPrefix,
    pairId,
    sinceTradeId,
    deadMansSwitch: !isSwitchedOff,
    world,
  });
}

function openMarket({ urls, budgets, symbol, market }: VenueLink, world: VenueWorld): PublicMarket {
  const { instrument } = readSetup(market, symbol).market;
  const { api, limits } = restOf({ restUrl: urls.restUrl, access: null, budgets }, world);
  const admit = (): number => limits.admitConnection();
  const feed = feedOf({ instrument, streamUrl: urls.streamUrl, api, admit }, world);
  return new BinancePublicMarket(instrument, feed, historyOf(symbol, api));
}

interface RestOptions {
  readonly restUrl: string;
  /** Null: public questions only. */
  readonly access: BinanceAccess | null;
  readonly budgets: SharedBudgets;
  /** Of another address of the same venue; absent: its own. */
  readonly clock?: BinanceClock;
}

function restOf(
  { restUrl, access, budgets, clock }: RestOptions,
  world: VenueWorld,
): { readonly api: BinanceRest; readonly clock: BinanceClock; readonly limits: BinanceLimits } {
  const known = clock ?? new BinanceClock(() => world.nowMs());
  const limits = new BinanceLimits(budgets, () => known.venueNowMs(), DIALECT);
  const http = new HttpClient(world.timers);
  const api = new BinanceRest(
    { restUrl, access, dialect: DIALECT },
    { http, clock: known, limits },
  );
  return { api, clock: known, limits };
}

function sharedBudgets(rateLimits: Parameters<typeof budgetSpecs>[0]): SharedBudgets {
  const specs = budgetSpecs(rateLimits, DIALECT);
  return { specs, memory: new RateBudgets(specs).memory };
}

interface FeedOptions {
  readonly instrument: Instrument;
  readonly streamUrl: string;
  readonly api: PerpApi;
  readonly admit: () => number;
}

function feedOf(
  { instrument, streamUrl, api, admit }: FeedOptions,
  world: VenueWorld,
): PerpMarketStream {
  const fetchDepth = depthBy(api, instrument);
  return new PerpMarketStream({ instrument, streamUrl, fetchDepth, clock: api, admit }, world);
}

function historyOf(symbol: string, api: PerpApi): PerpHistory {
  return new PerpHistory(async (query) => {
    const answer = await api.call("klines", { symbol, ...query });
    return resultIn(answer, api.venueNowMs(), DIALECT);
  }, api);
}

/** Book snapshots; null where the venue does not answer. */
function depthBy(api: PerpApi, instrument: Instrument): FetchDepth {
  const params = { symbol: instrument.symbol, limit: DEPTH_LEVELS };
  return async () => {
    const answer = await api.call("depth", params);
    if (answer.kind !== "answered" || answer.result === undefined) return null;
    return readDepth(answer.result, { instrument });
  };
}
