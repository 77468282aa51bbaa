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

export interface PairStatus {
  readonly id: string;
  readonly mode: "live" | "paper";
  readonly venue: VenueId;
  readonly symbol: string;
  readonly state: PairRunState;
  /** Why it does not quote although it would: tripped guards, or what failed. Empty: it quotes. */
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
    /** Quote currency; null before the first price. */
    readonly equity: string | null;
    readonly iqvRatio: number;
    readonly targetIqvRatio: number;
    readonly iqvMoveRatio: number;
  };
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
