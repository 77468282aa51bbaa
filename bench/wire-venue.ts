/**
 * The wire venue: a lean stand-in for Binance Spot that the live path is measured against. Run as
 * a process of its own (`startWireVenue` in wire-client.ts), so that it shares no event loop with
 * what is measured; it ends with its parent. It speaks REST, WebSocket API and streams as far as
 * our adapter does, takes every order and checks nothing. It never sleeps while it measures: the
 * wake-up that shows is the other side's alone. Nothing of it is for production.
 *
 * `POST /bench/ticks?symbol&count&block&warmUp&quietMs`: moves the mid one bin to and fro with a
 * bookTicker each, and answers with the microseconds from the sending of each to the first order
 * message; in turns of `block` with echoes of the same sizes on `/echo`.
 * `POST /bench/market?durationMs&everyMs`: bookTicker and depth in turns on every stream.
 */

import * as v from "valibot";
import { Rng } from "#domain/rng.ts";
import { METHODS } from "#venues/binance-spot/api.ts";
import { WireMarket } from "./wire-market.ts";
import { BALANCE, type Params, WireOrders, type WireOutcome } from "./wire-orders.ts";

interface SocketData {
  readonly kind: "api" | "stream" | "echo";
  /** Of a stream. */
  readonly symbol: string;
}
type Socket = Bun.ServerWebSocket<SocketData>;

/** 2 000.00, and a bin of 4 basis points there. */
const MID_TICKS = 200_000;
const BIN_TICKS = 80;
const DEPTH_EVERY_MS = 100;
/** A tick that no order follows within this is counted as missed. */
const MISSED_MS = 250;
const HUGE = 1_000_000_000;

const Request = v.object({
  id: v.number(),
  method: v.string(),
  params: v.optional(v.record(v.string(), v.unknown()), {}),
});

const markets = new Map<string, WireMarket>();
const streams = new Map<string, Socket>();
/** Told the account's news. */
const subscribed = new Set<Socket>();
const orders = new WireOrders();
let echo: Socket | null = null;
/** When the first message since the last tick came, 0: not yet; and the last one. */
const heard = { firstMs: 0, lastMs: 0, orderMessages: 0 };

const server = Bun.serve<SocketData>({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  development: false,
  fetch: async (request, self) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/bench/")) return Response.json(await drive(pathname, searchParams));
    const data = socketOf(pathname, searchParams);
    if (data === null) return answerRest(request.method, pathname, searchParams);
    return self.upgrade(request, { data }) ? undefined : new Response("no", { status: 400 });
  },
  websocket: {
    idleTimeout: 960,
    sendPings: false,
    perMessageDeflate: false,
    open: (socket) => {
      if (socket.data.kind === "stream") streams.set(socket.data.symbol, socket);
      if (socket.data.kind === "echo") echo = socket;
    },
    message: (socket, data) => {
      heard.lastMs = performance.now();
      if (heard.firstMs === 0) heard.firstMs = heard.lastMs;
      if (socket.data.kind === "api") answerWs(socket, data.toString());
    },
    close: (socket) => {
      subscribed.delete(socket);
      if (streams.get(socket.data.symbol) === socket) streams.delete(socket.data.symbol);
      if (echo === socket) echo = null;
    },
  },
});
process.on("disconnect", () => process.exit(0));
process.send?.({ port: server.port });

function socketOf(pathname: string, params: URLSearchParams): SocketData | null {
  if (pathname === "/ws-api/v3") return { kind: "api", symbol: "" };
  if (pathname === "/echo") return { kind: "echo", symbol: "" };
  if (pathname !== "/stream") return null;
  const [symbol = ""] = (params.get("streams") ?? "").split("@");
  return { kind: "stream", symbol: symbol.toUpperCase() };
}

function marketOf(symbol: unknown): WireMarket {
  const name = String(symbol);
  const market = markets.get(name) ?? new WireMarket(name, MID_TICKS);
  markets.set(name, market);
  return market;
}

function answerRest(verb: string, path: string, query: URLSearchParams): Response {
  // As at a testnet.
  if (path.startsWith("/sapi/")) return new Response("no such path", { status: 404 });
  const method = Object.entries(METHODS).find(
    ([, spec]) => spec.verb === verb && spec.path === path,
  )?.[0];
  const outcome = outcomeOf(method ?? "", Object.fromEntries(query));
  if (outcome === null) return Response.json({ code: -2011, msg: "No." }, { status: 400 });
  tell(outcome);
  return Response.json(outcome.result);
}

function answerWs(socket: Socket, text: string): void {
  const { id, method, params } = v.parse(Request, JSON.parse(text));
  if (method.startsWith("userDataStream.subscribe")) subscribed.add(socket);
  const outcome = outcomeOf(method, params);
  const body =
    outcome === null
      ? { status: 400, error: { code: -2011, msg: "Unknown order sent." } }
      : { status: 200, result: outcome.result };
  socket.send(JSON.stringify({ id, ...body, rateLimits: RATE_LIMITS }));
  if (outcome !== null) tell(outcome);
}

/** Every subscription of an account hears all of it, whatever the symbol. */
function tell({ news }: WireOutcome): void {
  for (const event of news) {
    const text = JSON.stringify({ subscriptionId: 0, event });
    for (const socket of subscribed) socket.send(text);
  }
}

function outcomeOf(method: string, params: Params): WireOutcome | null {
  if (method.startsWith("order.") && method !== "order.status") heard.orderMessages += 1;
  switch (method) {
    case "order.place":
      return orders.place(params);
    case "order.cancelReplace":
      return orders.replace(params);
    case "order.cancel":
      return orders.cancel(params);
    case "order.amend.keepPriority":
      return orders.amend(params);
    default: {
      const result = answerTo(method, params);
      return result === null ? null : { result, news: [] };
    }
  }
}

function answerTo(method: string, params: Params): unknown {
  switch (method) {
    case "time":
      return { serverTime: Date.now() };
    case "exchangeInfo":
      return exchangeInfo(params["symbol"]);
    case "depth":
      return marketOf(params["symbol"]).snapshot();
    case "avgPrice":
      return { mins: 5, price: "2000.00000000", closeTime: Date.now() };
    case "account.status":
      return { canTrade: true, updateTime: Date.now(), balances: balances() };
    case "account.commission":
      return { standardCommission: FEES };
    case "openOrders.status":
      return orders.list(params["symbol"]);
    case "order.status":
      return orders.status(params);
    case "session.logon":
      return { apiKey: params["apiKey"] };
    case "klines":
    case "myTrades":
      return [];
    default:
      return method.startsWith("userDataStream.subscribe") ? { subscriptionId: 0 } : null;
  }
}

const FEES = { maker: "0.00010000", taker: "0.00100000", buyer: "0", seller: "0" };
const RATE_LIMITS = [
  { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: HUGE, count: 1 },
  { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: HUGE, count: 1 },
  { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: HUGE, count: 1 },
];

function balances(): unknown[] {
  const bases = [...markets.keys()].map((symbol) => symbol.replace(/USDT$/, ""));
  return [...bases, "USDT"].map((asset) => ({ asset, free: BALANCE, locked: "0.00000000" }));
}

function exchangeInfo(symbol: unknown): unknown {
  const symbols = symbol === undefined ? [] : [symbolInfo(marketOf(symbol).symbol)];
  return {
    timezone: "UTC",
    serverTime: Date.now(),
    rateLimits: RATE_LIMITS,
    exchangeFilters: [],
    symbols,
  };
}

/** The rules of ETHUSDT, under any name. */
function symbolInfo(symbol: string): unknown {
  return {
    symbol,
    status: "TRADING",
    baseAsset: symbol.replace(/USDT$/, ""),
    quoteAsset: "USDT",
    baseAssetPrecision: 8,
    quoteAssetPrecision: 8,
    orderTypes: ["LIMIT", "LIMIT_MAKER"],
    cancelReplaceAllowed: true,
    amendAllowed: true,
    defaultSelfTradePreventionMode: "NONE",
    allowedSelfTradePreventionModes: ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    filters: [
      { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000.00", tickSize: "0.01" },
      { filterType: "LOT_SIZE", minQty: "0.0001", maxQty: "9000.0000", stepSize: "0.0001" },
      {
        filterType: "PERCENT_PRICE_BY_SIDE",
        bidMultiplierUp: "5",
        bidMultiplierDown: "0.2",
        askMultiplierUp: "5",
        askMultiplierDown: "0.2",
        avgPriceMins: 5,
      },
      { filterType: "NOTIONAL", minNotional: "5.00", maxNotional: "9000000.00", avgPriceMins: 5 },
      { filterType: "MAX_NUM_ORDERS", maxNumOrders: 200 },
      { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: 10 },
    ],
  };
}

async function drive(pathname: string, params: URLSearchParams): Promise<unknown> {
  const number = (name: string): number => Number(params.get(name));
  if (pathname === "/bench/state") return { streams: streams.size, open: orders.size };
  if (pathname === "/bench/market") return moveAll(number("durationMs"), number("everyMs"));
  const [count, warmUp] = [number("count"), number("warmUp")];
  const tickUs: number[] = [];
  const echoUs: number[] = [];
  const ticks = { market: marketOf(params.get("symbol")), quietMs: number("quietMs") };
  let sequence = 0;
  let depthMs = 0;
  while (tickUs.length < count + warmUp) {
    for (let turn = 0; turn < number("block"); turn += 1) {
      if (performance.now() - depthMs > DEPTH_EVERY_MS) {
        depthMs = performance.now();
        send(streams.get(ticks.market.symbol) ?? null, ticks.market.depth());
        await quiet(ticks.quietMs);
      }
      sequence += 1;
      const text = ticks.market.ticker(MID_TICKS + (sequence % 2) * BIN_TICKS);
      tickUs.push(await answered(streams.get(ticks.market.symbol) ?? null, text, ticks.quietMs));
    }
    const frame = "x".repeat(ticks.market.ticker(ticks.market.midTicks).length);
    for (let turn = 0; turn < number("block"); turn += 1) {
      echoUs.push(await answered(echo, frame, ticks.quietMs));
    }
  }
  return { tickUs: tickUs.slice(warmUp), echoUs: echoUs.slice(warmUp) };
}

function send(socket: Socket | null, text: string): void {
  if (socket === null) throw new Error("nobody is connected");
  heard.lastMs = performance.now();
  socket.send(text);
}

/** From a message to the first one that answers it, microseconds; -1: none came. */
async function answered(socket: Socket | null, text: string, quietMs: number): Promise<number> {
  heard.firstMs = 0;
  const sentMs = performance.now();
  send(socket, text);
  while (heard.firstMs === 0 && performance.now() - sentMs < MISSED_MS) await turnOfLoop();
  const tookMs = heard.firstMs - sentMs;
  await quiet(quietMs);
  return tookMs < 0 ? -1 : tookMs * 1_000;
}

/** Until nothing was sent or heard for so long. */
async function quiet(quietMs: number): Promise<void> {
  while (performance.now() - heard.lastMs < quietMs) await turnOfLoop();
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Every stream has an event each `everyMs`, spread evenly; mids walk at random. */
async function moveAll(durationMs: number, everyMs: number): Promise<unknown> {
  const rng = new Rng(1);
  const before = heard.orderMessages;
  const startMs = performance.now();
  let events = 0;
  while (performance.now() - startMs < durationMs) {
    const due = ((performance.now() - startMs) / everyMs) * streams.size;
    const symbols = [...streams.keys()];
    for (; events < due; events += 1) {
      const at = marketOf(symbols[events % symbols.length]);
      const isTicker = Math.floor(events / symbols.length) % 2 === 0;
      const step = rng.integer(21) - 10;
      const away = at.midTicks - MID_TICKS;
      const text = isTicker
        ? at.ticker(at.midTicks + (Math.abs(away + step) > 1_000 ? -step : step))
        : at.depth();
      streams.get(at.symbol)?.send(text);
    }
    await Bun.sleep(1);
  }
  return { events, orderMessages: heard.orderMessages - before };
}
