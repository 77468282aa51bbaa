/** A mock symbol on a clock turned by hand, a naive client of its streams, and the plain truth. */

import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { syntheticSource } from "#mock-venues/market-source.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { ManualTimers } from "../../net/support.ts";

export const START_MS = Date.UTC(2026, 10, 22, 12, 0, 30, 250);

/** Sizes in lots by price in ticks. */
export interface Levels {
  readonly bids: ReadonlyMap<number, number>;
  readonly asks: ReadonlyMap<number, number>;
}

export class MarketBench {
  readonly timers = new ManualTimers();
  readonly events: ExchangeEvent[] = [];
  readonly instrument = mockMarket("ETHUSDT").instrument;
  readonly symbol: MockSymbol;

  constructor(seed: number, options: { source?: MarketSource; speed?: number } = {}) {
    const { instrument } = this;
    const market = { seed, instrument, startPrice: "2000", startMs: 5000 };
    this.symbol = new MockSymbol({
      instrument,
      source: options.source ?? syntheticSource(new SyntheticMarket(market)),
      account: { base: "1000", quote: "1000000" },
      fees: { kind: "received" },
      queueModel: parseQueueModel("power:3"),
      emit: (event) => this.events.push(event),
      nowMs: () => START_MS + this.timers.elapsedMs(),
      timers: this.timers,
      rng: new Rng(seed),
      speed: options.speed ?? 1,
    });
    this.symbol.start();
  }

  /** As the server does it: the market first, then the request. */
  request(execute: (exchange: SimExchange, timeMs: number) => void): void {
    const timeMs = this.symbol.advanceToNow();
    execute(this.symbol.exchange, timeMs);
    this.symbol.onOwnOrderChanged();
  }

  place(id: string, isBuy: boolean, priceTicks: number, quantityLots: number): void {
    this.#place(id, isBuy, { priceTicks, quantityLots, postOnly: true, timeInForce: "gtc" });
  }

  take(id: string, isBuy: boolean, priceTicks: number, quantityLots: number): void {
    this.#place(id, isBuy, { priceTicks, quantityLots, postOnly: false, timeInForce: "ioc" });
  }

  /** What is left of the recorded book, and our orders in it, added up the simple way. */
  truth(): Levels {
    const { exchange } = this.symbol;
    const bids = new Map<number, number>();
    const asks = new Map<number, number>();
    const { book } = exchange;
    for (let ticks = book.bestBid; ticks > 0; ticks = book.nextBid(ticks)) {
      if (exchange.lotsLeftAt(true, ticks) > 0) bids.set(ticks, exchange.lotsLeftAt(true, ticks));
    }
    for (let ticks = book.bestAsk; ticks > 0; ticks = book.nextAsk(ticks)) {
      if (exchange.lotsLeftAt(false, ticks) > 0) asks.set(ticks, exchange.lotsLeftAt(false, ticks));
    }
    for (const { request, quantityLots, filledLots } of exchange.openOrders()) {
      const side = request.side === "buy" ? bids : asks;
      const lots = side.get(request.priceTicks) ?? 0;
      side.set(request.priceTicks, lots + quantityLots - filledLots);
    }
    return { bids, asks };
  }

  levels(texts: readonly (readonly [string, string])[]): Map<number, number> {
    const { instrument } = this;
    return new Map(
      texts.map(([price, size]) => [instrument.ticksOf(price), instrument.lotsOf(size)] as const),
    );
  }

  #place(
    id: string,
    isBuy: boolean,
    how: {
      priceTicks: number;
      quantityLots: number;
      postOnly: boolean;
      timeInForce: "gtc" | "ioc";
    },
  ): void {
    const side = isBuy ? "buy" : "sell";
    const fixed = { clientOrderId: id, side, type: "limit", reduceOnly: false } as const;
    this.request((exchange, timeMs) => exchange.place({ ...fixed, ...how }, timeMs));
  }
}

const Level = v.tuple([v.string(), v.string()]);
const Diff = v.object({
  e: v.literal("depthUpdate"),
  E: v.number(),
  s: v.literal("ETHUSDT"),
  U: v.number(),
  u: v.number(),
  b: v.array(Level),
  a: v.array(Level),
});

/** Follows the rules of "how to manage a local order book", without a shortcut. */
export class NaiveClient {
  readonly #bench: MarketBench;
  readonly #buffered: v.InferOutput<typeof Diff>[] = [];
  bids = new Map<number, number>();
  asks = new Map<number, number>();
  /** -1 before the snapshot. */
  bookId = -1;
  applied = 0;

  constructor(bench: MarketBench, stream: string, onApplied: (client: NaiveClient) => void) {
    this.#bench = bench;
    bench.symbol.subscribe(stream, (text) => {
      this.#buffered.push(v.parse(Diff, JSON.parse(text)));
      if (this.bookId !== -1 && this.#drain()) onApplied(this);
    });
  }

  /** Asks for the snapshot; false where it is older than what was buffered: ask again later. */
  synchronise(limit: number): boolean {
    const [first] = this.#buffered;
    const { lastUpdateId, bids, asks } = this.#bench.symbol.depth(limit);
    if (first === undefined || lastUpdateId < first.U) return false;
    this.bids = this.#bench.levels(bids);
    this.asks = this.#bench.levels(asks);
    this.bookId = lastUpdateId;
    this.#drain();
    return true;
  }

  /** @returns whether anything was applied */
  #drain(): boolean {
    const before = this.applied;
    for (const diff of this.#buffered.splice(0)) {
      if (diff.u <= this.bookId) continue;
      if (diff.U > this.bookId + 1) throw new Error(`gap: ${diff.U} after ${this.bookId}`);
      this.#apply(this.bids, diff.b);
      this.#apply(this.asks, diff.a);
      this.bookId = diff.u;
      this.applied += 1;
    }
    return this.applied > before;
  }

  #apply(side: Map<number, number>, texts: readonly (readonly [string, string])[]): void {
    for (const [ticks, lots] of this.#bench.levels(texts)) {
      if (lots === 0) side.delete(ticks);
      else side.set(ticks, lots);
    }
  }
}

/** By price, so that maps compare as books. */
export function sortedLevels({ bids, asks }: Levels): readonly (readonly [number, number])[][] {
  return [bids, asks].map((side) => [...side].toSorted(([a], [b]) => a - b));
}
