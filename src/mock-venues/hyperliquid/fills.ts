/** The account's fills: what is remembered of them, and the wire's shape. Bounded. */

import { decimal } from "#domain/decimal.ts";
import type { Instrument, Side } from "#domain/instrument.ts";
import { dotted, numberText, priceText, sizeText } from "./wire-numbers.ts";

/** One execution. Amounts are plain decimals in USDC. */
export interface HlFill {
  readonly coin: string;
  readonly instrument: Instrument;
  readonly oid: number;
  readonly cloid: string | null;
  readonly side: Side;
  readonly priceTicks: number;
  readonly lots: number;
  readonly timeMs: number;
  /** Signed position before it. */
  readonly startLots: number;
  /** Realised by it, before its fee. */
  readonly closedPnl: string;
  /** Negative for a rebate. */
  readonly fee: string;
  readonly isMaker: boolean;
  readonly hash: string;
  readonly tid: number;
}

export interface FillJson {
  readonly coin: string;
  readonly px: string;
  readonly sz: string;
  readonly side: "B" | "A";
  readonly time: number;
  readonly startPosition: string;
  readonly dir: string;
  readonly closedPnl: string;
  readonly hash: string;
  readonly oid: number;
  readonly crossed: boolean;
  readonly fee: string;
  readonly tid: number;
  readonly cloid?: string;
  readonly feeToken: "USDC";
  readonly twapId: null;
}

/** As many as the real venue lets one ask for. */
const MAX_FILLS = 10_000;

export class Fills {
  #fills: HlFill[] = [];

  add(fill: HlFill): void {
    this.#fills.push(fill);
    if (this.#fills.length >= 2 * MAX_FILLS) this.#fills = this.#fills.slice(-MAX_FILLS);
  }

  /** Oldest first. */
  get all(): readonly HlFill[] {
    return this.#fills.slice(-MAX_FILLS);
  }
}

export function fillJson(fill: HlFill): FillJson {
  const { instrument, startLots } = fill;
  return {
    coin: fill.coin,
    px: priceText(instrument, fill.priceTicks),
    sz: sizeText(instrument, fill.lots),
    side: fill.side === "buy" ? "B" : "A",
    time: fill.timeMs,
    startPosition: sizeText(instrument, startLots),
    dir: directionOf(fill),
    closedPnl: dotted(fill.closedPnl),
    hash: fill.hash,
    oid: fill.oid,
    crossed: !fill.isMaker,
    fee: numberText(decimal(fill.fee)),
    tid: fill.tid,
    ...(fill.cloid === null ? {} : { cloid: fill.cloid }),
    feeToken: "USDC",
    twapId: null,
  };
}

/** Words for people. */
function directionOf({ side, startLots, lots }: HlFill): string {
  const isBuy = side === "buy";
  const [ours, other] = isBuy ? ["Long", "Short"] : ["Short", "Long"];
  const opposedLots = isBuy ? -startLots : startLots;
  if (opposedLots <= 0) return `Open ${ours}`;
  return lots <= opposedLots ? `Close ${other}` : `${other} > ${ours}`;
}
