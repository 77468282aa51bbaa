/**
 * The calls about the account itself: what it has, and what it has agreed with the venue: leverage,
 * margin type, position mode. Documented shapes and refusals. May import this folder.
 */

import { badRequest, missing } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import type { JsonObject } from "../json.ts";
import {
  accountJson,
  accountJsonV2,
  balanceJson,
  isHeld,
  positionRiskJson,
  positionRiskJsonV2,
} from "./account-json.ts";
import type { Listing } from "./listing.ts";
import type { PerpVenue } from "./venue.ts";

const DONE = { code: 200, msg: "success" };
/** When all keys were made, as far as anybody asks. */
const KEY_TIME_MS = 1_698_645_219_000;
/** Notional brackets of everybody who has not bought others. */
const NOTIONAL_COEFFICIENT = 1;

export function accountV3(venue: PerpVenue): JsonObject {
  return accountJson(venue.account, venue.all());
}

export function accountV2(venue: PerpVenue): JsonObject {
  return accountJsonV2(venue.account, venue.all());
}

export function balances(venue: PerpVenue): readonly JsonObject[] {
  venue.all();
  return venue.account.assets.map((asset) => balanceJson(venue.account, asset));
}

/** Only symbols with a position or orders. */
export function positionRiskV3(venue: PerpVenue, params: Params): readonly JsonObject[] {
  return asked(venue, params)
    .filter((listing) => isHeld(listing))
    .map((listing) => positionRiskJson(venue.account, listing));
}

/** Every symbol. */
export function positionRiskV2(venue: PerpVenue, params: Params): readonly JsonObject[] {
  return asked(venue, params).map((listing) => positionRiskJsonV2(venue.account, listing));
}

export function symbolConfig(venue: PerpVenue, params: Params): readonly JsonObject[] {
  const { margins } = venue.account;
  return asked(venue, params).map((listing) => {
    const { leverage, isIsolated } = margins.terms(listing);
    return {
      symbol: listing.market.instrument.symbol,
      marginType: isIsolated ? "ISOLATED" : "CROSSED",
      isAutoAddMargin: false,
      leverage,
      maxNotionalValue: margins.maxNotional(listing).toString(),
    };
  });
}

export function accountConfig({ account }: PerpVenue): JsonObject {
  return {
    feeTier: 0,
    canTrade: true,
    canDeposit: false,
    canWithdraw: false,
    dualSidePosition: account.isDualSide,
    updateTime: 0,
    multiAssetsMargin: false,
    tradeGroupId: -1,
  };
}

export function commissionRate(venue: PerpVenue, params: Params): JsonObject {
  const { instrument } = venue.listing(params.symbol()).market;
  return {
    symbol: instrument.symbol,
    makerCommissionRate: instrument.makerFeeRate.toFixed(),
    takerCommissionRate: instrument.takerFeeRate.toFixed(),
    rpiCommissionRate: "0",
  };
}

export function leverageBracket(venue: PerpVenue, params: Params): unknown {
  const rows = asked(venue, params).map(({ market }) => ({
    symbol: market.instrument.symbol,
    notionalCoef: NOTIONAL_COEFFICIENT,
    brackets: market.brackets,
  }));
  return params.has("symbol") ? rows[0] : rows;
}

export function positionMode({ account }: PerpVenue): JsonObject {
  return { dualSidePosition: account.isDualSide };
}

/** Of all symbols at once, and only where there is neither order nor position. */
export function changePositionMode(venue: PerpVenue, params: Params): JsonObject {
  const wanted = params.requiredText("dualSidePosition").toLowerCase() === "true";
  const { account } = venue;
  if (wanted === account.isDualSide) {
    throw badRequest(-4059, "No need to change position side.");
  }
  const listings = venue.all();
  const hasOrders = listings.some(({ records }) => records.openOrders().length > 0);
  if (hasOrders || venue.algo.records.waiting().length > 0) {
    throw badRequest(-4067, "Position side cannot be changed if there exists open orders.");
  }
  if (listings.some(({ market }) => market.exchange.account.positionLots !== 0)) {
    throw badRequest(-4068, "Position side cannot be changed if there exists position.");
  }
  account.isDualSide = wanted;
  return DONE;
}

export function changeLeverage(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const { market } = listing;
  const { margins } = venue.account;
  const leverage = params.integer("leverage");
  if (leverage === undefined) throw missing("leverage");
  if (leverage < 1 || leverage > market.maxLeverage) {
    throw badRequest(-4028, `Leverage ${leverage} is not valid`);
  }
  const value = Number(margins.notional(listing).abs().toFixed());
  if (value > margins.maxNotional(listing, leverage)) {
    throw badRequest(-2027, "Exceeded the maximum allowable position at current leverage.");
  }
  const terms = margins.terms(listing);
  const before = terms.leverage;
  terms.leverage = leverage;
  const { symbol, quote } = market.instrument;
  if (leverage < before && !margins.isCovered(quote)) {
    terms.leverage = before;
    throw badRequest(-2019, "Margin is insufficient.");
  }
  if (leverage !== before) venue.configChanged({ ac: { s: symbol, l: leverage } });
  return { leverage, maxNotionalValue: margins.maxNotional(listing).toString(), symbol };
}

/** Isolated margin is told from then on, and not simulated. */
export function changeMarginType(venue: PerpVenue, params: Params): JsonObject {
  const listing = venue.listing(params.symbol());
  const invalid = [-1130, "Data sent for parameter 'marginType' is not valid."] as const;
  const wanted = params.oneOf("marginType", ["ISOLATED", "CROSSED"], invalid);
  if (wanted === undefined) throw missing("marginType");
  const terms = venue.account.margins.terms(listing);
  if ((wanted === "ISOLATED") === terms.isIsolated) {
    throw badRequest(-4046, "No need to change margin type.");
  }
  if (listing.records.openOrders().length > 0) {
    const what = "Margin type cannot be changed if there exists open orders.";
    throw badRequest(-4047, what);
  }
  if (listing.market.exchange.account.positionLots !== 0) {
    throw badRequest(-4048, "Margin type cannot be changed if there exists position.");
  }
  terms.isIsolated = wanted === "ISOLATED";
  return DONE;
}

/** What the key may do that this is asked by. */
export function apiRestrictions({ credentials }: PerpVenue, params: Params): JsonObject {
  const permissions = credentials.permissionsOf(params.requiredText("apiKey"));
  return { createTime: KEY_TIME_MS, ...permissions };
}

/** Of one symbol, or all. */
function asked(venue: PerpVenue, params: Params): readonly Listing[] {
  return params.has("symbol") ? [venue.listing(params.symbol())] : venue.all();
}
