/**
 * Info: answers the questions of `POST /info`, and of info posts, about markets; those about users
 * are user-info.ts. A question that cannot be read gets 422 and a text. May import domain and this
 * folder.
 */

import * as v from "valibot";
import { decimalOfNumber } from "#domain/decimal.ts";
import { type HlReply, UNPARSED } from "./action-gate.ts";
import { HlCoin } from "./coin.ts";
import { isCandleInterval } from "./market-data.ts";
import { answerUser, UserQuestion, within } from "./user-info.ts";
import type { HlMockVenue } from "./venue.ts";
import { numberText, priceText } from "./wire-numbers.ts";

const Time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Dex = v.nullish(v.string());

const MarketQuestion = v.variant("type", [
  v.object({ type: v.literal("meta"), dex: Dex }),
  v.object({ type: v.literal("metaAndAssetCtxs"), dex: Dex }),
  v.object({ type: v.literal("allMids"), dex: Dex }),
  v.object({ type: v.literal("exchangeStatus") }),
  v.object({ type: v.literal("perpsAtOpenInterestCap"), dex: Dex }),
  v.object({
    type: v.literal("l2Book"),
    coin: v.string(),
    nSigFigs: v.nullish(v.picklist([2, 3, 4, 5])),
    mantissa: v.nullish(v.picklist([1, 2, 5])),
  }),
  v.object({ type: v.literal("recentTrades"), coin: v.string() }),
  v.object({
    type: v.literal("candleSnapshot"),
    req: v.object({
      coin: v.string(),
      interval: v.pipe(v.string(), v.check(isCandleInterval)),
      startTime: Time,
      endTime: v.nullish(Time),
    }),
  }),
  v.object({
    type: v.literal("fundingHistory"),
    coin: v.string(),
    startTime: Time,
    endTime: v.nullish(Time),
  }),
]);
type MarketQuestion = v.InferOutput<typeof MarketQuestion>;
type BookQuestion = Extract<MarketQuestion, { readonly type: "l2Book" }>;

const MAX_ITEMS = 500;
const MAX_TRADES = 10;
const BOOK_LEVELS = 20;

/**
 * Answers the body of `POST /info`, or an info post: `body` of the reply is JSON, or a text where
 * `status` is not 200.
 */
export function answerInfo(venue: HlMockVenue, request: unknown): HlReply {
  const about = v.safeParse(UserQuestion, request);
  const market = v.safeParse(MarketQuestion, request);
  if (!about.success && !market.success) return UNPARSED;
  for (const coin of venue.coins) coin.advanceToNow();
  const body = about.success ? answerUser(venue, about.output) : undefined;
  const answer = market.success ? answerMarket(venue, market.output) : body;
  return answer === undefined ? UNPARSED : { status: 200, body: answer };
}

/** Undefined where it names a coin that there is not. */
function answerMarket(venue: HlMockVenue, question: MarketQuestion): unknown {
  switch (question.type) {
    case "meta":
      return meta(venue);
    case "metaAndAssetCtxs":
      return [meta(venue), venue.universe.map(ctxOf)];
    case "allMids":
      return allMids(venue);
    case "exchangeStatus":
      return { time: Math.floor(venue.nowMs()), specialStatuses: null };
    case "perpsAtOpenInterestCap":
      return [];
    case "l2Book":
      return l2Book(venue, question);
    case "recentTrades":
      return venue.coin(question.coin)?.recentTrades(MAX_TRADES).toReversed();
    case "candleSnapshot": {
      const { coin, interval, startTime, endTime } = question.req;
      return venue.coin(coin)?.candles(interval, startTime, endTime ?? Infinity);
    }
    case "fundingHistory": {
      if (venue.coin(question.coin) === undefined) return undefined;
      const rates = venue.funding.rates(question.coin);
      return within(rates, question, ({ time }) => time).slice(0, MAX_ITEMS);
    }
  }
}

function meta({ universe }: HlMockVenue): unknown {
  const leverages = [...new Set(universe.map(({ maxLeverage }) => maxLeverage))];
  return {
    universe: universe.map((entry) => ({
      szDecimals: entry.szDecimals,
      name: entry.name,
      maxLeverage: entry.maxLeverage,
      marginTableId: entry.maxLeverage,
      ...termsOf(entry),
    })),
    marginTables: leverages.map((maxLeverage) => [
      maxLeverage,
      { description: "", marginTiers: [{ lowerBound: "0.0", maxLeverage }] },
    ]),
    collateralToken: 0,
  };
}

function termsOf(entry: HlMockVenue["universe"][number]): Readonly<Record<string, unknown>> {
  if (!(entry instanceof HlCoin)) return { isDelisted: true };
  return entry.onlyIsolated ? { onlyIsolated: true, marginMode: "noCross" } : {};
}

/** A delisted coin has one as well. */
function ctxOf(entry: HlMockVenue["universe"][number]): unknown {
  if (entry instanceof HlCoin) return entry.assetCtx();
  return {
    funding: "0.0",
    openInterest: "0.0",
    prevDayPx: "1.0",
    dayNtlVlm: "0.0",
    dayBaseVlm: "0.0",
    premium: null,
    oraclePx: "1.0",
    markPx: "1.0",
    midPx: null,
    impactPxs: null,
  };
}

function allMids({ coins }: HlMockVenue): Readonly<Record<string, string>> {
  const mids = coins.map(({ prices, instrument, name }) => {
    const { midTicks, markTicks } = prices;
    if (midTicks === 0) return [name, priceText(instrument, markTicks)] as const;
    return [name, numberText(decimalOfNumber(midTicks).times(instrument.tickSize))] as const;
  });
  return Object.fromEntries(mids);
}

/** Of a delisted coin empty, of an unknown one null. */
function l2Book(venue: HlMockVenue, { coin: name, nSigFigs, mantissa }: BookQuestion): unknown {
  if (typeof mantissa === "number" && nSigFigs !== 5) return undefined;
  const coin = venue.coin(name);
  if (coin !== undefined) {
    const precision = { nSigFigs: nSigFigs ?? null, mantissa: mantissa ?? null };
    return coin.l2Book(BOOK_LEVELS, precision);
  }
  const isDelisted = venue.universe.some((entry) => entry.name === name);
  return isDelisted ? { coin: name, time: Math.floor(venue.nowMs()), levels: [[], []] } : null;
}
