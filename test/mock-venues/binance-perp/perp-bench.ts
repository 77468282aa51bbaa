/**
 * A mock venue of two perps whose markets move when told to, on a clock turned by hand, and clients
 * of its REST and sockets.
 */

import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import {
  type MockBinancePerp,
  type MockBinancePerpOptions,
  startMockBinancePerp,
} from "#mock-venues/binance-perp/server.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { ScriptedMarket } from "../../contract/scripted-market.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";
import {
  BENCH_KEYS,
  HMAC_KEY,
  type Json,
  type RestAnswer,
  RestClient,
  record,
  records,
  type Values,
  WsClient,
} from "../binance-kit.ts";

/** Two minutes before a funding hour. */
export const START_MS = Date.UTC(2026, 10, 26, 15, 58);
/** In ticks: ETHUSDT stands at 1999.99 to 2000.01, five levels of 10 ETH each. */
export const ETH_BID = 199_999;
export const ETH_ASK = 200_001;
export const ETH_LEVEL_LOTS = 10_000;
/** BTCUSDT stands at 63999.9 to 64000.1. */
const BTC_BID = 639_999;
const BTC_ASK = 640_001;

/** A passive bid for one ETH. */
export const BID = {
  symbol: "ETHUSDT",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTX",
  price: "1990",
  quantity: "1",
} as const;
export const MARKET_BUY = {
  symbol: "ETHUSDT",
  side: "BUY",
  type: "MARKET",
  quantity: "1",
} as const;
export const MARKET_SELL = { ...MARKET_BUY, side: "SELL" } as const;
/** Fires where the mark falls to 1980. */
export const STOP_SELL = {
  algoType: "CONDITIONAL",
  symbol: "ETHUSDT",
  side: "SELL",
  type: "STOP_MARKET",
  quantity: "1",
  triggerPrice: "1980",
  workingType: "MARK_PRICE",
} as const;

export class PerpBench {
  readonly mock: MockBinancePerp;
  readonly timers: ManualTimers;
  readonly eth: ScriptedMarket;
  readonly btc: ScriptedMarket;
  readonly rest: RestClient;
  /** Every event of the account, in order, as the venue itself has them. */
  readonly events: Json[] = [];
  readonly #sockets: StreamClient[] = [];

  private constructor(
    mock: MockBinancePerp,
    timers: ManualTimers,
    { eth, btc }: { readonly eth: ScriptedMarket; readonly btc: ScriptedMarket },
  ) {
    this.mock = mock;
    this.timers = timers;
    this.eth = eth;
    this.btc = btc;
    this.rest = new RestClient(
      () => mock.url,
      () => this.nowMs(),
    );
    mock.venue.account.stream.subscribe((event) => this.events.push(event));
  }

  static async start(options: Partial<MockBinancePerpOptions> = {}): Promise<PerpBench> {
    const timers = new ManualTimers();
    const elapsedMs = (): number => timers.elapsedMs();
    const eth = new ScriptedMarket(elapsedMs, ETH_BID, ETH_ASK, ETH_LEVEL_LOTS);
    const btc = new ScriptedMarket(elapsedMs, BTC_BID, BTC_ASK, 1000);
    const mock = await startMockBinancePerp({
      symbols: [
        { instrument: mockPerpMarket("ETHUSDT").instrument, source: eth },
        { instrument: mockPerpMarket("BTCUSDT").instrument, source: btc },
      ],
      keys: BENCH_KEYS,
      balances: { USDT: "10000" },
      world: { timers, nowMs: () => START_MS + timers.elapsedMs(), rng: new Rng(1) },
      ...options,
    });
    return new PerpBench(mock, timers, { eth, btc });
  }

  nowMs(): number {
    return START_MS + this.timers.elapsedMs();
  }

  /** Lets happen what was scripted of the markets. */
  settle(): void {
    for (const symbol of ["ETHUSDT", "BTCUSDT"]) this.mock.market(symbol).advanceToNow();
  }

  place(values: Values): Promise<RestAnswer> {
    return this.rest.signed("POST", "/fapi/v1/order", values);
  }

  placeAlgo(values: Values): Promise<RestAnswer> {
    return this.rest.signed("POST", "/fapi/v1/algoOrder", values);
  }

  cancel(values: Values): Promise<RestAnswer> {
    return this.rest.signed("DELETE", "/fapi/v1/order", { symbol: "ETHUSDT", ...values });
  }

  modify(values: Values): Promise<RestAnswer> {
    const usual = { symbol: "ETHUSDT", side: "BUY", price: "1990", quantity: "1" };
    return this.rest.signed("PUT", "/fapi/v1/order", { ...usual, ...values });
  }

  /** A signed question about ETHUSDT, or about what is asked for. */
  async ask(path: string, values: Values = { symbol: "ETHUSDT" }): Promise<unknown> {
    return (await this.rest.signed("GET", `/fapi/${path}`, values)).json;
  }

  async askOne(path: string, values?: Values): Promise<Json> {
    return record(await this.ask(path, values));
  }

  async askAll(path: string, values?: Values): Promise<Json[]> {
    return records(await this.ask(path, values));
  }

  async orderOf(clientOrderId: string): Promise<Json> {
    return this.askOne("v1/order", { symbol: "ETHUSDT", origClientOrderId: clientOrderId });
  }

  /** What the account's events told since the last call, in short. */
  told(): string[] {
    return this.events.splice(0).flatMap((event) => shortOf(event));
  }

  async wsApi(query = ""): Promise<WsClient> {
    return WsClient.connect(`${this.mock.wsApiUrl}${query}`, () => this.nowMs());
  }

  /** @param path behind the base of the streams, with a leading slash */
  async stream(path: string): Promise<StreamClient> {
    const client = await StreamClient.connect(`${this.mock.streamUrl}${path}`);
    this.#sockets.push(client);
    return client;
  }

  async listenKey(): Promise<string> {
    const { json } = await this.rest.send("POST", "/fapi/v1/listenKey", HMAC_KEY);
    return v.parse(v.object({ listenKey: v.string() }), json).listenKey;
  }

  /** The account's events, over a socket. */
  async userStream(): Promise<StreamClient> {
    return this.stream(`/private/ws/${await this.listenKey()}`);
  }

  arm(...faults: readonly Json[]): void {
    this.mock.faults.arm({ faults }, "test");
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#sockets) socket.close();
    await this.mock.stop();
  }
}

/** A client of streams: answers to control messages, and all else. */
export class StreamClient {
  readonly socket: WebSocket;
  readonly inbox = new Inbox<Json>();
  readonly answers = new Inbox<Json>();
  readonly closed = new Inbox<number>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const json = record(JSON.parse(String(data)));
      const isAnswer = "result" in json || "code" in json;
      (isAnswer ? this.answers : this.inbox).push(json);
    });
    socket.addEventListener("close", ({ code }) => this.closed.push(code));
  }

  static async connect(url: string): Promise<StreamClient> {
    const socket = new WebSocket(url);
    const client = new StreamClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`no connection to ${url}`)));
    });
    return client;
  }

  /** Sends a control message and waits for its answer. */
  async control(method: string, params: readonly unknown[] = [], id: unknown = 1): Promise<Json> {
    this.socket.send(JSON.stringify({ method, params, id }));
    return this.answers.next();
  }

  /** The next message of this kind; others are passed over. */
  async event(kind: string): Promise<Json> {
    for (;;) {
      const json = await this.inbox.next();
      const inner = json["data"] === undefined ? json : record(json["data"]);
      if (inner["e"] === kind) return inner;
    }
  }

  /** All that has come: a control message and its answer go behind it on the same socket. */
  async arrived(): Promise<Json[]> {
    await this.control("LIST_SUBSCRIPTIONS");
    const items: Json[] = [];
    while (this.inbox.size > 0) items.push(await this.inbox.next());
    return items;
  }
}

/** Orders and conditional orders; balances and hints come in an order of their own. */
function shortOf(event: Json): string[] {
  const inner = event["o"];
  if (inner === undefined) return [];
  const o = record(inner);
  if (event["e"] === "ALGO_UPDATE") {
    const failure = o["rm"] === "" ? "" : `: ${String(o["rm"])}`;
    return [`algo ${String(o["X"])}${failure}`];
  }
  if (event["e"] !== "ORDER_TRADE_UPDATE") return [];
  const [x, X, l, L, er] = ["x", "X", "l", "L", "er"].map((name) => String(o[name]));
  if (x === "TRADE") return [`TRADE ${X} ${l}@${L}`];
  return [x === "EXPIRED" ? `${X} ${er}` : `${x} ${X}`];
}
