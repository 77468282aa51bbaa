/**
 * PairStatus: all that can be seen of one pair from outside its thread, as plain data. Money is
 * plain decimals; ratios and per cents are floats for people. May import domain and ports types.
 */

import type { Side, VenueId } from "#domain/instrument.ts";
import type { OrderStatus } from "#domain/order.ts";
import type { ConnectionStatus } from "#ports/venue.ts";

/** `failed`: its worker is gone and comes back; the others are the engine's own states. */
export type PairRunState =
  | "starting"
  | "quoting"
  | "paused"
  | "flattened"
  | "reducing"
  | "halted"
  | "stopping"
  | "stopped"
  | "failed";

export interface OrderView {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly price: string;
  readonly size: string;
  readonly filled: string;
  readonly status: OrderStatus;
}

export interface GuardView {
  readonly id: string;
  readonly effect: string;
  readonly tripped: boolean;
  readonly value: number | string;
  readonly limit: number | string;
}

/** A stop order that is kept ready, at the venue or (where it takes none that open) by us. */
export interface StandingOrderView {
  readonly side: Side;
  readonly triggerPrice: string;
  readonly size: string;
  /** The venue has it, and nothing about it is in doubt. */
  readonly isWorking: boolean;
}

export interface ActiveHedgeStatus {
  readonly state: string;
  /** Signed, base currency: what is still to be traded, steps too small to be sent included. */
  readonly open: string;
  /** A hedge is wanted that is not there. */
  readonly isNeeded: boolean;
}

export interface PassiveHedgeStatus {
  readonly state: string;
  /** The price at which exposure was last neutral; null: none yet. */
  readonly anchorPrice: string | null;
  /** Mean price of the hedge that is on; null: none is. */
  readonly entryPrice: string | null;
  readonly triggers: readonly StandingOrderView[];
  readonly stop: StandingOrderView | null;
  /** As of the active hedge. */
  readonly open: string;
  /** What there should be of triggers, or of a stop, is there. */
  readonly isCovered: boolean;
}

/** The hedge leg of a pair. Prices, sizes and amounts are plain decimals. */
export interface HedgeStatus {
  readonly venue: VenueId;
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly isConnected: boolean;
  readonly mid: string | null;
  readonly markPrice: string | null;
  /** What longs pay at the next settlement, as a fraction of the value; null: not told. */
  readonly fundingRate: number | null;
  /** Epoch milliseconds; null: not told. */
  readonly nextFundingMs: number | null;
  /** Signed, base currency: all of it, and what of it each hedger holds. */
  readonly position: string;
  readonly activePosition: string;
  readonly passivePosition: string;
  /** What the position brought in, fees and funding included: of a short, above 0. */
  readonly quote: string;
  /** Quote currency: `quote` and the position at its mid; null before the first price. */
  readonly equity: string | null;
  /** Null: the pair has none. */
  readonly active: ActiveHedgeStatus | null;
  readonly passive: PassiveHedgeStatus | null;
  /** Since when a wanted hedge has not been there; null: it is, or none is wanted. */
  readonly unhedgedSinceMs: number | null;
  readonly orders: readonly OrderView[];
  readonly connection: ConnectionStatus | null;
}

export interface PairStatus {
  readonly id: string;
  readonly mode: "live" | "paper";
  readonly venue: VenueId;
  readonly symbol: string;
  readonly state: PairRunState;
  /**
   * Why it does not quote although it would: tripped guards, or what failed; and that a hedge which
   * it needs is missing. Empty: it quotes.
   */
  readonly reasons: readonly string[];
  /** When this was taken, epoch milliseconds. */
  readonly timeMs: number;
  /** Grows with each start of its worker. */
  readonly epoch: number;
  readonly restarts: number;
  readonly mid: string | null;
  readonly orders: readonly OrderView[];
  readonly inventory: {
    /** What is held; of a perp its position again. */
    readonly base: string;
    readonly quote: string;
    readonly baseAsset: string;
    readonly quoteAsset: string;
    /** A perp's signed position, base currency; null: spot. */
    readonly position: string | null;
    /** Quote currency; null before the first price. Of this leg alone. */
    readonly equity: string | null;
    readonly iqvRatio: number;
    readonly targetIqvRatio: number;
    readonly iqvMoveRatio: number;
  };
  /** What is held beyond the target on both legs together: base currency, a float. */
  readonly netDelta: number;
  /** Null: the pair does not hedge. */
  readonly hedge: HedgeStatus | null;
  /** Of both legs, quote currency; null before the first price. */
  readonly equity: string | null;
  readonly shape: string;
  /** Per cent a year; null while warming up. */
  readonly volatilityPct: number | null;
  readonly pnl: Readonly<Record<string, string>> | null;
  readonly fills: number;
  readonly actions: {
    readonly placed: number;
    readonly replaced: number;
    readonly amended: number;
    readonly canceled: number;
    readonly denied: number;
  };
  readonly guards: readonly GuardView[];
  readonly connection: ConnectionStatus | null;
}

/** Of both legs. */
export function openOrders({ orders, hedge }: PairStatus): readonly OrderView[] {
  return hedge === null ? orders : [...orders, ...hedge.orders];
}

/** No worker is connected to any venue. */
export function disconnected(status: PairStatus): PairStatus {
  const { hedge } = status;
  const off = hedge === null ? null : { ...hedge, connection: null, isConnected: false };
  return { ...status, connection: null, hedge: off };
}

/** Both venues say that none is open. */
export function withoutOrders(status: PairStatus): PairStatus {
  const { hedge } = status;
  if (hedge === null) return { ...status, orders: [] };
  const { passive } = hedge;
  const nothing = { state: "off", triggers: [], stop: null, isCovered: false };
  const bare = passive === null ? null : { ...passive, ...nothing };
  return { ...status, orders: [], hedge: { ...hedge, orders: [], passive: bare } };
}
