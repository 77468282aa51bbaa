/**
 * TradeLog: the account's trades in one symbol, each taken once, whether the stream or the venue's
 * list brings it first, and the position that they add up to. The list names an order by its number
 * alone: see OrderOwners. Asks through PerpApi; does no other I/O.
 */

import type { FillEvent } from "#domain/events.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { MessageContext } from "../binance/wire.ts";
import { tradeKey, tradeNumberOf } from "../binance/wire.ts";
import { verdictOf } from "./answers.ts";
import type { OrderOwners, OwnerParts } from "./order-owners.ts";
import { type OwnTrade, readOwnTrades } from "./responses.ts";

/** The venue's most. */
const PAGE_SIZE = 1000;
/** More than these are read at the next call: they weigh five each. */
const MAX_PAGES = 20;
const MAX_LOOK_UPS = 50;
/** More than can come again: what is under way, and a list that is read twice. */
const MAX_SEEN = 16_384;
/** The venue tells no more than the first week after the time it is asked from. */
const WEEK_MS = 7 * 86_400_000;
/** The venue's list may be late by so much, where it is read by time. */
const OVERLAP_MS = 60_000;

/**
 * - `whole`: every trade that the venue listed was told; `newestMs` is the time of the newest that
 *   was new, -Infinity where none was.
 * - `partly`: there are more; read again.
 * - `unanswered`: the venue did not say.
 */
export type TradeReading =
  | { readonly kind: "whole"; readonly newestMs: number }
  | { readonly kind: "partly" | "unanswered"; readonly message: string };

const PARTLY = { kind: "partly", message: "there are more trades than are read at once" } as const;

export interface TradeLogParts extends OwnerParts {
  readonly owners: OrderOwners;
  /** Trades after this moment are unread; null: those after `begin`. */
  readonly sinceTradeId: string | null;
  /** The list has a fill of ours that the stream had not told. */
  readonly onUntold: (venueTimeMs: number) => void;
}

/** The moment of an account that has no trades in a symbol, as a key of a trade. */
export function momentKey(symbol: string, venueTimeMs: number): string {
  return `${symbol}@${Math.floor(venueTimeMs)}`;
}

/**
 * The key of the moment that an answer of `userTrades` shows: the newest trade where there is one.
 * @param askedMs venue's clock, before it was asked
 * @throws {ProtocolError}
 */
export function momentOf(json: unknown, context: MessageContext, askedMs: number): string {
  const { symbol } = context.instrument;
  const newest = readOwnTrades(json, context).at(-1);
  return newest === undefined ? momentKey(symbol, askedMs) : tradeKey(symbol, newest.tradeNumber);
}

export class TradeLog {
  /** Of the account, as of the trades that were seen; null: not known. */
  positionLots: number | null = null;
  readonly #parts: TradeLogParts;
  readonly #symbol: string;
  /** Trades counted in the position, by number. */
  readonly #seen = new RecentMap<true>(MAX_SEEN);
  /** Those that were told. */
  readonly #done = new RecentMap<true>(MAX_SEEN);
  /** The first trade of each order that was taken for somebody else's, by its number. */
  readonly #foreign = new RecentMap<number>(MAX_SEEN);
  /** From this number on trades count; null where none is known yet. */
  #firstNumber: number | null = null;
  /** From this time on they count, where no number is known; null before `begin`. */
  #sinceMs: number | null = null;
  /** The list is unread from this number on; null: from `readFromMs`. */
  #nextNumber: number | null = null;
  /** From this number on the list is to be read once more; Infinity: from none. */
  #recalled = Infinity;
  #readFromMs = 0;

  constructor(parts: TradeLogParts) {
    this.#parts = parts;
    this.#symbol = parts.instrument.symbol;
    if (parts.sinceTradeId !== null) this.#beginAfter(parts.sinceTradeId);
  }

  get hasBegun(): boolean {
    return this.#nextNumber !== null || this.#sinceMs !== null;
  }

  /** Key of the last trade that is read, or of the moment at the beginning; null before `begin`. */
  get lastReadId(): string | null {
    if (this.#nextNumber !== null) return tradeKey(this.#symbol, this.#nextNumber - 1);
    return this.#sinceMs === null ? null : momentKey(this.#symbol, this.#sinceMs);
  }

  /**
   * Takes this moment as the one after which trades count.
   * @returns null, or why the venue did not say
   * @throws {ProtocolError}
   */
  async begin(): Promise<string | null> {
    const { api, news } = this.#parts;
    const askedMs = news.clocks.venueNowMs();
    const answer = await api.call("userTrades", { symbol: this.#symbol, limit: 1 });
    const verdict = verdictOf(answer, news.clocks.venueNowMs());
    if (verdict.kind !== "accepted") return verdict.message;
    if (!this.hasBegun) this.#beginAfter(momentOf(verdict.result, this.#context(), askedMs));
    return null;
  }

  /** Takes a trade of the stream into the position. @returns false where it was seen before */
  note(tradeNumber: number, moveLots: number, venueTimeMs: number): boolean {
    const key = tradeNumber.toString();
    if (!this.#counts(tradeNumber, venueTimeMs) || this.#seen.has(key)) return false;
    this.#seen.set(key, true);
    if (this.positionLots !== null) this.positionLots += moveLots;
    return true;
  }

  /** A trade of an order that seems to be somebody else's. */
  noteForeign(venueOrderId: string, tradeNumber: number): void {
    const first = this.#foreign.get(venueOrderId) ?? Infinity;
    if (tradeNumber < first) this.#foreign.set(venueOrderId, tradeNumber);
  }

  /**
   * An order turns out to be ours. @returns whether the list has to be read again, because its
   * trades were passed over
   */
  recall(venueOrderId: string): boolean {
    const number = this.#foreign.get(venueOrderId);
    if (number === undefined) return false;
    this.#foreign.delete(venueOrderId);
    this.#recalled = Math.min(this.#recalled, number);
    return true;
  }

  /** Tells a fill of ours, once. */
  tell(event: FillEvent): void {
    const { tradeId, venueTimeMs } = event.fill;
    const number = tradeNumberOf(tradeId);
    if (!this.#counts(number, venueTimeMs) || this.#done.has(number.toString())) return;
    this.#done.set(number.toString(), true);
    this.#parts.news.event(event);
  }

  /**
   * Tells the fills of our own orders that were listed since the last reading, oldest first.
   * @throws {ProtocolError}, {InputError} `off-grid`; what was told before stays read
   */
  async read(): Promise<TradeReading> {
    const { api, news } = this.#parts;
    let newestMs = -Infinity;
    // A reading that is under way goes on where it is; the next one begins here.
    if (this.#nextNumber !== null) this.#nextNumber = Math.min(this.#nextNumber, this.#recalled);
    this.#recalled = Infinity;
    const lookUps = { left: MAX_LOOK_UPS };
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const askedMs = news.clocks.venueNowMs();
      const answer = await api.call("userTrades", { ...this.#from(), limit: PAGE_SIZE });
      const verdict = verdictOf(answer, news.clocks.venueNowMs());
      if (verdict.kind !== "accepted") return { kind: "unanswered", message: verdict.message };
      const trades = readOwnTrades(verdict.result, this.#context());
      for (const trade of trades) {
        if (this.#counts(trade.tradeNumber, trade.venueTimeMs)) {
          const problem = await this.#take(trade, lookUps);
          if (typeof problem !== "boolean") return problem;
          if (problem) newestMs = Math.max(newestMs, trade.venueTimeMs);
        }
        this.#nextNumber = Math.max(this.#nextNumber ?? 0, trade.tradeNumber + 1);
      }
      if (trades.length < PAGE_SIZE) {
        if (this.#nextNumber === null && this.#readFromMs < askedMs - WEEK_MS) {
          this.#readFromMs += WEEK_MS;
          continue;
        }
        this.#readFromMs = Math.max(this.#readFromMs, askedMs - OVERLAP_MS);
        return { kind: "whole", newestMs };
      }
    }
    return PARTLY;
  }

  #beginAfter(key: string): void {
    const number = tradeNumberOf(key);
    const time = /@(\d+)$/.exec(key)?.[1];
    if (number >= 0) {
      this.#firstNumber = number + 1;
      this.#nextNumber = number + 1;
    } else if (time !== undefined) {
      this.#sinceMs = Number(time);
      this.#readFromMs = this.#sinceMs;
    }
  }

  #from(): Record<string, string | number> {
    const symbol = this.#symbol;
    if (this.#nextNumber !== null) return { symbol, fromId: this.#nextNumber };
    // Our clock may have been ahead when it was read last.
    const latestMs = this.#parts.news.clocks.venueNowMs() - OVERLAP_MS;
    const startMs = Math.max(this.#sinceMs ?? 0, Math.min(this.#readFromMs, latestMs));
    return { symbol, startTime: Math.floor(startMs) };
  }

  #counts(tradeNumber: number, venueTimeMs: number): boolean {
    if (this.#firstNumber !== null) return tradeNumber >= this.#firstNumber;
    return this.#sinceMs !== null && venueTimeMs >= this.#sinceMs;
  }

  /** Takes a trade of the list. @returns whether it was new, or why the reading has to end */
  async #take(trade: OwnTrade, lookUps: { left: number }): Promise<boolean | TradeReading> {
    const { owners, news, onUntold } = this.#parts;
    const { tradeNumber, venueOrderId, venueTimeMs } = trade;
    const key = tradeNumber.toString();
    const isNew = this.note(tradeNumber, trade.moveLots(), venueTimeMs);
    if (this.#done.has(key)) return isNew;
    if (owners.ownerOf(venueOrderId, null) === undefined) {
      if (lookUps.left === 0) return PARTLY;
      lookUps.left -= 1;
      const message = await owners.lookUp(venueOrderId);
      if (message !== null) return { kind: "unanswered", message };
    }
    const clientOrderId = owners.ownerOf(venueOrderId, null) ?? null;
    if (clientOrderId === null) {
      this.noteForeign(venueOrderId, tradeNumber);
      return isNew;
    }
    if (isNew) onUntold(venueTimeMs);
    const receivedTimeMs = news.clocks.nowMs();
    const fill = { ...trade.fill(), clientOrderId };
    this.tell({ kind: "fill", venueTimeMs, receivedTimeMs, fill });
    return isNew;
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}
