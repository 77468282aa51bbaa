/**
 * RulesWatch: keeps the venue's rules for one symbol up to date: whether orders are taken at all,
 * the filters, and the average price that prices may not be too far from. People are told of every
 * change. Asks through SpotApi; time is handed in.
 */

import * as v from "valibot";
import { decimal } from "#domain/decimal.ts";
import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { VenueNews } from "../news.ts";
import type { SpotApi } from "./api.ts";
import { readExchangeInfo, readMarket, type SpotFees, type SpotMarket } from "./instruments.ts";
import type { OrderChecks } from "./order-checks.ts";
import { ProtocolError, parsed, Quantity } from "./wire.ts";

const RULES_EVERY_MS = 600_000;
const PRICE_EVERY_MS = 60_000;
/** After a refusal that the rules as we know them do not explain. */
const SOONEST_MS = 60_000;
/**
 * While no orders are taken: that they are again is told by nothing else. Twice as long from one
 * look to the next, for a look weighs 20 of 6000 a minute, and all pairs are closed at once.
 */
const CLOSED_FIRST_MS = 3_000;
const CLOSED_MOST_MS = 60_000;

const AveragePrice = v.object({ price: Quantity });
const Filters = v.object({ filters: v.array(v.unknown()) });

export interface RulesWatchParts {
  readonly api: SpotApi;
  readonly market: SpotMarket;
  readonly fees: SpotFees;
  readonly checks: OrderChecks;
  readonly news: VenueNews;
  readonly timers: Timers;
  /** Told when orders are no longer taken, or are again. */
  readonly onTrading: (isOpen: boolean) => void;
}

export class RulesWatch {
  readonly #parts: RulesWatchParts;
  readonly #symbol: string;
  #isOpen: boolean;
  /** The filters as text; null until they were read once. */
  #filters: string | null = null;
  #isReading = false;
  #readMs = -Infinity;
  #closedMs = CLOSED_FIRST_MS;
  #isStopped = false;
  #cancelRules: CancelTimer = () => {};
  #cancelPrice: CancelTimer = () => {};

  constructor(parts: RulesWatchParts) {
    this.#parts = parts;
    this.#symbol = parts.market.instrument.symbol;
    this.#isOpen = parts.market.rules.trading === "open";
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Call once. */
  start(): void {
    this.refresh();
    void this.#keepPrice();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRules();
    this.#cancelPrice();
  }

  /** Reads the rules now, unless that was done a moment ago. */
  refresh(): void {
    const isSoon = this.#parts.timers.elapsedMs() - this.#readMs < SOONEST_MS;
    if (!isSoon) this.#read();
  }

  #read(): void {
    if (this.#isStopped || this.#isReading) return;
    this.#cancelRules();
    this.#isReading = true;
    void this.#keepRules();
  }

  async #keepRules(): Promise<void> {
    const { timers } = this.#parts;
    await this.#readRules();
    this.#isReading = false;
    this.#readMs = timers.elapsedMs();
    if (this.#isStopped) return;
    this.#cancelRules = timers.after(this.#nextReadMs(), () => this.#read());
  }

  #nextReadMs(): number {
    if (this.#isOpen) {
      this.#closedMs = CLOSED_FIRST_MS;
      return RULES_EVERY_MS;
    }
    const waitMs = this.#closedMs;
    this.#closedMs = Math.min(2 * waitMs, CLOSED_MOST_MS);
    return waitMs;
  }

  async #readRules(): Promise<void> {
    const { api, news } = this.#parts;
    const answer = await api.call("exchangeInfo", { symbol: this.#symbol });
    // Unanswered: the next time will do.
    if (this.#isStopped || answer.kind !== "answered" || answer.result === undefined) return;
    try {
      this.#take(answer.result);
    } catch (thrown) {
      news.alertSometimes("warning", "unreadable-rules", messageOf(thrown));
    }
  }

  #take(json: unknown): void {
    const { checks, market, fees } = this.#parts;
    const info = readExchangeInfo(json);
    const { instrument, rules } = readMarket(info, this.#symbol, fees);
    const filters = JSON.stringify(parsed(Filters, info.symbols.get(this.#symbol), "filters"));
    const { tickSize, lotSize } = market.instrument;
    const isSameGrid = tickSize.eq(instrument.tickSize) && lotSize.eq(instrument.lotSize);
    if (isSameGrid) checks.setRules(rules);
    if (this.#filters !== null && this.#filters !== filters) this.#tellChange(isSameGrid);
    this.#filters = filters;
    this.#setOpen(isSameGrid && rules.trading === "open", rules.statusWord);
  }

  #tellChange(isSameGrid: boolean): void {
    const { news } = this.#parts;
    const what = `the venue changed its filters of ${this.#symbol}`;
    if (isSameGrid) {
      const when = "limits count from now on, the least size and value after a restart of the pair";
      news.alert("warning", "rules-changed", `${what}: ${when}`);
    } else {
      const why = "its tick or lot is another, and nothing is quoted until the pair is restarted";
      news.alert("critical", "rules-changed", `${what}: ${why}`);
    }
  }

  #setOpen(isOpen: boolean, statusWord: string): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    const { news, onTrading } = this.#parts;
    if (isOpen) news.alert("info", "market-open", `${this.#symbol} takes orders again`);
    else news.alert("warning", "market-closed", `${this.#symbol} takes no orders: ${statusWord}`);
    onTrading(isOpen);
  }

  async #keepPrice(): Promise<void> {
    const { checks, news, timers } = this.#parts;
    if (checks.rules.priceBand !== null) {
      try {
        await this.#readPrice();
      } catch (thrown) {
        checks.setReferencePrice(null);
        news.alertSometimes("warning", "unreadable-price", messageOf(thrown));
      }
    }
    if (this.#isStopped) return;
    this.#cancelPrice = timers.after(PRICE_EVERY_MS, () => void this.#keepPrice());
  }

  /** An old price would refuse what the venue takes: without an answer nothing is checked. */
  async #readPrice(): Promise<void> {
    const { api, checks } = this.#parts;
    const answer = await api.call("avgPrice", { symbol: this.#symbol });
    if (answer.kind !== "answered" || answer.result === undefined) {
      checks.setReferencePrice(null);
      return;
    }
    const price = decimal(parsed(AveragePrice, answer.result, "avgPrice").price);
    if (!price.gt("0")) throw new ProtocolError("the average price is 0", "avgPrice");
    checks.setReferencePrice(price);
  }
}
