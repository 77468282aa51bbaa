/** A pair with a hedge: both venues are swept, and what a worker leaves goes on with the next. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { PairStart } from "#runtime/messages.ts";
import {
  connectionWith,
  hedgedOn,
  hedgeStatus,
  livePair,
  rejection,
  Stage,
  settled,
  until,
} from "./supervision.ts";

const CAPITAL = { initInventoryAmount: "1", initQuoteAmount: "2000" };
/** Of the worker's orders, by the time its stage begins at. */
const EPOCH = (1_800_000_000).toString(36);
const QUOTE = `mm-ETH-q${EPOCH}-1`;
const TRIGGER = `mm-ETH-p${EPOCH}-1`;

let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  stage.usdm.perps.set("ETHUSDT", { markPrice: "2000", sinceTradeId: "40" });
  await stage.start([hedged()]);
});
afterEach(() => stage.dispose());

function hedged(hedgeOn: object = {}, hedge: object = {}): ReturnType<typeof livePair> {
  const own = hedgedOn("ETHUSDT", { ...hedgeOn });
  return livePair("ETH", {
    capital: CAPITAL,
    ...own,
    hedge: { ...Object(own["hedge"]), ...hedge },
  });
}

/** Short half an ETH for 1001.25, told of the fills up to number 57. */
function tellHedge(): void {
  stage.worker("ETH").tell("quoting", { hedge: hedgeStatus({ connection: connectionWith("57") }) });
}

function hedgeStart(): { position: unknown; since: string | null } {
  const { hedge }: PairStart = stage.worker("ETH").start;
  return { position: hedge?.position, since: hedge?.link.sinceTradeId ?? null };
}

const LEFT = "pair ETH: its hedge of -0.5 ETH stays open, ETHUSDT on binance-perp: close it there";

function hedgesTold(): string[] {
  return stage.log.filter(({ event }) => event === "hedge-left").map(({ message }) => message);
}

const GOES_ON = { position: { base: "-0.5", quote: "1001.25" }, since: "57" };

describe("a worker that fails", () => {
  test("has both its venues swept before the next one starts", async () => {
    stage.venue.open("ETHUSDT", QUOTE);
    stage.usdm.open("ETHUSDT", TRIGGER);
    stage.worker("ETH").close();
    await stage.pass(3_000);
    expect([stage.venue.sweeps, stage.usdm.sweeps]).toEqual([["ETHUSDT"], ["ETHUSDT"]]);
    expect(stage.usdm.openOrders.get("ETHUSDT")?.size).toBe(0);
    expect(stage.workers).toHaveLength(2);
    const swept = stage.log.filter(({ event }) => event === "swept");
    expect(swept.map(({ fields }) => fields)).toEqual([{ canceled: 2 }]);
  });

  test("is not replaced while the hedge venue does not confirm that they are gone", async () => {
    const left = { canceled: 0, left: [TRIGGER], problem: "it does not answer" };
    stage.usdm.sweepAnswers.push(left, left);
    stage.worker("ETH").close();
    await settled();
    expect(stage.supervisor.pair("ETH")).toMatchObject({
      state: "failed",
      hedge: { isConnected: false, connection: null },
      reasons: ["orders may still be open: ETHUSDT on binance-perp: it does not answer"],
    });
    await stage.pass(1_000);
    expect(stage.workers).toHaveLength(1);
    await stage.pass(15_000);
    expect(stage.workers).toHaveLength(2);
  });

  test("leaves its hedge to the next one, with the fills since", async () => {
    tellHedge();
    stage.worker("ETH").close();
    await stage.pass(3_000);
    expect(hedgeStart()).toEqual(GOES_ON);
    // And its status is shown until that one tells its own.
    expect(stage.supervisor.pair("ETH")?.hedge?.position).toBe("-0.5");
  });

  test("that was told of no fill has its heir begin where it began", async () => {
    const hedge = hedgeStatus({
      position: "0",
      quote: "-0.75",
      connection: connectionWith("40"),
    });
    stage.worker("ETH").tell("quoting", { hedge });
    stage.worker("ETH").close();
    await stage.pass(3_000);
    expect(hedgeStart()).toEqual({ position: { base: "0", quote: "0" }, since: "40" });
  });

  test("in the state flattened is followed by one that is told to flatten first", async () => {
    await stage.supervisor.command("ETH", "flatten");
    stage.worker("ETH").close();
    await stage.pass(3_000);
    expect(stage.worker("ETH").start.commands).toEqual(["flatten"]);
    expect(stage.supervisor.pair("ETH")?.state).toBe("flattened");
    await stage.supervisor.command("ETH", "resume");
    stage.worker("ETH").close();
    await stage.pass(6_000);
    expect(stage.worker("ETH").start.commands).toEqual([]);
  });

  test("halted after a flatten is followed by one whose halt opens no hedge", async () => {
    await stage.supervisor.command("ETH", "flatten");
    // By a guard as well as by an operator.
    stage.worker("ETH").tell("halted");
    stage.worker("ETH").close();
    await stage.pass(3_000);
    expect(stage.worker("ETH").start.commands).toEqual(["flatten", "halt"]);
    // Closed already: nothing to be refused.
    await stage.supervisor.command("ETH", "flatten");
    await stage.supervisor.command("ETH", "rearm");
    stage.worker("ETH").tell("quoting");
    stage.worker("ETH").close();
    await stage.pass(6_000);
    expect(stage.worker("ETH").start.commands).toEqual([]);
  });

  test("before it answers a flatten leaves that to the next one", async () => {
    const first = stage.worker("ETH");
    first.isObedient = false;
    const answer = rejection(stage.supervisor.command("ETH", "flatten"));
    await settled();
    first.close();
    expect((await answer).code).toBe("not-now");
    await stage.pass(3_000);
    expect(stage.worker("ETH").start.commands).toEqual(["flatten"]);
  });
});

describe("a stop", () => {
  test("asks both venues whether anything is left", async () => {
    const report = await stage.supervisor.stop();
    expect(report.isClean).toBe(true);
    expect([stage.venue.listed, stage.usdm.listed]).toEqual([["ETHUSDT"], ["ETHUSDT"]]);
  });

  test("sweeps what the hedge venue lists although the worker told of nothing", async () => {
    stage.usdm.open("ETHUSDT", TRIGGER);
    expect((await stage.supervisor.stop()).isClean).toBe(true);
    expect(stage.usdm.sweeps).toEqual(["ETHUSDT"]);
  });

  test("names orders of the hedge that the worker knew of where no venue lists any", async () => {
    const order = {
      side: "sell",
      price: "1960",
      size: "0.5",
      filled: "0",
      status: "open",
    } as const;
    const hedge = hedgeStatus({ orders: [{ ...order, clientOrderId: TRIGGER }] });
    const worker = stage.worker("ETH");
    worker.tell("quoting", { hedge });
    worker.isObedient = false;
    stage.usdm.sweepAnswers.push({ canceled: 0, left: [], problem: "it does not answer" });
    const stopped = stage.supervisor.stop();
    await stage.pass(10_000);
    const [end] = (await stopped).pairs;
    expect(end?.left).toEqual([TRIGGER]);
    expect(end?.problem).toContain("binance-perp");
  });

  test("of a worker that hangs says which hedge is left, since it cannot", async () => {
    tellHedge();
    stage.worker("ETH").isObedient = false;
    const stopped = stage.supervisor.stop();
    await stage.pass(10_000);
    expect((await stopped).isClean).toBe(true);
    expect(hedgesTold()).toEqual([LEFT]);
  });

  test("of a pair whose worker is gone says so too, also where none has told of it", async () => {
    const { usdm } = stage;
    const own = new Stage();
    try {
      own.usdm.perps.set("ETHUSDT", { ...usdm.perps.get("ETHUSDT"), position: "0.25" });
      own.areObedient = false;
      await own.start([hedged()]);
      own.worker("ETH").close();
      await settled();
      await own.supervisor.stop();
      const told = own.log.filter(({ event }) => event === "hedge-left");
      expect(told.map(({ message }) => message)).toEqual([LEFT.replace("-0.5", "0.25")]);
    } finally {
      own.dispose();
    }
  });

  test("that the worker answered leaves that to it", async () => {
    tellHedge();
    await stage.supervisor.stop();
    expect(hedgesTold()).toEqual([]);
  });
});

describe("flatten of a halted pair", () => {
  test("whose halt keeps the hedge is refused, with what can be done", async () => {
    stage.worker("ETH").tell("halted");
    const refused = await rejection(stage.supervisor.command("ETH", "flatten"));
    expect(refused.code).toBe("not-now");
    expect(refused.message).toContain("its hedge is kept");
    expect(refused.hint).toContain("onHalt");
    expect(stage.worker("ETH").requests).toEqual([]);
  });

  test("is refused without a worker as well", async () => {
    await stage.supervisor.command("ETH", "halt");
    stage.worker("ETH").close();
    await settled();
    expect(stage.supervisor.pair("ETH")?.state).toBe("failed");
    expect((await rejection(stage.supervisor.command("ETH", "flatten"))).code).toBe("not-now");
  });

  test("whose halt closes it anyway is taken", async () => {
    stage.write([hedged({}, { onHalt: "flatten" })]);
    await stage.supervisor.reload();
    const worker = stage.worker("ETH");
    worker.tell("halted");
    worker.isObedient = true;
    await stage.supervisor.command("ETH", "flatten");
    expect(worker.requests.at(-1)).toMatchObject({ kind: "command", command: "flatten" });
  });
});

describe("a reload", () => {
  test("of the hedge's parameters tells them to the running worker", async () => {
    stage.write([hedged({}, { passiveHedgeRatio: 0.03 })]);
    expect(await stage.supervisor.reload()).toMatchObject({ updated: ["ETH"], restarted: [] });
    expect(stage.workers).toHaveLength(1);
    expect(stage.worker("ETH").requests).toMatchObject([
      { kind: "update", pair: { hedge: { passiveHedgeRatio: 0.03 } } },
    ]);
  });

  test("of another leverage starts the pair anew, with the hedge that it has", async () => {
    tellHedge();
    stage.write([hedged({ leverage: 7 })]);
    expect(await stage.supervisor.reload()).toMatchObject({ restarted: ["ETH"], warnings: [] });
    expect(stage.usdm.prepared.at(-1)).toEqual(["ETHUSDT", { leverage: 7, marginMode: "cross" }]);
    expect(hedgeStart()).toEqual(GOES_ON);
  });

  test("of other addresses of the hedge venue starts the pair anew", async () => {
    const venues = { "binance-perp": { restUrl: "http://127.0.0.1:1" } };
    stage.write([hedged()], { venues });
    expect(await stage.supervisor.reload()).toMatchObject({ restarted: ["ETH"] });
    expect(stage.usdm.opened).toHaveLength(2);
    expect(stage.venue.opened).toHaveLength(1);
  });

  test("to another market says what is left behind, and begins with what is there", async () => {
    tellHedge();
    stage.usdm.perps.set("ETHUSDC", { markPrice: "2000", position: "0.1", entryValue: "199" });
    stage.write([hedged({ symbol: "ETHUSDC" })]);
    stage.areObedient = false;
    const { restarted, warnings } = await stage.supervisor.reload();
    expect(restarted).toEqual(["ETH"]);
    expect(warnings).toContain(
      "pair ETH: its hedge of -0.5 ETH stays open, ETHUSDT on binance-perp: close it there",
    );
    expect(hedgeStart().position).toEqual({ base: "0.1", quote: "-199" });
    const { hedge } = stage.supervisor.pair("ETH") ?? {};
    expect(hedge).toMatchObject({ symbol: "ETHUSDC", position: "0.1" });
    expect(stage.worker("ETH").start.pair.capital.initInventoryAmount).toBe("1");
  });

  test("that takes the hedge away starts the pair without one, and says what is left", async () => {
    tellHedge();
    stage.write([livePair("ETH", { capital: CAPITAL })]);
    const { restarted, warnings } = await stage.supervisor.reload();
    expect(restarted).toEqual(["ETH"]);
    expect(warnings.join()).toContain("its hedge of -0.5 ETH stays open");
    expect(stage.worker("ETH").start.hedge).toBeNull();
    expect(stage.supervisor.pair("ETH")?.hedge).toBeNull();
    expect(stage.usdm.listed).toEqual(["ETHUSDT"]);
  });

  test("that removes a pair which cannot be swept says what is left all the same", async () => {
    tellHedge();
    const problem = "it does not answer";
    stage.worker("ETH").isObedient = false;
    stage.usdm.sweepAnswers.push({ canceled: 0, left: [TRIGGER], problem });
    stage.write([livePair("BTC")]);
    const reloaded = stage.supervisor.reload();
    // The file is read in real time: only then does its stop begin.
    await until(() => stage.worker("ETH").requests.some(({ kind }) => kind === "stop"));
    await stage.pass(15_000);
    const { warnings } = await reloaded;
    expect(warnings.join()).toContain("swept on");
    expect(warnings).toContain(LEFT);
  });

  test("that removes the pair says what is left", async () => {
    tellHedge();
    stage.write([livePair("BTC")]);
    const { removed, warnings } = await stage.supervisor.reload();
    expect([removed, warnings]).toEqual([["ETH"], [LEFT]]);
  });
});

test("hedges on a venue that allows few sockets share them like quotes do", async () => {
  const own = new Stage();
  try {
    const ids = Array.from({ length: 12 }, (_, index) => `C${index}`);
    own.venue.balances = new Map([...ids.map((id) => [id, "10"] as const), ["USDT", "100000"]]);
    const pairs = ids.map((id) =>
      livePair(id, {
        capital: CAPITAL,
        ...hedgedOn(id, { venue: "hyperliquid", account: "hl" }),
      }),
    );
    await own.start(pairs);
    const shared = ids.filter((id) => own.worker(id).start.hedge?.feed !== null);
    expect(shared).toEqual(ids.slice(8));
    expect(ids.every((id) => own.worker(id).start.quote.feed === null)).toBe(true);
    expect(own.feeds.map(({ attached }) => attached)).toEqual([4]);
    // A pair whose hedge's feed is gone is replaced as a whole.
    own.feeds[0]?.close();
    await own.pass(5_000);
    expect(
      shared.every((id) => own.workers.filter(({ name }) => name === `pair-${id}`).length === 2),
    ).toBe(true);
  } finally {
    own.dispose();
  }
});
