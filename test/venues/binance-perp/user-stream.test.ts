/** The private stream on loopback: keys that end, connections that are cut, and neither told. */

import { afterEach, expect, test } from "bun:test";
import type { Server, ServerWebSocket } from "bun";
import { Rng } from "#domain/rng.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import { UserStream } from "#venues/binance-perp/user-stream.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";
import { AutoApi, LOST, NOW_MS, ok, refusal } from "./perp-kit.ts";

const HALF_HOUR_MS = 1_800_000;

class Subject {
  readonly timers = new ManualTimers();
  /** Paths dialled, and the sockets of them, in order. */
  readonly paths: string[] = [];
  readonly opened = new Inbox<ServerWebSocket<string>>();
  readonly closed = new Inbox<string>();
  readonly news = new Inbox<string>();
  readonly messages = new Inbox<unknown>();
  readonly troubles: string[] = [];
  /** The key that the venue holds. */
  key = "key-1";
  /** Told instead, once each. */
  readonly instead = new Map<ApiMethod, ApiAnswer>();
  readonly asked: ApiMethod[] = [];
  readonly stream: UserStream;
  readonly #server: Server<string>;

  /** @param first told instead of the first key */
  constructor(first?: ApiAnswer) {
    if (first !== undefined) this.instead.set("listenKey.open", first);
    this.#server = Bun.serve<string>({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, server) => {
        const { pathname } = new URL(request.url);
        this.paths.push(pathname);
        return server.upgrade(request, { data: pathname }) ? undefined : new Response("no");
      },
      websocket: {
        data: "",
        open: (peer) => this.opened.push(peer),
        message: () => {},
        close: (peer) => this.closed.push(peer.data),
      },
    });
    const api = new AutoApi<ApiMethod>((method) => this.#answer(method));
    const { timers } = this;
    this.stream = new UserStream(
      { streamUrl: `ws://127.0.0.1:${this.#server.port}`, api, admit: () => 0 },
      { timers, rng: new Rng(1), nowMs: () => NOW_MS },
    );
    this.stream.start({
      onReady: () => this.news.push("ready"),
      onLost: () => this.news.push("lost"),
      onInterrupted: () => this.news.push("interrupted"),
      onMessage: (json) => this.messages.push(json),
      onTrouble: (code) => this.troubles.push(code),
    });
  }

  async hear(expected: string): Promise<void> {
    expect(await this.news.next()).toBe(expected);
  }

  async begun(): Promise<ServerWebSocket<string>> {
    const peer = await this.opened.next();
    await this.hear("ready");
    return peer;
  }

  /** Once something waits for so long. */
  async delayOf(delayMs: number): Promise<void> {
    while ((await this.timers.delays.next()) !== delayMs);
  }

  /** Lets time pass on a connection that lives, until the venue is asked something. */
  async live(peer: ServerWebSocket<string>, durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs && this.asked.length === 0; passedMs += 2000) {
      this.timers.advance(2000);
      peer.send(JSON.stringify({ e: "TRADE_LITE" }));
      if (this.asked.length === 0) await this.messages.next();
    }
  }

  async stop(): Promise<void> {
    this.stream.stop();
    await this.#server.stop(true);
  }

  #answer(method: ApiMethod): ApiAnswer {
    this.asked.push(method);
    const instead = this.instead.get(method);
    this.instead.delete(method);
    if (instead !== undefined) return instead;
    return method === "listenKey.open" ? ok({ listenKey: this.key }) : ok({});
  }
}

const subjects: Subject[] = [];
afterEach(async () => {
  for (const made of subjects.splice(0)) await made.stop();
});

function subject(first?: ApiAnswer): Subject {
  const made = new Subject(first);
  subjects.push(made);
  return made;
}

const NO_KEY = refusal(-1125, "This listenKey does not exist.");

test("it counts once the venue has confirmed its key, and tells what comes", async () => {
  const stream = subject();
  const peer = await stream.begun();
  expect(stream.paths).toEqual(["/private/ws/key-1"]);
  expect(stream.asked).toEqual(["listenKey.open", "listenKey.keep"]);
  peer.send(JSON.stringify({ e: "ORDER_TRADE_UPDATE", E: 1 }));
  expect(await stream.messages.next()).toEqual({ e: "ORDER_TRADE_UPDATE", E: 1 });
  expect(stream.stream.isReady).toBe(true);
});

test("a key that had ended when it was dialled by is replaced", async () => {
  const stream = subject();
  stream.instead.set("listenKey.keep", NO_KEY);
  await stream.opened.next();
  stream.key = "key-2";
  await stream.delayOf(1000);
  stream.timers.advance(1000);
  await stream.begun();
  expect(stream.paths).toEqual(["/private/ws/key-1", "/private/ws/key-2"]);
});

test("a key that the venue says has ended is replaced, and that is a gap", async () => {
  const stream = subject();
  const peer = await stream.begun();
  stream.timers.advance(2000);
  stream.key = "key-2";
  peer.send(JSON.stringify({ e: "listenKeyExpired", E: 1, listenKey: "key-1" }));
  await stream.hear("lost");
  await stream.begun();
  expect(stream.paths.at(-1)).toBe("/private/ws/key-2");
  expect(stream.stream.reconnects).toBe(1);
  expect(stream.messages.size).toBe(0);
});

test("the key is kept alive each half hour, and replaced where it had ended", async () => {
  const stream = subject();
  const peer = await stream.begun();
  stream.asked.length = 0;
  stream.instead.set("listenKey.keep", NO_KEY);
  stream.key = "key-2";
  await stream.live(peer, 2 * HALF_HOUR_MS);
  await stream.hear("lost");
  await stream.begun();
  expect(stream.asked).toEqual(["listenKey.keep", "listenKey.open", "listenKey.keep"]);
});

test("a cut connection comes back by the same key", async () => {
  const stream = subject();
  const peer = await stream.begun();
  peer.terminate();
  await stream.hear("lost");
  stream.timers.advance(10_000);
  await stream.begun();
  expect(stream.paths).toEqual(["/private/ws/key-1", "/private/ws/key-1"]);
});

test("a planned end is not noticed", async () => {
  const stream = subject();
  const peer = await stream.begun();
  peer.send(JSON.stringify({ e: "serverShutdown", E: 1 }));
  const fresh = await stream.opened.next();
  fresh.send(JSON.stringify({ e: "ACCOUNT_UPDATE" }));
  expect(await stream.messages.next()).toEqual({ e: "ACCOUNT_UPDATE" });
  peer.send(JSON.stringify({ e: "TRADE_LITE" }));
  expect(await stream.messages.next()).toEqual({ e: "TRADE_LITE" });
  expect([stream.news.size, stream.messages.size]).toEqual([0, 0]);
});

test("one that seems mute is made anew, key and all", async () => {
  const stream = subject();
  await stream.begun();
  stream.timers.advance(1500);
  stream.key = "key-2";
  stream.stream.renew("by the test");
  await stream.hear("lost");
  await stream.begun();
  expect(stream.paths.at(-1)).toBe("/private/ws/key-2");
});

test("without a key it is tried again, and told to people", async () => {
  const stream = subject(LOST);
  const delayMs = await stream.timers.delays.next();
  expect(stream.troubles).toEqual(["no-listen-key"]);
  stream.timers.advance(delayMs);
  await stream.begun();
  expect(stream.asked).toEqual(["listenKey.open", "listenKey.open", "listenKey.keep"]);
});

test("what is no JSON is told, and does no harm", async () => {
  const stream = subject();
  const peer = await stream.begun();
  peer.send('{"e":"ORDER_TRADE');
  peer.send(JSON.stringify({ e: "MARGIN_CALL" }));
  expect(await stream.messages.next()).toEqual({ e: "MARGIN_CALL" });
  expect(stream.troubles).toEqual(["bad-message"]);
});

test("stopped, it tells nothing more and leaves no socket", async () => {
  const stream = subject();
  await stream.begun();
  stream.stream.stop();
  expect(await stream.closed.next()).toBe("/private/ws/key-1");
  expect(stream.news.size).toBe(0);
});
