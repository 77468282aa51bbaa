/**
 * Spot and perp recordings of the same minutes, by the real command; skipped where they are absent.
 * They cross midnight UTC, so that funding is settled.
 */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunFigures, Summary } from "#backtest/summary.ts";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { Folder, mm } from "../cli/support.ts";
import { sharedPath } from "../shared.ts";

// Each test starts programs, and a busy machine starts them slowly.
setDefaultTimeout(30_000);

const folder = new Folder();
afterAll(() => folder.dispose());

const FILES = [
  "summary.json",
  "fills.csv",
  "orders.csv",
  "equity.csv",
  "hedge_fills.csv",
  "hedge_orders.csv",
  "hedge.csv",
];

function expectHedged({ hedge, netDelta, pnl, fills }: RunFigures): void {
  expect(fills).toBeGreaterThan(0);
  expect(pnl.residual).toBe("0");
  expect(pnl.funding).not.toBe("0");
  const steps = Object.keys(hedge?.transitions ?? {});
  expect(steps).toEqual(
    expect.arrayContaining(["active: idle > hedging", "passive: armed > open"]),
  );
  expect(netDelta.outsideBand).toBeLessThan(0.2);
}

type Row = Readonly<Record<string, string>>;

/** Rows of a CSV without quoted cells, by the names of its header. */
function csv(out: string, name: string): Row[] {
  const [header = "", ...lines] = readFileSync(join(out, name), "utf8").trimEnd().split("\n");
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((column, index) => [column, cells[index] ?? ""]));
  });
}

function sum(rows: readonly Row[], column: string): Decimal {
  return rows.reduce((total, row) => total.plus(decimal(row[column] ?? "")), ZERO);
}

/** What the files of the hedge and the summary have of the same fills. */
function expectFilesAgree(out: string, { hedge }: Summary): void {
  if (hedge === null) throw new Error("it did not hedge");
  const fills = csv(out, "hedge_fills.csv");
  expect(fills).toHaveLength(hedge.fills);
  expect(plain(sum(fills, "size"))).toBe(hedge.volumeBase);
  expect(plain(sum(csv(out, "hedge_orders.csv"), "filled"))).toBe(hedge.volumeBase);
  const isBuy = (row: Row): boolean => row["side"] === "buy";
  const bought = sum(fills.filter(isBuy), "size");
  const sold = sum(
    fills.filter((row) => !isBuy(row)),
    "size",
  );
  expect(plain(bought.minus(sold))).toBe(hedge.position);
  expect(csv(out, "equity.csv").at(-1)?.["hedge_position"]).toBe(hedge.position);
}

for (const asset of ["eth", "btc"] as const) {
  const [spot, perp] = ["spot", "usdm"].map((market) =>
    sharedPath("data", "captures", `${market}_${asset}usdt_20240808.gz`),
  );

  describe.skipIf(spot === null || perp === null)(`the recordings of ${asset}`, () => {
    const config = `configs/${asset}-spot-usdm-tape.jsonc`;
    const tapes = ["--tape", spot ?? "", "--hedge-tape", perp ?? ""];

    async function report(to: string): Promise<string> {
      const out = join(folder.path, to);
      const outcome = await mm(["backtest", "-c", config, ...tapes, "--out", out]);
      expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
      expect(outcome.stdout).toContain("hedge revaluation");
      return out;
    }

    test("are hedged by both hedgers with nothing unexplained, the same each time", async () => {
      const outs = await Promise.all([report(`${asset}-1`), report(`${asset}-2`)]);
      const [first, second] = outs.map((out) =>
        FILES.map((file) => readFileSync(join(out, file), "utf8")),
      );
      expect(second).toEqual(first ?? []);

      const [out] = outs;
      const summary: Summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
      expectHedged(summary);
      if (summary.riskAverse === null) throw new Error("the careful run is missing");
      expectHedged(summary.riskAverse);
      // One recorder's clock is one.
      const { market, hedgeVenue } = summary;
      expect(hedgeVenue?.market["clockOffsetMs"]).toBe(market["clockOffsetMs"] ?? "");
      expect(hedgeVenue?.market["bookMatched"]).toBe(hedgeVenue?.market["bookChecked"] ?? "");

      expectFilesAgree(out, summary);
    });
  });
}

const tape = sharedPath("data", "captures", "spot_ethusdt_20240808.gz");

test.skipIf(tape === null)(
  "without the hedge the quoting is that of the config without one",
  async () => {
    const run = async (...options: string[]): Promise<Summary> => {
      const args = ["backtest", "--tape", tape ?? "", "--json", ...options];
      return JSON.parse((await mm(args)).stdout);
    };
    const [own, plainRun] = await Promise.all([
      run("-c", "configs/eth-spot-usdm-tape.jsonc", "--no-hedge"),
      run("-c", "configs/eth-spot-tape.jsonc"),
    ]);
    expect(own).toEqual(plainRun);
    expect(own.hedge).toBeNull();
  },
);
