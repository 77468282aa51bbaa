/**
 * What must hold between a pair's markets, accounts, hedge and instrument rules. One pure function
 * a rule; relations.ts lists them. May import domain.
 */

import { decimal, decimalOfNumber } from "#domain/decimal.ts";
import { error, type Finding, warning } from "./findings.ts";
import type { Config, PairConfig } from "./schema.ts";

/** Every pair has an id of its own. */
export function uniqueId(pair: PairConfig, config: Config): Finding[] {
  const first = config.pairs.find(({ id }) => id === pair.id);
  return first === undefined || first === pair ? [] : [error("id", "another pair has this id")];
}

/** A live pair trades with accounts that exist and are of its venue; other modes need none. */
export function accountsExist(pair: PairConfig, config: Config): Finding[] {
  if (pair.mode !== "live") return [];
  return (["quote", "hedgeOn"] as const).flatMap((part) => {
    const market = pair[part];
    if (market === undefined) return [];
    const path = `${part}.account`;
    const house = market.venue === "hyperliquid" ? "hyperliquid" : "binance";
    if (market.account === undefined) {
      return [error(path, `is missing; mode live needs an account of ${house}`)];
    }
    const account = Object.hasOwn(config.accounts, market.account)
      ? config.accounts[market.account]
      : undefined;
    if (account === undefined) {
      const names = Object.keys(config.accounts).join(", ");
      return [error(path, `no such account; accounts has ${names === "" ? "none" : names}`)];
    }
    return account.venue === house
      ? []
      : [error(path, `is an account of ${account.venue}; ${market.venue} needs one of ${house}`)];
  });
}

/** What is signed for the testnet is refused by the venue's own addresses. */
export function testnetAddresses(pair: PairConfig, config: Config): Finding[] {
  const { restUrl, wsUrl } = config.venues.hyperliquid ?? {};
  if (pair.mode !== "live" || (restUrl !== undefined && wsUrl !== undefined)) return [];
  return (["quote", "hedgeOn"] as const).flatMap((part) => {
    const account = config.accounts[pair[part]?.account ?? ""];
    if (account?.venue !== "hyperliquid" || !account.testnet) return [];
    const message = "signs for the testnet; give restUrl and wsUrl of it under venues.hyperliquid";
    return [error(`${part}.account`, message)];
  });
}

/** Live quoting is on Binance Spot and Hyperliquid. */
export function liveVenue({ mode, quote }: PairConfig): Finding[] {
  return mode === "live" && quote.venue === "binance-perp"
    ? [
        error(
          "quote.venue",
          "cannot be quoted live; use binance-spot or hyperliquid, or mode paper",
        ),
      ]
    : [];
}

/** Spot has no leverage; a margin mode is set together with a leverage, or not at all. */
export function perpMargin({ quote, hedgeOn }: PairConfig): Finding[] {
  if (hedgeOn !== undefined && hedgeOn.marginMode !== undefined && hedgeOn.leverage === undefined) {
    const message = `is missing; marginMode ${hedgeOn.marginMode} is set together with it`;
    return [error("hedgeOn.leverage", message)];
  }
  const { venue, leverage, marginMode } = quote;
  if (venue === "binance-spot") {
    return Object.entries({ leverage, marginMode })
      .filter(([, value]) => value !== undefined)
      .map(([field]) =>
        error(`quote.${field}`, "is for perpetual futures; leave it away on binance-spot"),
      );
  }
  return marginMode !== undefined && leverage === undefined
    ? [error("quote.leverage", `is missing; marginMode ${marginMode} is set together with it`)]
    : [];
}

/** A hedge on the quoted instrument itself would trade against the quotes. */
export function hedgeElsewhere({ quote, hedgeOn }: PairConfig): Finding[] {
  return hedgeOn?.venue === quote.venue && hedgeOn.symbol === quote.symbol
    ? [error("hedgeOn.symbol", "is the quoted instrument itself; hedge on another one")]
    : [];
}

/** hedgeOn needs a hedge that does something; a passive hedge needs its stop-loss. */
export function hedgeComplete({ hedgeOn, hedge }: PairConfig): Finding[] {
  if (hedge === undefined) {
    return hedgeOn === undefined
      ? []
      : [error("hedge", "is missing; hedgeOn is given, so say how to hedge")];
  }
  const { passiveHedgeRatio, passiveHedgeSpRatio, activeHedgeIqvRatio } = hedge;
  const found: Finding[] = [];
  if ((passiveHedgeRatio === undefined) !== (passiveHedgeSpRatio === undefined)) {
    const [missing, given] =
      passiveHedgeRatio === undefined
        ? ["passiveHedgeRatio", "passiveHedgeSpRatio"]
        : ["passiveHedgeSpRatio", "passiveHedgeRatio"];
    found.push(error(`hedge.${missing}`, `is missing; ${given} needs it`));
  }
  if (passiveHedgeRatio === undefined && activeHedgeIqvRatio === undefined) {
    found.push(error("hedge", "hedges nothing; give passiveHedgeRatio or activeHedgeIqvRatio"));
  }
  return found;
}

/** A hedge that opens must leave less than it opened at, and closes earlier still. */
export function hedgeBands({ hedge }: PairConfig): Finding[] {
  if (hedge?.activeHedgeIqvRatio === undefined) return [];
  const { activeHedgeIqvRatio: opens } = hedge;
  const fields = ["activeHedgeTargetIqvRatio", "activeHedgeUnwindIqvRatio"] as const;
  return fields.flatMap((field) => {
    const ratio = hedge[field];
    return ratio === undefined || ratio < opens
      ? []
      : [error(`hedge.${field}`, `must be less than activeHedgeIqvRatio, ${opens}`)];
  });
}

/**
 * A hedge that sells opens beyond a move that inventory can make: all of the value in it is
 * 1/target − 1. Where it cannot, only the hedge that buys is left, if any.
 */
export function hedgeReachable({ capital, hedge, hedgeOn }: PairConfig): Finding[] {
  const opens = hedge?.activeHedgeIqvRatio;
  const { targetIqvRatio } = capital;
  if (hedgeOn === undefined || opens === undefined || targetIqvRatio === undefined) return [];
  if (decimalOfNumber(targetIqvRatio).times(decimalOfNumber(opens).plus("1")).lt("1")) return [];
  const reach = decimal("1").div(decimalOfNumber(targetIqvRatio)).minus("1").round(4, 0);
  const message =
    `is never passed by too much inventory: at a target ratio of ${targetIqvRatio} the move can ` +
    `be ${reach.toFixed()} at most`;
  return [warning("hedge.activeHedgeIqvRatio", message)];
}

/** An override gives both steps and the minimum, in one of its two ways. */
export function overrideComplete({ quote, instrumentOverride, hedgeOn }: PairConfig): Finding[] {
  return [
    ...overrideFindings(quote.venue, instrumentOverride, "instrumentOverride"),
    ...(hedgeOn === undefined
      ? []
      : overrideFindings(hedgeOn.venue, hedgeOn.instrumentOverride, "hedgeOn.instrumentOverride")),
  ];
}

function overrideFindings(
  venue: string,
  override: PairConfig["instrumentOverride"],
  path: string,
): Finding[] {
  if (override === undefined) return [];
  const { szDecimals, tickSize, lotSize, minNotional } = override;
  const at = (field: string): string => `${path}.${field}`;
  if (szDecimals === undefined) {
    return Object.entries({ tickSize, lotSize, minNotional })
      .filter(([, value]) => value === undefined)
      .map(([field]) =>
        error(at(field), "is missing; tickSize, lotSize and minNotional go together"),
      );
  }
  if (venue !== "hyperliquid") {
    return [error(at("szDecimals"), `is Hyperliquid's; ${venue} needs tickSize and lotSize`)];
  }
  return Object.entries({ tickSize, lotSize })
    .filter(([, value]) => value !== undefined)
    .map(([field]) => error(at(field), "follows from szDecimals; leave it away"));
}

/** The ladder fits into what the venue allows. */
export function ordersAllowed({ quoting, instrumentOverride }: PairConfig): Finding[] {
  const most = instrumentOverride?.maxOpenOrders ?? Infinity;
  return quoting.liveOrderNums > most
    ? [error("quoting.liveOrderNums", `must be at most instrumentOverride.maxOpenOrders (${most})`)]
    : [];
}
