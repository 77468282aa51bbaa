import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Finding } from "#config/findings.ts";
import {
  accountsExist,
  hedgeComplete,
  hedgeElsewhere,
  hedgeReachable,
  liveVenue,
  ordersAllowed,
  overrideComplete,
  perpMargin,
  testnetAddresses,
  uniqueId,
} from "#config/market-relations.ts";
import {
  bookAges,
  checkReachable,
  clockOffsets,
  enoughBins,
  inventoryRebalance,
  oneSteepness,
  orderSizes,
  PAIR_RULES,
  quoteRebalance,
  reachableLimits,
  someCapital,
  targetGiven,
  volThresholds,
  windows,
} from "#config/relations.ts";
import type { PairConfig } from "#config/schema.ts";
import { checkedConfig, checkedPair, type Json } from "./support.ts";

type Check = (pair: PairConfig) => Finding[];

/** The rule holds for one pair and fails at one path for the other. */
function expectRule(check: Check, good: Json, bad: Json, path: string): Finding {
  expect(check(checkedPair(good))).toEqual([]);
  const found = check(checkedPair(bad));
  expect(found.map((finding) => finding.path)).toEqual([path]);
  expect(found[0]?.severity).toBe("error");
  return found[0] ?? { path: "", message: "", severity: "error" };
}

test("a sound pair meets every rule", () => {
  const pair = checkedPair();
  expect(PAIR_RULES.flatMap((rule) => rule.check(pair, checkedConfig(pair)))).toEqual([]);
});

test("inventoryRbIqvRatio is below iqvUpLimit", () => {
  const at = (inventoryRbIqvRatio: number): Json => ({ quoting: { inventoryRbIqvRatio } });
  const path = "quoting.inventoryRbIqvRatio";
  expect(expectRule(inventoryRebalance, at(0.59), at(0.6), path).message).toContain("(0.6)");
});

test("quoteRbIqvRatio is above iqvDownLimit", () => {
  const at = (quoteRbIqvRatio: number): Json => ({ quoting: { quoteRbIqvRatio } });
  expectRule(quoteRebalance, at(-0.59), at(-0.6), "quoting.quoteRbIqvRatio");
});

describe("limits within reach", () => {
  const limits = (iqvUpLimit: number, compat: "none" | "seed" = "none") => ({
    iqvUpLimit,
    iqvDownLimit: -0.6,
    compat,
  });

  test("0.6 above a target of 0.7 cannot be reached, and the range is shown", () => {
    const [found] = checkReachable(0.7, limits(0.6));
    // 1/0.7 − 1 = 0.428571…: shown cut, so that what is shown is accepted.
    expect(found?.message).toBe(
      "cannot be reached; at a target ratio of 0.7 the move can be −1 to 0.4285",
    );
    expect(checkReachable(0.7, limits(0.4285))).toEqual([]);
    expect(checkReachable(0.7, limits(0.4286))).toHaveLength(1);
  });

  test("the very end of the range is within reach, in exact decimals", () => {
    expect(checkReachable(0.8, limits(0.25))).toEqual([]);
    expect(checkReachable(0.625, limits(0.6))).toEqual([]);
    expect(checkReachable(0.5, limits(1))).toEqual([]);
    expect(checkReachable(0.5, limits(1.0000001))).toHaveLength(1);
  });

  test("under compat seed it is a warning", () => {
    expect(checkReachable(0.7, limits(0.6, "seed"))[0]?.severity).toBe("warning");
    expect(checkReachable(0.7, limits(0.6))[0]?.severity).toBe("error");
  });

  test.each([0, 1, -1, 1.5, Number.NaN])("a target of %p is no target", (target) => {
    expect(checkReachable(target, limits(0.1))[0]?.path).toBe("capital.targetIqvRatio");
  });

  test("agrees with the definition: at a limit in reach some inventory has that very move", () => {
    const share = fc.integer({ min: 1, max: 999 });
    fc.assert(
      fc.property(share, fc.integer({ min: 1, max: 30_000 }), (thousandths, move) => {
        const reachable = checkReachable(thousandths / 1000, limits(move / 10_000)).length === 0;
        // iqv = target·(1 + move) must not exceed 1; in integers.
        expect(reachable).toBe(thousandths * (10_000 + move) <= 10_000_000);
      }),
    );
  });

  test("is checked at once where the target is given, later where it is not", () => {
    const far = { quoting: { iqvUpLimit: 1.5 } };
    expect(reachableLimits(checkedPair(far))).toEqual([]);
    const given = { ...far, capital: { targetIqvRatio: 0.5 } };
    expect(reachableLimits(checkedPair(given))[0]?.path).toBe("quoting.iqvUpLimit");
  });
});

describe("bins", () => {
  test("each side holds one at least", () => {
    const up = (priceUpPctLimit: number): Json => ({ quoting: { priceUpPctLimit } });
    expectRule(enoughBins, up(0.004), up(0.0039), "quoting.priceUpPctLimit");
    const down = (priceDownPctLimit: number): Json => ({ quoting: { priceDownPctLimit } });
    expectRule(enoughBins, down(0.004), down(0.0039), "quoting.priceDownPctLimit");
  });

  test("a count beyond reason is refused, however large", () => {
    for (const binStep of [0.01, 1e-300]) {
      const found = enoughBins(checkedPair({ quoting: { binStep, priceUpPctLimit: 0.02 } }));
      expect(found).toHaveLength(2);
      expect(found[0]?.message).toContain("at most 10000");
    }
  });
});

describe("capital", () => {
  const of = (inventory: string, quote: string, more: Json = {}): Json => ({
    capital: { initInventoryAmount: inventory, initQuoteAmount: quote, ...more },
  });

  test("not both amounts are 0", () => {
    expectRule(someCapital, of("0", "1"), of("0", "0.00"), "capital");
  });

  test("a start all in quote needs a target", () => {
    const good = of("0", "1", { targetIqvRatio: 0.5 });
    expectRule(targetGiven, good, of("0.0", "1"), "capital.targetIqvRatio");
    expect(targetGiven(checkedPair(of("1", "1")))).toEqual([]);
  });

  test("so does a start all in inventory, but for compat seed, where it is a warning", () => {
    const path = "capital.targetIqvRatio";
    expectRule(targetGiven, of("1", "0", { targetIqvRatio: 0.5 }), of("1", "0"), path);
    const seed = checkedPair({ ...of("1", "0"), quoting: { compat: "seed" } });
    expect(targetGiven(seed)[0]?.severity).toBe("warning");
  });
});

test("minOrderSize is at most maxOrderSize, as decimals and not as text", () => {
  const sizes = (minOrderSize: string, maxOrderSize?: string): Json => ({
    quoting: { minOrderSize, maxOrderSize },
  });
  expectRule(orderSizes, sizes("9", "10"), sizes("10", "9.99"), "quoting.minOrderSize");
  expect(orderSizes(checkedPair(sizes("0.10", "0.1")))).toEqual([]);
  expect(orderSizes(checkedPair(sizes("5")))).toEqual([]);
});

test("edgeRatio and decayRate exclude each other", () => {
  const both = { quoting: { edgeRatio: 10, decayRate: 0.9 } };
  expectRule(oneSteepness, { quoting: { edgeRatio: 10 } }, both, "quoting.edgeRatio");
});

test("volLowerThreshold is below volUpperThreshold", () => {
  const lower = (volLowerThreshold: number): Json => ({ quoting: { volLowerThreshold } });
  expectRule(volThresholds, lower(79), lower(80), "quoting.volLowerThreshold");
});

test("shortWindow ≤ longWindow ≤ historyLimit", () => {
  const sizes = (shortWindow: number, longWindow: number, historyLimit: number): Json => ({
    volatility: { shortWindow, longWindow, historyLimit },
  });
  expectRule(windows, sizes(5, 5, 5), sizes(6, 5, 5), "volatility.shortWindow");
  expectRule(windows, sizes(5, 6, 6), sizes(5, 6, 5), "volatility.longWindow");
});

test("staleBookMs is at most quietBookMs", () => {
  const stale = (staleBookMs: number): Json => ({ risk: { staleBookMs } });
  expectRule(bookAges, stale(15_000), stale(15_001), "risk.staleBookMs");
});

test("clockOffsetAlertMs is at most clockOffsetRefuseMs", () => {
  const alert = (clockOffsetAlertMs: number): Json => ({ risk: { clockOffsetAlertMs } });
  expectRule(clockOffsets, alert(1000), alert(1001), "risk.clockOffsetAlertMs");
});

test("every pair has an id of its own", () => {
  const [first, same, other] = [checkedPair(), checkedPair(), checkedPair({ id: "BTC" })];
  const config = checkedConfig(first, same, other);
  expect(uniqueId(first, config)).toEqual([]);
  expect(uniqueId(other, config)).toEqual([]);
  expect(uniqueId(same, config)[0]?.path).toBe("id");
});

describe("accounts", () => {
  const accounts = {
    bn: { venue: "binance", apiKeyEnv: "A", secretEnv: "B", deadMansSwitch: true },
    hl: {
      venue: "hyperliquid",
      address: "0x",
      agentKeyEnv: "C",
      testnet: false,
      deadMansSwitch: true,
    },
  } as const;
  const found = (changes: Json): Finding[] => {
    const pair = checkedPair({ mode: "live", ...changes });
    return accountsExist(pair, { ...checkedConfig(pair), accounts });
  };

  test("a live pair names one of its venue's house, for the hedge too", () => {
    expect(found({ quote: { account: "bn" } })).toEqual([]);
    const hedgeOn = { venue: "hyperliquid", symbol: "ETH", account: "hl" };
    expect(found({ quote: { account: "bn" }, hedgeOn })).toEqual([]);
  });

  test.each([
    [undefined, "is missing; mode live needs an account of binance"],
    ["bnn", "no such account; accounts has bn, hl"],
    ["toString", "no such account; accounts has bn, hl"],
    ["hl", "is an account of hyperliquid; binance-spot needs one of binance"],
  ])("account %p is refused", (account, message) => {
    expect(found({ quote: { account } })).toEqual([
      { path: "quote.account", message, severity: "error" },
    ]);
  });

  test("the hedge's account is checked like the quote's", () => {
    const hedgeOn = { venue: "binance-perp", symbol: "ETHUSDT", account: "hl" };
    expect(found({ quote: { account: "bn" }, hedgeOn })[0]?.path).toBe("hedgeOn.account");
  });

  test("paper needs none", () => {
    expect(found({ mode: "paper" })).toEqual([]);
  });
});

test("binance-perp is not quoted live", () => {
  const perp = (mode: string): Json => ({ mode, quote: { venue: "binance-perp" } });
  expectRule(liveVenue, perp("paper"), perp("live"), "quote.venue");
});

test("a pair does not hedge on the instrument that it quotes", () => {
  const on = (symbol: string): Json => ({
    quote: { venue: "hyperliquid", symbol: "SUI" },
    hedgeOn: { venue: "hyperliquid", symbol },
  });
  expectRule(hedgeElsewhere, on("ETH"), on("SUI"), "hedgeOn.symbol");
});

describe("hedge", () => {
  const hedgeOn = { venue: "binance-perp", symbol: "ETHUSDT" };

  test("that sells beyond what inventory can reach is warned of, with the range", () => {
    const at = (targetIqvRatio: number, activeHedgeIqvRatio: number): Finding[] =>
      hedgeReachable(
        checkedPair({ capital: { targetIqvRatio }, hedgeOn, hedge: { activeHedgeIqvRatio } }),
      );
    // 1/0.7 − 1 = 0.428571…
    expect(at(0.7, 0.4285)).toEqual([]);
    expect(at(0.7, 0.65)).toEqual([
      {
        path: "hedge.activeHedgeIqvRatio",
        message:
          "is never passed by too much inventory: at a target ratio of 0.7 the move can be " +
          "0.4285 at most",
        severity: "warning",
      },
    ]);
    // At exactly all of the value it is reached, and not passed.
    expect(at(0.5, 1)).toHaveLength(1);
    const elsewhere = { capital: { targetIqvRatio: 0.7 }, hedge: { activeHedgeIqvRatio: 0.65 } };
    expect(hedgeReachable(checkedPair(elsewhere))).toEqual([]);
    const unknown = { ...elsewhere, hedgeOn, capital: { targetIqvRatio: undefined } };
    expect(hedgeReachable(checkedPair(unknown))).toEqual([]);
  });

  test("hedgeOn needs it", () => {
    const good = { hedgeOn, hedge: { activeHedgeIqvRatio: 0.5 } };
    expectRule(hedgeComplete, good, { hedgeOn }, "hedge");
  });

  test("it hedges something", () => {
    expectRule(hedgeComplete, {}, { hedge: { minHedgeOrderSize: "1" } }, "hedge");
  });

  test("the passive hedge and its stop-loss come together", () => {
    const both = { hedge: { passiveHedgeRatio: 0.02, passiveHedgeSpRatio: 0.003 } };
    const open = { hedge: { passiveHedgeRatio: 0.02 } };
    expectRule(hedgeComplete, both, open, "hedge.passiveHedgeSpRatio");
    const stopAlone = { hedge: { passiveHedgeSpRatio: 0.02, activeHedgeIqvRatio: 0.5 } };
    expectRule(hedgeComplete, both, stopAlone, "hedge.passiveHedgeRatio");
  });
});

describe("instrumentOverride", () => {
  const steps = { tickSize: "0.01", lotSize: "0.1", minNotional: "5" };
  const rules = (venue: string, instrumentOverride: Json): Json => ({
    quote: { venue },
    instrumentOverride,
  });

  test.each(["tickSize", "lotSize", "minNotional"])("%s is needed beside the others", (field) => {
    const bad = rules("binance-spot", { ...steps, [field]: undefined });
    const path = `instrumentOverride.${field}`;
    expectRule(overrideComplete, rules("binance-spot", steps), bad, path);
  });

  test("szDecimals is Hyperliquid's and stands alone", () => {
    const good = rules("hyperliquid", { szDecimals: 1 });
    const path = "instrumentOverride.szDecimals";
    expectRule(overrideComplete, good, rules("binance-spot", { szDecimals: 1 }), path);
    const bad = rules("hyperliquid", { szDecimals: 1, lotSize: "0.1" });
    expectRule(overrideComplete, good, bad, "instrumentOverride.lotSize");
  });

  test("liveOrderNums is at most its maxOpenOrders", () => {
    const orders = (liveOrderNums: number): Json => ({
      quoting: { liveOrderNums },
      instrumentOverride: { ...steps, maxOpenOrders: 50 },
    });
    expectRule(ordersAllowed, orders(50), orders(51), "quoting.liveOrderNums");
  });
});

describe("leverage and margin mode", () => {
  const perp = { venue: "hyperliquid", symbol: "SUI" };

  test("are for perpetual futures", () => {
    const spot = { venue: "binance-spot", symbol: "ETHUSDT" };
    const good = { quote: { ...perp, leverage: 3, marginMode: "isolated" } };
    const found = expectRule(
      perpMargin,
      good,
      { quote: { ...spot, leverage: 3 } },
      "quote.leverage",
    );
    expect(found.message).toBe("is for perpetual futures; leave it away on binance-spot");
    expectRule(perpMargin, good, { quote: { ...spot, marginMode: "cross" } }, "quote.marginMode");
  });

  test("go together, leverage first", () => {
    const bad = { quote: { ...perp, marginMode: "isolated" } };
    const found = expectRule(
      perpMargin,
      { quote: { ...perp, leverage: 1 } },
      bad,
      "quote.leverage",
    );
    expect(found.message).toBe("is missing; marginMode isolated is set together with it");
    expect(perpMargin(checkedPair({ quote: perp }))).toEqual([]);
  });
});

describe("an account of the testnet", () => {
  const quote = { venue: "hyperliquid", symbol: "SUI", account: "hl" };
  const account = { venue: "hyperliquid", agentKeyEnv: "MM_KEY", deadMansSwitch: true } as const;
  const urls = { restUrl: "https://testnet.example", wsUrl: "wss://testnet.example/ws" };

  function found(testnet: boolean, hyperliquid: Json, mode = "live"): string[] {
    const hl = { ...account, address: `0x${"a".repeat(40)}`, testnet };
    const pair = checkedPair({ mode, quote });
    const config = { ...checkedConfig(pair), accounts: { hl }, venues: { hyperliquid } };
    return testnetAddresses(pair, config).map(({ path, message }) => `${path} ${message}`);
  }

  test("needs both addresses of it", () => {
    const says =
      "quote.account signs for the testnet; give restUrl and wsUrl of it under venues.hyperliquid";
    expect(found(true, {})).toEqual([says]);
    expect(found(true, { restUrl: urls.restUrl })).toEqual([says]);
    expect(found(true, urls)).toEqual([]);
    expect(found(false, {})).toEqual([]);
    expect(found(true, {}, "paper")).toEqual([]);
  });

  test("that hedges needs them too", () => {
    const hl = { ...account, address: `0x${"a".repeat(40)}`, testnet: true };
    const pair = checkedPair({ mode: "live", hedgeOn: { ...quote, symbol: "ETH" } });
    const config = { ...checkedConfig(pair), accounts: { hl } };
    expect(testnetAddresses(pair, config).map(({ path }) => path)).toEqual(["hedgeOn.account"]);
    const there = { ...config, venues: { hyperliquid: urls } };
    expect(testnetAddresses(pair, there)).toEqual([]);
  });
});
