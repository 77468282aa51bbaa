/**
 * The admin endpoint of the mock venue, for people with curl and for tests: no key, JSON both ways.
 * What is done here is done as if by the venue or by hand. May import this folder.
 */

import {
  type AdminRoute,
  type AdminRoutes,
  type AdminBody as Body,
  badBody,
} from "../admin-routes.ts";
import { type CommonRules, commonRoutes } from "../binance/admin.ts";
import type { CommonSwitches } from "../binance/front.ts";
import { Params, textsOf } from "../binance/params.ts";
import { accountJson, balanceJson, positionRiskJson } from "./account-json.ts";
import { algoListedJson } from "./algo-records.ts";
import { incomeJson } from "./income.ts";
import { queriedJson } from "./order-json.ts";
import { cancelOpen, placeOrder } from "./orders.ts";
import type { PerpStatus, PerpSymbol } from "./perp-symbol.ts";
import { allTrades } from "./queries.ts";
import { markText } from "./texts.ts";
import type { PerpVenue } from "./venue.ts";

/** What only the server can do. */
export interface AdminSwitches extends CommonSwitches<PerpStatus> {
  expireUserStreams(): void;
}

export interface AdminRules extends CommonRules<PerpStatus> {
  readonly venue: PerpVenue;
  readonly switches: AdminSwitches;
}

const STATUSES: readonly PerpStatus[] = ["TRADING", "SETTLING", "CLOSE"];

export const ADMIN_ROUTES: AdminRoutes<AdminRules> = new Map<string, AdminRoute<AdminRules>>([
  ["GET /mock/orders", ({ venue }) => openOrders(venue)],
  ["POST /mock/orders", placeForeign],
  ["DELETE /mock/orders", cancelForeign],
  ["GET /mock/algo-orders", ({ venue }) => algoOrders(venue)],
  ["GET /mock/fills", ({ venue }) => allTrades(venue)],
  ["GET /mock/account", ({ venue }) => accountOf(venue)],
  ["GET /mock/income", ({ venue }) => venue.account.income.all.map((each) => incomeJson(each))],
  ["POST /mock/prices", setPrices],
  ["POST /mock/funding", settleFunding],
  ["POST /mock/listen-key-expiry", expireListenKey],
  ...commonRoutes(STATUSES),
]);

/** Those in the book, and then those that wait for their price. */
function openOrders(venue: PerpVenue): unknown {
  const resting = [...venue.listings.values()].flatMap(({ records }) => records.openOrders());
  const waiting = venue.algo.records.waiting();
  return [
    ...resting.map((order) => queriedJson(order)),
    ...waiting.map((order) => algoListedJson(order)),
  ];
}

function algoOrders(venue: PerpVenue): unknown {
  return venue.algo.records.all().map((order) => algoListedJson(order));
}

/** Takes the parameters of `order.place`; a limit order where no type is given. */
function placeForeign({ venue }: AdminRules, body: Body): unknown {
  const defaults = { type: "LIMIT", ...(body["type"] === undefined ? { timeInForce: "GTC" } : {}) };
  return placeOrder(venue, new Params(textsOf({ ...defaults, ...body })));
}

function cancelForeign({ venue }: AdminRules): unknown {
  const listings = venue.all();
  const waiting = venue.algo.records.waiting();
  const resting = listings.flatMap(({ records }) => records.openOrders());
  for (const listing of listings) cancelOpen(venue, listing);
  for (const order of waiting) venue.algo.cancel(order);
  return { canceled: resting.length + waiting.length };
}

function accountOf(venue: PerpVenue): unknown {
  const { account } = venue;
  const listings = venue.all();
  return {
    balances: account.assets.map((asset) => balanceJson(account, asset)),
    positions: listings
      .filter(({ market }) => market.exchange.account.positionLots !== 0)
      .map((listing) => positionRiskJson(account, listing)),
    account: accountJson(account, listings),
    dualSidePosition: account.isDualSide,
    overruns: venue.limits.overruns,
  };
}

/** Pins the mark; without one it follows the book again. */
function setPrices({ venue }: AdminRules, body: Body): unknown {
  const market = listed(venue, body);
  const { mark } = body;
  if (mark === undefined) market.unpin();
  else if (typeof mark === "string" && /^\d+(?:\.\d+)?$/.test(mark)) market.pin(mark);
  else throw badBody("mark", "must be a plain decimal, as text");
  return { symbol: market.instrument.symbol, markPrice: markText(market.mark) };
}

/** Pays and takes the funding of one interval now. */
function settleFunding({ venue }: AdminRules, { rate }: Body): unknown {
  if (rate !== undefined && !(typeof rate === "string" && /^-?\d+(?:\.\d+)?$/.test(rate))) {
    throw badBody("rate", "must be a plain decimal, as text");
  }
  if (typeof rate === "string") {
    for (const { market } of venue.listings.values()) market.fundingRate = rate;
  }
  venue.funding.settle();
  return venue.account.assets.map((asset) => balanceJson(venue.account, asset));
}

function expireListenKey({ switches }: AdminRules): unknown {
  switches.expireUserStreams();
  return {};
}

function listed(venue: PerpVenue, { symbol }: Body): PerpSymbol {
  const market = typeof symbol === "string" ? venue.listings.get(symbol)?.market : undefined;
  if (market !== undefined) return market;
  throw badBody("symbol", `must be one of ${[...venue.listings.keys()].join(", ")}`);
}
