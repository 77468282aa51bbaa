/** What can be seen of a runner from outside, and what is seen of it when it fails. */

import { describe, expect, test } from "bun:test";
import { messageOf } from "#domain/errors.ts";
import { START_MS } from "./fake-connection.ts";
import { Stage } from "./runner-stage.ts";

describe("the status", () => {
  test("is complete and plain", async () => {
    const stage = new Stage();
    await stage.quoting();
    const [order] = stage.connection.open.values();
    if (order === undefined) throw new Error("nothing is open");
    const { clientOrderId, side, priceTicks } = order;
    const nowMs = stage.world.nowMs();
    stage.connection.tell({
      kind: "fill",
      venueTimeMs: nowMs,
      receivedTimeMs: nowMs,
      fill: {
        tradeId: "t1",
        clientOrderId,
        side,
        priceTicks,
        quantityLots: 10_000,
        fee: "0.001",
        feeAsset: "ETH",
        liquidity: "maker",
        venueTimeMs: nowMs,
      },
    });
    const status = stage.runner.status();
    expect(structuredClone(status)).toEqual(status);
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
    expect(status).toMatchObject({
      id: "ETH",
      mode: "paper",
      venue: "binance-spot",
      symbol: "ETHUSDT",
      state: "quoting",
      reasons: [],
      timeMs: nowMs,
      epoch: 3,
      restarts: 0,
      mid: "2000",
      shape: "spot",
      volatilityPct: null,
      fills: 1,
      // The fill has asked for a new ladder, whose budget of the bids is smaller.
      actions: { placed: 6, replaced: 0, denied: 0 },
      // One ETH bought at 1998, with a fee of 0.001 ETH.
      inventory: {
        base: "5.999",
        quote: "8002",
        baseAsset: "ETH",
        quoteAsset: "USDT",
        // 5.999 · 2000 + 8002
        equity: "20000",
        targetIqvRatio: 0.5,
      },
      // 2 better than the mid; 0.001 ETH at 2000.
      pnl: {
        equityChange: "0",
        spreadCapture: "2",
        inventoryRevaluation: "0",
        fees: "-2",
        transfers: "0",
        residual: "0",
      },
    });
    expect(status.inventory.iqvRatio).toBeCloseTo(11_998 / 20_000, 10);
    expect(status.inventory.iqvMoveRatio).toBeCloseTo(0.1998, 10);
    expect(status.orders[0]).toMatchObject({ side: "buy", price: "1998", filled: "1" });
    expect(status.connection?.trading).toBe("ready");
    expect(status.guards.map(({ id }) => id)).toContain("drawdown");
    expect(status.guards.every(({ tripped }) => !tripped)).toBe(true);
  });

  test("before anything has come says what is missing", () => {
    const status = new Stage().runner.status();
    expect(status).toMatchObject({ state: "starting", mid: null, pnl: null, connection: null });
    expect(status.inventory).toMatchObject({ equity: null, iqvRatio: 0, iqvMoveRatio: 0 });
    expect(status.reasons.join("; ")).toContain("connection");
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });
});

describe("a failure", () => {
  test("in a handler is told once, and nothing is applied any more", async () => {
    const stage = new Stage();
    await stage.quoting();
    const failure = new Error("the port is gone");
    stage.onAlert = () => {
      throw failure;
    };
    stage.connection.listener?.onAlert({ timeMs: 0, level: "info", code: "x", message: "x" });
    expect(stage.failures).toEqual([failure]);
    stage.connection.listener?.onAlert({ timeMs: 0, level: "info", code: "x", message: "x" });
    expect(stage.failures).toHaveLength(1);
    const status = stage.runner.status();
    expect(status).toMatchObject({ state: "failed", reasons: ["failed: the port is gone"] });
    stage.asked();
    stage.connection.book(150_000);
    stage.world.timers.advance(1_000);
    expect(stage.asked()).toEqual([]);
    expect(stage.world.timers.pending).toBe(0);
    expect(() => stage.runner.command("pause")).toThrow("the pair has failed");
    // What is open is told to whoever sweeps.
    const { left } = await stage.runner.stop();
    expect(left).toHaveLength(6);
  });

  test("of the connection's start is one", async () => {
    const stage = new Stage();
    stage.connection.start = () => {
      throw new Error("no socket");
    };
    await stage.runner.start();
    expect(stage.failures.map(messageOf)).toEqual(["no socket"]);
  });

  test("the clock of events starts where the thread's does", async () => {
    const stage = new Stage();
    await stage.quoting();
    expect(stage.audits[0]?.timeMs).toBeGreaterThanOrEqual(START_MS);
  });
});

test("fees in an asset that has no price are told of once, live only", async () => {
  for (const [mode, told] of [
    ["live", ["unpriced-fees"]],
    ["paper", []],
  ] as const) {
    const stage = new Stage({}, 0, mode);
    await stage.quoting();
    const orders = [...stage.connection.open.values()];
    const nowMs = stage.world.nowMs();
    for (const [index, feeAsset] of ["USDT", "BNB", "BNB"].entries()) {
      const { clientOrderId, side, priceTicks } = orders[index] ?? {};
      if (clientOrderId === undefined || side === undefined || priceTicks === undefined) {
        throw new Error("too few orders are open");
      }
      const times = { venueTimeMs: nowMs, receivedTimeMs: nowMs };
      stage.connection.tell({
        kind: "fill",
        ...times,
        fill: {
          priceTicks,
          quantityLots: 1,
          liquidity: "maker",
          venueTimeMs: nowMs,
          tradeId: `t${index}`,
          clientOrderId,
          side,
          fee: "0.0001",
          feeAsset,
        },
      });
    }
    const codes = stage.alerts.map(({ code }) => code).filter((code) => code === "unpriced-fees");
    expect(codes).toEqual([...told]);
  }
});
