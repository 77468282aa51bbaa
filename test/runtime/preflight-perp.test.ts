/** Perps before a start: leverage and margin, a position that is there, an agent's key. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import { AGENT_KEY, livePair, perpPair, rejection, Stage, settled } from "./supervision.ts";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.dispose());

function warnings(): string[] {
  return stage.log.flatMap(({ level, message }) => (level === "warning" ? [message] : []));
}

function withQuote(id: string, quote: object): ReturnType<typeof perpPair> {
  return perpPair(id, { quote: { ...Object(perpPair(id)["quote"]), ...quote } });
}

async function refusal(...pairs: ReturnType<typeof perpPair>[]): Promise<string> {
  const error = await rejection(stage.start(pairs));
  expect(stage.workers).toEqual([]);
  return `${error.code} ${error.describe()}`;
}

describe("leverage", () => {
  test("is set as the config wants it, cross unless it says otherwise", async () => {
    await stage.start([
      withQuote("SUI", { leverage: 3 }),
      withQuote("ETH", { leverage: 5, marginMode: "isolated" }),
      perpPair("BTC"),
    ]);
    expect(stage.perps.prepared).toEqual([
      ["SUI", { leverage: 3, marginMode: "cross" }],
      ["ETH", { leverage: 5, marginMode: "isolated" }],
      ["BTC", null],
    ]);
  });

  test("is not touched where anything else keeps the pair from starting", async () => {
    stage.perps.failures.set("balances", new InputError("bad-key", "no such user"));
    expect(await refusal(withQuote("SUI", { leverage: 3 }))).toStartWith("bad-key account hl");
    expect(stage.perps.prepared).toEqual([]);
  });

  test("that the venue refuses is told with its place", async () => {
    const tooMuch = new InputError("bad-leverage", "SUI allows at most 10", { hint: "lower it" });
    stage.perps.failures.set("preparePerp", tooMuch);
    expect(await refusal(withQuote("SUI", { leverage: 20 }))).toBe(
      "bad-leverage pair SUI, quote, https://rest.test: SUI allows at most 10; lower it",
    );
  });

  test("is no matter of spot pairs, nor of paper", async () => {
    const quote = { venue: "hyperliquid", symbol: "SUI", leverage: 3 };
    await stage.start([livePair("ETH"), perpPair("SUI", { mode: "paper", quote })]);
    expect(stage.venue.prepared).toEqual([]);
    expect(stage.perps.prepared).toEqual([]);
    expect(stage.worker("SUI").start.quote.position).toBeNull();
  });
});

describe("margin", () => {
  // 20 SUI at a mark of 3 are 60, more than the 50 USDC: at 5x that needs 12. Three times of that
  // are 36.
  test.each([
    ["36", true],
    ["35.99", false],
  ])("of all pairs together must be there: %s free", async (freeMargin, isEnough) => {
    const ids = ["SUI", "APT", "SEI"];
    for (const id of ids) stage.perps.perps.set(id, { freeMargin });
    const start = stage.start(ids.map((id) => perpPair(id)));
    if (isEnough) await start;
    else {
      expect((await rejection(start)).describe()).toBe(
        "account hl, capital: insufficient margin: the pairs may need 36 USDC: SUI 12 (5x), " +
          "APT 12 (5x), SEI 12 (5x); there are 35.99 free and 0 in their own positions; fund the " +
          "account, lower initInventoryAmount and initQuoteAmount of its pairs, or raise their " +
          "quote.leverage",
      );
    }
    expect(stage.workers).toHaveLength(isEnough ? 3 : 0);
  });

  test("is counted by the larger of the two amounts, at the leverage read back", async () => {
    stage.perps.perps.set("SUI", { markPrice: "2", freeMargin: "49.9" });
    // 50 USDC are more than 20 SUI at 2.
    expect(await refusal(withQuote("SUI", { leverage: 1 }))).toContain("SUI 50 (1x)");
  });

  test("in the pairs' own positions counts", async () => {
    // Short 10 at 3, at 5x: 6 are in it.
    const changes = { position: "-10", entryValue: "-31", freeMargin: "6" };
    stage.perps.perps.set("SUI", changes);
    await stage.start([perpPair("SUI")]);
    expect(stage.workers).toHaveLength(1);
  });

  test("of those that run already is looked at anew when another one joins", async () => {
    await stage.start([perpPair("SUI")]);
    for (const id of ["SUI", "APT"]) stage.perps.perps.set(id, { freeMargin: "20" });
    stage.perps.perps.set("SUI", { freeMargin: "20", position: "5", entryValue: "15" });
    stage.write([perpPair("SUI"), perpPair("APT")]);
    // 24 are needed; 20 are free and 3 in the position.
    const error = await rejection(stage.supervisor.reload());
    expect(error.code).toBe("insufficient-margin");
    expect(error.message).toContain("there are 20 free and 3 in their own positions");
    // It was asked, and not set: its own worker may be about to trade.
    expect(stage.perps.prepared.at(-1)).toEqual(["SUI", null]);
    expect(stage.workers).toHaveLength(1);
    stage.perps.perps.set("SUI", { freeMargin: "21", position: "5", entryValue: "15" });
    stage.perps.perps.set("APT", { freeMargin: "21" });
    expect(await stage.supervisor.reload()).toMatchObject({ added: ["APT"] });
  });

  test("a perp needs no balance of its base currency", async () => {
    stage.perps.balances = new Map([["USDC", "12"]]);
    await stage.start([perpPair("SUI")]);
    expect(stage.workers).toHaveLength(1);
  });
});

describe("a position that is there", () => {
  const short = { position: "-12.5", entryValue: "-38.125", sinceTradeId: "SUI|7|8|9" };

  test("is taken over, at what it cost, with the fills since", async () => {
    stage.perps.perps.set("SUI", { ...short, warnings: ["the account is in unified margin mode"] });
    await stage.start([perpPair("SUI")]);
    const { quote, pair } = stage.worker("SUI").start;
    const { position, link } = quote;
    expect(position).toEqual({ base: "-12.5", quote: "38.125" });
    expect(link.sinceTradeId).toBe("SUI|7|8|9");
    expect(pair.capital.initInventoryAmount).toBe("20");
    expect(warnings()).toEqual([
      "pair SUI: the account is in unified margin mode",
      "pair SUI: a position of -12.5 SUI is there already, entered at 3.05 USDC: it is taken " +
        "over, and the ladder leads it back to 0",
    ]);
  });

  test("goes from a worker to the next, as the last status had it", async () => {
    stage.perps.perps.set("SUI", short);
    await stage.start([perpPair("SUI")]);
    const worker = stage.worker("SUI");
    const { inventory } = worker.status();
    // Bought 2.5 at 3 since: 50 of the allotment and 38.125 less 7.5.
    const held = { ...inventory, base: "-10", quote: "80.625", position: "-10" };
    worker.tell("quoting", { inventory: { ...held, targetIqvRatio: 0.55 } });
    worker.error("it broke");
    await stage.pass(3_000);
    const next = stage.worker("SUI").start;
    expect(next.quote.position).toEqual({ base: "-10", quote: "30.625" });
    expect(next.pair.capital).toMatchObject({
      initInventoryAmount: "20",
      initQuoteAmount: "50",
      targetIqvRatio: 0.55,
    });
  });

  test("is the first one's where a worker never said a word", async () => {
    stage.areObedient = false;
    stage.perps.perps.set("SUI", short);
    await stage.start([perpPair("SUI")]);
    stage.worker("SUI").error("it broke");
    await stage.pass(3_000);
    expect(stage.workers).toHaveLength(2);
    const { position, link } = stage.worker("SUI").start.quote;
    expect([position?.base, link.sinceTradeId]).toEqual(["-12.5", "SUI|7|8|9"]);
  });

  test("flat is no news", async () => {
    await stage.start([perpPair("SUI")]);
    expect(stage.worker("SUI").start.quote.position).toEqual({ base: "0", quote: "0" });
    expect(warnings()).toEqual([]);
  });
});

describe("an account of Hyperliquid", () => {
  const account = {
    venue: "hyperliquid",
    address: `0x${"Ab".repeat(20)}`,
    agentKeyEnv: "MM_AGENT",
  };

  test("is opened with addresses in lower case, and the defaults", async () => {
    await stage.start([perpPair("SUI")]);
    expect(stage.perps.opened.map(({ credentials }) => credentials)).toEqual([
      {
        kind: "agent",
        address: `0x${"ab".repeat(20)}`,
        agentKey: AGENT_KEY,
        vaultAddress: null,
        isTestnet: false,
        deadMansSwitch: true,
      },
    ]);
  });

  test("a vault, a testnet and one socket for everything are as the config says", async () => {
    const hl = {
      ...account,
      vaultAddress: `0x${"CD".repeat(20)}`,
      testnet: true,
      deadMansSwitch: false,
    };
    const hyperliquid = { restUrl: "http://127.0.0.1:1/", wsUrl: "ws://127.0.0.1:1/ws" };
    await stage.start([perpPair("SUI")], { accounts: { hl }, venues: { hyperliquid } });
    const [opened] = stage.perps.opened;
    expect(opened).toMatchObject({
      credentials: { vaultAddress: `0x${"cd".repeat(20)}`, isTestnet: true, deadMansSwitch: false },
      urls: {
        restUrl: "http://127.0.0.1:1",
        wsApiUrl: "ws://127.0.0.1:1/ws",
        streamUrl: "ws://127.0.0.1:1/ws",
      },
    });
  });

  test.each([
    ["without 0x", AGENT_KEY.slice(2)],
    ["in upper case", `0X${AGENT_KEY.slice(2).toUpperCase()}`],
    ["with blanks around", ` ${AGENT_KEY}\n`],
  ])("its key may be written %s", async (_how, key) => {
    stage.env["MM_AGENT"] = key;
    await stage.start([perpPair("SUI")]);
    expect(stage.perps.opened[0]?.credentials).toMatchObject({ agentKey: AGENT_KEY });
  });

  test.each([
    ["too short", AGENT_KEY.slice(0, -1)],
    ["a phrase", "abandon abandon ability"],
    ["an address", `0x${"ab".repeat(20)}`],
  ])("a key that is %s is refused and never shown", async (_how, key) => {
    stage.env["MM_AGENT"] = key;
    const says = await refusal(perpPair("SUI"));
    expect(says).toBe(
      "bad-key account hl: the environment variable MM_AGENT holds no private key; it is 64 " +
        "hexadecimal digits, with or without 0x: that of the agent wallet",
    );
    expect(stage.perps.opened).toEqual([]);
  });

  test("no key at all says which variable to set", async () => {
    delete stage.env["MM_AGENT"];
    expect(await refusal(perpPair("SUI"))).toStartWith(
      "no-key account hl: the environment variable MM_AGENT is not set",
    );
  });

  test("two names, or two agents, of one account are one market", async () => {
    const alias = { ...account, address: account.address.toUpperCase().replace("0X", "0x") };
    const accounts = { hl: account, alias: { ...alias, agentKeyEnv: "MM_AGENT_2" } };
    const quote = { venue: "hyperliquid", account: "alias", symbol: "SUI" };
    const start = stage.start([perpPair("SUI"), perpPair("TWIN", { quote })], { accounts });
    expect((await rejection(start)).code).toBe("same-market");
    await settled();
    expect(stage.workers).toEqual([]);
  });
});
