/**
 * TradeLog: the account's trades in one symbol, read from the venue by number, so that a fill that
 * the stream lost is found. It goes on after the last trade that the venue listed, whatever the
 * stream has told since. Trades name their order by the venue's number: an order that we do not
 * know is looked up once. Asks through SpotApi; does no other I/O.
 */

import type { Instrument } from "#domain/instrument.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import { type MessageContext, tradeKey, tradeNumberOf } from "../binance/wire.ts";
import type { VenueNews } from "../news.ts";
import type { OwnOrders } from "../own-orders.ts";
import { verdictOf } from "./answers.ts";
import type { ApiMethod, SpotApi } from "./api.ts";
import { type OwnTrade, readOrder, readOrderName, readOwnTrades } from "./responses.ts";

/** The venue's most. */
const PAGE_SIZE = 1000;
/** More than these are read at the next call: 20 pages are 400 of the 6000 units of a minute. */
const MAX_PAGES = 20;
const MAX_LOOK_UPS = 100;

/**
 * - `whole`: every trade that the venue listed was told; `newestMs` is the time of the newest that
 *   was new, -Infinity where none was.
 * - `partly`: there are more; read again.
 * - `unanswered`: the venue did not say.
 */
export type TradeReading =
  | { readonly kind: "whole"; readonly newestMs: number }
  | { readonly kind: "partly" }
  | { readonly kind: "unanswered"; readonly message: string };

export interface TradeLogParts {
  readonly api: SpotApi;
  readonly instrument: Instrument;
  readonly orders: OwnOrders;
  readonly news: VenueNews;
  /** Trades after this one are unread; null: those after the newest at `begin`. */
  readonly sinceTradeId: string | null;
}

export class TradeLog {
  readonly #parts: TradeLogParts;
  readonly #symbol: string;
  /** The number from which trades are unread; null before `begin`. */
  #nextNumber: number | null = null;

  constructor(parts: TradeLogParts) {
    this.#parts = parts;
    this.#symbol = parts.instrument.symbol;
    const { sinceTradeId } = parts;
    if (sinceTradeId !== null) this.#nextNumber = tradeNumberOf(sinceTradeId) + 1;
  }

  /** Key of the last trade that is read, or was there at the beginning; null before `begin`. */
  get lastReadId(): string | null {
    const next = this.#nextNumber;
    return next === null ? null : tradeKey(this.#symbol, next - 1);
  }

  get hasBegun(): boolean {
    return this.#nextNumber !== null;
  }

  /**
   * Takes the newest trade there is as the one after which we begin.
   * @returns null, or why the venue did not say
   * @throws {ProtocolError}
   */
  async begin(): Promise<string | null> {
    const verdict = await this.#ask("myTrades", { symbol: this.#symbol, limit: 1 });
    if (verdict.kind !== "accepted") return verdict.message;
    const newest = readOwnTrades(verdict.result, this.#context()).at(-1);
    this.#nextNumber ??= newest === undefined ? 0 : newest.tradeNumber + 1;
    return null;
  }

  /**
   * Tells the fills of our own orders that were listed since the last reading, oldest first.
   * @throws {ProtocolError}, {InputError} `off-grid`; what was told before stays read
   */
  async read(): Promise<TradeReading> {
    if (this.#nextNumber === null) {
      const problem = await this.begin();
      if (problem !== null) return { kind: "unanswered", message: problem };
    }
    let newestMs = -Infinity;
    const lookUps = { left: MAX_LOOK_UPS };
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const fromId = this.#nextNumber ?? 0;
      const params = { symbol: this.#symbol, fromId, limit: PAGE_SIZE };
      const verdict = await this.#ask("myTrades", params);
      if (verdict.kind !== "accepted") return { kind: "unanswered", message: verdict.message };
      const trades = readOwnTrades(verdict.result, this.#context());
      for (const trade of trades) {
        const problem = await this.#tell(trade, lookUps);
        if (problem !== null) return problem;
        newestMs = Math.max(newestMs, trade.venueTimeMs);
        this.#nextNumber = Math.max(this.#nextNumber ?? 0, trade.tradeNumber + 1);
      }
      if (trades.length < PAGE_SIZE) return { kind: "whole", newestMs };
    }
    return { kind: "partly" };
  }

  /** Tells a fill where it is of an order of ours; null: it is dealt with. */
  async #tell(trade: OwnTrade, lookUps: { left: number }): Promise<TradeReading | null> {
    const { orders, news } = this.#parts;
    if (orders.clientIdOf(trade.venueOrderId) === undefined) {
      if (lookUps.left === 0) return { kind: "partly" };
      lookUps.left -= 1;
      const message = await this.#lookUp(trade.venueOrderId);
      if (message !== null) return { kind: "unanswered", message };
    }
    const clientOrderId = orders.clientIdOf(trade.venueOrderId) ?? null;
    if (clientOrderId === null) return null;
    news.event({
      kind: "fill",
      venueTimeMs: trade.venueTimeMs,
      receivedTimeMs: news.clocks.nowMs(),
      fill: { ...trade.fill(), clientOrderId },
    });
    return null;
  }

  /** Learns whose order it is; null: it is known now. */
  async #lookUp(venueOrderId: string): Promise<string | null> {
    const { orders, news } = this.#parts;
    const params = { symbol: this.#symbol, orderId: Number(venueOrderId) };
    const verdict = await this.#ask("order.status", params);
    if (verdict.kind === "accepted") {
      const { result } = verdict;
      const isOurs = orders.isOurs(readOrderName(result, this.#context()));
      if (isOurs) orders.note(readOrder(result, this.#context()));
      else orders.noteForeign(venueOrderId);
      return null;
    }
    if (verdict.kind === "unknown" || verdict.reason !== "unknown-order") return verdict.message;
    const message = `the venue lists trades of order ${venueOrderId}, and no such order`;
    news.alert("warning", "orphan-trade", message);
    orders.noteForeign(venueOrderId);
    return null;
  }

  async #ask(method: ApiMethod, params: RequestParams): Promise<Verdict> {
    const { api, news } = this.#parts;
    const answer = await api.call(method, params);
    return verdictOf(answer, news.clocks.venueNowMs());
  }

  #context(): MessageContext {
    const { instrument, news } = this.#parts;
    return { instrument, receivedTimeMs: news.clocks.nowMs() };
  }
}
