/** What the account has, in the wire's shapes: positions, margins, and the same of a stranger. */

import { type Decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import type { HlAccount } from "./account.ts";
import type { HlCoin } from "./coin.ts";
import { averagePriceText, numberText, priceText, usdcText } from "./wire-numbers.ts";

type Json = Readonly<Record<string, unknown>>;

const RATIO_DECIMALS = 10;
const ROUND_HALF_UP = 1;

/** Answer of `clearinghouseState`. @param account null: of a stranger */
export function clearinghouseState(account: HlAccount | null, timeMs: number): Json {
  if (account === null) {
    const none = summary({ value: ZERO, notional: ZERO, rawUsd: ZERO, used: ZERO });
    return {
      marginSummary: none,
      crossMarginSummary: none,
      crossMaintenanceMarginUsed: "0.0",
      withdrawable: "0.0",
      assetPositions: [],
      time: timeMs,
    };
  }
  const { margins } = account;
  const held = margins.coins.filter(({ exchange }) => exchange.account.positionLots !== 0);
  const cross = held.filter((coin) => margins.terms(coin).leverage.isCross);
  const maintenance = cross.reduce((sum, coin) => sum.plus(margins.maintenance(coin)), ZERO);
  return {
    marginSummary: summaryOf(account, held, margins.value()),
    crossMarginSummary: summaryOf(account, cross, margins.crossValue()),
    crossMaintenanceMarginUsed: usdcText(maintenance),
    withdrawable: usdcText(margins.free()),
    assetPositions: held.map((coin) => ({ type: "oneWay", position: position(account, coin) })),
    time: timeMs,
  };
}

/** Answer of `activeAssetData`. @param account null: of a stranger */
export function activeAssetData(account: HlAccount | null, user: string, coin: HlCoin): Json {
  const { markTicks } = coin.prices;
  const free = account?.margins.free() ?? ZERO;
  const leverage = account?.margins.terms(coin).leverage ?? { isCross: true, value: 1 };
  const mark = coin.instrument.price(markTicks);
  const most = mark.eq(ZERO) ? ZERO : free.times(decimalOfInteger(leverage.value)).div(mark);
  const size = numberText(most.round(coin.szDecimals, 0));
  return {
    user,
    coin: coin.name,
    leverage: { type: leverage.isCross ? "cross" : "isolated", value: leverage.value },
    maxTradeSzs: [size, size],
    availableToTrade: [usdcText(free), usdcText(free)],
    markPx: priceText(coin.instrument, markTicks),
  };
}

/** Answer of `spotClearinghouseState`: in standard mode all USDC is the perps'. */
export function spotClearinghouseState(): Json {
  return { balances: [] };
}

function summaryOf({ margins }: HlAccount, coins: readonly HlCoin[], value: Decimal): Json {
  let [notional, signed, used] = [ZERO, ZERO, ZERO];
  for (const coin of coins) {
    notional = notional.plus(margins.notional(coin).abs());
    signed = signed.plus(margins.notional(coin));
    used = used.plus(margins.used(coin));
  }
  return summary({ value, notional, rawUsd: value.minus(signed), used });
}

function summary(parts: Readonly<Record<"value" | "notional" | "rawUsd" | "used", Decimal>>): Json {
  return {
    accountValue: usdcText(parts.value),
    totalNtlPos: usdcText(parts.notional),
    totalRawUsd: usdcText(parts.rawUsd),
    totalMarginUsed: usdcText(parts.used),
  };
}

function position({ margins }: HlAccount, coin: HlCoin): Json {
  const { instrument, exchange } = coin;
  const { entryValue, base, positionLots } = exchange.account;
  const { leverage, funding } = margins.terms(coin);
  const unrealised = margins.unrealised(coin);
  const margin = entryValue.abs().div(decimalOfInteger(leverage.value));
  const liquidation = margins.liquidationPrice(coin);
  const notional = margins.notional(coin);
  const rawUsd = margins.used(coin).minus(notional);
  return {
    coin: coin.name,
    szi: numberText(base),
    leverage: {
      type: leverage.isCross ? "cross" : "isolated",
      value: leverage.value,
      ...(leverage.isCross ? {} : { rawUsd: usdcText(rawUsd) }),
    },
    entryPx: averagePriceText(instrument, entryValue.abs(), Math.abs(positionLots)),
    positionValue: usdcText(notional.abs()),
    unrealizedPnl: usdcText(unrealised),
    returnOnEquity: ratioText(unrealised, margin),
    liquidationPx: liquidation === null ? null : usdcText(liquidation),
    marginUsed: usdcText(margins.used(coin)),
    maxLeverage: coin.maxLeverage,
    cumFunding: {
      allTime: usdcText(funding.allTime),
      sinceOpen: usdcText(funding.sinceOpen),
      sinceChange: usdcText(funding.sinceChange),
    },
  };
}

function ratioText(part: Decimal, whole: Decimal): string {
  if (whole.eq(ZERO)) return "0.0";
  return numberText(part.div(whole).round(RATIO_DECIMALS, ROUND_HALF_UP));
}
