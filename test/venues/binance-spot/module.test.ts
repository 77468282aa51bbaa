/** The venue's door, opened on the mock venue: real sockets, real signatures, on this machine. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MmError } from "#domain/errors.ts";
import type { EngineEvent } from "#domain/events.ts";
import type { OrderOwner } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { ApiKeySetup } from "#mock-venues/binance/credentials.ts";
import type { Timers } from "#net/timers.ts";
import { systemTimers } from "#net/timers.ts";
import type { VenueConnection } from "#ports/venue.ts";
import { binancePerp } from "#venues/binance-perp/module.ts";
import { binanceSpot } from "#venues/binance-spot/module.ts";
import { hyperliquid } from "#venues/hyperliquid/module.ts";
import { venueModule } from "#venues/registry.ts";
import type { Credentials, VenueLink, VenueWorld } from "#venues/venue.ts";
import { ED_KEY, HMAC_KEY, HMAC_SECRET } from "../../mock-venues/binance-kit.ts";
import { VenueBench } from "../../mock-venues/binance-spot/venue-kit.ts";
import { Heard, idOf, requestOf } from "./spot-kit.ts";

const HMAC: Credentials = { kind: "api-key", apiKey: HMAC_KEY, secret: HMAC_SECRET };
const OURS: OrderOwner = { prefix: "mm", pairId: "ETH", untilEpoch: 7 };
/** The first key of RFC 8032. */
const ED25519: Credentials = {
  kind: "api-key",
  apiKey: ED_KEY,
  secret: `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`,
};

/** Nobody waits for a second where it means nothing. */
const QUICK: Timers = {
  elapsedMs: () => systemTimers.elapsedMs(),
  after: (delayMs, callback) => systemTimers.after(delayMs / 50, callback),
};

let bench: VenueBench;

beforeAll(async () => {
  bench = await VenueBench.start();
});

afterAll(async () => {
  await bench.venue.stop();
});

function worldOf(timers: Timers): VenueWorld {
  return { timers, rng: new Rng(5), nowMs: () => bench.clock.nowMs };
}

function urls() {
  const { url, wsApiUrl, streamUrl } = bench.venue;
  return { restUrl: url, wsApiUrl, streamUrl };
}

function openDesk(credentials: Credentials | null) {
  return binanceSpot.openDesk({ urls: urls(), credentials }, worldOf(QUICK));
}

async function linkOf(credentials: Credentials | null): Promise<VenueLink> {
  const { desk, budgets } = await openDesk(credentials);
  const { data } = await desk.loadMarket("ETHUSDT");
  return {
    venue: "binance-spot",
    symbol: "ETHUSDT",
    urls: urls(),
    credentials,
    market: structuredClone(data),
    budgets,
    orderPrefix: "mm",
    pairId: "ETH",
    sinceTradeId: null,
  };
}

/** Waits for the first event of a kind that fits; those before it are let go. */
async function next<Kind extends EngineEvent["kind"]>(
  heard: Heard,
  kind: Kind,
  fits: (event: Extract<EngineEvent, { kind: Kind }>) => boolean = () => true,
): Promise<Extract<EngineEvent, { kind: Kind }>> {
  const isWanted = (event: EngineEvent): event is Extract<EngineEvent, { kind: Kind }> =>
    event.kind === kind;
  for (;;) {
    const event = await heard.events.next();
    if (isWanted(event) && fits(event)) return event;
  }
}

async function connected(credentials: Credentials): Promise<[VenueConnection, Heard]> {
  const connection = binanceSpot.connect(await linkOf(credentials), worldOf(systemTimers));
  const heard = new Heard();
  connection.start(heard);
  await next(heard, "connection", ({ state }) => state === "up");
  return [connection, heard];
}

describe("the desk", () => {
  test("tells the limits, the clock, the market and the balances", async () => {
    const { desk, budgets } = await openDesk(HMAC);
    expect(budgets.specs.map(({ name }) => name)).toContain("weight-1m");
    expect(Math.abs(await desk.clockOffsetMs())).toBeLessThan(1);
    const market = await desk.loadMarket("ETHUSDT");
    expect([market.instrument.id, market.closed]).toEqual(["binance-spot:ETHUSDT", null]);
    expect(Object.fromEntries(await desk.balances())).toMatchObject({ BTC: "0.1" });
    expect(await desk.openOrderIds("ETHUSDT", OURS)).toEqual([]);
  });

  test.each<readonly [string, Credentials | null, string]>([
    ["a key that is none", { kind: "api-key", apiKey: "k".repeat(64), secret: "s" }, "bad-key"],
    ["a wrong secret", { kind: "api-key", apiKey: HMAC_KEY, secret: "another secret" }, "bad-key"],
    ["no key", null, "bad-key"],
  ])("says what is wrong with %s", async (_name, credentials, code) => {
    const { desk } = await openDesk(credentials);
    const error: unknown = await desk.balances().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MmError);
    expect(error).toMatchObject({ code });
  });

  test.each([
    ["HMAC", HMAC],
    ["Ed25519", ED25519],
  ])("reads what an %s key may do", async (_name, credentials) => {
    const { desk } = await openDesk(credentials);
    expect(await desk.checkKey()).toEqual([]);
  });

  test("refuses a key that may withdraw, and warns of one for any address", async () => {
    const keyWith = (
      apiKey: string,
      permissions: NonNullable<ApiKeySetup["permissions"]>,
    ): ApiKeySetup => ({ apiKey, hmacSecret: HMAC_SECRET, permissions });
    const other = await VenueBench.start({
      keys: [
        keyWith("mighty", { enableWithdrawals: true }),
        keyWith("anywhere", { ipRestrict: false }),
      ],
    });
    try {
      const checked = async (apiKey: string): Promise<readonly string[]> => {
        const { url: restUrl, wsApiUrl, streamUrl } = other.venue;
        const options = {
          urls: { restUrl, wsApiUrl, streamUrl },
          credentials: { kind: "api-key" as const, apiKey, secret: HMAC_SECRET },
        };
        return (await binanceSpot.openDesk(options, worldOf(QUICK))).desk.checkKey();
      };
      const error: unknown = await checked("mighty").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "key-may-withdraw" });
      expect(await checked("anywhere")).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  test("says that a symbol does not exist, and which was meant", async () => {
    const { desk } = await openDesk(null);
    const error: unknown = await desk.loadMarket("ETHUSTD").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "unknown-symbol" });
    expect(String(error instanceof MmError ? error.hint : "")).toContain("ETHUSDT");
  });

  test("says that nobody is there", async () => {
    const there = urls();
    const nobody = { ...there, restUrl: "http://127.0.0.1:1" };
    const opening = binanceSpot.openDesk({ urls: nobody, credentials: null }, worldOf(QUICK));
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "venue-unreachable" });
  });
});

describe.each([
  ["Ed25519", ED25519],
  ["HMAC", HMAC],
])("a connection by %s key", (_name, credentials) => {
  test("trades, and what it leaves behind is swept", async () => {
    const [connection, heard] = await connected(credentials);
    const order = (id: string, change: string) =>
      next(heard, "order", (event) => event.clientOrderId === id && event.change === change);

    connection.place(requestOf(1, { priceTicks: 199_000 }));
    await order(idOf(1), "open");
    connection.place(requestOf(2, { priceTicks: 200_100 }));
    expect((await order(idOf(2), "rejected")).reason).toBe("would-cross");
    connection.amend(idOf(1), 60);
    expect((await order(idOf(1), "open")).quantityLots).toBe(60);
    connection.replace(idOf(1), requestOf(3, { priceTicks: 199_999, quantityLots: 70 }));
    await order(idOf(1), "canceled");
    await order(idOf(3), "open");

    bench.printAt("ETHUSDT", false, 199_999, 100_030);
    const { fill } = await next(heard, "fill");
    expect(fill).toMatchObject({ clientOrderId: idOf(3), side: "buy", quantityLots: 30 });
    connection.query(idOf(3));
    await next(heard, "order", (event) => event.filledLots === 30);
    connection.reconcile();
    const whole = await next(heard, "account", (event) => event.openOrderIds !== null);
    expect(whole.openOrderIds).toEqual([idOf(3)]);
    connection.cancelAll();
    await order(idOf(3), "canceled");

    connection.place(requestOf(4, { priceTicks: 199_000 }));
    await order(idOf(4), "open");
    expect(connection.status()).toMatchObject({ trading: "ready", feed: { state: "live" } });
    connection.stop();
    const { desk } = await openDesk(HMAC);
    expect(await desk.openOrderIds("ETHUSDT", OURS)).toEqual([idOf(4)]);
    expect(await desk.sweep("ETHUSDT", OURS, 5000)).toEqual({
      canceled: 1,
      left: [],
      problem: null,
    });
  });
});

test("the public market needs no key", async () => {
  const market = binanceSpot.openMarket(await linkOf(null), worldOf(systemTimers));
  const { promise, resolve } = Promise.withResolvers<readonly number[]>();
  market.start({
    onBook: ({ bidTicks, askTicks }) => resolve([bidTicks, askTicks]),
    onTrade: () => {},
    onAlive: () => {},
    onAlert: () => {},
  });
  expect(await promise).toEqual([199_999, 200_001]);
  expect(market.status().state).toBe("live");
  market.stop();
});

test("an account cannot be traded without its key", async () => {
  const link = await linkOf(null);
  expect(() => binanceSpot.connect(link, worldOf(systemTimers))).toThrow(MmError);
});

test("each venue is found by its name", () => {
  expect(venueModule("binance-spot")).toBe(binanceSpot);
  expect(venueModule("binance-perp")).toBe(binancePerp);
  expect(venueModule("hyperliquid")).toBe(hyperliquid);
});
