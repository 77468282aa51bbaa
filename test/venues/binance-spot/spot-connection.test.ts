/** The whole connection: with the decision core behind it, on a venue that loses half of it. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Rng } from "#domain/rng.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import { SpotConnection } from "#venues/binance-spot/spot-connection.ts";
import { params, strategy } from "../../engine/setup.ts";
import { ManualTimers } from "../../net/support.ts";
import { FakeBinance } from "./fake-binance.ts";
import { FakeFeed } from "./fake-feed.ts";
import { FEES, Heard, idOf, marketOf, NOW_MS, turn } from "./spot-kit.ts";

interface World {
  readonly timers: ManualTimers;
  readonly venue: FakeBinance;
  readonly feed: FakeFeed;
  readonly connection: SpotConnection;
  readonly nowMs: () => number;
}

function worldOf(seed: number): World {
  const timers = new ManualTimers();
  const rng = new Rng(seed);
  const nowMs = (): number => NOW_MS + timers.elapsedMs();
  const venue = new FakeBinance(rng, nowMs);
  const feed = new FakeFeed();
  const connection = new SpotConnection({
    market: marketOf(),
    fees: FEES,
    api: venue,
    feed,
    history: { prices: () => Promise.resolve([1, 2]) },
    orderPrefix: "mm",
    pairId: "ETH",
    sinceTradeId: null,
    world: { timers, rng, nowMs },
  });
  return { timers, venue, feed, connection, nowMs };
}

describe("a connection", () => {
  test("is up once the newest trade is known, and down when the venue is lost", async () => {
    const { connection, venue, timers } = worldOf(1);
    const heard = new Heard();
    connection.start(heard);
    venue.faultRate = 1; // every call is lost
    venue.connect();
    venue.deliver(1);
    await turn();
    const states = async () => {
      await turn();
      const kinds: string[] = [];
      while (heard.events.size > 0) {
        const event = await heard.events.next();
        if (event.kind === "connection") kinds.push(event.state);
      }
      return kinds;
    };
    expect(await states()).toEqual([]);
    venue.faultRate = 0;
    timers.advance(1000);
    venue.deliver(1);
    expect(await states()).toEqual(["up"]);
    venue.cut();
    expect(await states()).toEqual(["down"]);
    venue.connect();
    venue.cut();
    venue.connect();
    expect(await states()).toEqual(["up"]);
    connection.stop();
    venue.connect();
    expect(await states()).toEqual([]);
    expect(timers.pending).toBe(0);
  });

  test("shows no book and places nothing while the symbol takes no orders", async () => {
    const { connection, venue, timers, feed, nowMs } = worldOf(2);
    const heard = new Heard();
    connection.start(heard);
    const books = async () => {
      venue.deliver(1);
      await turn();
      feed.show(venue, nowMs());
      const sizes: number[] = [];
      while (heard.events.size > 0) {
        const event = await heard.events.next();
        if (event.kind === "book") sizes.push(event.bidLots);
      }
      return sizes;
    };
    expect(await books()).toEqual([1000]);
    venue.symbolStatus = "CANCEL_ONLY";
    timers.advance(600_000);
    expect(await books()).toEqual([0]);
    expect(await books()).toEqual([]);
    expect(heard.alerts).toMatchObject([{ code: "market-closed", level: "warning" }]);
    venue.symbolStatus = "TRADING";
    timers.advance(600_000);
    expect(await books()).toEqual([1000]);
    expect(heard.alerts.at(-1)).toMatchObject({ code: "market-open", level: "info" });
    connection.stop();
  });

  test("tells the budget of orders when it changed, and its own state", async () => {
    const { connection, venue, timers } = worldOf(3);
    const heard = new Heard();
    connection.start(heard);
    timers.advance(1000);
    const first = await heard.events.next();
    expect(first).toMatchObject({ kind: "budget", remaining: 50, limit: 50 });
    expect(heard.events.size).toBe(0);
    expect(connection.status()).toMatchObject({ trading: "connecting", clockOffsetMs: 0 });
    expect(await connection.prices(1000, 2)).toEqual([1, 2]);
    venue.connect();
    expect(connection.status().trading).toBe("ready");
    connection.stop();
  });
});

/** The decision core on this connection, as a worker drives it. */
function engineOn({ connection }: World): PairEngine {
  const engine = new PairEngine(
    connection.instrument,
    params({ ladder: { minOrderLots: 20 } }),
    strategy("spot"),
    {
      place: (request) => connection.place(request),
      amend: (id, lots) => connection.amend(id, lots),
      replace: (id, request) => connection.replace(id, request),
      cancel: (id) => connection.cancel(id),
      cancelAll: () => connection.cancelAll(),
      query: (id) => connection.query(id),
      reconcile: () => connection.reconcile(),
      alert: () => {},
      audit: () => {},
    },
  );
  connection.start({ onEvent: (event) => engine.apply(event), onAlert: () => {} });
  return engine;
}

const STEP_MS = 100;

async function step(world: World, engine: PairEngine, share: number): Promise<void> {
  const { timers, venue, feed, nowMs } = world;
  timers.advance(STEP_MS);
  feed.show(venue, nowMs());
  engine.apply({ kind: "time", venueTimeMs: nowMs(), receivedTimeMs: nowMs() });
  venue.deliver(share);
  await turn();
}

describe("the core on this connection", () => {
  test("agrees with the venue in the end, whatever was lost, late or refused", async () => {
    const seeds = fc.integer({ min: 1, max: 1_000_000 });
    const seen = { fills: 0, lost: 0, quoting: 0 };
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const world = worldOf(seed);
        const { venue, connection } = world;
        const rng = new Rng(seed + 1);
        venue.addForeign("web_1");
        venue.addForeign(idOf(1, "ETH2"));
        venue.addForeign(idOf(5, "ETH", 0)); // ours, of an earlier run
        const engine = engineOn(world);
        venue.connect();
        venue.faultRate = 0.04;
        for (let count = 0; count < 250; count += 1) {
          const luck = rng.uniform();
          const shift = Math.round((rng.uniform() - 0.5) * 240);
          if (luck < 0.4) venue.moveTo(venue.bidTicks + shift, venue.askTicks + shift);
          else if (luck < 0.5) venue.hit("mm-ETH-q1-");
          if (luck > 0.98) {
            seen.lost += 1;
            venue.cut();
          } else if (venue.state !== "ready" && luck > 0.5) venue.connect();
          await step(world, engine, 0.6);
        }
        venue.faultRate = 0;
        if (venue.state !== "ready") venue.connect();
        for (let count = 0; count < 300; count += 1) await step(world, engine, 1);

        expect(engine.state).toBe("quoting");
        const live = [...engine.orders.live.keys()].toSorted();
        expect(venue.openIds("mm-ETH-")).toEqual(live);
        expect(engine.ledger.base().toFixed()).toBe(venue.base);
        expect(engine.ledger.quote().toFixed()).toBe(venue.quote);
        expect(venue.openIds("web_")).toEqual(["web_1"]);
        expect(venue.openIds("mm-ETH2-")).toEqual([idOf(1, "ETH2")]);
        seen.quoting += live.length;
        for (const order of venue.orders.values()) seen.fills += order.filledLots > 0 ? 1 : 0;
        engine.apply({
          kind: "operator",
          venueTimeMs: world.nowMs(),
          receivedTimeMs: world.nowMs(),
          command: "stop",
        });
        for (let count = 0; count < 3; count += 1) await step(world, engine, 1);
        expect(venue.openIds("mm-ETH-")).toEqual([]);
        connection.stop();
        expect(world.timers.pending).toBe(0);
      }),
      { numRuns: 20 },
    );
    // It was no idle market.
    expect(seen.fills).toBeGreaterThan(20);
    expect(seen.lost).toBeGreaterThan(5);
    expect(seen.quoting).toBeGreaterThan(20);
  });
});
