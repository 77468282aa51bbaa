/**
 * MockSymbol: one symbol of the mock venue of Binance Spot: its market, its REST answers about the
 * market, and its streams. No I/O.
 */

import type { FeePolicy } from "#sim/sim-account.ts";
import type { SimExchangeOptions } from "#sim/sim-exchange.ts";
import {
  type AmountTexts,
  type LevelTexts,
  SymbolMarket,
  type SymbolMarketOptions,
  type TouchTexts,
} from "../binance/symbol-market.ts";
import { amountTexts, averageText } from "./amounts.ts";
import type { MarketFront, SymbolStatus } from "./market-front.ts";
import { spotStreamForms } from "./stream-forms.ts";
import { symbolRules } from "./symbol-rules.ts";

export interface MockSymbolOptions extends SymbolMarketOptions {
  /** Balances of its own, or the wallet that all symbols of the account share. */
  readonly account: SimExchangeOptions["account"];
  readonly fees: FeePolicy;
}

export interface DepthSnapshot {
  readonly lastUpdateId: number;
  readonly bids: LevelTexts;
  readonly asks: LevelTexts;
}

export interface PublicTrade {
  readonly id: number;
  readonly price: string;
  readonly qty: string;
  readonly quoteQty: string;
  readonly time: number;
  readonly isBuyerMaker: boolean;
  readonly isBestMatch: boolean;
}

/** The average price's window, in seconds: the filters name five minutes. */
const AVERAGE_SECONDS = 300;

export class MockSymbol extends SymbolMarket implements MarketFront {
  /** Its entry in exchangeInfo, without its status. */
  readonly rules: MarketFront["rules"];
  protected readonly texts: AmountTexts;
  #status: SymbolStatus = "TRADING";

  constructor(options: MockSymbolOptions) {
    const { instrument, account, fees, nowMs } = options;
    const texts = amountTexts(instrument);
    super(options, { account, fees }, (book) =>
      spotStreamForms({ instrument, book, texts, nowMs }),
    );
    this.texts = texts;
    this.rules = symbolRules(instrument);
  }

  /** In a break the market stands still; where orders may only be cancelled, it goes on. */
  get status(): SymbolStatus {
    return this.#status;
  }
  set status(status: SymbolStatus) {
    this.#status = status;
    if (status === "BREAK") this.driver.halt();
    else this.driver.resume();
  }

  depth(limit: number): DepthSnapshot {
    this.settle();
    return {
      lastUpdateId: this.book.updateId,
      bids: this.levelTexts(true, limit),
      asks: this.levelTexts(false, limit),
    };
  }

  bookTicker(): TouchTexts {
    return this.touchTexts();
  }

  /** The prints' average by volume over five minutes; the last price where there is none. */
  averagePrice(): string {
    let units = 0n;
    let lots = 0;
    for (const candle of this.candles.list("1s").slice(-AVERAGE_SECONDS)) {
      units += candle.units;
      lots += candle.lots;
    }
    if (lots === 0) return this.lastPrice();
    return averageText(this.instrument, units, lots);
  }

  /** The newest prints, oldest first. */
  recentTrades(limit: number): PublicTrade[] {
    const { price, size, value } = this.texts;
    return this.prints.slice(-limit).map(({ id, timeMs, ticks, lots, aggressorIsBuy }) => ({
      id,
      price: price(ticks),
      qty: size(lots),
      quoteQty: value(BigInt(ticks) * BigInt(lots)),
      time: Math.floor(timeMs),
      isBuyerMaker: !aggressorIsBuy,
      isBestMatch: true,
    }));
  }
}
