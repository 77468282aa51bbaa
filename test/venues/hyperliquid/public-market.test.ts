import { expect, test } from "bun:test";
import { Rng } from "#domain/rng.ts";
import { HlPublicMarket } from "#venues/hyperliquid/public-market.ts";
import type { HlSocket, PostOutcome, SocketHandlers } from "#venues/hyperliquid/socket.ts";
import { ManualTimers } from "../../net/support.ts";
import { bookFrame, perp } from "./market-frames.ts";
import { BASE_MS, MarketEar, UNKNOWN } from "./stream-under-test.ts";

class FakeSocket implements HlSocket {
  #handlers: SocketHandlers | null = null;
  isClosed = false;
  renewals = 0;
  readonly isUp = true;
  readonly reconnects = 4;
  readonly inFlight = 0;

  open(handlers: SocketHandlers): void {
    this.#handlers = handlers;
  }
  opened(): SocketHandlers {
    if (this.#handlers === null) throw new Error("not opened");
    return this.#handlers;
  }
  close(): void {
    this.isClosed = true;
  }
  renew(): void {
    this.renewals += 1;
  }
  post(): Promise<PostOutcome> {
    throw new Error("a public market posts nothing");
  }
}

test("a public market is its socket's feed, and the past of its perp", async () => {
  const timers = new ManualTimers();
  const socket = new FakeSocket();
  const asked: number[][] = [];
  const history = {
    prices: (intervalMs: number, count: number) => {
      asked.push([intervalMs, count]);
      return Promise.resolve([1, 2, 3]);
    },
  };
  const world = { timers, rng: new Rng(1), nowMs: () => BASE_MS + timers.elapsedMs() };
  const market = new HlPublicMarket({ instrument: perp(), socket, history }, world);
  const ear = new MarketEar();
  expect(() => socket.opened()).toThrow("not opened");
  market.start(ear);
  const handlers = socket.opened();

  handlers.onUp();
  handlers.onMessage(bookFrame(BASE_MS, [["3400.0", "1.0"]], [["3401.0", "2.0"]]), BASE_MS);
  expect(ear.takeTouches()).toEqual([[340_000, 10_000, 340_100, 20_000]]);
  expect(market.status()).toEqual({ state: "live", messages: 1, resyncs: 0, reconnects: 4 });
  expect(await market.prices(60_000, 3)).toEqual([1, 2, 3]);
  expect(asked).toEqual([[60_000, 3]]);

  timers.advance(5000);
  expect(ear.takeTouches()).toEqual([UNKNOWN]);
  expect(socket.renewals).toBe(1);
  handlers.onError("Cannot track more than 15 total users.");
  handlers.onDown("reset by peer");
  expect(ear.takeAlerts()).toEqual(["feed-mute", "feed-refusal", "feed-down"]);

  market.stop();
  expect(socket.isClosed).toBe(true);
  expect(market.status().state).toBe("closed");
  expect(timers.pending).toBe(0);
});
