/**
 * RulesWatch: keeps the venue's rules for one symbol up to date: whether orders are taken at all,
 * the filters, and the average price that prices may not be too far from. People are told of every
 * change. Asks through SpotApi; time is handed in.
 */

import * as v from "valibot";
import { decimal } from "#domain/decimal.ts";
import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import { RulesKeeper, type RulesReading } from "../binance/rules-keeper.ts";
import { ProtocolError, parsed, Quantity } from "../binance/wire.ts";
import type { VenueNews } from "../news.ts";
import type { SpotApi } from "./api.ts";
import { readExchangeInfo, readMarket, type SpotMarket } from "./instruments.ts";
import type { OrderChecks } from "./order-checks.ts";

const RULES_EVERY_MS = 600_000;
const PRICE_EVERY_MS = 60_000;
const AveragePrice = v.object({ price: Quantity });
const Filters = v.object({ filters: v.array(v.unknown()) });

export interface RulesWatchParts {
  readonly api: SpotApi;
  readonly market: SpotMarket;
  readonly fees: FeeRates;
  readonly checks: OrderChecks;
  readonly news: VenueNews;
  readonly timers: Timers;
}

export class RulesWatch {
  readonly #parts: RulesWatchParts;
  readonly #symbol: string;
  readonly #keeper: RulesKeeper;
  #isStopped = false;
  #cancelPrice: CancelTimer = () => {};

  constructor(parts: RulesWatchParts) {
    const { market, news, timers } = parts;
    this.#parts = parts;
    this.#symbol = market.instrument.symbol;
    this.#keeper = new RulesKeeper({
      symbol: this.#symbol,
      isOpen: market.rules.trading === "open",
      everyMs: RULES_EVERY_MS,
      read: () => this.#read(),
      news,
      timers,
    });
  }

  get isOpen(): boolean {
    return this.#keeper.isOpen;
  }

  /** Call once. */
  start(): void {
    this.#keeper.refresh();
    void this.#keepPrice();
  }

  stop(): void {
    this.#isStopped = true;
    this.#keeper.stop();
    this.#cancelPrice();
  }

  /** Reads the rules now, unless that was done a moment ago. */
  refresh(): void {
    this.#keeper.refresh();
  }

  async #read(): Promise<RulesReading | null> {
    const { api, checks, market, fees } = this.#parts;
    const answer = await api.call("exchangeInfo", { symbol: this.#symbol });
    const isAnswered = answer.kind === "answered" && answer.result !== undefined;
    if (this.#isStopped || !isAnswered) return null;
    const info = readExchangeInfo(answer.result);
    const { instrument, rules } = readMarket(info, this.#symbol, fees);
    const { filters } = parsed(Filters, info.symbols.get(this.#symbol), "filters");
    const { tickSize, lotSize } = market.instrument;
    const isSameGrid = tickSize.eq(instrument.tickSize) && lotSize.eq(instrument.lotSize);
    if (isSameGrid) checks.setRules(rules);
    return {
      isOpen: rules.trading === "open",
      statusWord: rules.statusWord,
      filters: JSON.stringify(filters),
      isSameGrid,
    };
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
