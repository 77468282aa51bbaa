import { describe, expect, test } from "bun:test";
import type { KlineQuery } from "#venues/binance/klines.ts";
import { PerpHistory } from "#venues/binance-perp/history.ts";
import { VenueError } from "#venues/venue.ts";
import { ProtocolError } from "#venues/wire.ts";

const MINUTE_MS = 60_000;
/** Half a minute into the minute of this number. */
const PRESENT = 30_000_000;
const NOW_MS = PRESENT * MINUTE_MS + 30_000;
const LENGTHS_MS: Readonly<Record<string, number>> = { "1m": MINUTE_MS, "1h": 60 * MINUTE_MS };

/** A venue with candles whose close is their number since 1970. */
class CandleVenue {
  readonly asked: KlineQuery[] = [];

  history(): PerpHistory {
    return new PerpHistory((query) => this.#fetch(query), { venueNowMs: () => NOW_MS });
  }

  #fetch(query: KlineQuery): Promise<unknown> {
    this.asked.push(query);
    const lengthMs = LENGTHS_MS[query.interval] ?? 0;
    const newest = Math.floor((query.endTime ?? NOW_MS) / lengthMs);
    const rows = Array.from({ length: query.limit }, (_, at) => newest - query.limit + 1 + at);
    return Promise.resolve(rows.map((number) => kline(number, lengthMs)));
  }
}

function kline(number: number, lengthMs: number): unknown[] {
  const openMs = number * lengthMs;
  return [openMs, "1", "2", "1", `${number}.0`, "5", openMs + lengthMs - 1, "5", 3, "1", "1", "0"];
}

describe("the history of a perpetual", () => {
  test("has the closes of complete minutes, oldest first, over several pages", async () => {
    const venue = new CandleVenue();
    const prices = await venue.history().prices(MINUTE_MS, 1200);
    expect(prices).toEqual(Array.from({ length: 1200 }, (_, at) => PRESENT - 1200 + at));
    expect(venue.asked.map(({ limit }) => limit)).toEqual([1000, 202]);
    expect(venue.asked[1]?.endTime).toBe((PRESENT - 999) * MINUTE_MS - 1);
  });

  test("takes every n-th of shorter candles where the venue has none so long", async () => {
    const venue = new CandleVenue();
    const prices = await venue.history().prices(7 * MINUTE_MS, 3);
    expect(prices).toEqual([PRESENT - 15, PRESENT - 8, PRESENT - 1]);
    await venue.history().prices(60 * MINUTE_MS, 2);
    expect(venue.asked.map(({ interval }) => interval)).toEqual(["1m", "1h"]);
  });

  test("asks nothing for steps that are no whole minutes: of seconds it has none", async () => {
    const venue = new CandleVenue();
    for (const intervalMs of [1000, 30_000, 90_000, 0, -60_000, Number.NaN, Infinity]) {
      expect(await venue.history().prices(intervalMs, 10)).toEqual([]);
    }
    expect(await venue.history().prices(MINUTE_MS, 0)).toEqual([]);
    expect(venue.asked).toEqual([]);
  });

  test("never asks without end", async () => {
    const venue = new CandleVenue();
    const prices = await venue.history().prices(MINUTE_MS, 1_000_000);
    expect(venue.asked).toHaveLength(10);
    expect(prices).toHaveLength(9_999); // ten pages, the present minute left out
  });

  test("says why there is none", async () => {
    const refusal = new VenueError("venue-unreachable", "no answer");
    const clock = { venueNowMs: () => NOW_MS };
    const silent = new PerpHistory(() => Promise.reject(refusal), clock);
    expect(silent.prices(MINUTE_MS, 5)).rejects.toBe(refusal);
    const odd = new PerpHistory(() => Promise.resolve([["what"]]), clock);
    expect(odd.prices(MINUTE_MS, 5)).rejects.toBeInstanceOf(ProtocolError);
  });
});
