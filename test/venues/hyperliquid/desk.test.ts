/** What the desk asks, and what it makes of the answers. */

import { describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import type { InfoRequest } from "#venues/hyperliquid/api.ts";
import { VenueError } from "#venues/venue.ts";
import {
  ACCESS,
  AGENT,
  AGENT_KEY,
  assetOf,
  DAY_MS,
  failureOf,
  kitOf,
  OK,
  OURS,
  Silence,
} from "./desk-kit.ts";
import { COIN, LOST, NOW_MS, stateOf, USER } from "./hl-kit.ts";

describe("questions", () => {
  test("a market comes with the account's fees; a delisted one is closed", async () => {
    const { desk } = kitOf();
    const { instrument, closed, data } = await desk.loadMarket(COIN);
    expect([instrument.makerFeeRate.toFixed(), closed]).toEqual(["0.0001", null]);
    expect(structuredClone(data)).toEqual(data);
    expect((await desk.loadMarket("OLD")).closed).toBe("delisted");
    expect((await failureOf(desk.loadMarket("sui"))).code).toBe("unknown-symbol");
  });

  test("without an account there are markets, and nothing else", async () => {
    const { desk, api } = kitOf({}, null);
    expect((await desk.loadMarket(COIN)).instrument.makerFeeRate.toFixed()).toBe("0.00015");
    for (const asking of [desk.balances(), desk.checkKey(), desk.preparePerp(COIN, null)]) {
      expect((await failureOf(asking)).code).toBe("bad-key");
    }
    expect(await desk.sweep(COIN, OURS, 100)).toMatchObject({
      canceled: 0,
      problem: expect.any(String),
    });
    expect(api.log.map(({ type }) => type)).toEqual(["meta"]);
  });

  test("what there is to trade with is what the account is worth, in USDC", async () => {
    const { desk, api } = kitOf();
    expect(await desk.balances()).toEqual(new Map([["USDC", "1000"]]));
    await desk.balances();
    expect(api.log.filter(({ type }) => type === "userRole")).toEqual([
      { type: "userRole", user: AGENT },
    ]);
  });

  test.each([
    ["unanswered", { kind: "unanswered", message: "timeout" }, "venue-unreachable"],
    ["throttled", { kind: "unanswered", message: "429 Too Many Requests" }, "venue-throttled"],
    ["refused", { kind: "refused", status: 422, message: "422 Failed" }, "venue-refused"],
  ] as const)("%s", async (_name, answer, code) => {
    const { desk } = kitOf({ meta: new Silence(answer) });
    const error = await failureOf(desk.loadMarket(COIN));
    expect(error).toBeInstanceOf(VenueError);
    expect(error.code).toBe(code);
    expect(error.hint).toBeString();
  });
});

describe("the key", () => {
  test("an agent of the account is fine; one that expires soon is told", async () => {
    expect(await kitOf().desk.checkKey()).toEqual([]);
    const agent = (days: number) => [
      {
        address: AGENT.toUpperCase().replace("X", "x"),
        name: "mm",
        validUntil: NOW_MS + days * DAY_MS,
      },
    ];
    expect(await kitOf({ extraAgents: agent(8) }).desk.checkKey()).toEqual([]);
    const [warning] = await kitOf({ extraAgents: agent(6) }).desk.checkKey();
    expect(warning).toContain(new Date(NOW_MS + 6 * DAY_MS).toISOString());
  });

  const strangers = [
    { role: "missing" },
    { role: "agent", data: { user: `0x${"33".repeat(20)}` } },
  ];
  test.each(strangers)("one that nobody has approved is refused: %j", async (userRole) => {
    const { desk } = kitOf({ userRole });
    for (const asking of [desk.checkKey(), desk.balances()]) {
      const error = await failureOf(asking);
      expect(error).toBeInstanceOf(InputError);
      expect([error.code, error.hint?.includes("agent")]).toEqual(["bad-key", true]);
      expect(error.describe()).not.toContain(AGENT_KEY.slice(2));
    }
  });

  test("the account's own key may withdraw: it is refused", async () => {
    const { desk } = kitOf({}, { ...ACCESS, master: AGENT, user: AGENT });
    expect((await failureOf(desk.checkKey())).code).toBe("key-may-withdraw");
  });

  test("a sub-account has to be of the account", async () => {
    const vaultAddress = `0x${"44".repeat(20)}`;
    const access = { ...ACCESS, vaultAddress, user: vaultAddress };
    const roles =
      (master: string) =>
      ({ user }: InfoRequest) =>
        user === vaultAddress
          ? { role: "subAccount", data: { master } }
          : { role: "agent", data: { user: USER } };
    expect(await kitOf({ userRole: roles(USER) }, access).desk.checkKey()).toEqual([]);
    const { desk } = kitOf({ userRole: roles(vaultAddress) }, access);
    expect((await failureOf(desk.checkKey())).code).toBe("no-permission");
  });

  test.each(["unifiedAccount", "portfolioMargin"])("a %s is warned of", async (userAbstraction) => {
    const spotClearinghouseState = {
      balances: [{ coin: "USDC", token: 0, total: "14.6", hold: "0" }],
    };
    const warnings = await kitOf({ userAbstraction, spotClearinghouseState }).desk.checkKey();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("14.6");
  });

  test("where the venue does not tell its mode, nothing is found", async () => {
    const refused = new Silence({ kind: "refused", status: 422, message: "422 no such request" });
    expect(await kitOf({ userAbstraction: refused }).desk.checkKey()).toEqual([]);
  });
});

describe("preparing a perp", () => {
  test("changes nothing where nothing is wanted; tells the position, its moment", async () => {
    const { desk, api } = kitOf();
    expect(await desk.preparePerp(COIN, null)).toEqual({
      marginMode: "cross",
      leverage: 5,
      position: "-2",
      entryValue: "-6",
      freeMargin: "970",
      markPrice: "3.01",
      sinceTradeId: `|-2||${NOW_MS}`,
      warnings: [],
    });
    expect(api.acts.size).toBe(0);
  });

  test("sets what is wanted, and reads it back", async () => {
    const { desk, api } = kitOf();
    const preparing = desk.preparePerp(COIN, { marginMode: "isolated", leverage: 3 });
    const { request, answer } = await api.sent("updateLeverage");
    expect(request.action).toEqual({
      type: "updateLeverage",
      asset: 2,
      isCross: false,
      leverage: 3,
    });
    api.answers["activeAssetData"] = assetOf("isolated", 3);
    answer(OK);
    expect(await preparing).toMatchObject({ marginMode: "isolated", leverage: 3 });
  });

  test("what does not read back as set is an error", async () => {
    const { desk, api } = kitOf();
    const preparing = failureOf(desk.preparePerp(COIN, { marginMode: "cross", leverage: 3 }));
    await api.sent("updateLeverage", OK);
    expect((await preparing).code).toBe("leverage-not-set");
  });

  test.each([
    [COIN, { marginMode: "cross", leverage: 11 }],
    [COIN, { marginMode: "cross", leverage: 0 }],
    [COIN, { marginMode: "cross", leverage: 2.5 }],
    ["ISO", { marginMode: "cross", leverage: 2 }],
  ] as const)("%s does not take %j", async (coin, wants) => {
    const { desk, api } = kitOf({ activeAssetData: { ...assetOf("isolated", 1), coin } });
    expect((await failureOf(desk.preparePerp(coin, wants))).code).toBe("bad-leverage");
    expect(api.acts.size).toBe(0);
  });

  test.each([
    [
      { kind: "refused", message: "Cannot switch leverage type with open position." },
      "bad-leverage",
    ],
    [{ kind: "refused", message: "L1 error: User or API Wallet 0x1 does not exist." }, "bad-key"],
    [LOST, "venue-unreachable"],
  ] as const)("the venue's refusal says what to do: %j", async (answer, code) => {
    const { desk, api } = kitOf();
    const preparing = failureOf(desk.preparePerp(COIN, { marginMode: "cross", leverage: 3 }));
    await api.sent("updateLeverage", answer);
    expect((await preparing).code).toBe(code);
  });

  test("other positions share a cross margin: that is told", async () => {
    const state = stateOf("1.0");
    const other = { position: { coin: "BTC", szi: "1.0" } };
    const positions =
      "assetPositions" in state && Array.isArray(state.assetPositions) ? state.assetPositions : [];
    const { desk } = kitOf({
      clearinghouseState: { ...state, assetPositions: [other, ...positions] },
    });
    const { warnings } = await desk.preparePerp(COIN, null);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("BTC");
  });
});
