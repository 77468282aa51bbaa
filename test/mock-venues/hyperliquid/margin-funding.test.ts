/** Money of the one account over its coins: margin, leverage, funding, and what the state says. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { decimal } from "#domain/decimal.ts";
import { HlBench, type Json, order, START_MS, SUI, stop, wire } from "./venue-bench.ts";

const IOC = { tif: "Ioc" };
const HOUR_MS = 3_600_000;

const State = v.object({
  marginSummary: v.record(v.string(), v.string()),
  crossMarginSummary: v.record(v.string(), v.string()),
  crossMaintenanceMarginUsed: v.string(),
  withdrawable: v.string(),
  assetPositions: v.array(
    v.object({ type: v.literal("oneWay"), position: v.record(v.string(), v.unknown()) }),
  ),
  time: v.number(),
});

function stateOf(bench: HlBench): v.InferOutput<typeof State> {
  return v.parse(State, bench.info({ type: "clearinghouseState", user: bench.venue.user }));
}

function positionOf(bench: HlBench): Json {
  return stateOf(bench).assetPositions[0]?.position ?? {};
}

function leverage(value: number, asset = 0, isCross = true): Json {
  return { type: "updateLeverage", asset, isCross, leverage: value };
}

describe("margin", () => {
  const margin = "Insufficient margin to place order. asset=";

  test("is the account's: what one coin uses, another has not", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(leverage(10));
    await bench.act(leverage(10, SUI));
    // 0.1 BTC at 63990 needs 639.9; 1100 SUI at 2.99 need 328.9, which is within 360.1.
    await bench.oidOf(order(wire({ s: "0.1" })));
    const [first] = await bench.statuses(order(wire({ p: "2.99", s: "1100" }, SUI)));
    expect(first).toHaveProperty("resting");
    // 31.2 is left.
    const [second] = await bench.statuses(order(wire({ p: "2.99", s: "110" }, SUI)));
    expect(second).toEqual({ error: `${margin}2` });
    const [third] = await bench.statuses(order(wire({ p: "2.99", s: "104" }, SUI)));
    expect(third).toHaveProperty("resting");
    const [fourth] = await bench.statuses(order(wire({ s: "0.001" })));
    expect(fourth).toEqual({ error: `${margin}0` });
  });

  test("counts the worse side of a coin only", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(leverage(10));
    const both = await bench.statuses(
      order(wire({ s: "0.15" }), wire({ isBuy: false, p: "64020", s: "0.15" })),
    );
    for (const status of both) expect(status).toHaveProperty("resting");
  });

  test("shrinks with a loss, and what only reduces needs none", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(leverage(10));
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.15" })));
    bench.venue.coin("BTC")?.pin(600_000);
    const [more] = await bench.statuses(order(wire({ s: "0.001" })));
    expect(more).toEqual({ error: `${margin}0` });
    const [less] = await bench.statuses(
      order(wire({ isBuy: false, p: "64020", s: "0.15", r: true }), stop("59000", "0.15")),
    );
    expect(less).toHaveProperty("resting");
  });

  test("depends on the leverage, which an open position bounds", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    for (const [value, asset] of [
      [41, 0],
      [11, SUI],
      [0, 0],
    ] as const) {
      expect(await bench.refusal(leverage(value, asset))).toBe(
        `Invalid leverage value asset=${asset}`,
      );
    }
    expect(await bench.act(leverage(40))).toEqual({ status: "ok", response: { type: "default" } });
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.5" })));
    // 0.5 BTC needs 800 at 40 times, 1066 at 30.
    expect(await bench.refusal(leverage(30))).toContain("insufficient margin");
    expect(await bench.refusal(leverage(40, 0, false))).toContain("Cannot switch leverage type");
    const position = positionOf(bench);
    expect(position["leverage"]).toEqual({ type: "cross", value: 40 });
  });
});

describe("the state", () => {
  test("of a position says its worth, and at which mark it is liquidated", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(leverage(10));
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.1" })));
    bench.venue.coin("BTC")?.pin(644_100);
    const state = stateOf(bench);
    // Fee: 0.045 % of 6401 = 2.88045. Profit: 0.1 · 400.
    expect(state.marginSummary).toEqual({
      accountValue: "1037.11955",
      totalNtlPos: "6441.0",
      totalRawUsd: "-5403.88045",
      totalMarginUsed: "644.1",
    });
    expect(state.crossMarginSummary).toEqual(state.marginSummary);
    // Half of a fortieth.
    expect(state.crossMaintenanceMarginUsed).toBe("80.5125");
    expect(state.withdrawable).toBe("393.01955");
    const position = positionOf(bench);
    expect(position).toMatchObject({
      coin: "BTC",
      szi: "0.1",
      entryPx: "64010.0",
      positionValue: "6441.0",
      unrealizedPnl: "40.0",
      marginUsed: "644.1",
      maxLeverage: 40,
      cumFunding: { allTime: "0.0", sinceOpen: "0.0", sinceChange: "0.0" },
    });
    // There value and maintenance are equal.
    const price = decimal(v.parse(v.string(), position["liquidationPx"]));
    const value = decimal("1000").minus("2.88045").plus(price.minus("64010").times("0.1"));
    const maintenance = price.times("0.1").div("80");
    expect(value.minus(maintenance).abs().lt("0.000001")).toBe(true);
  });

  test("of a short is liquidated above, and of a tiny one never", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(order(wire({ ...IOC, isBuy: false, p: "64000", s: "0.1" })));
    const short = positionOf(bench);
    expect(short["szi"]).toBe("-0.1");
    expect(Number(short["liquidationPx"])).toBeGreaterThan(64_000);
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.101" })));
    const long = positionOf(bench);
    expect([long["szi"], long["liquidationPx"]]).toEqual(["0.001", null]);
  });

  test("of an isolated position names its margin, which can be added to", async () => {
    const bench = new HlBench({ account: { usdc: "1000" } });
    await bench.act(leverage(10, 0, false));
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.1" })));
    const add = (ntli: number): Json => ({
      type: "updateIsolatedMargin",
      asset: 0,
      isBuy: true,
      ntli,
    });
    const used = (): unknown => positionOf(bench)["marginUsed"];
    const before = Number(used());
    expect(await bench.act(add(50_000_000))).toMatchObject({ status: "ok" });
    expect(Number(used()) - before).toBe(50);
    expect(await bench.refusal(add(900_000_000))).toContain("Insufficient margin");
    expect(await bench.refusal(add(-51_000_000))).toContain("Insufficient margin");
    expect(positionOf(bench)["leverage"]).toMatchObject({
      type: "isolated",
      rawUsd: expect.any(String),
    });
    expect(await bench.refusal({ ...add(1), asset: SUI })).toContain("no isolated position");
  });

  test("of others is empty: the agent's, and the master's beside a sub-account", async () => {
    const sub = `0x${"ab".repeat(20)}` as const;
    const bench = new HlBench({
      account: { subAccount: { address: sub, name: "mm", kind: "subAccount" } },
    });
    await bench.act(order(wire(), wire({ ...IOC, p: "64010" })), { vaultAddress: sub });
    const { master, user, signers } = bench.venue;
    expect(user).toBe(sub);
    const [agent] = signers.agents;
    for (const stranger of [master, agent?.address ?? ""]) {
      const ask = (type: string) => bench.info({ type, user: stranger });
      expect(ask("openOrders")).toEqual([]);
      expect(ask("frontendOpenOrders")).toEqual([]);
      expect(ask("userFills")).toEqual([]);
      expect(ask("clearinghouseState")).toMatchObject({
        assetPositions: [],
        marginSummary: { accountValue: "0.0" },
      });
      const oid = bench.venue.openOrders()[0]?.oid;
      expect(bench.info({ type: "orderStatus", user: stranger, oid })).toEqual({
        status: "unknownOid",
      });
    }
    expect(
      bench.info({ type: "openOrders", user: user.toUpperCase().replace("0X", "0x") }),
    ).toHaveLength(1);
    const role = (of: string) => bench.info({ type: "userRole", user: of });
    expect(role(agent?.address ?? "")).toEqual({ role: "agent", data: { user: master } });
    expect(role(sub)).toEqual({ role: "subAccount", data: { master } });
    expect(role(master)).toEqual({ role: "user" });
    expect(role(`0x${"12".repeat(20)}`)).toEqual({ role: "missing" });
    expect(bench.info({ type: "extraAgents", user: master })).toEqual([
      { address: agent?.address, name: "mm", validUntil: null },
    ]);
    expect(bench.info({ type: "subAccounts", user: master })).toMatchObject([
      { name: "mm", subAccountUser: sub, master },
    ]);
  });
});

describe("funding", () => {
  test("is settled at each full hour on the position, at the oracle price", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.1" })));
    await bench.act(order(wire({ ...IOC, isBuy: false, p: "3", s: "1000" }, SUI)));
    const [btc, sui] = [bench.venue.coin("BTC"), bench.venue.coin("SUI")];
    btc?.pin(640_000, 650_000);
    sui?.pin(300_000, 300_000);
    if (sui !== undefined) sui.fundingRate = "-0.0001";
    bench.events.length = 0;
    const before = bench.venue.accountValue();
    bench.timers.advance(15 * 60_000);
    // Longs pay 0.0000125 · 0.1 · 65000; shorts pay 0.0001 · 1000 · 3 at a negative rate.
    const time = START_MS + 15 * 60_000;
    const fundings = [
      { time, coin: "BTC", usdc: "-0.08125", szi: "0.1", fundingRate: "0.0000125", nSamples: null },
      { time, coin: "SUI", usdc: "-0.3", szi: "-1000.0", fundingRate: "-0.0001", nSamples: null },
    ];
    const { user } = bench.venue;
    expect(bench.events).toEqual([
      { channel: "userFundings", data: { user, fundings } },
      ...fundings.map((funding) => ({ channel: "user" as const, data: { funding } })),
    ]);
    expect(before.minus(bench.venue.accountValue()).toFixed()).toBe("0.38125");
    const list = bench.info({ type: "userFunding", user, startTime: time });
    expect(list).toMatchObject([
      { time, delta: { type: "funding", coin: "BTC", usdc: "-0.08125" } },
      { time, delta: { type: "funding", coin: "SUI" } },
    ]);
    expect(bench.info({ type: "userFunding", user, startTime: time + 1 })).toEqual([]);
    const history = v.parse(
      v.array(
        v.object({
          coin: v.string(),
          fundingRate: v.string(),
          premium: v.string(),
          time: v.number(),
        }),
      ),
      bench.info({ type: "fundingHistory", coin: "SUI", startTime: 0 }),
    );
    expect(history.map((rate) => rate.time)).toEqual(
      Array.from({ length: 25 }, (_, hour) => time - (24 - hour) * HOUR_MS),
    );
    expect(positionOf(bench)["cumFunding"]).toEqual({
      allTime: "0.08125",
      sinceOpen: "0.08125",
      sinceChange: "0.08125",
    });
    bench.events.length = 0;
    bench.timers.advance(HOUR_MS);
    expect(bench.events).toHaveLength(3);
  });

  test("has an interval that can be shortened, and nothing to settle without a position", () => {
    const bench = new HlBench({ rules: { fundingIntervalMs: 1000 } });
    bench.timers.advance(10_000);
    expect(bench.events).toEqual([]);
    const rates = bench.info({
      type: "fundingHistory",
      coin: "BTC",
      startTime: bench.nowMs() - 4500,
    });
    expect(rates).toHaveLength(5);
  });

  test("does not change what a fill after it realises", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ ...IOC, p: "64010", s: "0.1" })));
    bench.venue.funding.settle();
    await bench.act(order(wire({ ...IOC, isBuy: false, p: "64000", s: "0.1", r: true })));
    expect(bench.venue.fills().map(({ closedPnl }) => closedPnl)).toEqual(["0", "-1"]);
  });
});

test("a maker's rebate is a negative fee", async () => {
  const bench = new HlBench({ makerFeeRate: "-0.00001" });
  await bench.act(order(wire({ s: "0.1" })));
  bench.btc.print("sell", 639_890, 5);
  bench.venue.coin("BTC")?.advanceToNow();
  expect(bench.venue.fills().map(({ fee }) => fee)).toEqual(["-0.06399"]);
  expect(bench.info({ type: "userFees", user: bench.venue.user })).toMatchObject({
    userAddRate: "-0.00001",
    userCrossRate: "0.00045",
  });
});
