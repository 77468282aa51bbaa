/** What `mm preview` shows of a hedge: what it would do for a price and an inventory. Pure. */

import { engineParams, NO_POSITION } from "#config/engine-params.ts";
import { hedgeInstrumentFor } from "#config/instrument-override.ts";
import type { PairConfig } from "#config/schema.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import type { Exposure } from "#hedge/hedge-input.ts";
import type { HedgeParams } from "#hedge/params.ts";
import {
  activeTargetRatio,
  hedgeSize,
  lotsIn,
  netMove,
  netTargetRatio,
  passiveSizeLots,
} from "#hedge/sizes.ts";
import type { LadderInput } from "#strategies/ladder-builder.ts";
import { percent } from "./output.ts";

interface Trade {
  readonly side: Side;
  readonly size: string;
}

/** With no hedge on yet. */
export interface HedgePreview {
  /** `binance-perp:ETHUSDT` */
  readonly market: string;
  readonly base: string;
  readonly params: Pick<HedgeParams, "active" | "passive">;
  /** What the active hedge would trade now; null: nothing, or there is none. */
  readonly active: Trade | null;
  /** What the passive hedge would keep ready where the price now is its anchor. */
  readonly triggers: readonly (Trade & { readonly price: string })[];
}

/**
 * @param quoted the quoting leg's instrument, which `input` counts in
 * @returns null: the pair does not hedge
 * @throws {InputError} `no-instrument`
 */
export function hedgePreview(
  pair: PairConfig,
  quoted: Instrument,
  input: LadderInput,
): HedgePreview | null {
  const instrument = hedgeInstrumentFor(pair);
  if (instrument === null) return null;
  const start = { hedge: { instrument, position: NO_POSITION } };
  const { hedge } = engineParams(pair, quoted, 0, start);
  if (hedge === null) return null;
  const { params } = hedge;
  const exposure: Exposure = {
    mid: (input.midHalfTicks / 2) * quoted.tickValue,
    inventory: input.inventoryLots * quoted.lotValue,
    quote: input.quoteUnits * quoted.tickValue * quoted.lotValue,
    hedgeBase: 0,
    hedgeQuote: 0,
    targetIqvRatio: input.targetIqvRatio,
    ...(quoted.kind === "perp" && { allotment: Number(pair.capital.initInventoryAmount) }),
  };
  return {
    market: instrument.id,
    base: instrument.base,
    params,
    active: activeTrade(exposure, instrument, params),
    triggers: triggersOf(exposure, instrument, params),
  };
}

function activeTrade(
  exposure: Exposure,
  instrument: Instrument,
  params: HedgeParams,
): Trade | null {
  const ratio = activeTargetRatio(netTargetRatio(exposure), netMove(exposure), params);
  const lots = ratio === null ? 0 : lotsIn(instrument, hedgeSize(exposure, ratio));
  if (Math.abs(lots) < params.minStepLots) return null;
  return { side: lots > 0 ? "sell" : "buy", size: instrument.sizeString(Math.abs(lots)) };
}

function triggersOf(
  { mid, inventory }: Exposure,
  instrument: Instrument,
  { passive, isDualSided, minStepLots }: HedgeParams,
): HedgePreview["triggers"] {
  if (passive === null) return [];
  const lots = passiveSizeLots(instrument, inventory, 0, passive.proportion);
  if (lots < minStepLots) return [];
  const size = instrument.sizeString(lots);
  const anchorTicks = mid / instrument.tickValue;
  const sellTicks = instrument.floorTicks(anchorTicks * (1 - passive.ratio));
  const buyTicks = instrument.ceilTicks(anchorTicks * (1 + passive.ratio));
  const sell = { side: "sell", size, price: instrument.priceString(sellTicks) } as const;
  const buy = { side: "buy", size, price: instrument.priceString(buyTicks) } as const;
  return isDualSided ? [sell, buy] : [sell];
}

/** Lines for people; none without a hedge. */
export function hedgeFigures(hedge: HedgePreview | null): [string, string][] {
  if (hedge === null) return [];
  const { market, base, params, active, triggers } = hedge;
  const lines: [string, string][] = [["hedge", market]];
  if (params.active !== null) {
    const does = active === null ? "nothing now" : `${active.side} ${active.size} ${base} now`;
    lines.push(["  active", `${does}; opens beyond a move of ${percent(params.active.iqvRatio)}`]);
  }
  if (params.passive !== null) {
    const each = triggers.map(({ side, size, price }) => `${side} ${size} ${base} at ${price}`);
    const ready = each.length === 0 ? "nothing: there is too little" : each.join(", ");
    const behind = percent(params.passive.stopRatio);
    lines.push(["  passive", `${ready}; then a stop-loss ${behind} behind the entry`]);
  }
  return lines;
}
