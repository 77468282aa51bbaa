/**
 * PerpSymbol: one perp of the mock venue: its market, its mark price and funding rate, its REST
 * answers about the market, and its streams. No I/O.
 *
 * Mark: follows the middle of the book each second by a part of the way, as the real one smooths
 * it, and is on no grid. Index and settlement price are the mark. It can be pinned.
 */

import { NO_TICKS } from "#domain/book.ts";
import { type Decimal, decimal, decimalOfInteger } from "#domain/decimal.ts";
import type { AccountSetup } from "#sim/sim-account.ts";
import {
  type AmountTexts,
  SymbolMarket,
  type SymbolMarketOptions,
} from "../binance/symbol-market.ts";
import type { Print } from "../candles.ts";
import type { JsonObject } from "../json.ts";
import { perpStreamForms, STREAM_TYPE, TICK_MS, wireUpdateId } from "./stream-forms.ts";
import { bracketsOf, type LeverageBracket, perpRules } from "./symbol-rules.ts";
import { MONEY_DECIMALS, markText, perpTexts } from "./texts.ts";

/** `CLOSE`: the market stands still, nothing is taken; `SETTLING`: only what reduces is taken. */
export type PerpStatus = "TRADING" | "SETTLING" | "CLOSE";

export interface PerpSymbolOptions extends SymbolMarketOptions {
  readonly maxLeverage: number;
  /** What each interval settles, a plain decimal. Default: "0.0001" */
  readonly fundingRate?: string;
  /** Whether the whole account can carry that this symbol's exposure (ticks · lots) so grows. */
  readonly canCarry: NonNullable<AccountSetup["canCarry"]>;
  /** The market printed at these prices, or its mark moved: what waits for a price may go. */
  readonly pricesMoved: (prints: readonly Print[]) => void;
  /** When funding is settled next, venue's clock. */
  readonly nextFundingMs: () => number;
}

const DEFAULT_FUNDING_RATE = "0.0001";
const INTEREST_RATE = "0.00010000";
const MARK_MS = 1000;
const SLOW_MARK_MS = 3000;
/** The part of the way to the middle that the mark goes each second. */
const MARK_PACE = 0.5;
/** Marks are counted in so many parts of a tick. */
const MARK_PARTS = 100;

export class PerpSymbol extends SymbolMarket {
  /** Its entry in exchangeInfo, without its status. */
  readonly rules: JsonObject;
  readonly maxLeverage: number;
  readonly brackets: readonly LeverageBracket[];
  /** Per funding interval, a plain decimal; may be set at any time. */
  fundingRate: string;
  readonly texts: AmountTexts;
  readonly #perp: PerpSymbolOptions;
  readonly #markPart: Decimal;
  #markParts = 0;
  #isPinned = false;
  #status: PerpStatus = "TRADING";

  constructor(options: PerpSymbolOptions) {
    const { instrument, nowMs, canCarry, maxLeverage } = options;
    const texts = perpTexts(instrument);
    const account = { base: "0", quote: "0", amountDecimals: MONEY_DECIMALS, canCarry };
    const fees = { kind: "quote" } as const;
    super(options, { account, fees, triggerOn: "mark" }, (book) =>
      perpStreamForms({ instrument, book, texts, nowMs }),
    );
    this.#perp = options;
    this.texts = texts;
    this.rules = perpRules(instrument);
    this.maxLeverage = maxLeverage;
    this.brackets = bracketsOf(maxLeverage);
    this.fundingRate = options.fundingRate ?? DEFAULT_FUNDING_RATE;
    this.#markPart = instrument.tickSize.div(decimalOfInteger(MARK_PARTS));
  }

  get status(): PerpStatus {
    return this.#status;
  }
  set status(status: PerpStatus) {
    this.#status = status;
    if (status === "CLOSE") this.driver.halt();
    else this.driver.resume();
  }

  override start(): void {
    super.start();
    this.#updateMark(1);
  }

  /** The mark price; zero before the market is open. */
  get mark(): Decimal {
    return this.#markPart.times(decimalOfInteger(this.#markParts));
  }

  /** The mark in whole ticks, as the matching engine values positions. */
  get markTicks(): number {
    return Math.round(this.#markParts / MARK_PARTS);
  }

  /** Sets the mark by hand until `unpin`. @param price rounded to a hundredth of a tick */
  pin(price: string): void {
    this.#isPinned = true;
    const parts = decimal(price).div(this.#markPart).round(0, 1);
    this.#setMark(Number(parts.toFixed()));
  }
  /** The mark follows the book again, from now on. */
  unpin(): void {
    this.#isPinned = false;
    this.#updateMark(1);
  }

  depth(limit: number): JsonObject {
    this.settle();
    return {
      lastUpdateId: wireUpdateId(this.book.updateId),
      E: this.#stamp(),
      T: this.#stamp(),
      bids: this.levelTexts(true, limit),
      asks: this.levelTexts(false, limit),
    };
  }

  /** @param hasUpdateId as the WebSocket API has it */
  bookTicker(hasUpdateId: boolean): JsonObject {
    const touch = this.touchTexts();
    const update = hasUpdateId ? { lastUpdateId: wireUpdateId(this.book.updateId) } : {};
    return { ...update, ...touch, time: this.#stamp() };
  }

  priceTicker(): JsonObject {
    return { symbol: this.instrument.symbol, price: this.lastPrice(), time: this.#stamp() };
  }

  premiumIndex(): JsonObject {
    const price = markText(this.mark);
    return {
      symbol: this.instrument.symbol,
      markPrice: price,
      indexPrice: price,
      estimatedSettlePrice: price,
      lastFundingRate: decimal(this.fundingRate).toFixed(MONEY_DECIMALS),
      interestRate: INTEREST_RATE,
      nextFundingTime: this.#perp.nextFundingMs(),
      time: this.#stamp(),
    };
  }

  /** The best price that a taker of this side meets, in ticks; NO_TICKS where there is none. */
  oppositeTicks(isBuy: boolean): number {
    this.settle();
    return this.book.best(!isBuy);
  }

  protected override momentPassed(prints: readonly Print[]): void {
    if (this.#markParts === 0) this.#updateMark(1);
    if (prints.length > 0) this.#perp.pricesMoved(prints);
  }

  protected override ticked(tick: number): void {
    const elapsedMs = tick * TICK_MS;
    if (elapsedMs % MARK_MS !== 0) return;
    this.#updateMark(MARK_PACE);
    this.streams.tell("markPrice@1s", () => this.#markMessage());
    if (elapsedMs % SLOW_MARK_MS === 0) this.streams.tell("markPrice", () => this.#markMessage());
  }

  #updateMark(pace: number): void {
    if (this.#isPinned) return;
    const [bid, ask] = [this.book.best(true), this.book.best(false)];
    if (bid === NO_TICKS || ask === NO_TICKS) return;
    const middle = ((bid + ask) / 2) * MARK_PARTS;
    const from = this.#markParts === 0 ? middle : this.#markParts;
    this.#setMark(Math.round(from + (middle - from) * pace));
  }

  #setMark(parts: number): void {
    this.#markParts = parts;
    this.exchange.onMark(this.markTicks, this.#perp.nowMs());
    this.#perp.pricesMoved([]);
  }

  #markMessage(): string {
    const { symbol } = this.instrument;
    const price = markText(this.mark);
    return JSON.stringify({
      e: "markPriceUpdate",
      E: this.#stamp(),
      s: symbol,
      p: price,
      ap: price,
      i: price,
      P: price,
      r: decimal(this.fundingRate).toFixed(MONEY_DECIMALS),
      T: this.#perp.nextFundingMs(),
      st: STREAM_TYPE,
    });
  }

  #stamp(): number {
    return Math.floor(this.#perp.nowMs());
  }
}
