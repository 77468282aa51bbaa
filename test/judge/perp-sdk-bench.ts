/**
 * A mock venue of two perps whose market moves when told to, and the official SDK of USD-M pointed
 * at it. The clocks are real, since the SDK signs by its own. Talks to loopback only.
 */

import {
  DerivativesTradingUsdsFutures,
  type DerivativesTradingUsdsFuturesWebsocketAPI,
  type DerivativesTradingUsdsFuturesWebsocketStreams,
} from "@binance/derivatives-trading-usds-futures";
import { Rng } from "#domain/rng.ts";
import {
  type MockBinancePerp,
  type MockBinancePerpOptions,
  startMockBinancePerp,
} from "#mock-venues/binance-perp/server.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { systemTimers } from "#net/timers.ts";
import type { PerpSamples } from "./perp-samples.ts";
import { levelsAround, type Row, ScriptedSource } from "./scripted-source.ts";
import { HMAC_KEY, type SdkKey, VENUE_KEYS } from "./sdk-keys.ts";

/** The SDK writes its doings to the console; what matters of them is in its answers. */
process.env["LOG_LEVEL"] ??= "error";

type StreamsConnection = DerivativesTradingUsdsFuturesWebsocketStreams.WebsocketStreamsConnection;

/** In ticks of a cent: ETHUSDT stands at 1999.99 to 2000.01, five ETH each level. */
const MID_TICKS = 200_000;

export class PerpSdkBench {
  readonly mock: MockBinancePerp;
  readonly samples: PerpSamples;
  readonly #market: ScriptedSource;
  readonly #disconnects: (() => Promise<void>)[] = [];

  private constructor(mock: MockBinancePerp, samples: PerpSamples, market: ScriptedSource) {
    this.mock = mock;
    this.samples = samples;
    this.#market = market;
  }

  static async start(
    samples: PerpSamples,
    options: Partial<MockBinancePerpOptions> = {},
  ): Promise<PerpSdkBench> {
    const market = new ScriptedSource(levelsAround(MID_TICKS));
    const btc = new ScriptedSource(levelsAround(640_000));
    const mock = await startMockBinancePerp({
      symbols: [
        { instrument: mockPerpMarket("ETHUSDT").instrument, source: market },
        { instrument: mockPerpMarket("BTCUSDT").instrument, source: btc },
      ],
      keys: VENUE_KEYS,
      balances: { USDT: "10000" },
      world: { timers: systemTimers, nowMs: () => Date.now(), rng: new Rng(1) },
      ...options,
    });
    return new PerpSdkBench(mock, samples, market);
  }

  /** The SDK's client of REST; each of its answers is kept. */
  rest(key: SdkKey = HMAC_KEY) {
    return this.samples.ofRest(this.#sdk(key).restAPI);
  }

  /** The SDK's connection to the WebSocket API; each of its answers is kept. */
  async wsApi(
    key: SdkKey = HMAC_KEY,
  ): Promise<DerivativesTradingUsdsFuturesWebsocketAPI.WebsocketAPIConnection> {
    const connection = await this.#sdk(key).websocketAPI.connect();
    this.#disconnects.push(() => connection.disconnect());
    return this.samples.ofWsApi(connection);
  }

  /** Three sockets: one of each route. */
  async streams(): Promise<StreamsConnection> {
    const connection = await this.#sdk(HMAC_KEY).websocketStreams.connect();
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

  #sdk(key: SdkKey): DerivativesTradingUsdsFutures {
    const { url, wsApiUrl, streamUrl } = this.mock;
    return new DerivativesTradingUsdsFutures({
      configurationRestAPI: { ...key, basePath: url, timeout: 5000, retries: 0, backoff: 0 },
      configurationWebsocketAPI: { ...key, wsURL: wsApiUrl, compression: false },
      configurationWebsocketStreams: { wsURL: streamUrl, compression: false },
    });
  }
}
