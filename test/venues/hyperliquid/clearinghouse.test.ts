/** An account's state and a coin's leverage, as published and as made up, through our readers. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readActiveAsset, readClearinghouse } from "#venues/hyperliquid/clearinghouse.ts";
import { ProtocolError } from "#venues/wire.ts";
import { sharedPath } from "../../shared.ts";
import { NOW_MS, stateOf, USER } from "./hl-kit.ts";

describe("an account's state", () => {
  test("an account that owes more than it has in cash is still worth something", () => {
    const file = "http_clearinghouse_state_negative_total_raw_usd.json";
    const path = sharedPath("fixtures", "hyperliquid", file);
    if (path === null) return;
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    expect(readClearinghouse(json, "BTC")).toEqual({
      venueTimeMs: 1_700_000_000_000,
      accountValue: "1736.030875",
      freeMargin: "772.232111",
      otherCoins: [],
      position: "0",
      entryValue: "0",
      liquidationPrice: null,
      marginRatio: null,
    });
  });

  test("a short position costs less than nothing", () => {
    expect(readClearinghouse(stateOf("-2.50"), "SUI")).toEqual({
      venueTimeMs: NOW_MS,
      accountValue: "1000",
      freeMargin: "970",
      otherCoins: [],
      position: "-2.5",
      entryValue: "-7.5",
      liquidationPrice: 9.25,
      marginRatio: 0.0125,
    });
  });

  test("isolated margin, other coins beside, and no price of liquidation", () => {
    const leverage = { type: "isolated", value: 3, rawUsd: "-12.5" };
    const position = { coin: "SUI", szi: "1.0", entryPx: "3.0", leverage, liquidationPx: null };
    const summary = { accountValue: "5.0", totalMarginUsed: "7.0" };
    const state = {
      assetPositions: [{ position: { coin: "BTC", szi: 5 } }, { position }],
      marginSummary: { ...summary, accountValue: "105.0" },
      crossMarginSummary: summary,
      crossMaintenanceMarginUsed: "4.0",
      time: NOW_MS,
    };
    expect(readClearinghouse(state, "SUI")).toMatchObject({
      accountValue: "105",
      freeMargin: "0",
      otherCoins: ["BTC"],
      liquidationPrice: null,
      // That of the cross positions is not its own.
      marginRatio: null,
    });
    expect(readClearinghouse(state, "ETH").marginRatio).toBe(0.8);
  });

  const ratios: [needed: string, backing: string, ratio: number][] = [
    ["0.0", "0.0", 0],
    ["0.0", "-3.0", 0],
    ["12.5", "1000.0", 0.0125],
    ["5.0", "5.0", 1],
    ["5.0", "4.0", 1],
    ["5.0", "0.0", 1],
    ["5.0", "-1.0", 1],
  ];
  test.each(ratios)("where %s are needed of %s, the margin ratio is %p", (needed, value, ratio) => {
    const state = {
      ...stateOf("-2.50", { accountValue: value }),
      crossMaintenanceMarginUsed: needed,
    };
    expect(readClearinghouse(state, "SUI").marginRatio).toBe(ratio);
  });

  test("leverage and mark of one coin, and of no other", () => {
    const json = {
      user: USER,
      coin: "SUI",
      leverage: { type: "cross", value: 5 },
      maxTradeSzs: ["1.0", "1.0"],
      availableToTrade: ["1.0", "1.0"],
      markPx: "3.0000",
    };
    expect(readActiveAsset(json, "SUI")).toEqual({ mode: "cross", leverage: 5, markPrice: "3" });
    expect(() => readActiveAsset(json, "BTC")).toThrow(ProtocolError);
  });
});
