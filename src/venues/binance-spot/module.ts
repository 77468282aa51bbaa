/**
 * Binance Spot's door: puts its parts together, on the main thread (a desk and the budgets that all
 * threads share) and in a pair's worker (a connection, or the public market alone).
 */

import { InputError } from "#domain/errors.ts";
import { HttpClient } from "#net/http.ts";
import { RateBudgets } from "#net/rate-budget.ts";
import type { PublicMarket, VenueConnection } from "#ports/venue.ts";
import { accessOf } from "../binance/access.ts";
import { BinanceClock } from "../binance/clock.ts";
import { readDepth } from "../binance/depth-snapshot.ts";
import { deskError } from "../binance/desk-errors.ts";
import { BinanceLimits, budgetSpecs } from "../binance/limits.ts";
import { LiveBinanceApi } from "../binance/live-api.ts";
import { BinancePublicMarket } from "../binance/public-market.ts";
import { BinanceRest } from "../binance/rest.ts";
import type { FetchDepth } from "../binance/snapshot-fetcher.ts";
import type { MessageContext } from "../binance/wire.ts";
import type { DeskOptions, SharedBudgets, VenueLink, VenueModule, VenueWorld } from "../venue.ts";
import { DIALECT, type SpotApi } from "./api.ts";
import { KlineHistory } from "./history.ts";
import { readExchangeInfo } from "./instruments.ts";
import { MarketStream } from "./market-stream.ts";
import { readSetup } from "./setup.ts";
import { SpotConnection } from "./spot-connection.ts";
import { SpotDesk } from "./spot-desk.ts";

/** Levels of a book snapshot; what `METHODS.depth` is priced for. */
const DEPTH_LEVELS = 1000;

export const binanceSpot: VenueModule = {
  urls: {
    restUrl: "https://api.binance.com",
    wsApiUrl: "wss://ws-api.binance.com:443/ws-api/v3",
    streamUrl: "wss://stream.binance.com:9443",
  },
  openDesk,
  connect,
  openMarket,
};

async function openDesk(
  options: DeskOptions,
  world: VenueWorld,
): ReturnType<VenueModule["openDesk"]> {
  const { credentials } = options;
  const access = credentials === null ? null : accessOf(credentials);
  const { restUrl } = options.urls;
  const clock = new BinanceClock(() => world.nowMs());
  const http = new HttpClient(world.timers);
  const restWith = (budgets: SharedBudgets): BinanceRest => {
    const limits = new BinanceLimits(budgets, () => clock.venueNowMs(), DIALECT);
    return new BinanceRest({ restUrl, access, dialect: DIALECT }, { http, clock, limits });
  };
  const budgets = await readBudgets(restWith(sharedBudgets([])));
  const api = restWith(budgets);
  const { timers, rng } = world;
  const desk = new SpotDesk({ api, clock, timers, rng, hasKey: access !== null });
  return { desk, budgets };
}

/**
 * The venue's limits. Few symbols halt at a time: a short list, for limits come with some list.
 * @throws {VenueError}, {InputError}
 */
async function readBudgets(api: SpotApi): Promise<SharedBudgets> {
  const params = { symbolStatus: "HALT", showPermissionSets: false };
  const answer = await api.call("exchangeInfo", params);
  const error = deskError(answer, api.venueNowMs(), DIALECT);
  if (error !== null) throw error;
  const { rateLimits } = readExchangeInfo(answer.kind === "answered" ? answer.result : undefined);
  return sharedBudgets(rateLimits);
}

function sharedBudgets(rateLimits: Parameters<typeof budgetSpecs>[0]): SharedBudgets {
  const specs = budgetSpecs(rateLimits, DIALECT);
  return { specs, memory: new RateBudgets(specs).memory };
}

function connect(link: VenueLink, world: VenueWorld): VenueConnection {
  if (link.credentials === null) {
    throw new InputError("bad-key", "an account cannot be traded without its API key", {
      where: `binance-spot:${link.symbol}`,
      hint: "name the account's key in the config, or run the pair in paper mode",
    });
  }
  const { urls, budgets, orderPrefix, pairId, sinceTradeId } = link;
  const { market, fees } = readSetup(link.market, link.symbol);
  const { symbol } = link;
  const access = accessOf(link.credentials);
  const api = new LiveBinanceApi({ dialect: DIALECT, urls, access, budgets, symbol }, world);
  const { instrument } = market;
  const feed = new MarketStream(
    {
      instrument,
      streamUrl: urls.streamUrl,
      fetchDepth: depthBy(api, { instrument, receivedTimeMs: 0 }),
      admit: () => api.limits.admitConnection(),
    },
    world,
  );
  const history = new KlineHistory(api, link.symbol);
  return new SpotConnection({
    market,
    fees,
    api,
    feed,
    history,
    orderPrefix,
    pairId,
    sinceTradeId,
    world,
  });
}

function openMarket(link: VenueLink, world: VenueWorld): PublicMarket {
  const { urls, budgets } = link;
  const { instrument } = readSetup(link.market, link.symbol).market;
  const clock = new BinanceClock(() => world.nowMs());
  const limits = new BinanceLimits(budgets, () => clock.venueNowMs(), DIALECT);
  const http = new HttpClient(world.timers);
  const api = new BinanceRest(
    { restUrl: urls.restUrl, access: null, dialect: DIALECT },
    { http, clock, limits },
  );
  const feed = new MarketStream(
    {
      instrument,
      streamUrl: urls.streamUrl,
      fetchDepth: depthBy(api, { instrument, receivedTimeMs: 0 }),
      admit: () => limits.admitConnection(),
    },
    world,
  );
  return new BinancePublicMarket(instrument, feed, new KlineHistory(api, link.symbol));
}

/** Book snapshots; null where the venue does not answer. */
function depthBy(api: SpotApi, context: MessageContext): FetchDepth {
  const params = { symbol: context.instrument.symbol, limit: DEPTH_LEVELS };
  return async () => {
    const answer = await api.call("depth", params);
    if (answer.kind !== "answered" || answer.result === undefined) return null;
    return readDepth(answer.result, context);
  };
}
