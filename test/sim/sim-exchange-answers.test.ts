/** The simulated exchange in short scenarios: what it answers, and what it remembers. */

import { describe, expect, test } from "bun:test";
import { benchWithBook, postOnly, sellPrint } from "./exchange-kit.ts";

describe("questions", () => {
  test("query tells the state, the end, or that there is none", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2);
    bench.exchange.place(postOnly("b", "buy", 102, 3), 2);
    sellPrint(bench, 100, 6);
    bench.lines();
    for (const id of ["a", "b", "c"]) bench.exchange.query(id, 3);
    bench.exchange.cancel("a", 4);
    bench.exchange.query("a", 5);
    expect(bench.lines()).toEqual([
      "open a 1/3",
      "not-found b",
      "not-found c",
      "canceled a 1/3",
      "canceled a 1/3",
    ]);
  });

  test("the end of 10 000 orders is remembered, the oldest goes first", () => {
    const bench = benchWithBook();
    for (let n = 0; n <= 10_000; n += 1) {
      bench.exchange.place(postOnly(`id-${n}`, "buy", 99, 1), 2);
      bench.exchange.cancel(`id-${n}`, 2);
    }
    bench.lines();
    for (const id of ["id-0", "id-1", "id-10000"]) bench.exchange.query(id, 3);
    expect(bench.lines()).toEqual(["not-found id-0", "canceled id-1 0/1", "canceled id-10000 0/1"]);
  });

  test("reconcile: the prefix's fills again with their own keys, then all of the truth", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("mm-A-q1-1", "buy", 100, 5), 2);
    bench.exchange.place(postOnly("mm-B-q1-1", "buy", 100, 5), 2);
    sellPrint(bench, 100, 11); // 5 ahead: 5 for the first, 1 for the second
    const told = bench.events.filter((event) => event.kind === "fill").map((event) => event.fill);
    expect(told.map((fill) => fill.tradeId)).toEqual(["1", "2"]);
    bench.exchange.place(postOnly("mm-A-q1-2", "buy", 98, 1), 11);
    bench.events.length = 0;
    bench.exchange.reconcile("mm-A", 12);
    const [fill, account, ...rest] = bench.events;
    expect(rest).toEqual([]);
    expect(fill).toEqual({
      kind: "fill",
      venueTimeMs: 12,
      receivedTimeMs: 12,
      fill: told[0] ?? expect.unreachable(),
    });
    // 6 lots at 100 ticks cost 0.6 USDT; 0.6 ETH less 0.1 % are received.
    expect(account).toEqual({
      kind: "account",
      venueTimeMs: 12,
      receivedTimeMs: 12,
      base: "1000.5994",
      quote: "999999.4",
      openOrderIds: ["mm-A-q1-2"],
    });
  });

  test("reconcile tells the last 1000 executions", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("mm-A-q1-1", "buy", 101, 1100), 2);
    for (let n = 0; n < 1050; n += 1) sellPrint(bench, 101, 1);
    bench.events.length = 0;
    bench.exchange.reconcile("mm-A", 12);
    const keys = bench.events.flatMap((event) =>
      event.kind === "fill" ? [Number(event.fill.tradeId)] : [],
    );
    expect([keys.length, keys[0], keys.at(-1)]).toEqual([1000, 51, 1050]);
  });

  test("balances follow the fills that they include, once a row", () => {
    const bench = benchWithBook();
    bench.exchange.place(postOnly("a", "buy", 100, 3), 2);
    bench.exchange.place(postOnly("b", "buy", 100, 9), 2);
    bench.events.length = 0;
    sellPrint(bench, 99, 1);
    expect(bench.events.map((event) => event.kind)).toEqual([
      "fill",
      "order",
      "fill",
      "order",
      "account",
    ]);
    const balances = bench.events.find((event) => event.kind === "account");
    expect(balances?.openOrderIds).toBe(null);
    expect(balances?.quote).toBe("999998.8"); // 12 lots at 100 ticks are 1.2 USDT
  });
});
