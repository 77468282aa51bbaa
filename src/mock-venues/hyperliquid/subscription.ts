/**
 * Subscriptions as the venue reads them: the object with its defaults filled in, which is also how
 * it is confirmed, and what becomes of a wrong one. May import this
 * folder.
 */

import * as v from "valibot";
import { isCandleInterval } from "./market-data.ts";

/** Text of an address in any case; lower case when read. */
const user = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/),
  v.transform((text) => text.toLowerCase()),
);
const coin = v.string();
/** The first one: builders' are not simulated. */
const dex = v.optional(v.literal(""), "");
const figures = v.optional(v.nullable(v.number()), null);
const interval = v.pipe(v.string(), v.check(isCandleInterval));

/** Fields in the order in which the venue writes them. */
const Subscriptions = v.variant("type", [
  v.object({
    type: v.literal("l2Book"),
    coin,
    nSigFigs: figures,
    mantissa: figures,
    fast: v.optional(v.boolean(), false),
  }),
  v.object({ type: v.picklist(["bbo", "trades", "activeAssetCtx"]), coin }),
  v.object({ type: v.literal("candle"), coin, interval }),
  v.object({ type: v.literal("allMids"), dex }),
  v.object({ type: v.picklist(["orderUpdates", "userEvents", "userFundings"]), user }),
  v.object({
    type: v.literal("userFills"),
    user,
    aggregateByTime: v.optional(v.boolean(), false),
  }),
  v.object({ type: v.picklist(["openOrders", "clearinghouseState"]), user, dex }),
  v.object({ type: v.literal("activeAssetData"), user, coin }),
]);

/** Complete: the echo of the confirmation. */
type Echo = v.InferOutput<typeof Subscriptions>;

export interface Subscription {
  readonly type: Echo["type"];
  readonly echo: Echo;
  /** The echo as text: equal for equal subscriptions. */
  readonly key: string;
  readonly coin: string | null;
  /** Lower case. */
  readonly user: string | null;
  readonly isFast: boolean;
  readonly nSigFigs: number | null;
  readonly mantissa: number | null;
  readonly interval: string | null;
}

const MIN_FIGURES = 2;
const MAX_FIGURES = 5;
const MANTISSAS: ReadonlySet<number> = new Set([1, 2, 5]);

/**
 * - `malformed`: told by an error frame.
 * - `fatal`: the real venue closes the whole socket without a word: a coin that it does not have,
 *   figures or a mantissa that are none.
 */
export type SubscriptionReading =
  | { readonly kind: "read"; readonly subscription: Subscription }
  | { readonly kind: "malformed" }
  | { readonly kind: "fatal" };

/** @param hasCoin case-sensitive */
export function readSubscription(
  json: unknown,
  hasCoin: (coin: string) => boolean,
): SubscriptionReading {
  const reading = v.safeParse(Subscriptions, json);
  if (!reading.success) return { kind: "malformed" };
  const echo = reading.output;
  const subscription: Subscription = {
    type: echo.type,
    echo,
    key: JSON.stringify(echo),
    coin: "coin" in echo ? echo.coin : null,
    user: "user" in echo ? echo.user : null,
    isFast: "fast" in echo && echo.fast,
    nSigFigs: "nSigFigs" in echo ? echo.nSigFigs : null,
    mantissa: "mantissa" in echo ? echo.mantissa : null,
    interval: "interval" in echo ? echo.interval : null,
  };
  const hasItsCoin = subscription.coin === null || hasCoin(subscription.coin);
  if (!hasItsCoin || !isGrouping(subscription)) return { kind: "fatal" };
  return { kind: "read", subscription };
}

function isGrouping({ nSigFigs, mantissa }: Subscription): boolean {
  if (nSigFigs === null) return mantissa === null;
  if (!Number.isInteger(nSigFigs) || nSigFigs < MIN_FIGURES || nSigFigs > MAX_FIGURES) return false;
  return mantissa === null || (nSigFigs === MAX_FIGURES && MANTISSAS.has(mantissa));
}
