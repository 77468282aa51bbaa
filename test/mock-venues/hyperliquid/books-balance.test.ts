/** Random trading at the mock of Hyperliquid: money, orders, fills and streams tell one story. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { Rng } from "#domain/rng.ts";
import type { HlUserEvent } from "#mock-venues/hyperliquid/venue.ts";
import { BTC, cloid, HlBench, type Json, order, SUI, wire } from "./venue-bench.ts";

const OPERATIONS = 150;
const MID = { [BTC]: 640_050, [SUI]: 300_100 } as const;
/** Ticks of a valid price step, by asset. */
const STEP = 10;

/** What a client knows that believes the streams alone. */
class StreamView {
  readonly open = new Map<number, string>();
  readonly fills: string[] = [];
  pnl: Decimal = ZERO;
  readonly position = new Map<string, Decimal>();

  apply(event: HlUserEvent): void {
    if (event.channel === "orderUpdates") {
      for (const { order: told, status } of event.data) {
        if (status === "open") this.open.set(told.oid, told.origSz);
        else this.open.delete(told.oid);
      }
    }
    if (event.channel === "userFills") for (const fill of event.data.fills) this.#fill(fill);
    if (event.channel === "userFundings") {
      for (const { usdc } of event.data.fundings) this.pnl = this.pnl.plus(decimal(usdc));
    }
  }

  #fill(fill: Extract<HlUserEvent, { channel: "userFills" }>["data"]["fills"][number]): void {
    const before = this.position.get(fill.coin) ?? ZERO;
    expect(decimal(fill.startPosition).eq(before)).toBe(true);
    const size = decimal(fill.sz);
    this.position.set(fill.coin, fill.side === "B" ? before.plus(size) : before.minus(size));
    this.pnl = this.pnl.plus(decimal(fill.closedPnl)).minus(decimal(fill.fee));
    this.fills.push(`${fill.coin}|${fill.tid}|${fill.oid}|${fill.time}`);
  }
}

class Trader {
  readonly #bench: HlBench;
  readonly #rng: Rng;
  #orders = 0;

  constructor(bench: HlBench, rng: Rng) {
    this.#bench = bench;
    this.#rng = rng;
  }

  async step(): Promise<void> {
    const asset = this.#rng.integer(2) === 0 ? BTC : SUI;
    const kind = this.#rng.integer(9);
    if (kind < 4) await this.#bench.act(order(this.#order(asset), this.#order(asset)));
    else if (kind < 6) this.#move(asset);
    else if (kind === 6) await this.#change(true);
    else if (kind === 7) await this.#change(false);
    else if (this.#rng.integer(2) === 0) this.#bench.venue.funding.settle();
    else this.#bench.timers.advance(this.#rng.integer(5000));
  }

  #order(asset: 0 | 2): Json {
    const rng = this.#rng;
    const isBuy = rng.integer(2) === 0;
    const distance = (rng.integer(20) - 5) * STEP + 50;
    const ticks = MID[asset] + (isBuy ? -distance : distance);
    const price = decimal((Math.round(ticks / STEP) * STEP).toString());
    this.#orders += 1;
    return wire(
      {
        isBuy,
        p: price.times(asset === BTC ? "0.1" : "0.00001").toFixed(),
        s: asset === BTC ? `0.0${1 + rng.integer(9)}3` : `${10 + rng.integer(300)}.7`,
        tif: ["Alo", "Alo", "Gtc", "Ioc"][rng.integer(4)] ?? "Alo",
        r: rng.integer(6) === 0,
        c: cloid(this.#orders),
      },
      asset,
    );
  }

  /** A print through some prices. */
  #move(asset: 0 | 2): void {
    const isBuy = this.#rng.integer(2) === 0;
    const market = asset === BTC ? this.#bench.btc : this.#bench.sui;
    const ticks = MID[asset] + (isBuy ? 1 : -1) * this.#rng.integer(300);
    market.print(isBuy ? "buy" : "sell", ticks, 1 + this.#rng.integer(200_000));
    for (const coin of this.#bench.venue.coins) coin.advanceToNow();
  }

  async #change(isCancel: boolean): Promise<void> {
    const orders = this.#bench.venue.openOrders();
    const old = orders[this.#rng.integer(Math.max(1, orders.length))];
    if (old === undefined) return;
    const { asset, oid } = old;
    if (asset !== BTC && asset !== SUI) throw new Error(`asset ${asset}`);
    await this.#bench.act(
      isCancel
        ? { type: "cancel", cancels: [{ a: asset, o: oid }], f: true }
        : { type: "batchModify", modifies: [{ oid, order: this.#order(asset) }] },
    );
  }
}

const State = v.object({
  marginSummary: v.looseObject({ accountValue: v.string() }),
  assetPositions: v.array(
    v.object({
      type: v.string(),
      position: v.looseObject({ coin: v.string(), szi: v.string(), unrealizedPnl: v.string() }),
    }),
  ),
});

describe("the account", () => {
  test.each([1, 2, 3, 4])("adds up after random trading, seed %d", async (seed) => {
    const bench = new HlBench({ rules: { freeRequests: 1_000_000 } });
    const view = new StreamView();
    bench.venue.onUserEvent((event) => view.apply(event));
    const trader = new Trader(bench, new Rng(seed));
    for (let count = 0; count < OPERATIONS; count += 1) await trader.step();

    const { user } = bench.venue;
    const state = v.parse(State, bench.info({ type: "clearinghouseState", user }));
    let unrealised = ZERO;
    const positions = new Map<string, string>();
    for (const { position } of state.assetPositions) {
      unrealised = unrealised.plus(decimal(position.unrealizedPnl));
      positions.set(position.coin, decimal(position.szi).toFixed());
    }
    // Deposit, realised, unrealised, fees and funding: exactly, from what clients are told.
    const told = decimal("10000").plus(view.pnl).plus(unrealised);
    expect(decimal(state.marginSummary.accountValue).toFixed()).toBe(told.toFixed());
    const held = [...view.position].filter(([, size]) => !size.eq(ZERO));
    expect(positions).toEqual(new Map(held.map(([coin, size]) => [coin, size.toFixed()])));
    expect(bench.venue.accountValue().toFixed()).toBe(told.toFixed());

    const orders = bench.venue.openOrders();
    expect(new Set(view.open.keys())).toEqual(new Set(orders.map(({ oid }) => oid)));
    expect(orders.length).toBeGreaterThan(0);
    expect(view.fills.length).toBeGreaterThan(20);
    expect(new Set(view.fills).size).toBe(view.fills.length);
    expect(view.fills).toHaveLength(bench.venue.fills().length);
    expect(bench.venue.funding.settled.length).toBeGreaterThan(0);
  });
});
