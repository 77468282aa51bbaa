/** The recordings of 2024-08-08, by the real command; skipped where they are absent. */

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

const FILES = ["summary.json", "fills.csv", "orders.csv", "equity.csv"] as const;

interface Case {
  readonly name: string;
  readonly config: string;
  readonly tape: string;
  /** Depth events after which the book was compared with the venue's own touch. */
  readonly checked: number;
}

const CASES: readonly Case[] = [
  {
    name: "eth",
    config: "configs/eth-spot-tape.jsonc",
    tape: "spot_ethusdt_20240808.gz",
    checked: 3432,
  },
  {
    name: "btc",
    config: "configs/btc-spot-tape.jsonc",
    tape: "spot_btcusdt_20240808.gz",
    checked: 3448,
  },
];

/** Rows of a CSV by the names of its header. */
function csv(path: string): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    expect(cells).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
  });
}

function sum(rows: readonly Record<string, string>[], column: string): Decimal {
  return rows.reduce((total, row) => total.plus(decimal(row[column] ?? "")), ZERO);
}

function expectSound(run: RunFigures): void {
  expect(run.fills).toBeGreaterThan(0);
  expect(run.makerShare).toBe(1);
  expect(decimal(run.pnl.residual).abs().lte(decimal("0.00000001"))).toBe(true);
  expect(run.quoteUptime).toBeGreaterThan(0.5);
}

for (const { name, config, tape, checked } of CASES) {
  const tapePath = sharedPath("data", "captures", tape);

  describe.skipIf(tapePath === null)(`the recording of ${name}`, () => {
    async function report(to: string, ...options: string[]): Promise<string> {
      const out = join(folder.path, to);
      const args = ["backtest", "-c", config, "--tape", tapePath ?? "", "--out", out, ...options];
      const { exitCode, stderr } = await mm(args);
      expect([exitCode, stderr]).toEqual([0, ""]);
      return out;
    }

    /** The same command twice. The tests of this tape share its reports: a run takes seconds. */
    let both: Promise<readonly [string, string]> | undefined;
    function reports(): Promise<readonly [string, string]> {
      both ??= Promise.all([report(`${name}-1`), report(`${name}-2`)]);
      return both;
    }

    function summaryOf(out: string): Summary {
      return JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
    }

    test("shows what it must, and the same bytes each time", async () => {
      const outs = await reports();
      const [first, second] = outs.map((out) =>
        FILES.map((file) => readFileSync(join(out, file), "utf8")),
      );
      expect(second).toEqual(first ?? []);

      const summary = summaryOf(outs[0]);
      expect(summary.market).toMatchObject({
        kind: "tape",
        bookChecked: checked,
        bookMatched: checked,
        bookCrossed: 0,
      });
      expectSound(summary);
      expect(summary.queueModel).toBe("power:3");
      const { riskAverse } = summary;
      if (riskAverse === null) throw new Error("the careful run is missing");
      expectSound(riskAverse);
      // Not a law with the engine in the loop (run-backtest.test.ts), but so on these tapes.
      expect(decimal(riskAverse.volumeBase).lte(decimal(summary.volumeBase))).toBe(true);
    });

    test("model log has at least the careful volume, and the same careful run", async () => {
      const [power] = await reports();
      const log = await report(`${name}-log`, "--queue", "log");
      const summary = summaryOf(log);
      const careful = summary.riskAverse?.volumeBase ?? "";
      expect(decimal(careful).lte(decimal(summary.volumeBase))).toBe(true);
      expect(summary.riskAverse).toEqual(summaryOf(power).riskAverse);
    });

    test("its files agree with one another", async () => {
      const [out] = await reports();
      const summary = summaryOf(out);
      const [fills, orders, equity] = ["fills.csv", "orders.csv", "equity.csv"].map((file) =>
        csv(join(out, file)),
      );
      if (fills === undefined || orders === undefined || equity === undefined) throw new Error();
      expect(fills).toHaveLength(summary.fills);
      expect(plain(sum(fills, "size"))).toBe(summary.volumeBase);
      expect(plain(sum(orders, "filled"))).toBe(summary.volumeBase);
      expect(orders).toHaveLength(summary.orders.placed + summary.orders.replaced);
      expect(orders.filter(({ ending }) => ending === "open")).toEqual([]);
      for (const order of orders) {
        const own = fills.filter((fill) => fill["client_order_id"] === order["client_order_id"]);
        expect(plain(sum(own, "size"))).toBe(order["filled"] ?? "");
        for (const fill of own)
          expect([fill["side"], fill["price"]]).toEqual([order["side"], order["price"]]);
      }
      const last = equity.at(-1) ?? {};
      const change = decimal(last["equity"] ?? "").minus(decimal(summary.openingEquity));
      expect(plain(change)).toBe(summary.pnl.equityChange);
      expect(last["spread_capture"]).toBe(summary.pnl.spreadCapture);
      expect(last["open_bids"]).toBe("0");
    });
  });
}
