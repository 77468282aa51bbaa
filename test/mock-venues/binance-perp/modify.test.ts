/** Modified orders at the mock venue: ids stay, places in the queue do not. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BID, ETH_BID, ETH_LEVEL_LOTS, PerpBench } from "./perp-bench.ts";

let bench: PerpBench;
beforeEach(async () => {
  bench = await PerpBench.start();
});
afterEach(() => bench.stop());

const named = (newClientOrderId: string) => ({ newClientOrderId });

describe("modifying", () => {
  test("the order keeps its ids and loses its place in the queue", async () => {
    const at = { ...BID, price: "1999.99" };
    await bench.place({ ...at, ...named("q-1") });
    bench.eth.print("sell", ETH_BID, ETH_LEVEL_LOTS);
    bench.settle();
    bench.told();
    const change = { origClientOrderId: "q-1", price: "1999.99", quantity: "2", modifyId: 77 };
    const modified = await bench.modify(change);
    expect(modified.json).toMatchObject({ clientOrderId: "q-1", origQty: "2.000", modifyId: 77 });
    expect(bench.events).toMatchObject([{ o: { x: "AMENDMENT", X: "NEW", M: "77", q: "2.000" } }]);
    bench.told();
    // Ten were ahead of it and are printed; now as many are ahead again.
    bench.eth.print("sell", ETH_BID, 1000);
    bench.settle();
    expect(bench.told()).toEqual([]);
    await bench.place({ ...at, price: "1999.98", ...named("q-2") });
    bench.told();
    bench.eth.print("sell", ETH_BID, ETH_LEVEL_LOTS + 500);
    bench.settle();
    await Promise.resolve();
    expect(bench.told()).toEqual(["TRADE PARTIALLY_FILLED 1.500@1999.99"]);
  });

  test("across the market a post-only order is cancelled, another one trades", async () => {
    await bench.place({ ...BID, ...named("g-1") });
    const crossing = await bench.modify({ origClientOrderId: "g-1", price: "2000.01" });
    expect(crossing.json).toMatchObject({ status: "CANCELED" });
    await bench.place({ ...BID, timeInForce: "GTC", ...named("g-2") });
    bench.told();
    await bench.modify({ origClientOrderId: "g-2", price: "2000.01" });
    expect(bench.told()).toEqual(["AMENDMENT NEW", "TRADE FILLED 1.000@2000.01"]);
  });

  test("what is filled of it stays filled: only the rest is put into the book anew", async () => {
    const first = { ...BID, timeInForce: "GTC", price: "2000.01", quantity: "12" };
    await bench.place({ ...first, ...named("h") });
    const more = await bench.modify({ origClientOrderId: "h", price: "2000", quantity: "15" });
    expect(more.json).toMatchObject({ origQty: "15.000", executedQty: "10.000" });
    bench.told();
    bench.eth.print("sell", ETH_BID, 100_000);
    bench.settle();
    await Promise.resolve();
    expect(bench.told()).toEqual(["TRADE FILLED 5.000@2000.00"]);
    expect(await bench.orderOf("h")).toMatchObject({ status: "FILLED", executedQty: "15.000" });
  });

  test("to less than is filled, it ends", async () => {
    await bench.place({
      ...BID,
      timeInForce: "GTC",
      price: "2000.01",
      quantity: "12",
      ...named("p"),
    });
    bench.told();
    const less = await bench.modify({ origClientOrderId: "p", price: "2000.01", quantity: "9" });
    expect(less.json).toMatchObject({ status: "CANCELED", executedQty: "10.000" });
    expect(bench.told()).toEqual(["CANCELED CANCELED"]);
    expect((await bench.orderOf("p"))["status"]).toBe("CANCELED");
  });

  test.each([
    [{ price: "1990" }, -5027],
    [{ side: "SELL", price: "2010" }, -5023],
    [{ quantity: "101" }, -2019],
    [{ price: "1990.001" }, -4014],
    [{ reduceOnly: "true", price: "1991" }, -5047],
    [{ origClientOrderId: "none" }, -2013],
  ])("%p is refused by %d, and the order is as it was", async (changes, code) => {
    await bench.place({ ...BID, ...named("m-1") });
    const before = await bench.orderOf("m-1");
    bench.told();
    const refused = await bench.modify({ origClientOrderId: "m-1", ...changes });
    expect([refused.status, refused.code]).toEqual([400, code]);
    expect(bench.told()).toEqual([]);
    expect(await bench.orderOf("m-1")).toEqual(before);
  });
});
