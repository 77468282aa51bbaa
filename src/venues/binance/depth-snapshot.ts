/**
 * DepthSnapshot: the answer of REST `depth`, the same at both Binance venues. Pure; may import
 * domain only.
 */

import * as v from "valibot";
import { type Decimal, decimal } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Count, parsed, Quantity } from "../wire.ts";

const Level = v.looseTuple([Quantity, Quantity]);
const Depth = v.object({ lastUpdateId: Count, bids: v.array(Level), asks: v.array(Level) });

/** A level of a book: ticks, lots. */
export type BookLevel = readonly [ticks: number, lots: number];

export interface DepthSnapshot {
  readonly lastUpdateId: number;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/**
 * Sizes are rounded up to whole lots, as those of the stream are (see MarketMessage): an order
 * placed before the venue made its lot coarser may still rest there. Prices are exact.
 * @throws {ProtocolError}
 * @throws {InputError} `off-grid` where a price does not fit the instrument
 */
export function readDepth(
  json: unknown,
  { instrument }: { readonly instrument: Instrument },
): DepthSnapshot {
  const depth = parsed(Depth, json, "depth");
  const levelsOf = (levels: typeof depth.bids): BookLevel[] =>
    levels.map(([price, size]) => [instrument.ticksOf(price), lotsUp(decimal(size), instrument)]);
  return {
    lastUpdateId: depth.lastUpdateId,
    bids: levelsOf(depth.bids),
    asks: levelsOf(depth.asks),
  };
}

function lotsUp(size: Decimal, instrument: Instrument): number {
  const lots = instrument.wholeLots(size);
  return instrument.size(lots).lt(size) ? lots + 1 : lots;
}
