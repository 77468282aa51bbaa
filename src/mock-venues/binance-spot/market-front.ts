/**
 * MarketFront: what the server needs of one symbol's market; MockSymbol implements it. Texts have
 * the venue's eight decimals. May import domain and sim.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";

export type SymbolStatus = "TRADING" | "CANCEL_ONLY" | "BREAK";

export interface MarketFront {
  readonly instrument: Instrument;
  /** The symbol's entry of exchangeInfo, without its status. */
  readonly rules: Readonly<Record<string, unknown>>;
  readonly exchange: SimExchange;
  status: SymbolStatus;
  /** Lets everything happen that is due: to be called before a request is executed. */
  advanceToNow(): void;
  /** An order of ours came, went, was amended or filled at this price. */
  onOwnOrderChanged(isBid: boolean, ticks: number): void;
  depth(limit: number): unknown;
  bookTicker(): unknown;
  klines(interval: string, limit: number, startTime?: number, endTime?: number): unknown;
  averagePrice(): string;
  lastPrice(): string;
  recentTrades(limit: number): unknown;
  /** @param listener gets the JSON text of each raw message @returns ends it */
  subscribe(streamSuffix: string, listener: (payload: string) => void): CancelTimer;
  start(): void;
  stop(): void;
}
