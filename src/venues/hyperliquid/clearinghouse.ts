/**
 * What Hyperliquid says of an account's state (`clearinghouseState`, `activeAssetData`), as domain
 * values. The venue writes `65000.0`: every figure is normalised here. Pure; may import domain and
 * types of ports.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { MarginMode } from "#ports/venue.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";

const Mode = v.picklist(["cross", "isolated"]);

const Position = v.object({
  coin: v.string(),
  szi: Amount,
  entryPx: v.nullish(Quantity, null),
  liquidationPx: v.nullish(Amount, null),
  leverage: v.object({ type: Mode }),
});

const Summary = v.object({ accountValue: Amount, totalMarginUsed: Amount });

const ClearinghouseState = v.object({
  assetPositions: v.array(v.object({ position: v.object({ coin: v.string() }) })),
  marginSummary: v.optional(Summary),
  crossMarginSummary: Summary,
  crossMaintenanceMarginUsed: v.nullish(Amount, null),
  time: Count,
});
const Positions = v.object({ assetPositions: v.array(v.object({ position: v.unknown() })) });

/** A perp's part of the account, and the account's worth. Plain decimals. */
export interface PerpAccount {
  readonly venueTimeMs: number;
  /** All margins together. */
  readonly accountValue: string;
  /** Of cross margin, what backs no position; from "0". */
  readonly freeMargin: string;
  /** In which there are positions as well. */
  readonly otherCoins: readonly string[];
  /** Signed, base currency; "0" where there is none. */
  readonly position: string;
  /** What it cost: negative for a short. */
  readonly entryValue: string;
  /** Null where there is no position to be liquidated. */
  readonly liquidationPrice: number | null;
  /**
   * Maintenance margin of all cross positions over what backs them, a float; null where the venue
   * does not say: of the own margin of an isolated position it never does.
   */
  readonly marginRatio: number | null;
}

/** The answer of `clearinghouseState`. @throws {ProtocolError} */
export function readClearinghouse(json: unknown, coin: string): PerpAccount {
  const state = parsed(ClearinghouseState, json, "clearinghouseState");
  const index = state.assetPositions.findIndex(({ position }) => position.coin === coin);
  const { crossMarginSummary: cross, marginSummary: all = cross } = state;
  const free = decimal(cross.accountValue).minus(decimal(cross.totalMarginUsed));
  const account = {
    venueTimeMs: state.time,
    accountValue: normal(all.accountValue),
    freeMargin: free.gt("0") ? plain(free) : "0",
    otherCoins: state.assetPositions.map(({ position }) => position.coin).filter((c) => c !== coin),
  };
  const marginRatio = ratioOf(state.crossMaintenanceMarginUsed, cross.accountValue);
  const raw = parsed(Positions, json, "clearinghouseState").assetPositions[index];
  if (raw === undefined) {
    const none = { position: "0", entryValue: "0", liquidationPrice: null };
    return { ...account, ...none, marginRatio };
  }
  const position = parsed(Position, raw.position, `position in ${coin}`);
  const size = decimal(position.szi);
  const price = position.liquidationPx === null ? 0 : Number(position.liquidationPx);
  return {
    ...account,
    position: plain(size),
    entryValue: plain(size.times(decimal(position.entryPx ?? "0"))),
    liquidationPrice: price > 0 && !size.eq("0") ? price : null,
    marginRatio: position.leverage.type === "cross" ? marginRatio : null,
  };
}

/** Where nothing backs a position any more it is as bad as it can be: 1. */
function ratioOf(maintenance: string | null, value: string): number | null {
  if (maintenance === null) return null;
  const [needed, backing] = [Number(maintenance), Number(value)];
  if (needed <= 0) return 0;
  return backing > needed ? needed / backing : 1;
}

const Leverage = v.object({ type: Mode, value: Count });

const ActiveAssetData = v.object({
  coin: v.string(),
  leverage: Leverage,
  markPx: Quantity,
});

/** The answer of `activeAssetData`. @throws {ProtocolError} also where it is of another coin */
export function readActiveAsset(
  json: unknown,
  coin: string,
): {
  readonly mode: MarginMode;
  readonly leverage: number;
  readonly markPrice: string;
} {
  const { leverage, markPx, coin: its } = parsed(ActiveAssetData, json, "activeAssetData");
  if (its !== coin)
    throw new ProtocolError(`${its} where ${coin} was asked for`, "activeAssetData");
  return { mode: leverage.type, leverage: leverage.value, markPrice: normal(markPx) };
}

function normal(text: string): string {
  return plain(decimal(text));
}
