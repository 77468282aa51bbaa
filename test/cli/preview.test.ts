/** `mm preview`, against ladders worked out by hand and the vectors of the original. */

import { afterAll, describe, expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { decimalOfNumber, plain } from "#domain/decimal.ts";
import { runCli } from "../../src/cli/program.ts";
import type { PairChanges } from "../backtest/support.ts";
import { sharedPath } from "../shared.ts";
import { Folder } from "./support.ts";

const folder = new Folder();
afterAll(() => folder.dispose());

/** The command, in this process: what it printed. */
async function output(args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const write = spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  try {
    expect(await runCli(["preview", ...args])).toBe(0);
  } finally {
    write.mockRestore();
  }
  return printed.join("");
}

interface View {
  readonly iqvRatio: number;
  readonly iqvMoveRatio: number;
  readonly buyMultiplier: number;
  readonly sellMultiplier: number;
  readonly shape: string;
  readonly deployedShare: number;
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
}

async function view(args: readonly string[]): Promise<View> {
  return JSON.parse(await output([...args, "--json"]));
}

/** Three bins of 10 basis points a side; ticks of 0.01, lots of 0.0001. */
function threeBins(name: string, changes: PairChanges = {}): string {
  const bins = { priceUpPctLimit: 0.003, priceDownPctLimit: 0.003, binStep: 10, liveOrderNums: 6 };
  return folder.config(name, { ...changes, quoting: { ...bins, ...changes.quoting } });
}

function holding(price: string, inventory: string, quote: string): string[] {
  return ["--price", price, "--inventory", inventory, "--quote", quote];
}

const spot = threeBins("spot.json");
const limited = threeBins("limited.json", {
  quoting: { strategy: "spot" },
  risk: { maxPositionNotional: "13000", maxOrderNotional: "3300" },
});
const curve = threeBins("curve.json", { quoting: { strategy: "curve", decayRate: 0.5 } });
const auto = threeBins("auto.json", {
  quoting: { strategy: "auto", volLowerThreshold: 35, volUpperThreshold: 80 },
});

describe("a ladder by hand", () => {
  test("spot, balanced: thirds of 10 000 USDT and of 5 ETH", async () => {
    const ladder = await view(["-c", spot, ...holding("2000", "5", "10000")]);
    expect(ladder.shape).toBe("spot");
    // 5 · 2000 of 20 000.
    expect(ladder.iqvRatio).toBe(0.5);
    expect(ladder.iqvMoveRatio).toBe(0);
    expect([ladder.buyMultiplier, ladder.sellMultiplier]).toEqual([1, 1]);
    // 3333.33 / 1998 = 1.66833, / 1996 = 1.67001, / 1994 = 1.67168; each cut to 4 decimals.
    expect(ladder.bids).toEqual([
      [1998, 1.6683],
      [1996, 1.67],
      [1994, 1.6716],
    ]);
    // 5 / 3 = 1.66667.
    expect(ladder.asks).toEqual([
      [2002, 1.6666],
      [2004, 1.6666],
      [2006, 1.6666],
    ]);
    // 1998 · 1.6683 + 1996 · 1.67 + 1994 · 1.6716 = 9999.7538; 2000 · 4.9998 = 9999.6.
    expect(ladder.deployedShare).toBeCloseTo(19_999.3538 / 20_000, 12);
  });

  test("curve with decay 1/2, short of inventory: sells shrink to 0.4", async () => {
    const ladder = await view(["-c", curve, ...holding("2000", "3", "14000")]);
    // 6 000 of 20 000 is 0.3; (0.3 − 0.5) / 0.5 = −0.4; (−0.4 + 0.6) / (−0.1 + 0.6) = 0.4.
    expect(ladder.iqvRatio).toBe(0.3);
    expect(ladder.iqvMoveRatio).toBeCloseTo(-0.4, 12);
    expect(ladder.buyMultiplier).toBe(1);
    expect(ladder.sellMultiplier).toBeCloseTo(0.4, 12);
    // Weights 4/7, 2/7, 1/7: 8000 / 1998 = 4.00400, 4000 / 1996 = 2.00401, 2000 / 1994 = 1.00301.
    expect(ladder.bids).toEqual([
      [1998, 4.004],
      [1996, 2.004],
      [1994, 1.003],
    ]);
    // 3 · 0.4 = 1.2: 0.68571, 0.34286, 0.17143.
    expect(ladder.asks).toEqual([
      [2002, 0.6857],
      [2004, 0.3428],
      [2006, 0.1714],
    ]);
  });

  test("position limits leave a side no more than their room", async () => {
    // 5 ETH at 2000 are worth 10 000: of a limit of 13 000, 3 000 are left for all bids together.
    const ladder = await view(["-c", limited, ...holding("2000", "5", "10000")]);
    // A third each: 1000 / 1998 = 0.50050, / 1996 = 0.50100, / 1994 = 0.50150.
    expect(ladder.bids).toEqual([
      [1998, 0.5005],
      [1996, 0.501],
      [1994, 0.5015],
    ]);
    expect(ladder.asks.map(([, size]) => size)).toEqual([1.6666, 1.6666, 1.6666]);
    const table = await output(["-c", limited, ...holding("2000", "5", "10000")]);
    expect(table).toContain("limits leave bids  3000.00 USDT");
    // 1.6666 · 2002 = 3336.53 is above 3300; the figures of others know no limits of ours.
    expect(table).toContain("denied: max-order-notional");
    const raw = await view(["-c", limited, "--raw", ...holding("2000", "5", "10000")]);
    expect(raw.bids[0]?.[1]).toBeCloseTo(10_000 / 3 / 1998, 9);
  });

  test("a side at its limit is empty, the other unaffected", async () => {
    // 18 000 of 20 000 is 0.9: a move of 0.8, beyond the limit of 0.6.
    const ladder = await view(["-c", spot, ...holding("2000", "9", "2000")]);
    expect(ladder.buyMultiplier).toBe(0);
    expect(ladder.bids).toEqual([]);
    expect(ladder.asks.map(([, size]) => size)).toEqual([3, 3, 3]);
  });

  test("prices are rounded away from the mid: bids down, asks up", async () => {
    const ladder = await view(["-c", spot, ...holding("2000.05", "5", "10000")]);
    // 2000.05 · 0.999 = 1998.04995, · 0.998 = 1996.0499, · 0.997 = 1994.04985.
    expect(ladder.bids.map(([price]) => price)).toEqual([1998.04, 1996.04, 1994.04]);
    // 2000.05 · 1.001 = 2002.05005, · 1.002 = 2004.0501, · 1.003 = 2006.05015.
    expect(ladder.asks.map(([price]) => price)).toEqual([2002.06, 2004.06, 2006.06]);
  });

  test("raw and as the original: weights over all bins, bids valued at the mid", async () => {
    const options = ["--raw", "--compat", "seed", "--min-order-size", "0"];
    const four = threeBins("four.json", {
      quoting: { strategy: "curve", decayRate: 0.5, liveOrderNums: 4 },
    });
    const ladder = await view(["-c", four, ...options, ...holding("2000.05", "5", "10000")]);
    const rounded = (side: View["bids"]): number[][] =>
      side.map((level) => level.map((value) => Number(value.toFixed(7))));
    // Two of three levels, with 4/7 and 2/7: 40000/7 / 2000.05 = 2.8570714, half of it 1.4285357.
    expect(rounded(ladder.bids)).toEqual([
      [1998.04995, 2.8570714],
      [1996.0499, 1.4285357],
    ]);
    // 20/7 and 10/7.
    expect(rounded(ladder.asks)).toEqual([
      [2002.05005, 2.8571429],
      [2004.0501, 1.4285714],
    ]);
  });

  test("volatility chooses the shape of auto; without any it is spot", async () => {
    const shape = async (...volatility: string[]): Promise<string> =>
      (await view(["-c", auto, ...holding("2000", "5", "10000"), ...volatility])).shape;
    expect(await shape("--volatility", "34.9")).toBe("curve");
    expect(await shape("--volatility", "50")).toBe("spot");
    expect(await shape("--volatility", "80.1")).toBe("bid-ask");
    expect(await shape()).toBe("spot");
  });
});

describe("the table", () => {
  test("has asks above bids, both nearest to the mid in the middle", async () => {
    const text = await output(["-c", spot, ...holding("2000", "5", "10000")]);
    const [head = "", body = ""] = text.trimEnd().split("\n\n");
    expect(head.split("\n").map((row) => row.trim().replaceAll(/ {2,}/g, ": "))).toEqual([
      "pair: ETH, binance-spot:ETHUSDT",
      "shape: spot",
      "inventory ratio: 50.00 %, moved 0.00 %",
      "buy multiplier: 1.0000",
      "sell multiplier: 1.0000",
      "deployed: 100.00 %",
    ]);
    // Notional: 2006 · 1.6666 = 3343.1996; of capital: 1.6666 / 5 = 33.332 %.
    expect(body.split("\n").map((row) => row.trim().split(/ {2,}/))).toEqual([
      ["side", "level", "price USDT", "size ETH", "notional USDT", "of capital", "clamped"],
      ["sell", "3", "2006", "1.6666", "3343.20", "33.33 %"],
      ["sell", "2", "2004", "1.6666", "3339.87", "33.33 %"],
      ["sell", "1", "2002", "1.6666", "3336.53", "33.33 %"],
      ["buy", "1", "1998", "1.6683", "3333.26", "33.33 %"],
      ["buy", "2", "1996", "1.67", "3333.32", "33.33 %"],
      ["buy", "3", "1994", "1.6716", "3333.17", "33.33 %"],
    ]);
  });

  test("says what the base did to a level", async () => {
    const capped = threeBins("capped.json", { quoting: { maxOrderSize: "1.5" } });
    const text = await output(["-c", capped, ...holding("2000", "5", "10000")]);
    expect(text).toMatch(/sell +1 .* max-size\n/);
    expect(text).toMatch(/sell +2 .* max-size, merged-outward\n/);
  });

  test("never has an exponent, however small or large the figures", async () => {
    const tiny = threeBins("tiny.json", {
      quoting: { minOrderSize: "0.00000001" },
      instrumentOverride: { tickSize: "0.00000001", lotSize: "0.00000001", minNotional: "0" },
    });
    for (const raw of [[], ["--raw"]]) {
      const small = await output([
        "-c",
        tiny,
        ...holding("0.000012", "0.0001", "0.000001"),
        ...raw,
      ]);
      expect(small).toContain("0.0000119");
      expect(small).not.toMatch(/\de[+-]?\d/i);
    }
    const large = await output(["-c", spot, ...holding("2000", "5000000", "1000000000"), "--raw"]);
    expect(large).not.toMatch(/\de[+-]?\d/i);
  });
});

describe("a hedge", () => {
  const rules = { tickSize: "0.01", lotSize: "0.001", minNotional: "20" };
  const hedgeOn = { venue: "binance-perp", symbol: "ETHUSDT", instrumentOverride: rules };
  const hedge = {
    activeHedgeIqvRatio: 0.2,
    passiveHedgeRatio: 0.02,
    passiveHedgeSpRatio: 0.005,
    minHedgeOrderSize: "0.01",
  };
  const hedged = threeBins("hedged.json", { hedgeOn, hedge });

  test("is shown with what it would trade, and where its stops would rest", async () => {
    const text = await output(["-c", hedged, ...holding("2000", "6.5", "7000")]);
    // 13 000 of 20 000 are 0.65, 30 % above 0.5. To 0.55: 6.5 − 0.55 · 20 000 / 2000.
    expect(text).toMatch(/^ +hedge +binance-perp:ETHUSDT$/m);
    expect(text).toMatch(/^ +active +sell 1 ETH now; opens beyond a move of 20\.0 %$/m);
    // Half of 6.5 each way.
    expect(text).toMatch(
      /^ +passive +sell 3\.25 ETH at 1960, buy 3\.25 ETH at 2040; then a stop-loss 0\.5 % behind /m,
    );
  });

  test("is there for machines too, and does nothing while exposure is in its band", async () => {
    const json = JSON.parse(
      await output(["-c", hedged, ...holding("2000", "5", "10000"), "--json"]),
    );
    expect(json.hedge).toEqual({
      market: "binance-perp:ETHUSDT",
      active: null,
      triggers: [
        { side: "sell", size: "2.5", price: "1960" },
        { side: "buy", size: "2.5", price: "2040" },
      ],
    });
  });

  test("that buys nothing where one side is hedged has one stop", async () => {
    const single = threeBins("single.json", {
      hedgeOn,
      hedge: { ...hedge, dualSidedHedge: false },
    });
    const text = await output(["-c", single, ...holding("2000", "3.5", "13000")]);
    expect(text).toMatch(/^ +active +nothing now; /m);
    expect(text).toMatch(/^ +passive +sell 1\.75 ETH at 1960; then /m);
  });

  test("whose instrument is not in the config: the ladder is shown, and a warning", async () => {
    const told: string[] = [];
    const write = spyOn(process.stderr, "write").mockImplementation((text) => {
      told.push(String(text));
      return true;
    });
    try {
      const bare = { venue: "binance-perp", symbol: "ETHUSDT" };
      const config = threeBins("bare.json", { hedgeOn: bare, hedge });
      const text = await output(["-c", config, ...holding("2000", "5", "10000")]);
      expect(text).not.toContain("hedge");
      expect(text).toMatch(/^buy +3 /m);
    } finally {
      write.mockRestore();
    }
    expect(told.join("")).toMatch(/^warning: the hedge is not shown: .*hedgeOn/);
  });
});

interface Vector {
  readonly id: string;
  readonly strategy: string;
  readonly params: Readonly<Record<string, number>>;
  readonly input: Readonly<Record<string, number>>;
  readonly vol?: number;
  readonly vol_lower_threshold?: number;
  readonly vol_upper_threshold?: number;
  readonly expect: {
    readonly iqv_ratio: number;
    readonly iqv_move_ratio: number;
    readonly buy_size_multiplier: number;
    readonly sell_size_multiplier: number;
    readonly bids: View["bids"];
    readonly asks: View["asks"];
  };
}

/** The pair's config and the command's options that a vector stands for. */
function caseOf(vector: Vector): { changes: PairChanges; options: string[] } {
  const param = (name: string): number => vector.params[name] ?? NaN;
  const amount = (value: number | undefined): string => plain(decimalOfNumber(value ?? NaN));
  const value = param("init_inventory_amount") * param("init_price");
  const changes = {
    capital: {
      initInventoryAmount: amount(param("init_inventory_amount")),
      initQuoteAmount: amount(param("init_quote_amount")),
      targetIqvRatio: value / (value + param("init_quote_amount")),
    },
    quoting: {
      strategy: vector.strategy.replace("_", "-"),
      priceUpPctLimit: param("price_up_pct_limit"),
      priceDownPctLimit: param("price_down_pct_limit"),
      binStep: param("bin_step"),
      decayRate: 0.95,
      liveOrderNums: param("live_order_nums"),
      minOrderSize: "0.0001",
      maxOrderSize: amount(param("max_order_size")),
      iqvUpLimit: param("iqv_up_limit"),
      iqvDownLimit: param("iqv_down_limit"),
      inventoryRbIqvRatio: param("inventory_rb_iqv_ratio"),
      quoteRbIqvRatio: param("quote_rb_iqv_ratio"),
      volLowerThreshold: vector.vol_lower_threshold,
      volUpperThreshold: vector.vol_upper_threshold,
    },
    instrumentOverride: { tickSize: "0.0001" },
  };
  const { current_price, cur_inventory_amount, cur_quote_amount } = vector.input;
  const options = holding(
    amount(current_price),
    amount(cur_inventory_amount),
    amount(cur_quote_amount),
  );
  if (vector.vol !== undefined) options.push("--volatility", amount(vector.vol));
  return { changes, options };
}

/** 1e-9 of the value, as the vectors' README asks. */
function expectClose(actual: number | undefined, expected: number): void {
  const error = Math.abs((actual ?? NaN) - expected);
  expect(error).toBeLessThanOrEqual(1e-9 * Math.abs(expected) + 1e-15);
}

const vectorsPath = sharedPath("vectors", "strategies.json");
describe.skipIf(vectorsPath === null)("the original's vectors, by the command", () => {
  test("all 120 ladders", async () => {
    const { strategies } = JSON.parse(readFileSync(vectorsPath ?? "", "utf8"));
    const vectors: Vector[] = strategies;
    expect(vectors).toHaveLength(120);
    const warnings = spyOn(process.stderr, "write").mockImplementation(() => true);
    for (const vector of vectors) {
      const { changes, options } = caseOf(vector);
      const compat = ["--compat", "seed", "--raw", "--min-order-size", "0"];
      const ladder = await view(["-c", folder.config("v.json", changes), ...options, ...compat]);
      expectClose(ladder.iqvRatio, vector.expect.iqv_ratio);
      expectClose(1 + ladder.iqvMoveRatio, 1 + vector.expect.iqv_move_ratio);
      expectClose(ladder.buyMultiplier, vector.expect.buy_size_multiplier);
      expectClose(ladder.sellMultiplier, vector.expect.sell_size_multiplier);
      for (const side of ["bids", "asks"] as const) {
        expect(ladder[side]).toHaveLength(vector.expect[side].length);
        for (const [index, [price, size]] of vector.expect[side].entries()) {
          expectClose(ladder[side][index]?.[0], price);
          expectClose(ladder[side][index]?.[1], size);
        }
      }
    }
    warnings.mockRestore();
  });
});
