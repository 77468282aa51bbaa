/** What a start is refused for: in plain words, before a worker starts, with nothing left. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "#domain/errors.ts";
import { PairLocks } from "#runtime/pair-lock.ts";
import { VenueError } from "#venues/venue.ts";
import { livePair, rejection, Stage, until } from "./supervision.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.dispose());

function locksFolder(): string {
  return join(stage.folder, "state", "locks");
}

/** The whole sentence that a start is refused with, its folder cut off. */
async function refused(
  pairs: readonly Readonly<Record<string, unknown>>[],
  changes: Readonly<Record<string, unknown>> = {},
): Promise<{ code: string; says: string }> {
  const error = await rejection(stage.start(pairs, changes));
  expect(stage.workers).toEqual([]);
  expect(stage.supervisor.pairs()).toEqual([]);
  return { code: error.code, says: error.describe().replaceAll(stage.folder, "…") };
}

describe("a start is refused", () => {
  test("without a key in the environment", async () => {
    delete stage.env["MM_SECRET"];
    expect(await refused([livePair("ETH")])).toEqual({
      code: "no-key",
      says:
        "account bn: the environment variable MM_SECRET is not set; set it to the secret of the " +
        "account before you start mm, or trade in mode paper",
    });
    expect(stage.venue.opened).toEqual([]);
  });

  test("where the venue cannot be reached", async () => {
    const down = new VenueError("venue-unreachable", "connection refused");
    stage.venue.failures.set("openDesk", down);
    const { code, says } = await refused([livePair("ETH")]);
    expect(code).toBe("venue-unreachable");
    expect(says).toStartWith(
      "account bn, https://rest.test: connection refused; check the network",
    );
    // Once it is there, the same supervisor starts.
    stage.venue.failures.clear();
    await stage.start([livePair("ETH")]);
    expect(stage.workers).toHaveLength(1);
  });

  test.each([
    [-5000, "5000 ms ahead of"],
    [1001, "1001 ms behind"],
  ])("where the clock is off: %d ms", async (offsetMs, says) => {
    stage.venue.clockOffsetMs = offsetMs;
    const refusal = await refused([livePair("ETH")]);
    expect(refusal.code).toBe("clock-offset");
    expect(refusal.says).toContain(`this machine's clock is ${says} the venue's; at most 1000 ms`);
  });

  test("where the venue knows no such symbol", async () => {
    const unknown = new InputError("unknown-symbol", "ETHUSDT is no symbol of the venue");
    stage.venue.failures.set("loadMarket", unknown);
    expect((await refused([livePair("ETH")])).says).toStartWith("pair ETH, quote.symbol");
  });

  test("where the market is closed", async () => {
    stage.venue.closed = "BREAK";
    expect((await refused([livePair("ETH")])).says).toStartWith(
      "pair ETH, quote.symbol: ETHUSDT takes no orders on binance-spot: BREAK",
    );
  });

  test("where the key is wrong, after the venue's own words", async () => {
    const wrong = new InputError("bad-key", "Invalid API-key", { hint: "check MM_KEY" });
    stage.venue.failures.set("balances", wrong);
    expect(await refused([livePair("ETH")])).toEqual({
      code: "bad-key",
      says: "account bn, https://rest.test: Invalid API-key; check MM_KEY",
    });
  });

  test("where the key may do what it should not, before anything is loaded", async () => {
    const hint = "make another";
    const mighty = new InputError("key-may-withdraw", "this API key may withdraw", { hint });
    stage.venue.failures.set("checkKey", mighty);
    stage.venue.failures.set("loadMarket", new Error("it was asked for"));
    expect(await refused([livePair("ETH")])).toEqual({
      code: "key-may-withdraw",
      says: "account bn, https://rest.test: this API key may withdraw; make another",
    });
  });

  test("where the balances do not cover all pairs of the account together", async () => {
    // Two pairs of 5 000 USDT; 2 ETH and 2 BTC.
    stage.venue.balances = new Map([
      ["ETH", "1.99999999"],
      ["BTC", "2"],
      ["USDT", "9999.9"],
    ]);
    expect(await refused([livePair("ETH"), livePair("BTC")])).toEqual({
      code: "insufficient-balance",
      says:
        "account bn, capital: insufficient balance: pair ETH needs 2 ETH, there are " +
        "1.99999999; pairs ETH, BTC need 10000 USDT, there are 9999.9; fund the account, or " +
        "lower initInventoryAmount and initQuoteAmount of its pairs",
    });
  });

  test("where two pairs quote one market of one account", async () => {
    const twin = { ...livePair("ETH"), id: "TWIN" };
    const { code, says } = await refused([livePair("ETH"), twin]);
    expect(code).toBe("same-market");
    expect(says).toContain("pairs ETH and TWIN both quote ETHUSDT on binance-spot");
  });

  test("where they call that account by two names", async () => {
    const keys = { venue: "binance", apiKeyEnv: "MM_KEY", secretEnv: "MM_SECRET" };
    const quote = { venue: "binance-spot", account: "alias", symbol: "ETHUSDT" };
    const twin = { ...livePair("ETH"), id: "TWIN", quote };
    const accounts = { bn: keys, alias: keys };
    expect((await refused([livePair("ETH"), twin], { accounts })).code).toBe("same-market");
  });

  test("where the sizes leave no order possible on the instrument", async () => {
    const quoting = { ...quotingOf(livePair("ETH")), minOrderSize: "0", maxOrderSize: "0.0001" };
    const { says } = await refused([livePair("ETH", { quoting })]);
    expect(says).toContain("pair ETH, quoting.maxOrderSize");
  });

  test("on a venue that this version does not trade", async () => {
    stage.unsupported = "binance-perp";
    const quote = { venue: "binance-perp", symbol: "SUIUSDT" };
    expect((await refused([livePair("SUI", { mode: "paper", quote })])).says).toStartWith(
      "pair SUI, quote.venue: binance-perp cannot be traded yet",
    );
  });

  afterEach(() => {
    const left = existsSync(locksFolder()) ? readdirSync(locksFolder()) : [];
    const running = stage.supervisor.pairs().map(({ id }) => `pair-${id}.lock`);
    expect(left).toEqual(running);
  });
});

describe("a venue that allows no more requests just now", () => {
  const throttled = new VenueError("venue-throttled", "no budget left", { hint: "wait a minute" });
  const waits = (): string[] => {
    return stage.log.flatMap(({ event, message }) => (event === "wait" ? [message] : []));
  };

  test("is asked again, and the start takes longer", async () => {
    stage.venue.failures.set("loadMarket", throttled);
    const start = stage.start([livePair("ETH"), livePair("BTC")]);
    // Reading the config takes as long as it takes.
    await until(() => waits().length === 2);
    await stage.pass(30_000);
    expect(stage.workers).toEqual([]);
    stage.venue.failures.clear();
    await stage.pass(2_000);
    await start;
    expect(stage.workers).toHaveLength(2);
    // Told once for each pair, not for each try.
    const says = "the venue allows no more requests just now: no budget left";
    expect(waits()).toEqual([says, says]);
  });

  test("for five minutes keeps the pairs from starting", async () => {
    stage.venue.failures.set("balances", throttled);
    const start = rejection(stage.start([livePair("ETH")]));
    await until(() => waits().length === 1);
    await stage.pass(302_000, 1_000);
    expect((await start).describe()).toBe(
      "account bn, https://rest.test: no budget left; wait a minute",
    );
    expect(stage.workers).toEqual([]);
  });

  test("is asked no more once a stop came", async () => {
    stage.venue.failures.set("balances", throttled);
    const start = rejection(stage.start([livePair("ETH")]));
    await until(() => waits().length === 1);
    await stage.supervisor.stop();
    await stage.pass(2_000);
    expect((await start).code).toBe("venue-throttled");
    expect(stage.timers.pending).toBe(0);
  });
});

test("however many pairs there are, few questions are under way at a time", async () => {
  let under = 0;
  let most = 0;
  stage.venue.onCall = async () => {
    under += 1;
    most = Math.max(most, under);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    under -= 1;
  };
  const ids = Array.from({ length: 20 }, (_, index) => `C${index}`);
  const held = ids.map((id) => [id, "10"] as const);
  stage.venue.balances = new Map([...held, ["USDT", "100000"]]);
  await stage.start(ids.map((id) => livePair(id)));
  expect(stage.workers.map(({ name }) => name)).toEqual(ids.map((id) => `pair-${id}`));
  expect(most).toBe(4);
});

test("what is unwise about a key is a warning, once for each account", async () => {
  stage.venue.keyWarnings = ["it works from anywhere"];
  await stage.start([livePair("ETH"), livePair("BTC")]);
  expect(stage.log.filter(({ level }) => level === "warning")).toEqual([
    {
      level: "warning",
      pair: null,
      event: "config",
      message: "account bn: it works from anywhere",
    },
  ]);
});

test("a paper pair has no key to be checked", async () => {
  stage.venue.failures.set("checkKey", new Error("it was asked for"));
  const { account: _none, ...quote } = Object(livePair("ETH")["quote"]);
  await stage.start([livePair("ETH", { mode: "paper", quote })]);
  expect(stage.workers).toHaveLength(1);
});

describe("a lock", () => {
  const path = (): string => join(locksFolder(), "pair-ETH.lock");

  test("keeps a second run off a pair, and names process and file", async () => {
    await stage.start([livePair("ETH")]);
    const second = new Stage();
    try {
      second.write([livePair("ETH")], { stateDir: join(stage.folder, "state") });
      const locks = new PairLocks(join(stage.folder, "state"));
      const error = await rejection(Promise.try(() => locks.acquire("ETH")));
      expect(error.code).toBe("pair-runs-already");
      expect(error.describe()).toContain(`process ${process.pid} runs this pair already`);
      expect(error.where).toContain(path());
    } finally {
      second.dispose();
    }
    await stage.supervisor.stop();
    expect(existsSync(path())).toBe(false);
  });

  test.each([
    ["of a process that is gone", (): object => ({ pid: goneProcess(), birth: "" })],
    ["of a process whose number another one has now", () => ({ pid: process.pid, birth: "old/1" })],
  ])("%s is taken over", (_name, content) => {
    writeLock(JSON.stringify(content()));
    const locks = new PairLocks(join(stage.folder, "state"));
    locks.acquire("ETH");
    expect(JSON.parse(readFileSync(path(), "utf8"))).toMatchObject({ pid: process.pid });
    expect(readdirSync(locksFolder())).toEqual(["pair-ETH.lock"]);
    locks.releaseAll();
    expect(readdirSync(locksFolder())).toEqual([]);
  });

  test.each([
    [
      "of another process that lives",
      (): string => JSON.stringify({ pid: process.ppid, birth: "" }),
    ],
    ["that cannot be read", () => ""],
  ])("%s stands", (_name, content) => {
    writeLock(content());
    const locks = new PairLocks(join(stage.folder, "state"));
    expect(() => locks.acquire("ETH")).toThrow(InputError);
    locks.releaseAll();
    expect(readFileSync(path(), "utf8")).toBe(content());
  });

  test("needs a state folder that can be written", () => {
    writeFileSync(join(stage.folder, "state"), "a file");
    const locks = new PairLocks(join(stage.folder, "state"));
    expect(() => locks.acquire("ETH")).toThrow("cannot be written");
  });

  function writeLock(content: string): void {
    mkdirSync(locksFolder(), { recursive: true });
    writeFileSync(path(), content);
  }
});

/** The number of a process that has ended. */
function goneProcess(): number {
  return Bun.spawnSync([process.execPath, "--version"]).pid;
}

function quotingOf(pair: Readonly<Record<string, unknown>>): object {
  return Object(pair["quoting"]);
}
