import { describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import type { SpotApi } from "#venues/binance-spot/api.ts";
import { KlineHistory } from "#venues/binance-spot/history.ts";

const NOW_MS = 1_800_000_000_500;
const LENGTHS_MS: Readonly<Record<string, number>> = { "1s": 1000, "1m": 60_000, "5m": 300_000 };

/** A venue with candles from `sinceMs` on, whose close is their number since 1970. */
class CandleApi implements SpotApi {
  readonly calls: RequestParams[] = [];
  readonly #sinceMs: number;
  readonly #isThere: (openTimeMs: number) => boolean;

  constructor(sinceMs: number, isThere: (openTimeMs: number) => boolean = () => true) {
    this.#sinceMs = sinceMs;
    this.#isThere = isThere;
  }

  venueNowMs(): number {
    return NOW_MS;
  }

  call(method: string, params: RequestParams): Promise<ApiAnswer> {
    expect(method).toBe("klines");
    expect(params["symbol"]).toBe("ETHUSDT");
    this.calls.push(params);
    const lengthMs = LENGTHS_MS[String(params["interval"])] ?? 0;
    const endMs = Number(params["endTime"] ?? NOW_MS);
    const result: unknown[] = [];
    for (let openMs = Math.floor(endMs / lengthMs) * lengthMs; openMs >= this.#sinceMs; ) {
      if (result.length === params["limit"]) break;
      if (this.#isThere(openMs)) result.unshift(kline(openMs, lengthMs));
      openMs -= lengthMs;
    }
    return Promise.resolve(answered(result));
  }
}

function kline(openMs: number, lengthMs: number, close = `${openMs / lengthMs}`): unknown[] {
  return [openMs, "1", "2", "1", close, "5", openMs + lengthMs - 1, "5", 3, "1", "1", "0"];
}

function answered(result: unknown): ApiAnswer {
  const reply = { status: 200, code: 0, message: "", retryAtMs: null, legs: null };
  return { kind: "answered", reply, result };
}

describe("kline history", () => {
  test("gives the closes of complete candles, oldest first, over several pages", async () => {
    const api = new CandleApi(0);
    const prices = await new KlineHistory(api, "ETHUSDT").prices(1000, 2500);
    // The second that has begun at …000 is not complete.
    const newest = 1_799_999_999;
    expect(prices).toEqual(Array.from({ length: 2500 }, (_, at) => newest - 2499 + at));
    expect(api.calls.map(({ limit }) => limit)).toEqual([1000, 1000, 502]);
  });

  test("takes every n-th of shorter candles where the venue has none so long", async () => {
    const api = new CandleApi(0);
    const history = new KlineHistory(api, "ETHUSDT");
    expect(await history.prices(5000, 3)).toEqual([1_799_999_989, 1_799_999_994, 1_799_999_999]);
    expect(await history.prices(120_000, 2)).toEqual([29_999_997, 29_999_999]);
    expect(api.calls.map(({ interval }) => interval)).toEqual(["1s", "1m"]);
    expect(await history.prices(300_000, 1)).toEqual([5_999_999]);
  });

  test("ends where the venue has no more, and at a hole", async () => {
    const young = new CandleApi(NOW_MS - 4500);
    expect(await new KlineHistory(young, "ETHUSDT").prices(1000, 100)).toEqual([
      1_799_999_996, 1_799_999_997, 1_799_999_998, 1_799_999_999,
    ]);
    const holed = new CandleApi(0, (openMs) => openMs !== 1_799_999_997_000);
    expect(await new KlineHistory(holed, "ETHUSDT").prices(1000, 100)).toEqual([
      1_799_999_998, 1_799_999_999,
    ]);
    const unborn = new CandleApi(NOW_MS);
    expect(await new KlineHistory(unborn, "ETHUSDT").prices(1000, 100)).toEqual([]);
  });

  test("asks nothing for a step that the venue cannot give", async () => {
    const api = new CandleApi(0);
    const history = new KlineHistory(api, "ETHUSDT");
    for (const intervalMs of [500, 1500, 0, -1000, Number.NaN, Infinity]) {
      expect(await history.prices(intervalMs, 10)).toEqual([]);
    }
    expect(await history.prices(1000, 0)).toEqual([]);
    expect(api.calls).toEqual([]);
  });

  test("never fails and never asks without end", async () => {
    const unknown: ApiAnswer = { kind: "unknown", message: "timed out" };
    const step = 60_000;
    const newest = NOW_MS - (NOW_MS % step) - step;
    const answers: [ApiAnswer, readonly number[]][] = [
      [unknown, []],
      [answered(undefined), []],
      [answered([["what"]]), []],
      [answered([kline(newest - step, step, "0"), kline(newest, step, "7")]), [7]],
    ];
    for (const [answer, prices] of answers) {
      const api = { venueNowMs: () => NOW_MS, call: () => Promise.resolve(answer) };
      expect(await new KlineHistory(api, "ETHUSDT").prices(step, 5)).toEqual(prices);
    }
    const api = new CandleApi(0);
    await new KlineHistory(api, "ETHUSDT").prices(59_000, 1_000_000);
    expect(api.calls.length).toBeLessThanOrEqual(30);
  });
});
