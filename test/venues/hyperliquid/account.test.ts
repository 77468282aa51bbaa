/** What the account's stream and the venue's lists make of fills, funding, position and orders. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { begunKit, fillsFrame, frameOf, reconciled, Venue } from "./account-kit.ts";
import {
  fillOf,
  idOf,
  NOW_MS,
  orderOf,
  reportOf,
  stateOf,
  turn,
  UNANSWERED,
  USER,
} from "./hl-kit.ts";

const LATER_MS = NOW_MS + 1000;

describe("a reconciliation", () => {
  test("tells fills, then position and worth with exactly our open orders", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.fills = [fillOf({ tid: 1, side: "sell" })];
    venue.state = stateOf("-1.0", { time: LATER_MS, accountValue: "999.50" });
    venue.open = [
      orderOf(idOf(1), 9001, { sz: "9.0" }),
      orderOf(idOf(2, { epoch: 3 }), 8000),
      orderOf(null, 1),
      orderOf(idOf(3), 2, { coin: "BTC" }),
    ];
    await reconciled(kit);
    expect(kit.heard.events).toMatchObject([
      { kind: "fill" },
      {
        kind: "account",
        venueTimeMs: LATER_MS,
        base: "-1",
        quote: "999.5",
        openOrderIds: [idOf(1), idOf(2, { epoch: 3 })],
        liquidationPrice: 9.25,
        marginRatio: 12.5 / 999.5,
      },
    ]);
    expect(kit.orders.find(idOf(2, { epoch: 3 }))).toMatchObject({
      isOpen: true,
      isOfThisRun: false,
    });
    expect(kit.orders.isListed).toBe(true);
  });

  test("without a position there is no price of liquidation", async () => {
    const kit = await begunKit(new Venue());
    await reconciled(kit);
    const [event] = kit.heard.of("account");
    expect(event).toMatchObject({ base: "0", openOrderIds: [] });
    expect(event !== undefined && "liquidationPrice" in event).toBe(false);
  });

  test("a state older than a fill that was told is asked for again", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.fills = [fillOf({ tid: 1, time: NOW_MS + 50 })];
    let states = 0;
    venue.trouble = ({ type }) => {
      if (type === "clearinghouseState") {
        states += 1;
        venue.state =
          states < 3 ? stateOf("0.0", { time: NOW_MS + 40 }) : stateOf("1.0", { time: LATER_MS });
      }
      return null;
    };
    kit.account.onFrame(fillsFrame(venue.fills));
    await reconciled(kit);
    expect(states).toBe(3);
    expect(kit.heard.of("account")).toMatchObject([{ base: "1" }]);
  });

  test("a position that fills do not explain is looked at once more, and then told", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.state = stateOf("5.0", { time: LATER_MS });
    await reconciled(kit);
    expect(kit.api.asksOf("clearinghouseState")).toHaveLength(2);
    expect(kit.heard.of("account")).toMatchObject([{ base: "5" }]);
    await reconciled(kit);
    expect(kit.api.asksOf("clearinghouseState")).toHaveLength(3);
  });

  test.each(["frontendOpenOrders", "clearinghouseState", "userFillsByTime"])(
    "without an answer to %s nothing is told, and the next one tells all",
    async (silent) => {
      const venue = new Venue();
      const kit = await begunKit(venue);
      venue.trouble = ({ type }) => (type === silent ? UNANSWERED : null);
      kit.account.noteGap(); // so that all of it is asked for
      await reconciled(kit);
      expect(kit.heard.of("account")).toEqual([]);
      expect(kit.heard.alerts).toMatchObject([{ level: "info", code: "reconcile-unanswered" }]);
      venue.trouble = null;
      await reconciled(kit);
      expect(kit.heard.of("account")).toHaveLength(1);
    },
  );

  test("garbage is an alert, and has the truth asked for", async () => {
    const kit = await begunKit(new Venue());
    for (const text of ["{", frameOf("userFills", { user: USER, fills: [{ coin: "SUI" }] })]) {
      kit.account.onFrame(text);
      await turn();
      kit.timers.advance(5000);
    }
    expect(kit.heard.alerts.map(({ code }) => code)).toEqual([
      "unreadable-message",
      "unreadable-message",
    ]);
    expect(kit.heard.of("account")).toHaveLength(2);
  });

  test("a status that nobody knows does not hide what else its message tells", async () => {
    const kit = await begunKit(new Venue());
    kit.account.onFrame(
      frameOf("orderUpdates", [
        reportOf(orderOf(idOf(1), 9001), "suspended"),
        reportOf(orderOf(idOf(2), 9002), "canceled"),
      ]),
    );
    expect(kit.heard.story()).toEqual(["#2 canceled"]);
    expect(kit.heard.alerts).toMatchObject([{ level: "critical", code: "unreadable-message" }]);
    await turn();
    expect(kit.api.asksOf("frontendOpenOrders")).toHaveLength(1);
  });

  test("a row of messages that cannot be read has all asked for once in five seconds", async () => {
    const kit = await begunKit(new Venue());
    const asks = (): number => kit.api.asksOf("frontendOpenOrders").length;
    for (let frame = 0; frame < 20; frame += 1) {
      kit.account.onFrame(frameOf("orderUpdates", [frame]));
      await turn();
    }
    expect(asks()).toBe(1);
    kit.timers.advance(4999);
    await turn();
    expect(asks()).toBe(1);
    kit.timers.advance(1);
    await turn();
    expect(asks()).toBe(2);
    // The last one is answered: nothing more is asked for its sake.
    kit.timers.advance(12_000);
    await turn();
    expect(asks()).toBe(2);
    kit.account.onFrame(frameOf("orderUpdates", [0]));
    await turn();
    expect(asks()).toBe(3);
    kit.account.onFrame(frameOf("orderUpdates", [0]));
    kit.account.stop();
    expect(kit.timers.pending).toBe(0);
  });

  test("what is under way at the end ends without news, and no timer is left", async () => {
    const kit = await begunKit(new Venue());
    kit.account.reconcile();
    kit.account.stop();
    await turn();
    kit.account.onFrame(fillsFrame([]));
    expect(kit.heard.events).toEqual([]);
    expect(kit.timers.pending).toBe(0);
  });
});

describe("between reconciliations", () => {
  test("position and worth are read every 15 s, and soon after a fill", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    kit.timers.advance(15_000);
    await turn();
    expect(kit.heard.of("account")).toMatchObject([{ base: "0", openOrderIds: null }]);
    kit.account.onFrame(fillsFrame([fillOf({ tid: 1 })]));
    venue.state = stateOf("1.0", { time: LATER_MS });
    kit.timers.advance(4999);
    await turn();
    expect(kit.heard.of("account")).toHaveLength(1);
    kit.timers.advance(1);
    await turn();
    expect(kit.heard.of("account")[1]).toMatchObject({
      base: "1",
      openOrderIds: null,
      liquidationPrice: 1.125,
    });
    expect(kit.api.asksOf("frontendOpenOrders")).toEqual([]);
  });

  test("a position that fills do not explain has the whole truth asked for", async () => {
    const venue = new Venue();
    const kit = await begunKit(venue);
    venue.state = stateOf("1.0", { time: LATER_MS });
    venue.fills = [fillOf({ tid: 1 })];
    kit.timers.advance(15_000);
    await turn();
    expect(kit.heard.events).toMatchObject([
      { kind: "fill" },
      { kind: "account", base: "1", openOrderIds: [] },
    ]);
  });
});

describe("orders", () => {
  test("reports are told for ours alone, replaced ones in either order", async () => {
    const kit = await begunKit(new Venue());
    const reports = [
      reportOf(orderOf(idOf(2), 9002), "open"),
      reportOf(orderOf(idOf(1), 9001), "canceled"),
      reportOf(orderOf(null, 9003), "open"),
      reportOf(orderOf(idOf(1), 9004, { coin: "BTC" }), "open"),
      reportOf(orderOf(idOf(3), 9005), "selfTradeCanceled"),
      reportOf(orderOf(idOf(4), 9006), "badAloPxRejected"),
    ];
    expect(kit.heard.alerts).toEqual([]);
    kit.account.onFrame(frameOf("orderUpdates", reports));
    expect(kit.heard.story()).toEqual([
      "#2 open",
      "#1 canceled",
      "#3 expired",
      "#4 rejected: would-cross",
    ]);
    expect([...kit.orders.open()].map(({ clientOrderId }) => clientOrderId)).toEqual([idOf(2)]);
  });

  test("that the dead-man's switch has fired is told", async () => {
    const kit = await begunKit(new Venue());
    const reports = [1, 2].map((n) => reportOf(orderOf(idOf(n), 9000 + n), "scheduledCancel"));
    kit.account.onFrame(frameOf("orderUpdates", reports));
    expect(kit.heard.story()).toEqual(["#1 expired", "#2 expired"]);
    expect(kit.heard.alerts).toMatchObject([{ level: "warning", code: "dead-mans-switch-fired" }]);
  });
});

/** How a fill reaches us: any of them, in any order, any number of times. */
const Way = fc.record({
  way: fc.constantFrom("stream", "snapshot", "list"),
  from: fc.integer({ min: 0, max: 9 }),
  count: fc.integer({ min: 1, max: 10 }),
});

test("however fills come, each is told once, and the position is their sum", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ lots: fc.integer({ min: 1, max: 50 }), isBuy: fc.boolean() }), {
        minLength: 10,
        maxLength: 10,
      }),
      fc.array(Way, { maxLength: 8 }),
      async (trades, ways) => {
        const venue = new Venue();
        const kit = await begunKit(venue);
        const fills = trades.map(({ lots, isBuy }, index) =>
          fillOf({
            tid: index,
            time: NOW_MS + 1 + Math.floor(index / 3),
            sz: (lots / 10).toFixed(1),
            side: isBuy ? "buy" : "sell",
          }),
        );
        const sum = trades.reduce(
          (lots, trade) => lots + (trade.isBuy ? trade.lots : -trade.lots),
          0,
        );
        venue.fills = fills;
        venue.state = stateOf((sum / 10).toFixed(1), { time: LATER_MS });
        for (const { way, from, count } of ways) {
          const some = fills.slice(from, from + count);
          if (way === "list") await reconciled(kit);
          else kit.account.onFrame(fillsFrame(some, way === "snapshot"));
        }
        kit.account.noteGap();
        await reconciled(kit);
        const told = kit.heard.fills().map(({ fill }) => fill.tradeId);
        expect(new Set(told).size).toBe(10);
        expect(told).toHaveLength(10);
        const lots = kit.heard
          .fills()
          .reduce(
            (total, { fill }) => total + (fill.side === "buy" ? 1 : -1) * fill.quantityLots,
            0,
          );
        expect(lots).toBe(sum);
        expect(Number(kit.heard.of("account").at(-1)?.base)).toBeCloseTo(sum / 10, 9);
      },
    ),
    { verbose: true, numRuns: 50 },
  );
});
