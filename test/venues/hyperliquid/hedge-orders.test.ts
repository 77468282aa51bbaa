/** What a hedger sends: stops, orders that only take, and what the venue makes of each. */

import { describe, expect, test } from "bun:test";
import type { OrderRequest } from "#domain/order.ts";
import { cloidOf } from "#venues/hyperliquid/cloid.ts";
import { kitOf as accountKitOf, begunKit, fillsFrame, frameOf, Venue } from "./account-kit.ts";
import { ASSET, err, kitOf, restingKit } from "./execution-kit.ts";
import {
  AutoApi,
  done,
  fillOf,
  HandApi,
  idOf,
  info,
  orderOf,
  reportOf,
  requestOf,
  resting,
  stateOf,
  turn,
} from "./hl-kit.ts";

const STOP_ID = idOf(1, { role: "stop-loss" });
const STOP = {
  clientOrderId: STOP_ID,
  side: "sell",
  type: "stop-market",
  postOnly: false,
  reduceOnly: true,
  priceTicks: 290_000,
} as const satisfies Partial<OrderRequest>;
const IOC = { timeInForce: "ioc", postOnly: false } as const;
const NO_MATCH = err("Order could not immediately match against any resting orders. asset=2");

function stopWire(clientOrderId: string): object {
  const t = { trigger: { isMarket: true, triggerPx: "2.9", tpsl: "sl" } };
  return { a: ASSET, b: false, p: "2.61", s: "10", r: true, t, c: cloidOf(clientOrderId) };
}

describe("sending", () => {
  test("what rests, what takes and stops leave in actions of their own", async () => {
    const { api, execution } = kitOf(new HandApi(), { bidTicks: 299_990, askTicks: 300_000 });
    execution.place(requestOf(1, STOP));
    execution.place(requestOf(2, { ...IOC, reduceOnly: true }));
    execution.place(requestOf(3));
    execution.place(requestOf(4, { type: "market", postOnly: false, priceTicks: 0 }));
    const sent = [];
    while (sent.length < 3) sent.push((await api.sent("order")).request);
    const limit = (sequence: number, p: string, r: boolean, tif: string): object => {
      const t = { limit: { tif } };
      return { a: ASSET, b: true, p, s: "10", r, t, c: cloidOf(idOf(sequence)) };
    };
    expect(sent.map(({ action }) => action["orders"])).toEqual([
      [limit(3, "3", false, "Alo")],
      [limit(2, "3", true, "Ioc"), limit(4, "3.15", false, "Ioc")],
      [stopWire(STOP_ID)],
    ]);
    expect(sent.map(({ requests }) => requests)).toEqual([1, 2, 1]);
    expect(api.acts.size).toBe(0);
  });

  test("what the venue has against a stop is said of no other order", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(2, IOC));
    execution.place(requestOf(1, STOP));
    await api.sent("order", done({ filled: { totalSz: "10.0", avgPx: "3.0", oid: 9002 } }));
    await api.sent("order", done(err("Invalid TP/SL price. asset=2")));
    await turn();
    expect(heard.story()).toEqual(["#2 filled", "#1 rejected: would-cross"]);
  });

  test("one that takes and finds nothing has expired with nothing filled", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1, IOC));
    await api.sent("order", done(NO_MATCH));
    await turn();
    expect(heard.orders()).toMatchObject([{ change: "expired", filledLots: 0 }]);
  });
});

describe("a stop", () => {
  test.each([
    [resting(9001), "cancel", [{ a: ASSET, o: 9001 }]],
    ["waitingForTrigger", "cancelByCloid", [{ asset: ASSET, cloid: cloidOf(STOP_ID) }]],
  ] as const)("that was answered %j is open, and cancelled in the queue", async (...row) => {
    const [answer, type, cancels] = row;
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1, STOP));
    await api.sent("order", done(answer));
    await turn();
    execution.cancel(STOP_ID);
    const { request } = await api.sent(type, done("success"));
    expect(request.action).toEqual({ type, cancels });
    await turn();
    expect(heard.story()).toEqual(["#1 open", "#1 canceled"]);
  });

  test("is known as one whatever its role, also of an earlier run", async () => {
    const { api, execution } = await restingKit(1);
    const ours = idOf(2, { role: "active-hedge" });
    execution.place(requestOf(2, { ...STOP, clientOrderId: ours }));
    await api.sent("order", done(resting(9002)));
    await turn();
    execution.cancelAll();
    const listed = { ...orderOf(idOf(3, { epoch: 3 }), 8003), isTrigger: true };
    await api.asked("frontendOpenOrders", info([listed]));
    const actions = [];
    while (actions.length < 3) actions.push((await api.sent("cancel")).request.action);
    expect(actions).toEqual([
      { type: "cancel", cancels: [{ a: ASSET, o: 9001 }], f: true },
      { type: "cancel", cancels: [{ a: ASSET, o: 9002 }] },
      { type: "cancel", cancels: [{ a: ASSET, o: 8003 }] },
    ]);
  });

  test("whose placement has no answer is looked up, and found where it waits", async () => {
    const { api, execution, heard } = kitOf(new HandApi());
    execution.place(requestOf(1, STOP));
    await api.sent("order", { kind: "unknown", message: "no answer" });
    await turn();
    execution.query(STOP_ID);
    const report = reportOf({ ...orderOf(STOP_ID, 9001), isTrigger: true }, "open");
    const asked = await api.asked("orderStatus", info({ status: "order", order: report }));
    expect(asked.request["oid"]).toBe(cloidOf(STOP_ID));
    await turn();
    expect(heard.story()).toEqual(["#1 unknown", "#1 open"]);
  });
});

describe("the account's stream", () => {
  async function waiting(venue = new Venue()) {
    const kit = await begunKit(venue);
    const tell = (status: string, oid: number, rest: Parameters<typeof orderOf>[2] = {}): void =>
      kit.account.onFrame(frameOf("orderUpdates", [reportOf(orderOf(STOP_ID, oid, rest), status)]));
    const request = requestOf(1, STOP);
    kit.orders.add(request, 0);
    kit.kinds.add(request);
    tell("open", 9001);
    return { ...kit, tell };
  }

  test("a stop is open while it waits and once it was triggered, and fills as itself", async () => {
    const kit = await waiting();
    kit.tell("triggered", 9001);
    kit.account.onFrame(fillsFrame([fillOf({ tid: 1, sz: "10.0", cloid: cloidOf(STOP_ID) })]));
    kit.tell("filled", 9001, { sz: "0.0" });
    expect(kit.heard.story()).toEqual(["#1 open", "#1 open", "#1 filled"]);
    expect(kit.heard.fills()).toMatchObject([{ fill: { clientOrderId: STOP_ID } }]);
  });

  test("what a triggered stop found no more for has expired, with what it has filled", async () => {
    const kit = await waiting();
    kit.tell("triggered", 9001);
    kit.tell("canceled", 9001, { sz: "6.0" });
    expect(kit.heard.orders().at(-1)).toMatchObject({ change: "expired", filledLots: 40 });
  });

  test("a stop that waits and is cancelled was cancelled", async () => {
    const kit = await waiting();
    kit.tell("canceled", 9001);
    expect(kit.heard.orders().at(-1)).toMatchObject({ change: "canceled", filledLots: 0 });
  });

  test.each([
    ["marketOrderNoLiquidityRejected", "expired", 0],
    ["reduceOnlyCanceled", "expired", -1],
    ["siblingFilledCanceled", "expired", -1],
    ["badTriggerPxRejected", "rejected", 0],
  ] as const)("a stop that ended as %s is %s", async (status, change, filledLots) => {
    const kit = await waiting();
    kit.tell(status, 9001, { sz: "0.0" });
    expect(kit.heard.orders().at(-1)).toMatchObject({ change, filledLots, message: status });
  });

  test("an order that takes and was filled in part has expired, whatever the word", async () => {
    const kit = accountKitOf(new AutoApi(() => info(stateOf("0.0"))));
    await kit.account.begin();
    kit.orders.add(requestOf(1, IOC), 0);
    kit.kinds.add(requestOf(1, IOC));
    const report = reportOf(orderOf(idOf(1), 9001, { sz: "6.0" }), "canceled");
    kit.account.onFrame(frameOf("orderUpdates", [report]));
    expect(kit.heard.orders()).toMatchObject([{ change: "expired", filledLots: 40 }]);
  });

  // That it keeps its number is not documented.
  test("a triggered stop may go on under another number, also one without its cloid", async () => {
    const kit = await waiting();
    kit.tell("triggered", 9001);
    kit.tell("open", 9007);
    kit.account.onFrame(fillsFrame([fillOf({ tid: 1, oid: 9007, sz: "4.0", cloid: null })]));
    const bare = orderOf(null, 9007, { sz: "0.0" });
    kit.account.onFrame(frameOf("orderUpdates", [reportOf(bare, "filled")]));
    expect(kit.heard.fills()).toMatchObject([{ fill: { clientOrderId: STOP_ID } }]);
    expect(kit.heard.orders().at(-1)).toMatchObject({
      clientOrderId: STOP_ID,
      change: "filled",
    });
  });

  test("a fill under another number that nothing has named is looked up", async () => {
    const venue = new Venue();
    const kit = await waiting(venue);
    venue.fills = [fillOf({ tid: 1, oid: 9007, sz: "10.0", cloid: null })];
    venue.owners.set(9007, reportOf(orderOf(STOP_ID, 9007, { sz: "0.0" }), "filled"));
    kit.account.onFrame(fillsFrame(venue.fills));
    expect(kit.heard.fills()).toEqual([]);
    await turn();
    expect(kit.heard.fills()).toMatchObject([{ fill: { clientOrderId: STOP_ID } }]);
  });
});
