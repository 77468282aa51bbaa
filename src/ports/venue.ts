/**
 * What the drivers of the core ask of a venue. A pair's worker holds a VenueConnection (orders and
 * market of one symbol, news back as events); the main thread holds a VenueDesk (questions, checks
 * and the sweep of orders whose worker is gone). Venue words stop behind these. May import domain
 * only.
 */

import type { BookEvent, MarkEvent, TradeEvent, VenueEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderOwner } from "#domain/order.ts";
import type { Alert, Execution } from "./sink.ts";

/** Hears of a connection, always from the event loop and never from within a call to it. */
export interface VenueListener {
  /** For the decision core as it is; the object may be used again once this returns. */
  onEvent(event: VenueEvent): void;
  onAlert(alert: Alert): void;
}

/** Hears of the public market of one symbol. Event objects may be used again. */
export interface MarketListener {
  /**
   * The touch, whenever a message shows it. Both sizes 0: nothing is known (gap, lost feed), and
   * nothing more comes until the book is whole again.
   */
  onBook(event: BookEvent): void;
  onTrade(event: TradeEvent): void;
  /** Perps only: whenever the venue tells it, about once a second. */
  onMark?(event: MarkEvent): void;
  /** The feed is connected and lives, although the market may be quiet: about once a second. */
  onAlive(receivedTimeMs: number): void;
  /** One level's absolute size, 0: gone. For those who keep the whole book. */
  onLevel?(isBid: boolean, ticks: number, lots: number, venueTimeMs: number): void;
  /** The book is forgotten; levels follow from scratch. */
  onClear?(venueTimeMs: number): void;
  onAlert(alert: Alert): void;
}

/** The public market of one symbol; needs no key. */
export interface MarketData {
  /** Begins to connect, and stays connected until `stop`. Call once. */
  start(listener: MarketListener): void;
  stop(): void;
  /** For people: sockets, messages, resyncs. */
  status(): FeedStatus;
}

export interface FeedStatus {
  readonly state: "connecting" | "syncing" | "live" | "closed";
  readonly messages: number;
  /** Times that the book was thrown away and fetched anew. */
  readonly resyncs: number;
  readonly reconnects: number;
}

/** Prices of the past. */
export interface History {
  /**
   * Closing prices, oldest first, quote currency, one each `intervalMs` exactly; as many of `count`
   * as the venue has at that step. Empty where it has none.
   * @throws {MmError} where the venue does not tell them
   */
  prices(intervalMs: number, count: number): Promise<readonly number[]>;
}

/** Feed and past of one symbol, without an account. */
export interface PublicMarket extends MarketData, History {
  readonly instrument: Instrument;
}

/** One pair's way to its venue. Its methods of Execution never throw and never block. */
export interface VenueConnection extends Execution, History {
  readonly instrument: Instrument;
  /** Begins to connect. News: connection `up` once orders can be sent and fills are heard. */
  start(listener: VenueListener): void;
  /** Ends all sockets; what is under way is not waited for. */
  stop(): void;
  status(): ConnectionStatus;
}

/** For people and for `/pairs/:pair`: plain data that may be posted between threads. */
export interface ConnectionStatus {
  readonly feed: FeedStatus;
  /** Of the way for orders and account news. */
  readonly trading: "connecting" | "ready" | "fallback" | "closed";
  readonly reconnects: number;
  /** Venue minus ours; null before the first measurement. */
  readonly clockOffsetMs: number | null;
  readonly inFlight: number;
  /** From sending an order to its answer, of the last ones; null before the first. */
  readonly roundTripMs: { readonly p50: number; readonly p99: number } | null;
  readonly budgets: readonly BudgetStatus[];
  readonly deadMansSwitch: DeadMansSwitch;
  /** Key of the newest fill that was told, so that another connection can go on after it. */
  readonly newestTradeId: string | null;
}

export interface BudgetStatus {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  /** Null: the venue counts for the life of the account, or what is under way. */
  readonly windowMs: number | null;
}

/** Who cancels our orders where this program dies: the venue itself, or the guardian process. */
export type DeadMansSwitch =
  /** The venue cancels, so long after we last told it that we live. */
  | {
      readonly by: "venue";
      readonly afterMs: number;
      /** What is left to the guardian all the same, for people; absent: nothing. */
      readonly except?: string;
    }
  /** `reason`: why the venue does not, for people. */
  | { readonly by: "guardian"; readonly reason: string };

/** A symbol as the venue describes it. `data` is for the venue's own connection, in any thread. */
export interface MarketSetup {
  readonly instrument: Instrument;
  /** Plain data: may be posted between threads. */
  readonly data: unknown;
  /** Null where orders are taken; else why they are not, in the venue's words. */
  readonly closed: string | null;
}

/** The main thread's way to one account of a venue; without keys, to its public part. */
export interface VenueDesk {
  /**
   * Measures the clocks. @returns venue minus ours
   * @throws {MmError} `venue-unreachable`
   */
  clockOffsetMs(): Promise<number>;
  /** @throws {InputError} `unknown-symbol`; {MmError} */
  loadMarket(symbol: string): Promise<MarketSetup>;
  /**
   * Whether the key may do what is needed, and nothing that would be dangerous in other hands.
   * Nothing is found where the venue does not tell.
   * @returns warnings for people, a sentence each
   * @throws {InputError} `key-may-withdraw`, `no-permission`, `bad-key`; {MmError}
   */
  checkKey(): Promise<readonly string[]>;
  /**
   * Whether the account may trade, and what there is to trade with.
   * @returns free and locked together by asset, plain decimals
   * @throws {InputError} `bad-key`, `no-permission`; {MmError}
   */
  balances(): Promise<ReadonlyMap<string, string>>;
  /** Client ids of an owner's open orders of a symbol. @throws {MmError} */
  openOrderIds(symbol: string, owner: OrderOwner): Promise<string[]>;
  /**
   * Cancels an owner's open orders, again and again until the venue lists none or the time is over.
   * Never throws.
   * @returns what may still be open, and why; empty and null: the venue says that none is
   */
  sweep(symbol: string, owner: OrderOwner, timeoutMs: number): Promise<SweepResult>;
  /**
   * Perps only: sets margin mode and leverage, and reads them back together with the position.
   * Changes nothing where `wants` is null.
   * @throws {InputError} `bad-leverage`; {MmError}
   */
  preparePerp?(symbol: string, wants: PerpWants | null): Promise<PerpState>;
}

export interface PerpWants {
  readonly marginMode: MarginMode;
  /** A whole number from 1. */
  readonly leverage: number;
}

export type MarginMode = "cross" | "isolated";

/** A perp's place in its account, of one moment. Plain decimals. */
export interface PerpState extends PerpWants {
  /** Signed, base currency. */
  readonly position: string;
  /** What it cost, quote currency: negative for a short. */
  readonly entryValue: string;
  /** Quote currency that is free to back new positions. */
  readonly freeMargin: string;
  readonly markPrice: string;
  /** Names this moment: fills after it are not part of `position`. See VenueLink. */
  readonly sinceTradeId: string;
  /** For people, a sentence each. */
  readonly warnings: readonly string[];
}

export interface SweepResult {
  readonly canceled: number;
  readonly left: readonly string[];
  /** Null: the venue confirmed that nothing of ours is open. */
  readonly problem: string | null;
}
