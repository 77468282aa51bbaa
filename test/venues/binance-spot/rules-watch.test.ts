/** The venue's rules change while we trade. */

import { describe, expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { OrderChecks } from "#venues/binance-spot/order-checks.ts";
import { RulesWatch } from "#venues/binance-spot/rules-watch.ts";
import { ManualTimers } from "../../net/support.ts";
import { ETHUSDT, FILTERS } from "./market.ts";
import {
  AutoApi,
  FEES,
  infoOf,
  LOST,
  marketOf,
  newsKit,
  notSent,
  ok,
  requestOf,
  turn,
} from "./spot-kit.ts";

const TEN_MINUTES_MS = 600_000;
const NOTHING_HELD = { base: null, openBuyLots: 0 };

async function watching() {
  const answers: { exchangeInfo: ApiAnswer; avgPrice: ApiAnswer } = {
    exchangeInfo: ok(infoOf()),
    avgPrice: ok({ mins: 5, price: "2000.00000000", closeTime: 1 }),
  };
  const api = new AutoApi((method) =>
    method === "exchangeInfo" || method === "avgPrice" ? answers[method] : notSent("not-connected"),
  );
  const timers = new ManualTimers();
  const market = marketOf();
  const checks = new OrderChecks(market);
  const { heard, news } = newsKit(api);
  const watch = new RulesWatch({ api, market, fees: FEES, checks, news, timers });
  watch.start();
  await turn();
  const told = (): string[] =>
    heard.alerts.map(({ code }) => code).filter((code) => code.startsWith("market-"));
  const reasonOf = (priceTicks: number, quantityLots = 1000) =>
    checks.check(requestOf(1, { priceTicks, quantityLots }), NOTHING_HELD)?.reason ?? null;
  return { answers, api, timers, checks, heard, told, watch, reasonOf };
}

function withFilter(filterType: string, change: object): object {
  const changed = { ...FILTERS.find((filter) => filter.filterType === filterType), ...change };
  const filters = [...FILTERS.filter((filter) => filter.filterType !== filterType), changed];
  return infoOf({ ...ETHUSDT, filters });
}

describe("the average price", () => {
  test("limits prices, is read every minute, and not used where it is not told", async () => {
    const { answers, api, timers, heard, reasonOf } = await watching();
    expect(reasonOf(39_999)).toBe("filter"); // 0.2 · 2000 = 400
    answers.avgPrice = ok({ price: "1900.00000000" });
    timers.advance(60_000);
    await turn();
    expect([reasonOf(39_999), reasonOf(37_999)]).toEqual([null, "filter"]);
    answers.avgPrice = LOST;
    timers.advance(60_000);
    await turn();
    expect(reasonOf(37_999)).toBeNull();
    answers.avgPrice = ok({ price: "0.00000000" });
    timers.advance(60_000);
    await turn();
    expect(heard.alerts).toMatchObject([{ code: "unreadable-price", level: "warning" }]);
    expect(api.paramsOf("avgPrice")).toHaveLength(4);
  });
});

describe("the filters", () => {
  test("count at once where the grid is the same", async () => {
    const { answers, timers, heard, told, reasonOf } = await watching();
    expect(reasonOf(200_000, 90_000)).toBeNull();
    answers.exchangeInfo = ok(withFilter("LOT_SIZE", { maxQty: "5.00000000" }));
    timers.advance(TEN_MINUTES_MS);
    await turn();
    expect(reasonOf(200_000, 90_000)).toBe("filter");
    expect(heard.alerts).toMatchObject([{ code: "rules-changed", level: "warning" }]);
    expect(told()).toEqual([]);
  });

  test("end the quoting where tick or lot are another", async () => {
    const { answers, timers, heard, told, watch } = await watching();
    answers.exchangeInfo = ok(withFilter("PRICE_FILTER", { tickSize: "0.05" }));
    timers.advance(TEN_MINUTES_MS);
    await turn();
    expect([told(), watch.isOpen]).toEqual([["market-closed"], false]);
    expect(await heard.events.next()).toMatchObject({ kind: "book", bidLots: 0, askLots: 0 });
    expect(heard.alerts[0]).toMatchObject({ code: "rules-changed", level: "critical" });
    answers.exchangeInfo = ok(infoOf());
    timers.advance(TEN_MINUTES_MS);
    await turn();
    expect([told(), watch.isOpen]).toEqual([["market-closed", "market-open"], true]);
  });

  test("are read again after a refusal, once a minute at most", async () => {
    const { api, timers, watch } = await watching();
    for (let refusal = 0; refusal < 5; refusal += 1) watch.refresh();
    await turn();
    expect(api.paramsOf("exchangeInfo")).toHaveLength(1);
    timers.advance(60_000);
    for (let refusal = 0; refusal < 5; refusal += 1) watch.refresh();
    await turn();
    expect(api.paramsOf("exchangeInfo")).toHaveLength(2);
    timers.advance(TEN_MINUTES_MS);
    await turn();
    expect(api.paramsOf("exchangeInfo")).toHaveLength(3);
  });

  test("that cannot be read, or are not told, leave everything as it was", async () => {
    const { answers, timers, heard, told, reasonOf, watch } = await watching();
    for (const answer of [LOST, ok({ symbols: "none" }), notSent("budget")]) {
      answers.exchangeInfo = answer;
      timers.advance(TEN_MINUTES_MS);
      await turn();
    }
    expect([told(), reasonOf(200_000)]).toEqual([[], null]);
    expect(heard.alerts).toMatchObject([{ code: "unreadable-rules", level: "warning" }]);
    watch.stop();
    expect(timers.pending).toBe(0);
  });
});

test("a closed market is looked at after 3 s, then after twice as long each time", async () => {
  const { answers, api, timers, told, watch } = await watching();
  answers.exchangeInfo = ok(infoOf({ ...ETHUSDT, status: "BREAK" }));
  timers.advance(TEN_MINUTES_MS);
  await turn();
  expect(watch.isOpen).toBe(false);
  const looks = (): number => api.paramsOf("exchangeInfo").length;
  const before = looks();
  const waits: number[] = [];
  for (let second = 1, last = 0; waits.length < 7; second += 1) {
    const seen = looks();
    timers.advance(1000);
    await turn();
    if (looks() === seen) continue;
    waits.push(second - last);
    last = second;
  }
  expect(waits).toEqual([3, 6, 12, 24, 48, 60, 60]);
  expect(looks()).toBe(before + 7);
  answers.exchangeInfo = ok(infoOf());
  timers.advance(60_000);
  await turn();
  expect(told()).toEqual(["market-closed", "market-open"]);
});
