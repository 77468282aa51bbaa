/**
 * Keeps the venue's rules for one perpetual up to date: whether orders are taken at all, and the
 * filters. The venue tells those of all its symbols at once, a long answer of little weight: it is
 * asked for seldom, and when an order was refused by a rule that we did not know. Asks through
 * PerpApi; time is handed in.
 */

import * as v from "valibot";
import type { Timers } from "#net/timers.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import { RulesKeeper, type RulesReading } from "../binance/rules-keeper.ts";
import type { VenueNews } from "../news.ts";
import { parsed } from "../wire.ts";
import type { PerpApi } from "./api.ts";
import { type PerpMarket, readExchangeInfo, readMarket } from "./instruments.ts";
import type { OrderChecks } from "./order-checks.ts";

const RULES_EVERY_MS = 3_600_000;

const Filters = v.object({ filters: v.array(v.unknown()) });

export interface RulesWatchParts {
  readonly api: PerpApi;
  readonly market: PerpMarket;
  readonly checks: OrderChecks;
  readonly news: VenueNews;
  readonly timers: Timers;
}

export function watchRules(parts: RulesWatchParts): RulesKeeper {
  const { market, news, timers } = parts;
  return new RulesKeeper({
    symbol: market.instrument.symbol,
    isOpen: market.rules.trading === "open",
    everyMs: RULES_EVERY_MS,
    read: () => readRules(parts),
    news,
    timers,
  });
}

async function readRules({ api, market, checks }: RulesWatchParts): Promise<RulesReading | null> {
  const { symbol, tickSize, lotSize } = market.instrument;
  const answer = await api.call("exchangeInfo", {});
  if (answer.kind !== "answered" || answer.result === undefined) return null;
  const info = readExchangeInfo(answer.result);
  // Fees are no rule: those of the start stand.
  const { instrument, rules } = readMarket(info, symbol, STANDING_FEES);
  const { filters } = parsed(Filters, info.symbols.get(symbol), "filters");
  const isSameGrid = tickSize.eq(instrument.tickSize) && lotSize.eq(instrument.lotSize);
  if (isSameGrid) checks.setRules(rules);
  return {
    isOpen: rules.trading === "open",
    statusWord: rules.statusWord,
    filters: JSON.stringify(filters),
    isSameGrid,
  };
}

const STANDING_FEES: FeeRates = { makerFeeRate: "0", takerFeeRate: "0" };
