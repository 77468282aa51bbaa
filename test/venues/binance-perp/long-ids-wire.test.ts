/** The same over real sockets: what is received and sent keeps all digits on each of three ways. */

import { afterEach, expect, test } from "bun:test";
import type { Server } from "bun";
import { Rng } from "#domain/rng.ts";
import { HttpClient } from "#net/http.ts";
import { RateBudgets } from "#net/rate-budget.ts";
import { systemTimers } from "#net/timers.ts";
import { accessOf } from "#venues/binance/access.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { BinanceClock } from "#venues/binance/clock.ts";
import { idParam } from "#venues/binance/json.ts";
import { BinanceLimits, budgetSpecs } from "#venues/binance/limits.ts";
import { BinanceRest } from "#venues/binance/rest.ts";
import { BinanceWsApi } from "#venues/binance/ws-api.ts";
import { DIALECT } from "#venues/binance-perp/api.ts";
import { UserStream } from "#venues/binance-perp/user-stream.ts";
import { Inbox } from "../../net/support.ts";
import { AutoApi, NOW_MS, ok } from "./perp-kit.ts";

const LONG = "8389765489680951453";
const ORDER = `{"orderId":${LONG},"clientOrderId":"mm-1"}`;
const PARAMS = { symbol: "ETHUSDT", orderId: idParam(LONG) };

let server: Server<undefined> | null = null;
const closings: (() => void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) close();
  await server?.stop(true);
});

/** Hears requests as text, and answers with the order. */
function listen(heard: Inbox<string>): string {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => {
      if (self.upgrade(request)) return undefined;
      heard.push(request.url);
      return new Response(ORDER);
    },
    websocket: {
      open: (peer) => {
        peer.send(`{"e":"ORDER_TRADE_UPDATE","o":{"i":${LONG}}}`);
      },
      message: (peer, data) => {
        const text = String(data);
        heard.push(text);
        peer.send(`{"id":${/"id":(\d+)/.exec(text)?.[1]},"status":200,"result":${ORDER}}`);
      },
    },
  });
  return `127.0.0.1:${server.port}`;
}

function world() {
  const clock = new BinanceClock(() => NOW_MS);
  const specs = budgetSpecs([], DIALECT);
  const memory = new RateBudgets(specs).memory;
  const limits = new BinanceLimits({ specs, memory }, () => NOW_MS, DIALECT);
  const access = accessOf({ kind: "api-key", apiKey: "key", secret: "secret" });
  const http = new HttpClient(systemTimers);
  return {
    clock,
    limits,
    access,
    http,
    timers: systemTimers,
    rng: new Rng(1),
    nowMs: () => NOW_MS,
  };
}

function resultOf(answer: ApiAnswer): unknown {
  return answer.kind === "answered" ? answer.result : answer;
}

test("by REST", async () => {
  const heard = new Inbox<string>();
  const { clock, limits, access, http } = world();
  const restUrl = `http://${listen(heard)}`;
  const rest = new BinanceRest({ restUrl, access, dialect: DIALECT }, { http, clock, limits });
  const answer = await rest.call("order.status", PARAMS);
  expect(resultOf(answer)).toMatchObject({ orderId: LONG });
  expect(new URL(await heard.next()).searchParams.get("orderId")).toBe(LONG);
});

test("over the WebSocket API", async () => {
  const heard = new Inbox<string>();
  const ready = new Inbox<true>();
  const wsApiUrl = `ws://${listen(heard)}`;
  const { access, ...rest } = world();
  const api = new BinanceWsApi({ wsApiUrl, access, dialect: DIALECT }, rest, {
    onReady: () => ready.push(true),
    onLost: () => {},
    onStreamInterrupted: () => {},
    onUserEvent: () => {},
    onAlert: () => {},
  });
  closings.push(() => api.close());
  api.open();
  await ready.next();
  const answer = await api.call("order.cancel", PARAMS);
  expect(resultOf(answer)).toMatchObject({ orderId: LONG });
  expect(await heard.next()).toContain(`"orderId":${LONG},`);
});

test("by the private stream", async () => {
  const messages = new Inbox<unknown>();
  const streamUrl = `ws://${listen(new Inbox<string>())}`;
  const api = new AutoApi<string>(() => ok({ listenKey: "key-1" }));
  const stream = new UserStream({ streamUrl, api, admit: () => 0 }, world());
  closings.push(() => stream.stop());
  stream.start({
    onReady: () => {},
    onLost: () => {},
    onInterrupted: () => {},
    onMessage: (json) => messages.push(json),
    onTrouble: () => {},
  });
  expect(await messages.next()).toMatchObject({ o: { i: LONG } });
});
