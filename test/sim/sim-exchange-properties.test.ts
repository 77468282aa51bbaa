/** The simulated exchange over random rows and commands: its naive twin, money, queues, run(). */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import type { Fill } from "#domain/fill.ts";
import type { Side } from "#domain/instrument.ts";
import type { OrderRequest, OrderType } from "#domain/order.ts";
import { RowKind, type TapeRows } from "#sim/market-tape.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import type { FeePolicy } from "#sim/sim-account.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";
import { Bench, lineOf, perpInstrument, postOnly, spotInstrument } from "./exchange-kit.ts";
import { NaiveExchange } from "./naive-exchange.ts";

interface Row {
  readonly kind: "row";
  readonly row: number;
  readonly ticks: number;
  readonly lots: number;
}
type Command =
  | { readonly kind: "place"; readonly request: OrderRequest }
  | { readonly kind: "replace"; readonly id: string; readonly request: OrderRequest }
  | { readonly kind: "amend"; readonly id: string; readonly lots: number }
  | { readonly kind: "cancel"; readonly id: string };
type Step = Row | Command;

const ticks = fc.integer({ min: 95, max: 106 });
const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const side = fc.constantFrom<Side>("buy", "sell");
const quantityLots = fc.integer({ min: 1, max: 12 });
const TYPES: ReadonlyMap<string, OrderType> = new Map([
  ["market", "market"],
  ["stop", "stop-market"],
]);

const request: fc.Arbitrary<OrderRequest> = fc
  .record({
    clientOrderId: id,
    side,
    shape: fc.constantFrom("post-only", "post-only", "post-only", "gtc", "ioc", "market", "stop"),
    reduceOnly: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    priceTicks: ticks,
    quantityLots,
  })
  .map((drawn) => ({
    clientOrderId: drawn.clientOrderId,
    side: drawn.side,
    type: TYPES.get(drawn.shape) ?? "limit",
    timeInForce: drawn.shape === "ioc" || drawn.shape === "market" ? "ioc" : "gtc",
    postOnly: drawn.shape === "post-only",
    reduceOnly: drawn.reduceOnly,
    priceTicks: drawn.shape === "market" ? 0 : drawn.priceTicks,
    quantityLots: drawn.quantityLots,
  }));

/** Mostly a book that is not crossed: bids up to 100, asks from 101; now and then any price. */
const levelRow = fc
  .record({
    isBid: fc.boolean(),
    depth: fc.integer({ min: 0, max: 5 }),
    anywhere: fc.integer({ min: 0, max: 15 }),
    anyTicks: ticks,
    lots: fc.constantFrom(0, 0, 1, 2, 3, 5, 8, 13, 21),
  })
  .map(({ isBid, depth, anywhere, anyTicks, lots }): Row => {
    const near = isBid ? 100 - depth : 101 + depth;
    const row = isBid ? RowKind.bidLevel : RowKind.askLevel;
    return { kind: "row", row, ticks: anywhere === 0 ? anyTicks : near, lots };
  });

const tradeRow = fc
  .record({ isBuy: fc.boolean(), ticks, lots: fc.integer({ min: 1, max: 15 }) })
  .map(({ isBuy, ticks: price, lots }): Row => {
    return { kind: "row", row: isBuy ? RowKind.buyTrade : RowKind.sellTrade, ticks: price, lots };
  });

const clearRow = fc.constant<Row>({ kind: "row", row: RowKind.clear, ticks: 0, lots: 0 });
const row = fc.oneof(
  { weight: 20, arbitrary: levelRow },
  { weight: 6, arbitrary: tradeRow },
  { weight: 1, arbitrary: clearRow },
);

const command = fc.oneof<fc.WeightedArbitrary<Command>[]>(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant<"place">("place"), request }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant<"replace">("replace"), id, request }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant<"amend">("amend"), id, lots: quantityLots }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant<"cancel">("cancel"), id }) },
);
const steps = fc.array(fc.oneof({ weight: 2, arbitrary: row }, { weight: 1, arbitrary: command }), {
  minLength: 20,
  maxLength: 120,
});

function applyRow(exchange: SimExchange | NaiveExchange, step: Row): void {
  if (step.row === RowKind.clear) exchange.onClear();
  else if (step.row === RowKind.bidLevel || step.row === RowKind.askLevel) {
    exchange.onLevel(step.row === RowKind.bidLevel, step.ticks, step.lots, 1);
  } else {
    exchange.onTrade(step.row === RowKind.buyTrade, step.ticks, step.lots, 1);
  }
}

function applyStep(exchange: SimExchange | NaiveExchange, step: Step): void {
  switch (step.kind) {
    case "row":
      applyRow(exchange, step);
      return;
    case "place":
      exchange.place(step.request, 1);
      return;
    case "replace":
      exchange.replace(step.id, step.request, 1);
      return;
    case "amend":
      exchange.amend(step.id, step.lots, 1);
      return;
    case "cancel":
      exchange.cancel(step.id, 1);
      return;
  }
}

const PERP = {
  instrument: perpInstrument(),
  account: { base: "0", quote: "1000000", leverage: "100" },
  fees: { kind: "quote" },
} as const;

describe("the naive twin gives the same events", () => {
  const power = (front: number, back: number) => back ** 3 / (back ** 3 + front ** 3);
  test.each([
    ["spot, risk-averse", false, "risk-averse", null],
    ["perp, power:3", true, "power:3", power],
  ] as const)("%s", (_name, isPerp, model, probability) => {
    fc.assert(
      fc.property(steps, (all) => {
        const common = { queueModel: parseQueueModel(model), maxOpenOrders: 5 };
        const bench = new Bench(isPerp ? { ...PERP, ...common } : common);
        const naive = new NaiveExchange(isPerp, 5, probability);
        for (const step of all) {
          applyStep(bench.exchange, step);
          applyStep(naive, step);
          expect(bench.lines()).toEqual(naive.lines.splice(0));
        }
        for (const [index, order] of bench.exchange.openOrders().entries()) {
          expect(order.clientOrderId).toBe(naive.orders[index]?.clientOrderId ?? "none");
          expect(order.front).toBeCloseTo(naive.orders[index]?.front ?? NaN, 9);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("money", () => {
  const policies: readonly FeePolicy[] = [
    { kind: "received" },
    { kind: "quote" },
    { kind: "asset", asset: "BNB", price: "3" },
  ];
  // So little money that refusals happen: 20 lots of base, and 1.5 USDT for some 15 lots.
  const POOR = { base: "2", quote: "1.5", feeAsset: "0.0005" };

  /** Starting amount plus what the fills moved, less the fees in that asset. */
  function expected(asset: string, start: string, fills: readonly Fill[]): Decimal {
    const instrument = spotInstrument();
    let sum = decimal(start);
    for (const fill of fills) {
      const isBuy = fill.side === "buy";
      const size = instrument.size(fill.quantityLots);
      const value = instrument.notional(fill.priceTicks, fill.quantityLots);
      if (asset === "ETH") sum = isBuy ? sum.plus(size) : sum.minus(size);
      if (asset === "USDT") sum = isBuy ? sum.minus(value) : sum.plus(value);
      if (fill.feeAsset === asset) sum = sum.minus(decimal(fill.fee));
    }
    return sum;
  }

  test.each(policies)("spot never owes, and is the sum of its fills less fees: %p", (fees) => {
    fc.assert(
      fc.property(steps, (all) => {
        const fills: Fill[] = [];
        const emit = (event: ExchangeEvent) => {
          if (event.kind === "fill") fills.push(event.fill);
        };
        const { exchange } = new Bench({ account: POOR, fees, emit });
        const { account } = exchange;
        for (const step of all) {
          applyStep(exchange, step);
          expect(account.lockedBase.gte(ZERO) && account.base.gte(account.lockedBase)).toBe(true);
          expect(account.lockedQuote.gte(ZERO)).toBe(true);
          expect(account.quote.gte(account.lockedQuote)).toBe(true);
          expect(account.feeAssetBalance.gte(ZERO)).toBe(true);
        }
        expect(plain(account.base)).toBe(plain(expected("ETH", POOR.base, fills)));
        expect(plain(account.quote)).toBe(plain(expected("USDT", POOR.quote, fills)));
        expect(plain(account.feeAssetBalance)).toBe(plain(expected("BNB", POOR.feeAsset, fills)));
        for (const order of exchange.openOrders()) exchange.cancel(order.clientOrderId, 2);
        expect([plain(account.lockedBase), plain(account.lockedQuote)]).toEqual(["0", "0"]);
        expect(new Set(fills.map((fill) => fill.tradeId)).size).toBe(fills.length);
      }),
      { numRuns: 200 },
    );
  });

  test("reduce-only fills never move a perp's position away from zero", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const reducing = new Set<string>();
        let position = 0;
        const emit = (event: ExchangeEvent) => {
          if (event.kind !== "fill") return;
          const { fill } = event;
          const before = position;
          position += fill.side === "buy" ? fill.quantityLots : -fill.quantityLots;
          if (!reducing.has(fill.clientOrderId)) return;
          expect(Math.abs(position)).toBeLessThan(Math.abs(before));
          expect(Math.sign(position) * Math.sign(before)).toBeGreaterThanOrEqual(0);
        };
        const { exchange } = new Bench({ ...PERP, emit });
        for (const [index, step] of all.entries()) {
          if (step.kind !== "place") {
            applyStep(exchange, step);
            continue;
          }
          const clientOrderId = `${step.request.clientOrderId}-${index}`; // used once
          if (step.request.reduceOnly) reducing.add(clientOrderId);
          exchange.place({ ...step.request, clientOrderId }, 1);
        }
        expect(exchange.account.positionLots).toBe(position);
      }),
      { numRuns: 150 },
    );
  });
});

describe("run() over columns", () => {
  function tapeOf(rows: readonly Row[]): TapeRows {
    return {
      length: rows.length,
      timeMs: Float64Array.from(rows, (_row, index) => index),
      kind: Uint8Array.from(rows, (each) => each.row),
      ticks: Int32Array.from(rows, (each) => each.ticks),
      lots: Float64Array.from(rows, (each) => each.lots),
    };
  }
  const phases = fc.array(
    fc.record({
      commands: fc.array(command, { maxLength: 4 }),
      rows: fc.array(row, { maxLength: 30 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  test("gives the same events as row by row, and leaves the same book", () => {
    fc.assert(
      fc.property(phases, (all) => {
        const [fast, slow] = [new Bench(PERP), new Bench(PERP)];
        const rows = tapeOf(all.flatMap((phase) => phase.rows));
        let next = 0;
        for (const phase of all) {
          for (const each of phase.commands) {
            applyStep(fast.exchange, each);
            applyStep(slow.exchange, each);
          }
          const end = next + phase.rows.length;
          next = fast.exchange.run(rows, next, end - 1);
          expect(next).toBe(end);
          for (const each of phase.rows) applyRow(slow.exchange, each);
          expect(fast.lines()).toEqual(slow.lines());
          expect(fast.exchange.lastTicks).toBe(slow.exchange.lastTicks);
        }
        for (let at = 90; at < 111; at += 1) {
          expect(fast.exchange.book.bidLotsAt(at)).toBe(slow.exchange.book.bidLotsAt(at));
          expect(fast.exchange.book.askLotsAt(at)).toBe(slow.exchange.book.askLotsAt(at));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("stops after the row that an answer interrupted, and goes on from there", () => {
    const lines: string[] = [];
    const bench = new Bench({
      emit: (event) => {
        lines.push(...lineOf(event));
        if (event.kind === "fill") bench.exchange.interrupt();
      },
    });
    const trade = (lots: number): Row => ({
      kind: "row",
      row: RowKind.sellTrade,
      ticks: 100,
      lots,
    });
    const rows = tapeOf([trade(1), trade(2), trade(3)]);
    expect(bench.exchange.run(rows, 0, 0)).toBe(1);
    bench.exchange.place(postOnly("q", "buy", 100, 9), 0);
    expect(bench.exchange.run(rows, 1, Infinity)).toBe(2);
    expect(lines).toEqual(["open q 0/9", "fill q buy 100 x2 maker"]);
    expect(bench.exchange.run(rows, 2, Infinity)).toBe(3);
    expect(lines.slice(2)).toEqual(["fill q buy 100 x3 maker"]);
  });
});
