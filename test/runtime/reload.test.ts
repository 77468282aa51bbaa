/** The config read anew: who notices what, and that an error changes nothing. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MINIMAL_PAIR } from "../config/support.ts";
import { livePair, rejection, Stage, settled, until } from "./supervision.ts";

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.start([livePair("ETH"), livePair("BTC")]);
});
afterEach(() => stage.dispose());

const NARROWER = { quoting: { ...MINIMAL_PAIR.quoting, binStep: 20 } };
const RICHER = { capital: { initInventoryAmount: "3", initQuoteAmount: "5000" } };

function lockNames(): string[] {
  return readdirSync(join(stage.folder, "state", "locks")).sort();
}

describe("a reload", () => {
  test("of parameters tells them to that pair's worker alone", async () => {
    stage.write([livePair("BTC"), livePair("ETH", NARROWER)]);
    const report = await stage.supervisor.reload();
    expect(report).toMatchObject({ updated: ["ETH"], unchanged: ["BTC"], restarted: [] });
    expect(stage.workers).toHaveLength(2);
    expect(stage.worker("BTC").requests).toEqual([]);
    expect(stage.worker("ETH").requests).toMatchObject([
      { kind: "update", pair: { id: "ETH", quoting: { binStep: 20 } } },
    ]);
    expect(stage.venue.listed).toEqual([]);
  });

  test("of what cannot change in flight stops, sweeps and starts the pair anew", async () => {
    const [eth, btc] = [stage.worker("ETH"), stage.worker("BTC")];
    await stage.supervisor.command("ETH", "pause");
    stage.write([livePair("ETH", RICHER), livePair("BTC")]);
    const report = await stage.supervisor.reload();
    expect(report).toMatchObject({ restarted: ["ETH"], unchanged: ["BTC"], updated: [] });
    expect(eth.requests.at(-1)).toEqual({ kind: "stop" });
    expect(eth.isTerminated).toBe(true);
    expect(stage.venue.listed).toEqual(["ETHUSDT"]);
    const next = stage.worker("ETH");
    expect(next).not.toBe(eth);
    expect(next.start).toMatchObject({
      commands: ["pause"],
      pair: { capital: { initInventoryAmount: "3" } },
    });
    expect(next.start.epoch).toBeGreaterThan(eth.start.epoch);
    expect(btc.requests).toEqual([]);
  });

  test("that starts a pair anew lets it keep what it has, but for a new allotment", async () => {
    const { inventory } = stage.worker("ETH").status();
    stage
      .worker("ETH")
      .tell("quoting", { inventory: { ...inventory, base: "0.5", quote: "9000" } });
    const capital = { ...MINIMAL_PAIR.capital, reservePct: 3 };
    stage.write([livePair("ETH", { capital }), livePair("BTC")]);
    await stage.supervisor.reload();
    expect(stage.worker("ETH").start.pair.capital).toMatchObject({
      initInventoryAmount: "0.5",
      initQuoteAmount: "9000",
      reservePct: 3,
    });
    stage.write([livePair("ETH", RICHER), livePair("BTC")]);
    await stage.supervisor.reload();
    expect(stage.worker("ETH").start.pair.capital).toMatchObject({
      initInventoryAmount: "3",
      initQuoteAmount: "5000",
    });
  });

  test("adds and removes pairs, with their locks", async () => {
    stage.write([livePair("ETH"), cheap("SOL")]);
    const report = await stage.supervisor.reload();
    await settled();
    expect(report).toMatchObject({ added: ["SOL"], removed: ["BTC"], unchanged: ["ETH"] });
    expect(stage.worker("BTC").requests).toEqual([{ kind: "stop" }]);
    expect(stage.venue.listed).toEqual(["BTCUSDT"]);
    expect(stage.supervisor.pairs().map(({ id }) => id)).toEqual(["ETH", "SOL"]);
    expect(lockNames()).toEqual(["pair-ETH.lock", "pair-SOL.lock"]);
  });

  describe("that removes a pair whose orders are not confirmed to be gone", () => {
    const problem = { canceled: 0, left: ["mm-BTC-q1-1"], problem: "time-out" };

    beforeEach(async () => {
      stage.venue.open("BTCUSDT", "mm-BTC-q1-1");
      stage.venue.sweepAnswers.push(problem, problem, problem);
      stage.write([livePair("ETH")]);
      const { removed, warnings } = await stage.supervisor.reload();
      expect(removed).toEqual(["BTC"]);
      expect(warnings).toEqual([expect.stringContaining("swept on: time-out, mm-BTC-q1-1")]);
    });

    test("goes on sweeping, and shows the pair until they are", async () => {
      expect(stage.supervisor.readiness()).toEqual({
        ready: false,
        reasons: ["BTC is stopping: orders may still be open: time-out"],
      });
      expect(lockNames()).toEqual(["pair-BTC.lock", "pair-ETH.lock"]);
      for (let times = 0; times < 40; times += 1) {
        stage.worker("ETH").tell("quoting");
        await stage.pass(500);
      }
      expect(stage.venue.openOrders.get("BTCUSDT")?.size).toBe(0);
      expect(stage.supervisor.pairs().map(({ id }) => id)).toEqual(["ETH"]);
      expect(lockNames()).toEqual(["pair-ETH.lock"]);
      expect(stage.supervisor.readiness().ready).toBe(true);
    });

    test("has a stop of the program report them", async () => {
      const { isClean, pairs } = await stage.supervisor.stop();
      expect(isClean).toBe(false);
      expect(pairs).toEqual([
        { id: "BTC", left: ["mm-BTC-q1-1"], problem: "time-out" },
        { id: "ETH", left: [], problem: null },
      ]);
      await stage.pass(60_000, 5000);
      expect(stage.venue.sweeps).toHaveLength(3);
    });

    test("starts it again by a later reload, once they are gone", async () => {
      stage.write([livePair("ETH"), livePair("BTC")]);
      const { added, warnings } = await stage.supervisor.reload();
      expect(added).toEqual(["BTC"]);
      expect(warnings).toEqual([expect.stringContaining("it starts when they are gone")]);
      const before = stage.worker("BTC");
      expect(before.isTerminated).toBe(true);
      await stage.pass(3000);
      await stage.pass(3000);
      expect(stage.worker("BTC")).not.toBe(before);
      expect(stage.venue.openOrders.get("BTCUSDT")?.size).toBe(0);
      expect((await stage.supervisor.stop()).isClean).toBe(true);
      expect(lockNames()).toEqual([]);
    });
  });

  test("of other keys or addresses starts their pairs anew, through another desk", async () => {
    const venues = { "binance-spot": { restUrl: "https://other.test/" } };
    stage.write([livePair("ETH"), livePair("BTC")], { venues });
    expect((await stage.supervisor.reload()).restarted).toEqual(["ETH", "BTC"]);
    expect(stage.worker("ETH").start.quote.link.urls.restUrl).toBe("https://other.test");
    expect(stage.venue.opened).toHaveLength(2);
  });

  test("of nothing but words changes nothing", async () => {
    const text = JSON.stringify({
      pairs: [livePair("ETH", { risk: {} }), livePair("BTC")],
      accounts: { bn: { venue: "binance", apiKeyEnv: "MM_KEY", secretEnv: "MM_SECRET" } },
    });
    writeFileSync(stage.configPath, `// better words\n${text}`);
    expect(await stage.supervisor.reload()).toEqual({
      added: [],
      removed: [],
      updated: [],
      restarted: [],
      unchanged: ["ETH", "BTC"],
      warnings: [],
    });
  });

  test("tells what only a new start brings about", async () => {
    stage.write([livePair("ETH"), livePair("BTC")], { control: { port: 9000 } });
    // Again and again, until it is.
    for (let times = 0; times < 2; times += 1) {
      const { warnings } = await stage.supervisor.reload();
      expect(warnings).toEqual(["control: the change takes effect when mm is started anew"]);
    }
    stage.write([livePair("ETH"), livePair("BTC")]);
    expect((await stage.supervisor.reload()).warnings).toEqual([]);
  });

  test("that starts a pair tells what is unwise about its key", async () => {
    stage.venue.keyWarnings = ["it works from anywhere"];
    stage.write([livePair("ETH", RICHER), livePair("BTC")]);
    const { warnings } = await stage.supervisor.reload();
    expect(warnings).toEqual(["account bn: it works from anywhere"]);
  });

  test("while another is under way waits for it", async () => {
    stage.write([livePair("ETH", NARROWER), livePair("BTC")]);
    const both = await Promise.all([stage.supervisor.reload(), stage.supervisor.reload()]);
    expect(both.map(({ updated }) => updated)).toEqual([["ETH"], []]);
    expect(stage.worker("ETH").requests).toHaveLength(1);
  });

  test("of a pair whose worker does not take it starts that worker anew, with it", async () => {
    const first = stage.worker("ETH");
    first.isObedient = false;
    stage.write([livePair("ETH", NARROWER), livePair("BTC")]);
    const reloading = stage.supervisor.reload();
    await until(() => first.requests.length > 0);
    const request = first.requests.at(-1);
    if (request?.kind !== "update") throw new Error("no update came");
    const error = { code: "invariant", message: "cannot change in flight" };
    first.say({ kind: "refused", id: request.id, error });
    const { warnings } = await reloading;
    expect(warnings).toEqual([
      "pair ETH: new parameters were not taken: cannot change in flight; " +
        "its worker is started anew",
    ]);
    await stage.pass(3000);
    expect(stage.worker("ETH")).not.toBe(first);
    expect(stage.worker("ETH").start.pair.quoting.binStep).toBe(20);
  });

  test("that starts a pair anew leaves it paused, or halted where it was reducing", async () => {
    await stage.supervisor.command("ETH", "pause");
    stage.worker("BTC").tell("reducing");
    const olds = new Set([stage.worker("ETH"), stage.worker("BTC")]);
    stage.write([livePair("ETH", RICHER), livePair("BTC", RICHER)]);
    await stage.supervisor.reload();
    const news = [stage.worker("ETH"), stage.worker("BTC")];
    expect(news.every((worker) => !olds.has(worker))).toBe(true);
    expect(news.map(({ start }) => start.commands)).toEqual([["pause"], ["halt"]]);
  });

  test("starts a pair only once its old orders are gone", async () => {
    const problem = { canceled: 0, left: ["mm-ETH-q1-1"], problem: "time-out" };
    stage.venue.open("ETHUSDT", "mm-ETH-q1-1");
    stage.venue.sweepAnswers.push(problem, problem);
    const first = stage.worker("ETH");
    stage.write([livePair("ETH", RICHER), livePair("BTC")]);
    const { warnings } = await stage.supervisor.reload();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("orders may still be open: time-out");
    expect(stage.worker("ETH")).toBe(first);
    expect(stage.supervisor.pair("ETH")?.state).toBe("failed");
    await stage.pass(10_000);
    expect(stage.worker("ETH")).not.toBe(first);
    expect(stage.worker("ETH").start.pair.capital.initInventoryAmount).toBe("3");
  });

  test("and a stop in the midst of it leave no worker", async () => {
    stage.worker("ETH").isObedient = false;
    stage.write([livePair("ETH", RICHER), livePair("BTC"), cheap("SOL")]);
    const reloading = stage.supervisor.reload();
    await until(() => stage.worker("ETH").requests.length > 0);
    const stopping = stage.supervisor.stop();
    await stage.pass(10_000);
    await Promise.all([reloading, stopping]);
    await stage.pass(60_000, 5000);
    expect(stage.workers.every(({ isTerminated }) => isTerminated)).toBe(true);
    expect(lockNames()).toEqual([]);
  });
});

describe("an error", () => {
  const refusals: [name: string, write: () => void, code: string, says: string][] = [
    [
      "of syntax",
      () => writeFileSync(stage.configPath, '{"pairs": ['),
      "bad-config",
      "mm.jsonc:1:12",
    ],
    [
      "of a field",
      () => stage.write([livePair("ETH", { ...NARROWER, binStpe: 1 }), livePair("BTC")]),
      "bad-config",
      "binStpe",
    ],
    [
      "of the balance, beside a sound change",
      () => stage.write([livePair("ETH", NARROWER), livePair("BTC"), rich("SOL")]),
      "insufficient-balance",
      "pairs ETH, BTC, SOL need 1000010000 USDT",
    ],
    [
      "of a strategy",
      () => stage.write([livePair("ETH", withStrategy("./gone.ts")), livePair("BTC", RICHER)]),
      "no-strategy-module",
      "gone.ts",
    ],
    [
      "of an instrument",
      () => stage.write([livePair("ETH", withMaxSize("0.0001")), livePair("BTC", RICHER)]),
      "bad-config",
      "maxOrderSize is less than the smallest order",
    ],
  ];
  test.each(refusals)("%s changes nothing", async (_name, write, code, says) => {
    write();
    const error = await rejection(stage.supervisor.reload());
    expect(error.code).toBe(code);
    expect(error.describe()).toContain(says);
    expect(stage.workers).toHaveLength(2);
    for (const { requests } of stage.workers) expect(requests).toEqual([]);
    expect(lockNames()).toEqual(["pair-BTC.lock", "pair-ETH.lock"]);
    // The next one compares with what runs, not with what was refused.
    stage.write([livePair("ETH"), livePair("BTC")]);
    expect((await stage.supervisor.reload()).unchanged).toEqual(["ETH", "BTC"]);
  });
});

type Fields = Readonly<Record<string, unknown>>;

function cheap(id: string): Fields {
  const capital = { initInventoryAmount: "0", initQuoteAmount: "10", targetIqvRatio: 0.5 };
  return livePair(id, { capital });
}

function rich(id: string): Fields {
  const capital = { initInventoryAmount: "0", initQuoteAmount: "1000000000", targetIqvRatio: 0.5 };
  return livePair(id, { capital });
}

function withStrategy(module: string): Fields {
  return { quoting: { ...MINIMAL_PAIR.quoting, strategy: { module } } };
}

function withMaxSize(maxOrderSize: string): Fields {
  return { quoting: { ...MINIMAL_PAIR.quoting, minOrderSize: "0", maxOrderSize } };
}
