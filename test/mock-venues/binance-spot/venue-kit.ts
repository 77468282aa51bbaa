/** A mock venue of two symbols with a market that stands still, on a clock turned by hand. */

import { Rng } from "#domain/rng.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type MockBinanceSpotOptions,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { ManualTimers } from "../../net/support.ts";
import {
  BENCH_KEYS,
  type RestAnswer,
  RestClient,
  START_MS,
  stillMarket,
  type Values,
  WsClient,
} from "../binance-kit.ts";

function symbol(name: string, midTicks: number, lots: number) {
  return ({ wallet, emit, nowMs, timers, rng }: SymbolParts): MockSymbol =>
    new MockSymbol({
      instrument: mockMarket(name).instrument,
      source: stillMarket(
        [
          [midTicks - 1, lots],
          [midTicks - 2, lots],
        ],
        [
          [midTicks + 1, lots],
          [midTicks + 2, lots],
        ],
      ),
      account: wallet,
      fees: { kind: "received" },
      queueModel: parseQueueModel("risk-averse"),
      emit,
      nowMs,
      timers,
      rng,
    });
}

/** ETHUSDT at 2000 (lots of 0.0001, ten each level) and BTCUSDT at 64000, one account. */
export class VenueBench {
  readonly venue: MockBinanceSpot;
  readonly clock: { nowMs: number };
  readonly timers: ManualTimers;
  readonly #rest: RestClient;

  private constructor(venue: MockBinanceSpot, clock: { nowMs: number }, timers: ManualTimers) {
    this.venue = venue;
    this.clock = clock;
    this.timers = timers;
    this.#rest = new RestClient(
      () => venue.url,
      () => clock.nowMs,
    );
  }

  static async start(options: Partial<MockBinanceSpotOptions> = {}): Promise<VenueBench> {
    const clock = { nowMs: START_MS };
    const timers = new ManualTimers();
    const venue = await startMockBinanceSpot({
      symbols: [symbol("ETHUSDT", 200_000, 100_000), symbol("BTCUSDT", 6_400_000, 100_000)],
      keys: BENCH_KEYS,
      balances: { USDT: "10000", ETH: "5", BTC: "0.1" },
      world: { timers, nowMs: () => clock.nowMs, rng: new Rng(1) },
      ...options,
    });
    return new VenueBench(venue, clock, timers);
  }

  /** Lets the queue ahead of a price of ours be eaten, and so many lots of ours. */
  printAt(name: string, aggressorIsBuy: boolean, ticks: number, lots: number): void {
    const { exchange } = this.venue.market(name);
    exchange.onTrade(aggressorIsBuy, ticks, lots, this.clock.nowMs);
  }

  /** A signed REST call by the HMAC key. */
  rest(verb: string, path: string, values: Values = {}, body: Values = {}): Promise<RestAnswer> {
    return this.#rest.signed(verb, path, values, body);
  }

  /** A REST call as it is. */
  send(verb: string, path: string, apiKey?: string, body = ""): Promise<RestAnswer> {
    return this.#rest.send(verb, path, apiKey, body);
  }

  async wsApi(query = ""): Promise<WsClient> {
    return WsClient.connect(`${this.venue.wsApiUrl}${query}`, () => this.clock.nowMs);
  }

  stop(): Promise<void> {
    return this.venue.stop();
  }
}
