import { describe, expect, test } from "bun:test";
import { MmError } from "#domain/errors.ts";
import type { ActionAnswer, HlApi, InfoAnswer, InfoRequest } from "#venues/hyperliquid/api.ts";
import { CandleHistory } from "#venues/hyperliquid/history.ts";

const MINUTE_MS = 60_000;
/** Half a minute into the minute of this number. */
const PRESENT = 30_000_000;
const NOW_MS = PRESENT * MINUTE_MS + 30_000;
const LENGTHS_MS: Readonly<Record<string, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "1d": 86_400_000,
};

/** A venue with candles whose close is their number since 1970. */
class CandleApi implements HlApi {
  readonly asked: Readonly<Record<string, unknown>>[] = [];
  readonly #isThere: (openMs: number) => boolean;

  constructor(isThere: (openMs: number) => boolean = () => true) {
    this.#isThere = isThere;
  }

  venueNowMs(): number {
    return NOW_MS;
  }

  act(): Promise<ActionAnswer> {
    throw new Error("a history orders nothing");
  }

  info({ type, req }: InfoRequest): Promise<InfoAnswer> {
    expect(type).toBe("candleSnapshot");
    const asked: Record<string, unknown> = { ...(typeof req === "object" ? req : {}) };
    this.asked.push(asked);
    const { coin, interval, startTime, endTime } = asked;
    expect(coin).toBe("ETH");
    const lengthMs = LENGTHS_MS[String(interval)] ?? 0;
    const candles: object[] = [];
    const first = Math.ceil(Number(startTime) / lengthMs) * lengthMs;
    for (let openMs = first; openMs <= Number(endTime); openMs += lengthMs) {
      if (this.#isThere(openMs)) candles.push(candle(openMs, lengthMs));
    }
    return Promise.resolve({ kind: "answered", result: candles.slice(-5000) });
  }
}

function candle(openMs: number, lengthMs: number): object {
  const c = `${openMs / lengthMs}.0`;
  return {
    t: openMs,
    T: openMs + lengthMs - 1,
    s: "ETH",
    i: "?",
    o: "1",
    c,
    h: "2",
    l: "1",
    v: "5",
    n: 3,
  };
}

function historyOf(answer: InfoAnswer): CandleHistory {
  const api = new CandleApi();
  api.info = () => Promise.resolve(answer);
  return new CandleHistory(api, "ETH");
}

describe("candle history", () => {
  test("gives the closes of complete candles, oldest first", async () => {
    const api = new CandleApi();
    const prices = await new CandleHistory(api, "ETH").prices(MINUTE_MS, 3);
    expect(prices).toEqual([PRESENT - 3, PRESENT - 2, PRESENT - 1]);
    expect(api.asked).toHaveLength(1);
  });

  test("takes every n-th of shorter candles where the venue has none so long", async () => {
    const api = new CandleApi();
    const history = new CandleHistory(api, "ETH");
    expect(await history.prices(2 * MINUTE_MS, 3)).toEqual([PRESENT - 5, PRESENT - 3, PRESENT - 1]);
    expect(await history.prices(10 * MINUTE_MS, 2)).toEqual([5_999_997, 5_999_999]);
    expect(api.asked.map(({ interval }) => interval)).toEqual(["1m", "5m"]);
  });

  test("has nothing by the second: the volatility warms up live", async () => {
    const api = new CandleApi();
    for (const stepMs of [1000, 5000, 90_000, 0, -60_000, NaN]) {
      expect(await new CandleHistory(api, "ETH").prices(stepMs, 100)).toEqual([]);
    }
    expect(await new CandleHistory(api, "ETH").prices(MINUTE_MS, 0)).toEqual([]);
    expect(api.asked).toEqual([]);
  });

  test("ends where the venue has no more, and at a hole", async () => {
    const all = await new CandleHistory(new CandleApi(), "ETH").prices(MINUTE_MS, 100_000);
    expect(all).toHaveLength(4999);
    expect(all.at(-1)).toBe(PRESENT - 1);
    const holed = new CandleApi((openMs) => openMs !== (PRESENT - 3) * MINUTE_MS);
    const prices = await new CandleHistory(holed, "ETH").prices(MINUTE_MS, 100);
    expect(prices).toEqual([PRESENT - 2, PRESENT - 1]);
    const quiet = new CandleApi((openMs) => openMs < (PRESENT - 2) * MINUTE_MS);
    expect(await new CandleHistory(quiet, "ETH").prices(MINUTE_MS, 4)).toEqual([
      PRESENT - 4,
      PRESENT - 3,
    ]);
    const none = new CandleApi(() => false);
    expect(await new CandleHistory(none, "ETH").prices(MINUTE_MS, 100)).toEqual([]);
  });

  test.each<[string, InfoAnswer, RegExp]>([
    ["no answer", { kind: "unanswered", message: "no answer in time" }, /no answer in time/],
    ["a refusal", { kind: "refused", status: 422, message: "422 no" }, /422 no/],
    ["null", { kind: "answered", result: null }, /must be Array/],
    ["no candles", { kind: "answered", result: [{ t: 1 }] }, /0\.c must be/],
  ])("says so where the venue does not tell them: %s", async (_name, answer, why) => {
    let thrown: unknown = null;
    await historyOf(answer)
      .prices(MINUTE_MS, 10)
      .catch((error: unknown) => {
        thrown = error;
      });
    expect(thrown).toBeInstanceOf(MmError);
    expect(String(thrown)).toMatch(why);
  });

  test("takes no price of 0", async () => {
    const zero = { ...candle((PRESENT - 1) * MINUTE_MS, MINUTE_MS), c: "0.0" };
    const answer: InfoAnswer = { kind: "answered", result: [zero] };
    expect(await historyOf(answer).prices(MINUTE_MS, 10)).toEqual([]);
  });
});
