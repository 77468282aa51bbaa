/** `mm mock-venue`: what it prints and serves, how it ends, and what it refuses. */

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { mockVenueCommand } from "#cli/mock-venue.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { rejectionOf } from "../data/spot-recording.ts";

const ROOT = join(import.meta.dir, "..", "..");
const SCRIPT =
  'import { mockVenueCommand } from "#cli/mock-venue.ts"; ' +
  'await mockVenueCommand().parseAsync(process.argv.slice(1), { from: "user" });';

/** Runs it in a process of its own until `body` is done, then ends it as Ctrl-C does. */
async function rehearsal(
  args: readonly string[],
  body: (printed: string, url: string) => Promise<void>,
  venue = "binance-spot",
): Promise<number> {
  const child = Bun.spawn([process.execPath, "-e", SCRIPT, venue, "--port", "0", ...args], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    let printed = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      printed += decoder.decode(chunk);
      if (printed.includes("Ctrl-C")) break;
    }
    const [url = ""] = /http:\/\/[\d.:]+/.exec(printed) ?? [];
    await body(printed, url);
  } finally {
    child.kill("SIGINT");
  }
  return child.exited;
}

async function refusal(...args: readonly string[]): Promise<string> {
  return refusalOf("binance-spot", ...args);
}

async function refusalOf(venue: string, ...args: readonly string[]): Promise<string> {
  const command = mockVenueCommand().exitOverride();
  const thrown = await rejectionOf(() =>
    command.parseAsync([venue, "--port", "0", ...args], { from: "user" }),
  );
  if (thrown instanceof InputError) return thrown.describe();
  throw thrown;
}

const Ticker = v.object({ bidPrice: v.string(), askPrice: v.string() });

describe("mm mock-venue", () => {
  test("prints what to put where, serves it, and ends on Ctrl-C", async () => {
    const args = ["--symbol", "SUIUSDT", "--price", "3.5", "--balance", "SUI=12.5"];
    const code = await rehearsal(args, async (printed, url) => {
      expect(printed).toContain(`"restUrl": "${url}"`);
      expect(printed).toContain("mock-secret   (for rehearsals only)");
      const answer = await fetch(`${url}/api/v3/ticker/bookTicker?symbol=SUIUSDT`);
      const { bidPrice, askPrice } = v.parse(Ticker, await answer.json());
      expect(Number(askPrice)).toBeGreaterThan(Number(bidPrice));
      expect(Number(bidPrice)).toBeCloseTo(3.5, 1);
      const balances = await fetch(`${url}/mock/balances`);
      expect(await balances.json()).toContainEqual({
        asset: "SUI",
        free: "12.50000000",
        locked: "0.00000000",
      });
    });
    expect(code).toBe(0);
  });

  test("binance-perp: its margin, its market, and funding by hand", async () => {
    const args = ["--symbol", "SUIUSDC", "--price", "3.5", "--balance", "USDC=1000"];
    const code = await rehearsal(
      args,
      async (printed, url) => {
        expect(printed).toContain("balances  1000 USDC");
        expect(printed).toContain(`"restUrl": "${url}"`);
        const answer = await fetch(`${url}/fapi/v1/ticker/bookTicker?symbol=SUIUSDC`);
        const { bidPrice } = v.parse(Ticker, await answer.json());
        expect(Number(bidPrice)).toBeCloseTo(3.5, 1);
        const order = { symbol: "SUIUSDC", side: "SELL", type: "MARKET", quantity: "100" };
        const body = JSON.stringify(order);
        expect((await fetch(`${url}/mock/orders`, { method: "POST", body })).status).toBe(200);
        await fetch(`${url}/mock/funding`, { method: "POST" });
        const income = await fetch(`${url}/mock/income`);
        const records = v.parse(v.array(v.object({ incomeType: v.string() })), await income.json());
        expect(records.map(({ incomeType }) => incomeType)).toContain("FUNDING_FEE");
      },
      "binance-perp",
    );
    expect(code).toBe(0);
    expect(await refusalOf("binance-perp", "--balance", "ETH=1")).toBe(
      "--balance: ETH is no margin of these symbols; give USDT=50000",
    );
    expect(await refusalOf("binance-perp", "--funding-interval", "2d")).toContain("--funding");
    expect(await refusal("--funding-interval", "1h")).toContain("is of binance-perp, not of");
  });

  test("takes a fault script, and shows no secret that was chosen", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mm-faults-"));
    try {
      const path = join(folder, "faults.json");
      writeFileSync(path, JSON.stringify({ faults: [{ kind: "ban", method: "x", count: 4 }] }));
      const code = await rehearsal(["--faults", path, "--secret", "s3cr3t"], async (text, url) => {
        expect(text).not.toContain("s3cr3t");
        const counts = await (await fetch(`${url}/mock/faults`)).json();
        expect(counts).toMatchObject({ ban: { armed: 4, fired: 0 } });
      });
      expect(code).toBe(0);
      writeFileSync(path, '{"faults": [{"kind": "bann"}]}');
      expect(await refusal("--faults", path)).toContain(`${path}: faults.0.kind: "bann"`);
      writeFileSync(path, '{"faults": [');
      expect(await refusal("--faults", path)).toContain(`${path}: is no JSON`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a port in use is told with what to do", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
    try {
      expect(await refusal("--port", String(server.port))).toBe(
        `--port: port ${server.port} is in use; ` +
          "end what listens there, or choose another; 0 takes a free one",
      );
    } finally {
      await server.stop(true);
    }
  });

  test.each([
    [["--host", "0.0.0.0"], "--host: 0.0.0.0 can be reached from other machines"],
    [["--port", "70000"], '--port: "70000" is no whole number from 0 to 65535'],
    [["--symbol", "ETHUSD"], 'the mock venue does not know "ETHUSD"; it has BTCUSDT'],
    [["--price", "5"], "--price: is of one symbol; name it with --symbol, once"],
    [["--tape", "x"], "--tape: is of one symbol"],
    [["--symbol", "ETHUSDT", "--tape", "x", "--price", "5"], "--tape: goes neither with"],
    [["--symbol", "ETHUSDT", "--tape", "no-such-file"], "no-such-file"],
    [["--speed", "0"], '--speed: "0" is no number from 0.01 to 1000'],
    [["--synthetic", "1.5"], '--synthetic: "1.5" is no whole number'],
    [["--balance", "ETH"], '--balance: "ETH" is no balance; give an asset and an amount'],
    [["--balance", "ETH=-1"], '--balance: "-1" is no amount'],
    [["--connection-lifetime", "1d"], '--connection-lifetime: "1d" is no such time'],
    [["--faults", "no-such-file"], "--faults: no-such-file cannot be read"],
    [["--public-key", "no-such-file"], "--public-key: no-such-file cannot be read"],
    [["--public-key", "x", "--secret", "y"], "--public-key: does not go with --secret"],
    [["--agent-key", "x"], "--agent-key: is of hyperliquid, not of binance-spot"],
  ])("%j is refused", async (args, message) => {
    expect(await refusal(...args)).toContain(message);
  });

  test("another venue than those that it can be is refused", async () => {
    const thrown = await rejectionOf(() =>
      mockVenueCommand().parseAsync(["kraken"], { from: "user" }),
    );
    expect(messageOf(thrown)).toContain(
      '"kraken" cannot be mocked; there is binance-spot, binance-perp, hyperliquid',
    );
  });
});

const Account = v.object({ master: v.string(), accountValue: v.string() });
const Prices = v.record(v.string(), v.string());

describe("mm mock-venue hyperliquid", () => {
  test("prints what to put where, and serves it", async () => {
    const address = `0x${"Cd".repeat(20)}`;
    const args = ["--symbol", "SUI", "--price", "3.5", "--balance", "USDC=1234.5"];
    const code = await rehearsal(
      [...args, "--address", address],
      async (printed, url) => {
        expect(printed).toContain(`"restUrl": "${url}"`);
        expect(printed).toContain(`"wsUrl": "${url.replace("http", "ws")}/ws"`);
        expect(printed).toContain("coins     SUI\n");
        expect(printed).toContain(`0x${"11".repeat(32)}   (for rehearsals only)`);
        const answer = await fetch(`${url}/mock/account`);
        expect(v.parse(Account, await answer.json())).toEqual({
          master: address.toLowerCase(),
          accountValue: "1234.5",
        });
        const mids = await fetch(`${url}/info`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ type: "allMids" }),
        });
        expect(Number(v.parse(Prices, await mids.json())["SUI"])).toBeCloseTo(3.5, 1);
      },
      "hyperliquid",
    );
    expect(code).toBe(0);
  });

  test("shows no key that was chosen", async () => {
    const key = "5e".repeat(32);
    const code = await rehearsal(
      ["--agent-key", key],
      async (printed) => {
        expect(printed).not.toContain(key);
        expect(printed).toContain("the one you gave");
      },
      "hyperliquid",
    );
    expect(code).toBe(0);
  });

  test.each([
    [["--symbol", "sui"], 'the mock venue does not know "sui"; it has BTC, ETH'],
    [["--symbol", "MATIC"], 'the mock venue does not know "MATIC"'],
    [["--price", "5"], "--price: is of one symbol"],
    [["--balance", "ETH=1"], "--balance: ETH is no margin here; give USDC=10000"],
    [["--balance", "USDC=-1"], '--balance: "-1" is no amount'],
    [["--volume", "much"], '--volume: "much" is no amount'],
    [["--address", "0x12"], '--address: "0x12" is no address'],
    [["--agent-key", "s3cr3t"], "--agent-key: is no private key; give 64 hexadecimal digits"],
    [["--tape", "x"], "--tape: is of binance-spot, not of hyperliquid"],
    [["--connection-lifetime", "1h"], "--connection-lifetime: is of binance-spot"],
  ])("%j is refused", async (args, message) => {
    const says = await refusalOf("hyperliquid", ...args);
    expect(says).toContain(message);
    expect(says).not.toContain("s3cr3t");
  });
});
