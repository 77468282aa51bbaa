/** Orders, cancels and what is refused: statuses, words, whole-batch errors, and what is told. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import {
  AGENT,
  BTC_ASK,
  BTC_BID,
  cancel,
  cloid,
  DELISTED,
  HlBench,
  type Json,
  order,
  SUI,
  stop,
  wire,
} from "./venue-bench.ts";

const IOC = { tif: "Ioc" };
const GTC = { tif: "Gtc" };

async function long(bench: HlBench, s = "0.1"): Promise<void> {
  await bench.act(order(wire({ ...IOC, p: "64010", s })));
  bench.told();
}

describe("an order", () => {
  test("rests with both ids, and is told and listed as the venue writes numbers", async () => {
    const bench = new HlBench();
    const c = cloid(7);
    const [status] = await bench.statuses(order(wire({ c })));
    const [open] = bench.venue.openOrders();
    expect(open?.oid).toBeGreaterThan(2 ** 32);
    expect(status).toEqual({ resting: { oid: open?.oid, cloid: c } });
    const time = open?.timeMs;
    const told = {
      order: {
        coin: "BTC",
        side: "B",
        limitPx: "63990.0",
        sz: "0.01",
        oid: open?.oid,
        timestamp: time,
        origSz: "0.01",
        cloid: c,
      },
      status: "open",
      statusTimestamp: time,
    };
    expect(bench.events.map(({ channel }) => channel)).toEqual(["orderUpdates"]);
    const data: unknown = bench.events[0]?.data;
    expect(data).toEqual([told]);
    const user = bench.venue.user;
    expect(bench.info({ type: "openOrders", user })).toEqual([told.order]);
    expect(bench.info({ type: "frontendOpenOrders", user })).toEqual([
      {
        ...told.order,
        triggerCondition: "N/A",
        isTrigger: false,
        triggerPx: "0.0",
        children: [],
        isPositionTpsl: false,
        reduceOnly: false,
        orderType: "Limit",
        tif: "Alo",
      },
    ]);
    for (const oid of [open?.oid, c]) {
      const found = bench.info({ type: "orderStatus", user, oid });
      expect(found).toMatchObject({ status: "order", order: { status: "open" } });
    }
  });

  test("that takes is filled at once, and what is left of an IOC is cancelled", async () => {
    const bench = new HlBench();
    // A level holds 1 BTC.
    const [part] = await bench.statuses(order(wire({ ...IOC, p: "64010", s: "1.5" })));
    expect(part).toMatchObject({ filled: { totalSz: "1.0", avgPx: "64010.0" } });
    expect(bench.told()).toEqual(["canceled B 0.5", "fill B 1.0@64010.0"]);
  });

  test("that takes over several levels has their average price", async () => {
    const bench = new HlBench({ account: { usdc: "100000" } });
    const [all] = await bench.statuses(order(wire({ ...IOC, p: "64011", s: "2" })));
    // Levels are a tick of 0.1 apart.
    expect(all).toMatchObject({ filled: { totalSz: "2.0", avgPx: "64010.05" } });
  });

  test("of GTC takes what it can and rests with the remainder", async () => {
    const bench = new HlBench();
    const [status] = await bench.statuses(order(wire({ ...GTC, p: "64010", s: "1.2" })));
    expect(status).toHaveProperty("resting");
    expect(bench.told()).toEqual(["open B 1.2", "fill B 1.0@64010.0"]);
    const orders = bench.info({ type: "openOrders", user: bench.venue.user });
    expect(orders).toMatchObject([{ sz: "0.2", origSz: "1.2" }]);
  });

  test("and its fills are told in either order", async () => {
    const bench = new HlBench();
    const first = new Set<string | undefined>();
    for (let round = 0; round < 20; round += 1) {
      bench.events.length = 0;
      await bench.act(order(wire({ tif: "Ioc", p: "64010", s: "0.001" })));
      first.add(bench.events[0]?.channel);
    }
    expect(first).toEqual(new Set(["orderUpdates", "userFills"]));
  });

  test("that rests is filled by the market, as maker", async () => {
    const bench = new HlBench();
    const oid = await bench.oidOf(order(wire({ c: cloid(9) })));
    bench.told();
    bench.btc.print("sell", 639_890, 5);
    bench.venue.coin("BTC")?.advanceToNow();
    expect(bench.told()).toEqual(["filled B 0.0", "fill B 0.01@63990.0"]);
    expect(bench.info({ type: "userFills", user: bench.venue.user })).toMatchObject([
      {
        coin: "BTC",
        px: "63990.0",
        sz: "0.01",
        side: "B",
        startPosition: "0.0",
        dir: "Open Long",
        closedPnl: "0.0",
        oid,
        crossed: false,
        fee: "0.095985",
        cloid: cloid(9),
        feeToken: "USDC",
        twapId: null,
      },
    ]);
  });

  test("of the other side meets our own: the resting one is cancelled, ours goes on", async () => {
    const bench = new HlBench();
    await bench.oidOf(order(wire({ isBuy: false, p: "64005", s: "0.3" })));
    bench.told();
    const [status] = await bench.statuses(order(wire({ ...IOC, p: "64010", s: "0.5" })));
    expect(status).toMatchObject({ filled: { totalSz: "0.5", avgPx: "64010.0" } });
    expect(bench.told()).toContain("selfTradeCanceled A 0.3");
    const cancels = v.parse(
      v.array(v.looseObject({ order: v.looseObject({ sz: v.string() }), status: v.string() })),
      bench.info({ type: "historicalOrders", user: bench.venue.user }),
    );
    expect(cancels.map(({ status: word }) => word)).toEqual(["filled", "selfTradeCanceled"]);
  });

  test("is rejected after an upgrade, unless it is post-only", async () => {
    const bench = new HlBench();
    bench.venue.isPostOnlyPeriod = true;
    const statuses = await bench.statuses(order(wire(), wire(GTC), wire({ ...IOC, p: "64010" })));
    const error = "Only post-only orders allowed immediately after a network upgrade";
    expect(statuses).toEqual([{ resting: { oid: expect.any(Number) } }, { error }, { error }]);
  });
});

describe("refusals of single orders", () => {
  const tail = "asset=0";
  test.each<[string, Json, string, string]>([
    [
      "post-only that crosses",
      wire({ p: "64010" }),
      `Post only order would have immediately matched, bbo was 64000@64010. ${tail}`,
      "badAloPxRejected",
    ],
    [
      "IOC that meets nobody",
      wire({ ...IOC, p: "64009" }),
      `Order could not immediately match against any resting orders. ${tail}`,
      "iocCancelRejected",
    ],
    [
      "too small",
      wire({ s: "0.00015" }),
      `Order must have minimum value of $10. ${tail}`,
      "minTradeNtlRejected",
    ],
    [
      "too large for the margin",
      wire({ s: "4" }),
      `Insufficient margin to place order. ${tail}`,
      "perpMarginRejected",
    ],
    [
      "reduce-only without position",
      wire({ r: true }),
      `Reduce only order would increase position. ${tail}`,
      "reduceOnlyRejected",
    ],
    [
      "a stop that would fire at once",
      stop("64100", "0.01"),
      `Invalid TP/SL price. ${tail}`,
      "badTriggerPxRejected",
    ],
  ])("%s: its status alone, and told as rejected", async (_, wanted, error, word) => {
    const bench = new HlBench();
    const statuses = await bench.statuses(order(wire(), wanted, wire({ p: "63980" })));
    expect(statuses).toEqual([
      { resting: { oid: expect.any(Number) } },
      { error },
      { resting: { oid: expect.any(Number) } },
    ]);
    expect(bench.told().map((line) => line.split(" ")[0] ?? "")).toEqual(["open", word, "open"]);
    expect(bench.venue.openOrders()).toHaveLength(2);
  });

  test("too many open orders", async () => {
    const bench = new HlBench({ rules: { freeOpenOrders: 2 } });
    const statuses = await bench.statuses(order(wire(), wire(), wire()));
    expect(statuses[2]).toEqual({ error: "Too many open orders: 2. asset=0" });
    expect(bench.told().at(-1)).toBe("tooManyOpenOrdersRejected B 0.01");
    // What takes at once needs no place.
    const [taken] = await bench.statuses(order(wire({ ...IOC, p: "64010" })));
    expect(taken).toHaveProperty("filled");
  });
});

describe("one error for the whole batch", () => {
  test.each<[string, Json, string]>([
    ["no order", order(), "Empty batch of orders."],
    [
      "a price off the grid",
      order(wire(), wire({ p: "63990.55" })),
      "Price must be divisible by tick size. asset=0",
    ],
    [
      "six significant figures",
      order(wire({ p: "63990.5" })),
      "Price must be divisible by tick size. asset=0",
    ],
    ["a price of zero", order(wire({ p: "0" })), "Price must be divisible by tick size. asset=0"],
    ["half a lot", order(wire({ s: "0.010005" })), "Order has invalid size. asset=0"],
    ["nothing", order(wire({ s: "0" })), "Order has invalid size. asset=0"],
    [
      "far from the oracle",
      order(wire({ p: "3000" })),
      "Order price cannot be more than 95% away from the reference price asset=0",
    ],
    ["a stop that opens", order(stop("60000", "0.01", false, false)), "Trigger orders must be"],
    ["a delisted coin", order(wire(), wire({}, DELISTED)), "Invalid perp asset asset=1"],
    ["an unknown asset", order(wire({}, 77)), "Invalid perp asset asset=77"],
    ["no cancel", cancel(), "Empty batch of orders."],
  ])("%s", async (_, action, error) => {
    const bench = new HlBench();
    const statuses = await bench.statuses(action);
    expect(statuses).toEqual([{ error: expect.stringContaining(error) }]);
    expect(bench.venue.openOrders()).toHaveLength(0);
    expect(bench.told()).toEqual([]);
    const strict = new HlBench({ rules: { batchErrors: "action" } });
    expect(await strict.refusal(action)).toContain(error);
  });
});

describe("a cancel", () => {
  test("has one status for each, in order", async () => {
    const bench = new HlBench();
    const [a, b] = [await bench.oidOf(order(wire())), await bench.oidOf(order(wire()))];
    const error = "Order was never placed, already canceled, or filled. asset=0";
    expect(await bench.statuses(cancel(a, 4, b, a))).toEqual([
      "success",
      { error },
      "success",
      { error },
    ]);
    expect(bench.venue.openOrders()).toHaveLength(0);
  });

  test("by client id, and not of another asset", async () => {
    const bench = new HlBench();
    await bench.act(order(wire({ c: cloid(1) })));
    const byCloid = (asset: number) =>
      bench.statuses({ type: "cancelByCloid", cancels: [{ asset, cloid: cloid(1) }], f: true });
    const [other] = await byCloid(SUI);
    expect(other).toEqual({
      error: "Order was never placed, already canceled, or filled. asset=2",
    });
    expect(await byCloid(0)).toEqual(["success"]);
    const { user } = bench.venue;
    expect(bench.info({ type: "orderStatus", user, oid: cloid(1) })).toMatchObject({
      order: { status: "canceled" },
    });
  });

  test("with priority does not take an order that waits for its trigger", async () => {
    const bench = new HlBench();
    await long(bench);
    const oid = await bench.oidOf(order(stop("60000", "0.1")));
    const [fast] = await bench.statuses(cancel(oid));
    expect(fast).toHaveProperty("error");
    const slow = { type: "cancel", cancels: [{ a: 0, o: oid }] };
    expect(await bench.statuses(slow)).toEqual(["success"]);
  });
});

describe("a stop order", () => {
  test("fires by the mark and closes, no more than the position", async () => {
    const bench = new HlBench();
    await long(bench, "0.1");
    const [status] = await bench.statuses(order(stop("63900", "0.3")));
    expect(status).toHaveProperty("resting");
    const [open] = v.parse(
      v.array(v.looseObject({})),
      bench.info({ type: "frontendOpenOrders", user: bench.venue.user }),
    );
    expect(open).toMatchObject({
      isTrigger: true,
      triggerPx: "63900.0",
      triggerCondition: "Price below 63900",
      orderType: "Stop Market",
      reduceOnly: true,
      tif: null,
    });
    bench.told();
    const btc = bench.venue.coin("BTC");
    btc?.pin(639_010);
    expect(bench.told()).toEqual([]);
    btc?.pin(639_000);
    expect(bench.told()).toEqual([
      "triggered A 0.3",
      "reduceOnlyCanceled A 0.2",
      "fill A 0.1@64000.0",
    ]);
    expect(bench.venue.positionLots("BTC")).toBe(0);
  });

  test("may be answered with a word, which names no order", async () => {
    const bench = new HlBench({ rules: { triggerAnswer: "waitingForTrigger" } });
    await long(bench);
    expect(await bench.statuses(order(stop("60000", "0.1")))).toEqual(["waitingForTrigger"]);
    expect(bench.told()).toEqual(["open A 0.1"]);
  });
});

describe("what cannot be read", () => {
  test.each<[string, unknown]>([
    ["no object", "hello"],
    ["no action", { nonce: 1 }],
    ["an unknown action", { type: "dance" }],
    ["a price that is a number", order({ ...wire(), p: 63_990 })],
    ["an exponent", order(wire({ p: "6e4" }))],
    ["an unknown time in force", order(wire({ tif: "Fok" }))],
    ["a client id that is too short", order(wire({ c: "0x12" }))],
  ])("is answered 422 and a text: %s", async (_, action) => {
    const bench = new HlBench();
    const isAction = typeof action === "object" && action !== null && "type" in action;
    const body = isAction
      ? { ...(await bench.signed({ type: "noop" })), action }
      : { action, nonce: 1, signature: {} };
    const { reply } = bench.submit(body);
    expect(reply).toEqual({
      status: 422,
      body: "Failed to deserialize the JSON body into the target type",
    });
  });
});

test("an order by hand is at once what a signed one is after its block", () => {
  const bench = new HlBench();
  const placed = bench.venue.placeForeign({
    coin: "BTC",
    cloid: null,
    side: "sell",
    priceTicks: BTC_ASK + 100,
    quantityLots: 1000,
  });
  expect(placed.status).toBe("open");
  expect(bench.told()).toEqual(["open A 0.01"]);
  const small = bench.venue.placeForeign({
    coin: "BTC",
    cloid: null,
    side: "buy",
    priceTicks: BTC_BID,
    quantityLots: 1,
  });
  expect(small.refusal).toBe("Order must have minimum value of $10. asset=0");
  bench.venue.cancelForeign();
  expect(bench.venue.openOrders()).toEqual([]);
  expect(AGENT.address.toLowerCase()).not.toBe(bench.venue.user);
});
