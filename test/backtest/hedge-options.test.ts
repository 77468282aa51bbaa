/** What `mm backtest` says of options of the hedge that do not go together, and of a hedged run. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Folder, mm } from "../cli/support.ts";
import { configText, HEDGED } from "./support.ts";

setDefaultTimeout(30_000);

const folder = new Folder();
afterAll(() => folder.dispose());

function write(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

const HEDGING = write("hedging.json", configText(HEDGED));
const PLAIN = write("plain.json", configText());
const GENERATED = ["--synthetic", "1", "--duration", "20s"];

/** The one line that is said. */
async function refusal(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await mm(["backtest", ...args]);
  expect([exitCode, stdout]).toEqual([2, ""]);
  return stderr.trimEnd();
}

describe("is refused", () => {
  test("a hedge's tape, latency or funding for a pair that has no hedge", async () => {
    const said = "the pair has no hedgeOn; add hedgeOn and hedge to it";
    expect(await refusal("-c", PLAIN, "--tape", "a", "--hedge-tape", "b")).toBe(
      `mm: pair ETH: --hedge-tape: ${said}`,
    );
    expect(await refusal("-c", PLAIN, ...GENERATED, "--hedge-latency", "9ms")).toBe(
      `mm: pair ETH: --hedge-latency: ${said}`,
    );
    expect(await refusal("-c", PLAIN, ...GENERATED, "--funding-rate", "0.0002")).toBe(
      `mm: pair ETH: --funding-rate: ${said}`,
    );
  });

  test("a pair that hedges, with the tape of one market", async () => {
    expect(await refusal("-c", HEDGING, "--tape", "a")).toBe(
      "mm: pair ETH: the pair hedges, and there is no tape of that market; " +
        "give --hedge-tape FILE of the same time, or --no-hedge to quote alone",
    );
  });

  test("a hedge's tape together with --no-hedge, or with a generated market", async () => {
    expect(await refusal("-c", HEDGING, "--tape", "a", "--hedge-tape", "b", "--no-hedge")).toBe(
      "mm: pair ETH: --hedge-tape: goes against --no-hedge; leave one of them away",
    );
    expect(await refusal("-c", HEDGING, ...GENERATED, "--hedge-tape", "b")).toBe(
      "mm: --hedge-tape: a generated market makes that of the hedge too; " +
        "leave it away, or give --tape FILE",
    );
  });

  test("a hedge whose market has no rules, or of which there are no recordings", async () => {
    const { instrumentOverride: _, ...hedgeOn } = HEDGED.hedgeOn ?? {};
    const path = write("no-rules.json", configText({ ...HEDGED, hedgeOn }));
    expect(await refusal("-c", path, ...GENERATED)).toContain(
      "the rules of ETHUSDT on binance-perp",
    );
    const override = { instrumentOverride: { szDecimals: 4 } };
    const elsewhere = { venue: "hyperliquid", symbol: "ETH", ...override };
    const other = write("elsewhere.json", configText({ ...HEDGED, hedgeOn: elsewhere }));
    expect(await refusal("-c", other, "--tape", "a", "--hedge-tape", "b")).toContain(
      "pair ETH, hedgeOn.venue hyperliquid: recordings are of Binance",
    );
  });

  test("a funding rate that is none, and one of a slipped point", async () => {
    for (const rate of ["1", "1e-4"]) {
      expect(await refusal("-c", HEDGING, ...GENERATED, "--funding-rate", rate)).toContain(
        "is no funding rate; give what longs pay in eight hours as a fraction",
      );
    }
  });

  test("a latency to the hedge that is none, by its own name", async () => {
    expect(await refusal("-c", HEDGING, ...GENERATED, "--hedge-latency", "9x")).toContain(
      "mm: --hedge-latency: ",
    );
  });
});

describe("a generated market", () => {
  test("has one of the hedge beside it, shown and reported", async () => {
    const out = join(folder.path, "out");
    const args = ["backtest", "-c", HEDGING, "--synthetic", "3", "--duration", "60s"];
    const { exitCode, stdout, stderr } = await mm([
      ...args,
      "--hedge-latency",
      "20ms",
      "--out",
      out,
    ]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("hedge         binance-perp:ETHUSDT, latency 20ms");
    expect(stdout).toMatch(/hedge execution +-?\d/);
    expect(stdout).toMatch(/time beyond the band, untraded +\d/);
    expect(existsSync(join(out, "hedge.csv"))).toBe(true);

    // A report without a hedge leaves nothing of it behind.
    const alone = await mm([...args, "--no-hedge", "--out", out]);
    expect(alone.exitCode).toBe(0);
    expect(alone.stdout).not.toContain("hedge execution");
    expect(existsSync(join(out, "hedge.csv"))).toBe(false);
    expect(existsSync(join(out, "summary.json"))).toBe(true);
  });
});
