/**
 * What must hold between fields of a pair. One pure function a rule; each names the fields it
 * reads, so that it can run while others are still wrong. May import domain only.
 */

import { binCount } from "#domain/bins.ts";
import { decimal, decimalOfNumber } from "#domain/decimal.ts";
import { error, type Finding, type PairRule } from "./findings.ts";
import {
  accountsExist,
  hedgeBands,
  hedgeComplete,
  hedgeElsewhere,
  hedgeReachable,
  liveVenue,
  ordersAllowed,
  overrideComplete,
  perpMargin,
  testnetAddresses,
  uniqueId,
} from "./market-relations.ts";
import type { PairConfig, QuotingConfig } from "./schema.ts";

/** More bins than this are a slip of the pen, and cost time at every re-quote. */
const MAX_BINS = 10_000;

/** All rules, in the order of the config's sections. */
export const PAIR_RULES: readonly PairRule[] = [
  { says: "every `id` is its own", reads: ["id"], check: uniqueId },
  {
    says:
      "in mode live, `quote.account` and `hedgeOn.account` name accounts of that " +
      "venue; other modes need none",
    reads: ["mode", "quote", "hedgeOn"],
    readsRoot: ["accounts"],
    check: accountsExist,
  },
  {
    says:
      "in mode live, an account with `testnet` needs both addresses under " +
      "`venues.hyperliquid`",
    reads: ["mode", "quote.account", "hedgeOn"],
    readsRoot: ["accounts", "venues"],
    check: testnetAddresses,
  },
  {
    says: "in mode live, `quote.venue` is binance-spot or hyperliquid",
    reads: ["mode", "quote.venue"],
    check: liveVenue,
  },
  {
    says:
      "`quote.leverage` and `quote.marginMode` are for perpetual futures only, and " +
      "`marginMode` needs `leverage`",
    reads: ["quote.venue", "quote.leverage", "quote.marginMode", "hedgeOn"],
    check: perpMargin,
  },
  {
    says: "`hedgeOn` is not the quoted instrument itself",
    reads: ["quote", "hedgeOn"],
    check: hedgeElsewhere,
  },
  {
    says:
      "`hedgeOn` needs `hedge`, with `passiveHedgeRatio` (then `passiveHedgeSpRatio` " +
      "too) or `activeHedgeIqvRatio`",
    reads: ["hedgeOn", "hedge"],
    check: hedgeComplete,
  },
  {
    says:
      "`activeHedgeTargetIqvRatio` and `activeHedgeUnwindIqvRatio` are less than " +
      "`activeHedgeIqvRatio`",
    reads: ["hedge"],
    check: hedgeBands,
  },
  {
    says:
      "`activeHedgeIqvRatio` is less than 1/`targetIqvRatio` − 1 (else a warning: too much " +
      "inventory never opens a hedge)",
    reads: ["capital.targetIqvRatio", "hedge", "hedgeOn"],
    check: hedgeReachable,
  },
  {
    says: "`initInventoryAmount` and `initQuoteAmount` are not both 0",
    reads: ["capital.initInventoryAmount", "capital.initQuoteAmount"],
    check: someCapital,
  },
  {
    says: "where one of the two is 0, `targetIqvRatio` is given",
    reads: [
      "capital.initInventoryAmount",
      "capital.initQuoteAmount",
      "capital.targetIqvRatio",
      "quoting.compat",
    ],
    check: targetGiven,
  },
  {
    says:
      "`iqvUpLimit` can be reached: it is at most 1/`targetIqvRatio` − 1 (under " +
      "`compat` seed a warning)",
    reads: [
      "capital.targetIqvRatio",
      "quoting.iqvUpLimit",
      "quoting.iqvDownLimit",
      "quoting.compat",
    ],
    check: reachableLimits,
  },
  {
    says: "`inventoryRbIqvRatio` < `iqvUpLimit`",
    reads: ["quoting.inventoryRbIqvRatio", "quoting.iqvUpLimit"],
    check: inventoryRebalance,
  },
  {
    says: "`quoteRbIqvRatio` > `iqvDownLimit`",
    reads: ["quoting.quoteRbIqvRatio", "quoting.iqvDownLimit"],
    check: quoteRebalance,
  },
  {
    says: "`priceUpPctLimit` and `priceDownPctLimit` hold 1 to 10000 bins of `binStep` each",
    reads: ["quoting.priceUpPctLimit", "quoting.priceDownPctLimit", "quoting.binStep"],
    check: enoughBins,
  },
  {
    says: "`minOrderSize` ≤ `maxOrderSize`",
    reads: ["quoting.minOrderSize", "quoting.maxOrderSize"],
    check: orderSizes,
  },
  {
    says: "`decayRate` and `edgeRatio` are not both given",
    reads: ["quoting.decayRate", "quoting.edgeRatio"],
    check: oneSteepness,
  },
  {
    says: "`volLowerThreshold` < `volUpperThreshold`",
    reads: ["quoting.volLowerThreshold", "quoting.volUpperThreshold"],
    check: volThresholds,
  },
  {
    says: "`shortWindow` ≤ `longWindow` ≤ `historyLimit`",
    reads: ["volatility.shortWindow", "volatility.longWindow", "volatility.historyLimit"],
    check: windows,
  },
  {
    says: "`staleBookMs` ≤ `quietBookMs`",
    reads: ["risk.staleBookMs", "risk.quietBookMs"],
    check: bookAges,
  },
  {
    says: "`clockOffsetAlertMs` ≤ `clockOffsetRefuseMs`",
    reads: ["risk.clockOffsetAlertMs", "risk.clockOffsetRefuseMs"],
    check: clockOffsets,
  },
  {
    says:
      "`instrumentOverride` has `tickSize`, `lotSize` and `minNotional`; on " +
      "Hyperliquid `szDecimals` may stand for the steps",
    reads: ["quote.venue", "instrumentOverride", "hedgeOn"],
    check: overrideComplete,
  },
  {
    says: "`liveOrderNums` ≤ `instrumentOverride.maxOpenOrders`",
    reads: ["quoting.liveOrderNums", "instrumentOverride"],
    check: ordersAllowed,
  },
];

/** There is something to trade with. */
export function someCapital({ capital }: PairConfig): Finding[] {
  return isZero(capital.initInventoryAmount) && isZero(capital.initQuoteAmount)
    ? [error("capital", "both initial amounts are 0; one at least must be above 0")]
    : [];
}

/** A start all on one side has no ratio to steer to, so it must be given. */
export function targetGiven({ capital, quoting }: PairConfig): Finding[] {
  const { initInventoryAmount, initQuoteAmount, targetIqvRatio } = capital;
  if (targetIqvRatio !== undefined || (isZero(initInventoryAmount) && isZero(initQuoteAmount))) {
    return [];
  }
  const path = "capital.targetIqvRatio";
  if (isZero(initInventoryAmount)) {
    return [error(path, "is missing; initInventoryAmount 0 (all in quote) needs it, such as 0.5")];
  }
  if (!isZero(initQuoteAmount)) return [];
  const message = "is missing; initQuoteAmount 0 makes the target 1, which no buying can exceed";
  return [{ path, message, severity: quoting.compat === "seed" ? "warning" : "error" }];
}

/** The inventory limits can be reached, where the target is known before the first price. */
export function reachableLimits({ capital, quoting }: PairConfig): Finding[] {
  const { targetIqvRatio } = capital;
  return targetIqvRatio === undefined ? [] : checkReachable(targetIqvRatio, quoting);
}

/**
 * Whether the inventory ratio can move as far as the limits: it lies in 0…1, so its move from the
 * target lies in −1…1/target − 1. Call it again once the target is known, where the config gives
 * none. A limit out of reach is an error, under compat "seed" a warning.
 * @param targetIqvRatio strictly between 0 and 1
 */
export function checkReachable(
  targetIqvRatio: number,
  quoting: Pick<QuotingConfig, "iqvUpLimit" | "iqvDownLimit" | "compat">,
): Finding[] {
  const severity = quoting.compat === "seed" ? "warning" : "error";
  if (!(targetIqvRatio > 0 && targetIqvRatio < 1)) {
    const message = `the target ratio is ${targetIqvRatio}; it must be between 0 and 1`;
    return [{ path: "capital.targetIqvRatio", message, severity }];
  }
  // In decimals: with floats, 1/0.8 − 1 is not 0.25 for every such pair. The range is shown cut
  // to four places inwards, so that what it shows is accepted.
  const target = decimalOfNumber(targetIqvRatio);
  const reach = decimal("1").minus(target).div(target).round(4, 0);
  const range = `at a target ratio of ${targetIqvRatio} the move can be −1 to ${reach.toFixed()}`;
  const found: Finding[] = [];
  if (target.times(decimalOfNumber(quoting.iqvUpLimit).plus("1")).gt("1")) {
    found.push({ path: "quoting.iqvUpLimit", message: `cannot be reached; ${range}`, severity });
  }
  if (quoting.iqvDownLimit < -1) {
    found.push({ path: "quoting.iqvDownLimit", message: `cannot be reached; ${range}`, severity });
  }
  return found;
}

/** Bids shrink from inventoryRbIqvRatio to iqvUpLimit. */
export function inventoryRebalance({ quoting }: PairConfig): Finding[] {
  return quoting.inventoryRbIqvRatio < quoting.iqvUpLimit
    ? []
    : [error("quoting.inventoryRbIqvRatio", `must be below iqvUpLimit (${quoting.iqvUpLimit})`)];
}

/** Asks shrink from quoteRbIqvRatio down to iqvDownLimit. */
export function quoteRebalance({ quoting }: PairConfig): Finding[] {
  return quoting.quoteRbIqvRatio > quoting.iqvDownLimit
    ? []
    : [error("quoting.quoteRbIqvRatio", `must be above iqvDownLimit (${quoting.iqvDownLimit})`)];
}

/** Each side has a bin at least. */
export function enoughBins({ quoting }: PairConfig): Finding[] {
  return (["priceUpPctLimit", "priceDownPctLimit"] as const).flatMap((field) => {
    const limit = quoting[field];
    const path = `quoting.${field}`;
    const bins = binsWithin(limit, quoting.binStep);
    if (bins < 1) {
      const step = `${quoting.binStep} basis points`;
      return [error(path, `holds no bin: must be at least one binStep (${step})`)];
    }
    return bins > MAX_BINS
      ? [error(path, `holds ${bins} bins of binStep ${quoting.binStep}; at most ${MAX_BINS}`)]
      : [];
  });
}

/** The bins of one side; Infinity where they are too many to be counted exactly. */
export function binsWithin(limit: number, binStep: number): number {
  return (limit * 10_000) / binStep > 1e12 ? Infinity : binCount(limit, binStep);
}

/** The size limits leave room between them. */
export function orderSizes({ quoting }: PairConfig): Finding[] {
  const { minOrderSize, maxOrderSize } = quoting;
  return maxOrderSize !== undefined && decimal(minOrderSize).gt(decimal(maxOrderSize))
    ? [error("quoting.minOrderSize", `must be at most maxOrderSize (${maxOrderSize})`)]
    : [];
}

/** The steepness is given once. */
export function oneSteepness({ quoting }: PairConfig): Finding[] {
  return quoting.edgeRatio !== undefined && quoting.decayRate !== undefined
    ? [error("quoting.edgeRatio", "excludes decayRate; give one of them")]
    : [];
}

/** Calm lies below wild. */
export function volThresholds({ quoting }: PairConfig): Finding[] {
  const { volLowerThreshold, volUpperThreshold } = quoting;
  return volLowerThreshold < volUpperThreshold
    ? []
    : [
        error(
          "quoting.volLowerThreshold",
          `must be below volUpperThreshold (${volUpperThreshold})`,
        ),
      ];
}

/** The windows fit into one another and into the history. */
export function windows({ volatility }: PairConfig): Finding[] {
  const { shortWindow, longWindow, historyLimit } = volatility;
  const found: Finding[] = [];
  if (shortWindow > longWindow) {
    found.push(error("volatility.shortWindow", `must be at most longWindow (${longWindow})`));
  }
  if (longWindow > historyLimit) {
    found.push(error("volatility.longWindow", `must be at most historyLimit (${historyLimit})`));
  }
  return found;
}

/** A dead connection is noticed no later than a quiet market. */
export function bookAges({ risk }: PairConfig): Finding[] {
  return risk.staleBookMs <= risk.quietBookMs
    ? []
    : [error("risk.staleBookMs", `must be at most quietBookMs (${risk.quietBookMs})`)];
}

/** The alert comes no later than the refusal. */
export function clockOffsets({ risk }: PairConfig): Finding[] {
  const refuseMs = risk.clockOffsetRefuseMs;
  return risk.clockOffsetAlertMs <= refuseMs
    ? []
    : [error("risk.clockOffsetAlertMs", `must be at most clockOffsetRefuseMs (${refuseMs})`)];
}

function isZero(amount: string): boolean {
  return decimal(amount).eq("0");
}
