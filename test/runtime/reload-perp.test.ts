/** What a perp's next worker begins with, and what a refused reload leaves as it was. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connectionWith, perpPair, rejection, Stage } from "./supervision.ts";

const HL = { venue: "hyperliquid", address: `0x${"ab".repeat(20)}`, agentKeyEnv: "MM_AGENT" };
const AT_SUI = { venue: "hyperliquid", account: "hl", symbol: "SUI" };
const FILL = "SUI|9|9|9";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.dispose());

/** Starts SUI short 12.5 of an account, and lets it trade down to 10. */
async function startTrading(quote: object = AT_SUI): Promise<void> {
  const short = { position: "-12.5", entryValue: "-38.125", sinceTradeId: "SUI|7|8|9" };
  stage.perps.perps.set("SUI", short);
  await stage.start([perpPair("SUI", { quote })], { accounts: { hl: HL } });
  const worker = stage.worker("SUI");
  const { inventory } = worker.status();
  const held = { ...inventory, base: "-10", quote: "80.625", position: "-10" };
  worker.tell("quoting", { inventory: held, connection: connectionWith(FILL) });
}

async function restartedWith(quote: object, hl: object): Promise<ReturnType<typeof startOf>> {
  stage.write([perpPair("SUI", { quote })], { accounts: { hl } });
  expect(await stage.supervisor.reload()).toMatchObject({ restarted: ["SUI"] });
  return startOf();
}

function startOf(): { position: unknown; sinceTradeId: string | null } {
  expect(stage.workers).toHaveLength(2);
  const { position, link } = stage.worker("SUI").start.quote;
  return { position, sinceTradeId: link.sinceTradeId };
}

const GOES_ON = { position: { base: "-10", quote: "30.625" }, sinceTradeId: FILL };

describe("what a perp has", () => {
  test.each([
    ["another account under the same name", { ...HL, address: `0x${"cd".repeat(20)}` }],
    ["a sub-account of the same master", { ...HL, vaultAddress: `0x${"cd".repeat(20)}` }],
  ])("stays behind where the pair moves to %s", async (_what, hl) => {
    await startTrading();
    const there = { position: "3", entryValue: "9", sinceTradeId: "SUI|0|0|5" };
    stage.perps.perps.set("SUI", there);
    expect(await restartedWith(AT_SUI, hl)).toEqual({
      position: { base: "3", quote: "-9" },
      sinceTradeId: "SUI|0|0|5",
    });
  });

  test.each([
    ["another agent", AT_SUI, { ...HL, agentKeyEnv: "MM_AGENT_2" }],
    ["another leverage", { ...AT_SUI, leverage: 3 }, HL],
  ])("goes on with %s", async (_what, quote, hl) => {
    stage.env["MM_AGENT_2"] = `0x${"cd".repeat(32)}`;
    await startTrading();
    expect(await restartedWith(quote, hl)).toEqual(GOES_ON);
  });
});

describe("a worker that was told of no fill", () => {
  const moment = "SUI|7|8|9";
  const paid = { base: "-12.5", quote: "80", position: "-12.5", targetIqvRatio: 0.55 };

  // It has paid 8.125 of funding, which the venue lists as settled since that moment.
  beforeEach(async () => {
    await startTrading();
    const worker = stage.worker("SUI");
    const inventory = { ...worker.status().inventory, ...paid };
    worker.tell("quoting", { inventory, connection: connectionWith(moment) });
  });

  test("has its heir begin at the same moment, before the funding that is told again", async () => {
    stage.worker("SUI").error("it broke");
    await stage.pass(3_000);
    expect(startOf()).toEqual({
      position: { base: "-12.5", quote: "38.125" },
      sinceTradeId: moment,
    });
    expect(stage.worker("SUI").start.pair.capital.targetIqvRatio).toBe(0.55);
  });

  test("has one that another config brings begin at the moment of the new start", async () => {
    const now = { position: "-12.5", entryValue: "-38.125", sinceTradeId: "SUI|7|8|20" };
    stage.perps.perps.set("SUI", now);
    expect(await restartedWith({ ...AT_SUI, leverage: 3 }, HL)).toEqual({
      position: { base: "-12.5", quote: "38.125" },
      sinceTradeId: "SUI|7|8|20",
    });
  });
});

describe("leverage of a pair that runs", () => {
  test("stays as it is where the reload is refused for want of margin", async () => {
    await startTrading({ ...AT_SUI, leverage: 5 });
    stage.perps.perps.set("SUI", { freeMargin: "59.99", leverage: 5 });
    stage.write([perpPair("SUI", { quote: { ...AT_SUI, leverage: 1 } })], { accounts: { hl: HL } });
    const error = await rejection(stage.supervisor.reload());
    // 20 at 3 are 60 at 1x.
    expect(error.message).toContain("SUI 60 (1x); there are 59.99 free");
    expect(stage.perps.prepared).toEqual([
      ["SUI", { leverage: 5, marginMode: "cross" }],
      ["SUI", null],
    ]);
    expect(stage.workers).toHaveLength(1);
  });

  test("is set where there is enough", async () => {
    await startTrading({ ...AT_SUI, leverage: 5 });
    stage.perps.perps.set("SUI", { freeMargin: "60" });
    expect(await restartedWith({ ...AT_SUI, leverage: 1 }, HL)).toEqual(GOES_ON);
    expect(stage.perps.prepared.at(-1)).toEqual(["SUI", { leverage: 1, marginMode: "cross" }]);
  });
});

describe("the margin of one account", () => {
  const accounts = { hl: HL, twin: { ...HL, agentKeyEnv: "MM_AGENT_2" } };
  const apt = perpPair("APT", { quote: { ...AT_SUI, account: "twin", symbol: "APT" } });

  // 20 at 3 at 5x are 12 for each.
  test.each([
    ["23.99", "insufficient-margin"],
    ["24", null],
  ])("is one for all its names: %s free", async (freeMargin, code) => {
    stage.env["MM_AGENT_2"] = `0x${"cd".repeat(32)}`;
    for (const id of ["SUI", "APT"]) stage.perps.perps.set(id, { freeMargin });
    const start = stage.start([perpPair("SUI"), apt], { accounts });
    if (code === null) await start;
    else expect((await rejection(start)).code).toBe(code);
    expect(stage.workers).toHaveLength(code === null ? 2 : 0);
  });
});
