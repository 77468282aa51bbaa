/** Races and dead ends: moments in which an engine can lose money or stand still for ever. */

import { describe, expect, test } from "bun:test";
import { bestOf, MID, ordersOf, quoting } from "./quoting.ts";
import { Bench, params, strategy } from "./setup.ts";

/** What all bids that may be open can cost, in USDT. */
function bidsAtStake(bench: Bench): number {
  return ordersOf(bench, "buy").reduce(
    (sum, { priceTicks, leavesLots }) => sum + (priceTicks * leavesLots) / 100_000,
    0,
  );
}

describe("start", () => {
  test("orders that an earlier run left keep the pair from quoting until they are gone", () => {
    const bench = new Bench();
    const { events } = bench;
    bench.apply(events.connection("up"), events.book(MID));
    expect(bench.sent()).toEqual(["cancelAll", "reconcile"]);
    bench.apply(events.account("1", "2000", ["mm-ETH-q0-3"]));
    expect(bench.engine.state).toBe("starting");
    expect(bench.sent()).toEqual(["cancel mm-ETH-q0-3"]);
    // It asks again by itself: an answer that was early must not keep it waiting for ever.
    bench.pass(1_000, MID);
    expect(bench.sent()).toEqual(["reconcile"]);
    bench.apply(events.account("1", "2000", []));
    expect(bench.engine.state).toBe("quoting");
  });

  test("an answer that never comes is asked for again", () => {
    const bench = new Bench();
    bench.apply(bench.events.connection("up"), bench.events.book(MID));
    bench.news();
    bench.pass(5_000, MID);
    expect(bench.sent()).toEqual(["reconcile"]);
  });

  test("a pause before the start is kept, and a resume starts", () => {
    const bench = new Bench();
    bench.apply(bench.events.operator("pause"), bench.events.connection("up"));
    bench.apply(bench.events.book(MID));
    bench.agree();
    bench.pass(1_000, MID);
    expect(bench.engine.state).toBe("paused");
    expect(bench.live()).toEqual([]);
    bench.apply(bench.events.operator("resume"));
    expect(bench.engine.state).toBe("starting");
    bench.pass(1_000, MID);
    bench.agree();
    expect(bench.engine.state).toBe("quoting");
  });

  test("halted and re-armed before the start, it starts by the book", () => {
    const bench = new Bench();
    bench.apply(bench.events.operator("halt"), bench.events.operator("rearm"));
    expect(bench.engine.state).toBe("starting");
  });
});

describe("cancel-all against an order that is on its way", () => {
  test("it reaches the venue after the cancel: it is canceled as soon as it shows", () => {
    const bench = new Bench();
    bench.begin(MID);
    bench.news();
    const late = bestOf(bench, "buy");
    bench.apply(bench.events.operator("pause"));
    expect(bench.sent()).toEqual(["cancelAll"]);
    bench.apply(bench.events.order(late.clientOrderId, "open", { quantityLots: 333 }));
    expect(bench.sent()).toEqual([`cancel ${late.clientOrderId}`]);
  });

  test("the venue did not know it when it was to be canceled: the same", () => {
    const bench = new Bench();
    bench.begin(MID);
    const late = bestOf(bench, "buy");
    bench.apply(bench.events.operator("pause"));
    const refusal = { reason: "unknown-order" as const };
    bench.apply(bench.events.order(late.clientOrderId, "cancel-rejected", refusal));
    bench.news();
    bench.apply(bench.events.order(late.clientOrderId, "open", { quantityLots: 333 }));
    expect(bench.sent()).toEqual(["cancelAll"]);
  });

  test("the cancel itself is lost: it is found out and sent again, in any state", () => {
    const bench = quoting();
    bench.apply(bench.events.operator("halt"));
    bench.news();
    const ids = [...bench.engine.orders.live.keys()];
    bench.pass(2_100, MID);
    // Each again, and the list: whichever is answered first.
    expect(bench.sent()).toEqual([...ids.map((id) => `cancel ${id}`), "reconcile"]);
    bench.agree();
    bench.pass(1_000, MID);
    expect(bench.sent()).toEqual(["cancelAll"]);
  });

  test("lost for minutes, it is sent less and less often: each costs requests for life", () => {
    const bench = quoting();
    bench.apply(bench.events.operator("halt"));
    const { clientOrderId } = bestOf(bench, "buy");
    const sentIn = (ms: number): number => {
      bench.news();
      bench.pass(ms, MID);
      return bench.sent().filter((action) => action === `cancel ${clientOrderId}`).length;
    };
    expect(sentIn(10_000)).toBeWithin(4, 6);
    expect(sentIn(50_000)).toBeWithin(5, 12);
    expect(sentIn(60_000)).toBe(6);
  });
});

describe("replacing an order that is filled meanwhile", () => {
  test("the capital of both is never counted twice, nor spent twice", () => {
    const bench = quoting();
    bench.pass(100, MID - 150); // 1998.5: three bids and three asks are moved
    const old = ordersOf(bench, "buy").find(({ inFlight }) => inFlight === "cancel");
    const moved = ordersOf(bench, "buy").find(({ replaces }) => replaces === old);
    if (old === undefined || moved === undefined) throw new Error("nothing is being replaced");
    const id = old.clientOrderId;
    bench.apply(
      bench.events.execution(old, old.quantityLots, "t1"),
      bench.events.order(id, "filled", {
        quantityLots: old.quantityLots,
        filledLots: old.quantityLots,
      }),
      bench.events.order(id, "cancel-rejected", { reason: "unknown-order" }),
      bench.events.order(moved.clientOrderId, "rejected", { reason: "other" }),
    );
    // It came too late, which is nobody's fault.
    expect(bench.guard("venue-reject-streak").value).toBe(0);
    for (let round = 0; round < 5; round += 1) {
      bench.acknowledge();
      bench.pass(200, MID - 150);
      expect(bidsAtStake(bench)).toBeLessThanOrEqual(Number(bench.quote));
    }
    expect(ordersOf(bench, "buy")).toHaveLength(3);
  });

  test("the new order was refused for itself: that counts, and the old one is gone", () => {
    const bench = quoting();
    bench.pass(100, MID - 150);
    const old = ordersOf(bench, "buy").find(({ inFlight }) => inFlight === "cancel");
    const moved = ordersOf(bench, "buy").find(({ replaces }) => replaces === old);
    if (old === undefined || moved === undefined) throw new Error("nothing is being replaced");
    bench.apply(
      bench.events.order(old.clientOrderId, "canceled", { filledLots: 0 }),
      bench.events.order(moved.clientOrderId, "rejected", { reason: "insufficient-balance" }),
    );
    expect(bench.guard("venue-reject-streak").value).toBe(1);
  });
});

describe("doubt ends", () => {
  test("an order that never arrived is given up only when it cannot arrive any more", () => {
    const bench = new Bench();
    bench.begin(MID);
    const lost = bestOf(bench, "buy");
    bench.apply(bench.events.order(lost.clientOrderId, "unknown"));
    bench.acknowledge();
    for (let second = 1; second <= 5; second += 1) {
      bench.pass(1_000, MID);
      bench.apply(bench.events.order(lost.clientOrderId, "not-found"));
      expect(lost.status).toBe("unknown");
    }
    // Asked 6 s after it was sent: a request is refused by the venue once it is 5 s old.
    bench.pass(2_000, MID);
    bench.apply(bench.events.order(lost.clientOrderId, "not-found"));
    expect(lost.status).toBe("rejected");
    // And yet it shows up: the facts win, and it is taken up again.
    bench.apply(bench.events.order(lost.clientOrderId, "open", { quantityLots: 333 }));
    expect(lost.status).toBe("open");
    expect(bench.engine.orders.live.has(lost.clientOrderId)).toBe(true);
  });

  test("given up, but listed by the venue: it is looked up", () => {
    const bench = new Bench();
    bench.begin(MID);
    const lost = bestOf(bench, "buy");
    bench.apply(bench.events.order(lost.clientOrderId, "unknown"));
    bench.acknowledge();
    bench.pass(7_000, MID);
    bench.apply(bench.events.order(lost.clientOrderId, "not-found"));
    expect(lost.status).toBe("rejected");
    bench.news();
    bench.apply(bench.events.account("1", "2000", [lost.clientOrderId]));
    expect(bench.sent()).toContain(`query ${lost.clientOrderId}`);
  });

  test("an order that the venue has forgotten does not keep the quotes off for ever", () => {
    const bench = quoting();
    const forgotten = bestOf(bench, "buy");
    bench.apply(bench.events.order(forgotten.clientOrderId, "unknown"));
    for (let second = 0; second < 61; second += 1) {
      bench.pass(1_000, MID);
      bench.apply(bench.events.order(forgotten.clientOrderId, "not-found"));
      bench.acknowledge();
    }
    expect(forgotten.status).toBe("canceled");
    bench.pass(1_000, MID);
    bench.acknowledge();
    expect(bench.guard("unknown-order-age").tripped).toBe(false);
    expect(bench.live()).toHaveLength(6);
    // The venue finds it again: nobody looks after it any more, so it must not rest there.
    bench.news();
    const listed = [...bench.engine.orders.live.keys(), forgotten.clientOrderId];
    bench.apply(bench.events.account("1", "2000", listed));
    expect(bench.sent()).toEqual([`cancel ${forgotten.clientOrderId}`]);
  });

  test("after a reconnect the few that were under way are looked up at once", () => {
    const bench = quoting(params({ ladder: { liveOrderNums: 4 } }));
    const ids = [...bench.engine.orders.live.keys()];
    expect(ids).toHaveLength(4);
    bench.apply(bench.events.connection("down"));
    expect(bench.sent()).toEqual(["cancelAll"]); // into the void
    bench.events.nowMs += 300;
    bench.apply(bench.events.connection("up"));
    const sent = bench.sent();
    expect(sent[0]).toBe("reconcile");
    expect(sent.slice(1).sort()).toEqual(ids.map((id) => `query ${id}`).sort());
  });

  test("of many in doubt only those are looked up that the venue's list does not name", () => {
    const bench = quoting();
    const ids = [...bench.engine.orders.live.keys()];
    const [filled = "", ...open] = ids;
    bench.apply(bench.events.connection("down"));
    bench.events.nowMs += 300;
    bench.apply(bench.events.connection("up"));
    expect(bench.sent()).toEqual(["cancelAll", "reconcile"]);
    // It is waited for, for a while.
    bench.pass(1_600, MID);
    expect(bench.sent()).toEqual([]);
    bench.apply(bench.events.account("1", "2000", open));
    bench.pass(100, MID);
    expect(bench.sent()).toEqual([`cancel ${filled}`, `query ${filled}`]);
    // Their cancel was lost with the connection, and they are what is wanted again.
    const statusOf = (id: string): string => bench.engine.orders.find(id)?.status ?? "";
    expect(open.map(statusOf)).toEqual(open.map(() => "open"));
    expect(statusOf(filled)).toBe("unknown");
  });

  test("those that a list does not name are looked up four a second, each in its turn", () => {
    const ladder = { bidBins: 8, askBins: 8, liveOrderNums: 16 };
    const bench = quoting(params({ ladder, risk: { unknownOrderAgeMs: 60_000 } }));
    for (const id of bench.engine.orders.live.keys()) {
      bench.apply(bench.events.order(id, "unknown"));
    }
    bench.pass(1_000, MID);
    bench.apply(bench.events.account("1", "2000", []));
    bench.news();
    bench.pass(12_000, MID);
    const queries = bench.sent().filter((action) => action.startsWith("query"));
    expect(new Set(queries).size).toBe(16);
    expect(queries).toHaveLength(48); // every 4 s, three times
  });

  test("a minute of outage costs a list each five seconds, and four look-ups a second", () => {
    const bench = quoting();
    for (const id of bench.engine.orders.live.keys()) {
      bench.apply(bench.events.order(id, "unknown"));
    }
    bench.news();
    bench.pass(60_000, MID);
    const sent = bench.sent();
    expect(sent.filter((action) => action === "reconcile").length).toBeWithin(10, 14);
    const queries = sent.filter((action) => action.startsWith("query"));
    expect(queries.length).toBeWithin(150, 240);
    expect(bench.guard("unknown-order-age").tripped).toBe(true);
  });

  test("the answer to an older question does not end a doubt that arose since", () => {
    const bench = quoting();
    const [late, ...others] = ordersOf(bench, "buy").concat(ordersOf(bench, "sell"));
    if (late === undefined) throw new Error("there are no orders");
    for (const { clientOrderId } of others) {
      bench.apply(bench.events.order(clientOrderId, "unknown"));
    }
    bench.pass(3_000, MID);
    late.setInFlight("cancel", bench.events.nowMs);
    bench.apply(bench.events.order(late.clientOrderId, "unknown"));
    bench.pass(3_500, MID);
    expect(bench.sent().filter((action) => action === "reconcile")).toHaveLength(2);
    // That of the first list: it was made before the cancel.
    bench.agree();
    expect(others.map(({ status }) => status)).toEqual(others.map(() => "open"));
    expect(late.status).toBe("unknown");
    bench.agree();
    expect(late.status).toBe("open");
  });

  test("a list says nothing of an amendment in doubt: that is looked up", () => {
    const bench = quoting();
    const ids = [...bench.engine.orders.live.keys()];
    const amended = bestOf(bench, "buy");
    amended.setInFlight("amend", bench.events.nowMs);
    for (const id of ids) bench.apply(bench.events.order(id, "unknown"));
    bench.pass(1_000, MID);
    bench.news();
    bench.agree();
    bench.pass(100, MID);
    expect(bench.sent()).toContain(`query ${amended.clientOrderId}`);
    expect(bench.sent()).toEqual([]);
    expect(amended.status).toBe("unknown");
  });
});

describe("money that is not ours any more", () => {
  test("fills that the venue counted and we have not booked are not spent again", () => {
    const bench = quoting();
    const bids = ordersOf(bench, "buy");
    // All three bids are filled at the venue; only the ends have reached us.
    for (const { clientOrderId, quantityLots } of bids) {
      const facts = { quantityLots, filledLots: quantityLots };
      bench.apply(bench.events.order(clientOrderId, "filled", facts));
    }
    bench.pass(2_000, MID);
    expect(ordersOf(bench, "buy")).toEqual([]);
    expect(bench.quote).toBe("2000"); // the books do not know it yet
    bids.forEach((bid, index) =>
      bench.apply(bench.events.execution(bid, bid.quantityLots, `t${index}`)),
    );
    expect(Number(bench.quote)).toBeLessThan(3);
  });
});

describe("room that is used up already", () => {
  test("fills that the venue counted and we have not booked are no room for more", () => {
    // 1 ETH at 2000 of a limit of 3000: three bids of 1000 USDT together fill the room.
    const bench = quoting(params({ risk: { maxPositionNotional: "3000" } }));
    for (const { clientOrderId, quantityLots } of ordersOf(bench, "buy")) {
      const facts = { quantityLots, filledLots: quantityLots };
      bench.apply(bench.events.order(clientOrderId, "filled", facts));
    }
    bench.pass(2_000, MID);
    // The books still say 1 ETH and 2000 USDT; bidding once more would end at 4000.
    expect(bench.base).toBe("1");
    expect(ordersOf(bench, "buy")).toEqual([]);
  });
});

describe("an order whose request is not answered", () => {
  // Few are looked up, of many a list is asked for.
  test.each([
    ["look-up", 3],
    ["list", 5],
  ] as const)(
    "two cancels of it are lost: found open by a %s, it is canceled at once",
    (how, bins) => {
      const ladder = { bidBins: bins, askBins: bins, liveOrderNums: 2 * bins };
      const bench = quoting(params({ ladder, risk: { maxPositionNotional: "4000" } }));
      const atLimit = params({ ladder, risk: { maxPositionNotional: "2000" } });
      bench.engine.reconfigure(atLimit, strategy("spot"));
      bench.pass(2_300, MID);
      const bids = ordersOf(bench, "buy");
      expect(bids.map(({ status }) => status)).toEqual(bids.map(() => "unknown"));
      const sent = bench.sent();
      for (const { clientOrderId } of bids) {
        expect(sent.filter((action) => action === `cancel ${clientOrderId}`)).toHaveLength(2);
        if (how === "look-up") bench.apply(bench.events.order(clientOrderId, "open"));
      }
      if (how === "list") bench.agree();
      bench.pass(200, MID);
      const again = bids.map(({ clientOrderId }) => `cancel ${clientOrderId}`);
      expect(bench.sent()).toEqual(expect.arrayContaining(again));
    },
  );

  test("a side that must be off is off as soon as the answer is there", () => {
    const bench = quoting(params({ risk: { maxPositionNotional: "2100" } }));
    const bid = bestOf(bench, "buy");
    // 0.2 ETH more: 1.2 ETH, 2400 USDT, over the limit; the bids are being amended meanwhile.
    bench.apply(bench.events.execution(bid, 200, "t1"));
    bench.pass(100, MID);
    expect(ordersOf(bench, "buy").some(({ inFlight }) => inFlight !== "none")).toBe(true);
    bench.acknowledge();
    bench.pass(300, MID);
    bench.acknowledge();
    expect(ordersOf(bench, "buy")).toEqual([]);
  });
});
