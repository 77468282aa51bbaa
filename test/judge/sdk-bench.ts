/**
 * A mock venue of two symbols whose market moves when told to, and the official SDK pointed at it.
 * The clocks are real, since the SDK signs by its own. May import anything; talks to loopback only.
 */

import { Spot, type SpotWebsocketAPI, type SpotWebsocketStreams } from "@binance/spot";
import { Rng } from "#domain/rng.ts";
import type { LimitSpec } from "#mock-venues/binance/rate-limits.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { systemTimers } from "#net/timers.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { Samples } from "./samples.ts";
import { levelsAround, type Row, ScriptedSource } from "./scripted-source.ts";
import { HMAC_KEY, type SdkKey, VENUE_KEYS } from "./sdk-keys.ts";

/** The SDK writes its doings to the console; what matters of them is in its answers. */
process.env["LOG_LEVEL"] ??= "error";

/** In ticks of a cent: ETHUSDT stands at 1999.99 to 2000.01. */
const MID_TICKS = 200_000;

interface BenchOptions {
  readonly limits?: readonly LimitSpec[];
}

export class SdkBench {
  readonly mock: MockBinanceSpot;
  readonly samples: Samples;
  readonly #market: ScriptedSource;
  readonly #disconnects: (() => Promise<void>)[] = [];

  private constructor(mock: MockBinanceSpot, samples: Samples, market: ScriptedSource) {
    this.mock = mock;
    this.samples = samples;
    this.#market = market;
  }

  static async start(samples: Samples, options: BenchOptions = {}): Promise<SdkBench> {
    const market = new ScriptedSource(levelsAround(MID_TICKS));
    const mock = await startMockBinanceSpot({
      symbols: [
        symbol("ETHUSDT", market),
        symbol("BTCUSDT", new ScriptedSource(levelsAround(6_400_000))),
      ],
      keys: VENUE_KEYS,
      balances: { USDT: "10000", ETH: "5", BTC: "0.1" },
      world: { timers: systemTimers, nowMs: () => Date.now(), rng: new Rng(1) },
      ...options,
    });
    return new SdkBench(mock, samples, market);
  }

  /** The SDK's client of REST; each of its answers is kept. */
  rest(key: SdkKey = HMAC_KEY) {
    return this.samples.ofRest(this.#spot(key).restAPI);
  }

  /** The SDK's connection to the WebSocket API; each of its answers is kept. */
  async wsApi(key: SdkKey = HMAC_KEY): Promise<SpotWebsocketAPI.WebsocketAPIConnection> {
    const connection = await this.#spot(key).websocketAPI.connect();
    this.#disconnects.push(() => connection.disconnect());
    return this.samples.ofWsApi(connection);
  }

  async streams(): Promise<SpotWebsocketStreams.WebsocketStreamsConnection> {
    const connection = await this.#spot(HMAC_KEY).websocketStreams.connect();
    this.#disconnects.push(() => connection.disconnect());
    return connection;
  }

  /** Lets these rows happen to ETHUSDT, now. */
  move(...rows: readonly Row[]): void {
    this.#market.push(rows);
    this.mock.market("ETHUSDT").advanceToNow();
  }

  /** Ends the SDK's sockets, which takes it up to a second, then the venue. */
  async stop(): Promise<void> {
    await Promise.all(this.#disconnects.map((disconnect) => disconnect()));
    await this.mock.stop();
  }

  #spot(key: SdkKey): Spot {
    const { url, wsApiUrl, streamUrl } = this.mock;
    return new Spot({
      configurationRestAPI: { ...key, basePath: url, timeout: 5000, retries: 0, backoff: 0 },
      configurationWebsocketAPI: { ...key, wsURL: wsApiUrl, compression: false },
      configurationWebsocketStreams: { wsURL: streamUrl, compression: false },
    });
  }
}

function symbol(name: string, source: MarketSource) {
  return (parts: SymbolParts): MockSymbol => {
    const { wallet: account, ...rest } = parts;
    const { instrument } = mockMarket(name);
    const queueModel = parseQueueModel("risk-averse");
    return new MockSymbol({
      ...rest,
      instrument,
      source,
      account,
      fees: { kind: "received" },
      queueModel,
    });
  };
}
