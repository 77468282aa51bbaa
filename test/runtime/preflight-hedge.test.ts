/** The hedge leg before a start: its venue, market, leverage, margin and what is there already. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FLAT_PERP } from "./fake-venue.ts";
import { hedgedOn, livePair, perpPair, rejection, Stage } from "./supervision.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
  stage.usdm.perps.set("ETHUSDT", { markPrice: "2000" });
});
afterEach(() => stage.dispose());

/** 1 ETH and 2 000 USDT, hedged on ETHUSDT. */
const CAPITAL = { initInventoryAmount: "1", initQuoteAmount: "2000" };

function hedgedPair(changes: object = {}): ReturnType<typeof livePair> {
  return livePair("ETH", { capital: CAPITAL, ...hedgedOn("ETHUSDT", { ...changes }) });
}

function warnings(): string[] {
  return stage.log.flatMap(({ level, message }) => (level === "warning" ? [message] : []));
}

async function refusal(...pairs: ReturnType<typeof livePair>[]): Promise<string> {
  const error = await rejection(stage.start(pairs));
  expect(stage.workers).toEqual([]);
  return `${error.code} ${error.describe()}`;
}

describe("a hedged pair", () => {
  test("has a link of its own to each venue, both of the one account", async () => {
    stage.usdm.perps.set("ETHUSDT", { sinceTradeId: "41" });
    await stage.start([hedgedPair()]);
    const { quote, hedge } = stage.worker("ETH").start;
    const credentials = { apiKey: "key", secret: "top-secret" };
    expect(quote.link).toMatchObject({ venue: "binance-spot", symbol: "ETHUSDT", credentials });
    expect(hedge?.link).toMatchObject({
      venue: "binance-perp",
      symbol: "ETHUSDT",
      credentials,
      orderPrefix: "mm",
      pairId: "ETH",
      sinceTradeId: "41",
    });
    expect(hedge?.link.budgets).not.toBe(quote.link.budgets);
    expect(hedge?.position).toEqual({ base: "0", quote: "0" });
    expect(warnings()).toEqual([]);
  });

  test("uses the addresses that the config has for each venue", async () => {
    const venues = { "binance-perp": { restUrl: "http://127.0.0.1:1/" } };
    await stage.start([hedgedPair()], { venues });
    const { quote, hedge } = stage.worker("ETH").start;
    expect(quote.link.urls).toEqual(stage.venue.module.urls);
    expect(hedge?.link.urls).toEqual({
      ...stage.usdm.module.urls,
      restUrl: "http://127.0.0.1:1",
    });
  });

  test("on paper asks the public part of both, and takes no position over", async () => {
    stage.usdm.perps.set("ETHUSDT", { position: "3", entryValue: "6000" });
    await stage.start([{ ...hedgedPair(), mode: "paper" }]);
    const { hedge } = stage.worker("ETH").start;
    expect([hedge?.link.credentials, hedge?.position]).toEqual([null, null]);
    expect(stage.usdm.prepared).toEqual([]);
  });

  test("sets leverage and margin mode of its hedge", async () => {
    await stage.start([hedgedPair({ leverage: 3, marginMode: "isolated" })]);
    expect(stage.usdm.prepared).toEqual([["ETHUSDT", { leverage: 3, marginMode: "isolated" }]]);
  });

  test("takes over a position that is there, and says so", async () => {
    const there = { position: "-0.4", entryValue: "-820", warnings: ["it pays high fees"] };
    stage.usdm.perps.set("ETHUSDT", there);
    await stage.start([hedgedPair()]);
    expect(stage.worker("ETH").start.hedge?.position).toEqual({ base: "-0.4", quote: "820" });
    expect(warnings()).toEqual([
      "pair ETH, hedgeOn: it pays high fees",
      "pair ETH, hedgeOn: a position of -0.4 ETH is there already, entered at 2050 USDT: it is " +
        "taken over, and it counts as the pair's hedge",
    ]);
    expect(stage.supervisor.pair("ETH")?.hedge).toMatchObject({ position: "-0.4", quote: "820" });
  });

  test("in another quote currency is warned of", async () => {
    stage.usdm.perps.set("SUIUSDT", FLAT_PERP);
    await stage.start([perpPair("SUI", hedgedOn("SUIUSDT"))]);
    expect(warnings()).toEqual([
      "pair SUI, hedgeOn: it quotes in USDC and hedges in USDT, which are taken to be worth the " +
        "same",
    ]);
  });

  test("hears once what is unwise about a key that two venues look at", async () => {
    const warning = "it works from anywhere";
    stage.venue.keyWarnings = [warning];
    stage.usdm.keyWarnings = [warning];
    await stage.start([hedgedPair()]);
    expect(warnings()).toEqual(["account bn: it works from anywhere"]);
  });
});

describe("a start is refused", () => {
  test("where the hedge is another asset than what is quoted", async () => {
    expect(await refusal(livePair("ETH", hedgedOn("BTCUSDT")))).toBe(
      "hedge-mismatch pair ETH, hedgeOn.symbol: BTCUSDT on binance-perp is BTC, and the pair " +
        "quotes ETH; hedge on a perpetual future of ETH",
    );
    expect(stage.usdm.prepared).toEqual([]);
  });

  test("where the hedge's market takes no orders", async () => {
    stage.usdm.closed = "it is settling";
    expect(await refusal(hedgedPair())).toStartWith(
      "market-closed pair ETH, hedgeOn.symbol: ETHUSDT takes no orders on binance-perp",
    );
  });

  test("where the hedge venue's clock is too far off", async () => {
    stage.usdm.clockOffsetMs = -1_500;
    expect(await refusal(hedgedPair())).toStartWith("clock-offset account bn");
  });

  test("where two pairs hedge on one market of one account", async () => {
    const twin = livePair("TWIN", {
      ...hedgedOn("ETHUSDT"),
      quote: { venue: "binance-spot", account: "bn", symbol: "ETHUSDC" },
    });
    expect(await refusal(hedgedPair(), twin)).toStartWith(
      "same-market pair TWIN, hedgeOn: pairs ETH and TWIN both trade ETHUSDT on binance-perp " +
        "with account bn",
    );
  });

  test("where one pair hedges where another one quotes", async () => {
    const hl = { venue: "hyperliquid", account: "hl", symbol: "ETH" };
    const hedged = livePair("ETH", hedgedOn("ETHUSDT", hl));
    expect(await refusal(hedged, perpPair("PERP", { quote: hl }))).toStartWith(
      "same-market pair PERP, quote: pairs ETH and PERP both trade ETH on hyperliquid",
    );
  });
});

describe("margin", () => {
  // 1 ETH at 2000 and 2000 USDT are 4000: 800 at 5x.
  test.each([
    ["800", true],
    ["799.99", false],
  ])("for a hedge of the whole capital must be there: %s free", async (freeMargin, isEnough) => {
    stage.usdm.perps.set("ETHUSDT", { markPrice: "2000", freeMargin });
    if (isEnough) {
      await stage.start([hedgedPair()]);
      expect(stage.workers).toHaveLength(1);
      return;
    }
    expect(await refusal(hedgedPair())).toBe(
      "insufficient-margin account bn, capital: insufficient margin: the pairs may need " +
        "800 USDT: ETH's hedge 800 (5x); there are 799.99 free and 0 in their own positions; " +
        "fund the account, lower initInventoryAmount and initQuoteAmount of its pairs, or raise " +
        "their hedgeOn.leverage",
    );
  });

  test("is counted at the leverage that is set, with what the position holds already", async () => {
    // 4000 at 10x are 400; short 1 at 2000 holds 200 of them.
    const there = { markPrice: "2000", position: "-1", entryValue: "-2100", leverage: 10 };
    stage.usdm.perps.set("ETHUSDT", { ...there, freeMargin: "200" });
    await stage.start([hedgedPair({ leverage: 10 })]);
    expect(stage.workers).toHaveLength(1);
  });

  test("of quotes and hedges of one account is added up", async () => {
    const hl = { venue: "hyperliquid", account: "hl", symbol: "ETH" };
    // SUI: 20 at 3 are 60, 12 at 5x. The hedge: 2000 and 1 at 2000, 800 at 5x.
    stage.perps.perps.set("ETH", { markPrice: "2000", freeMargin: "811.99" });
    stage.perps.perps.set("SUI", { freeMargin: "811.99" });
    const hedged = livePair("ETH", { capital: CAPITAL, ...hedgedOn("ETHUSDT", hl) });
    const says = await refusal(hedged, perpPair("SUI"));
    expect(says).toContain("may need 812 USDC: ETH's hedge 800 (5x), SUI 12 (5x);");
    expect(says).toEndWith("raise their hedgeOn.leverage or quote.leverage");
  });

  test("in another currency backs no hedge", async () => {
    const btc = livePair("BTC", { capital: CAPITAL, ...hedgedOn("BTCUSDC") });
    stage.usdm.perps.set("ETHUSDT", { markPrice: "2000", freeMargin: "800" });
    stage.usdm.perps.set("BTCUSDC", { markPrice: "2000", freeMargin: "799" });
    expect(await refusal(hedgedPair(), btc)).toContain("may need 800 USDC: BTC's hedge 800 (5x);");
    stage.usdm.perps.set("BTCUSDC", { markPrice: "2000", freeMargin: "800" });
    await stage.start([hedgedPair(), btc]);
    expect(stage.workers).toHaveLength(2);
  });

  test("of a hedge that runs is looked at anew when another pair joins", async () => {
    await stage.start([hedgedPair()]);
    const btc = livePair("BTC", { capital: CAPITAL, ...hedgedOn("BTCUSDT") });
    // 800 each are needed.
    for (const symbol of ["ETHUSDT", "BTCUSDT"]) {
      stage.usdm.perps.set(symbol, { markPrice: "2000", freeMargin: "1599" });
    }
    stage.write([hedgedPair(), btc]);
    expect((await rejection(stage.supervisor.reload())).code).toBe("insufficient-margin");
    expect(stage.usdm.prepared.at(-1)).toEqual(["ETHUSDT", null]);
    expect(stage.workers).toHaveLength(1);
  });
});
