/** Questions of the main thread, what their failures mean to the user, and the sweep. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError, MmError } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { BinanceClock } from "#venues/binance/clock.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import type { ApiMethod, SpotApi } from "#venues/binance-spot/api.ts";
import { readSetup } from "#venues/binance-spot/setup.ts";
import { SpotDesk } from "#venues/binance-spot/spot-desk.ts";
import { VenueError } from "#venues/venue.ts";
import { ManualTimers } from "../../net/support.ts";
import { ETHUSDT } from "./market.ts";
import {
  AutoApi,
  cancelOf,
  idOf,
  infoOf,
  LOST,
  NOW_MS,
  notSent,
  ok,
  refusal,
  statusOf,
  turn,
} from "./spot-kit.ts";

function deskOf(api: SpotApi, hasKey = true, timers = new ManualTimers()): SpotDesk {
  const clock = new BinanceClock(() => NOW_MS);
  return new SpotDesk({ api, clock, timers, rng: new Rng(1), hasKey });
}

function answering(answers: Partial<Record<ApiMethod, ApiAnswer>>): AutoApi {
  return new AutoApi((method) => answers[method] ?? notSent("not-connected"));
}

async function errorOf(action: Promise<unknown>): Promise<MmError> {
  try {
    await action;
  } catch (thrown) {
    if (thrown instanceof MmError) return thrown;
    throw thrown;
  }
  throw new Error("it succeeded");
}

const RATES = { maker: "0.00100000", taker: "0.00100000", buyer: "0.0", seller: "0.0" };
const COMMISSION = { standardCommission: { ...RATES, maker: "0.00020000" } };

describe("loadMarket", () => {
  test("gives the instrument with our fees, and data for the workers", async () => {
    const api = answering({ exchangeInfo: ok(infoOf()), "account.commission": ok(COMMISSION) });
    const setup = await deskOf(api).loadMarket("ETHUSDT");
    expect(setup.instrument.id).toBe("binance-spot:ETHUSDT");
    expect(setup.instrument.makerFeeRate.toFixed()).toBe("0.0002");
    expect(setup.closed).toBeNull();
    const { market } = readSetup(structuredClone(setup.data), "ETHUSDT");
    expect(market.instrument).toEqual(setup.instrument);
  });

  test("asks nothing of an account that there is not", async () => {
    const api = answering({ exchangeInfo: ok(infoOf()) });
    const { instrument } = await deskOf(api, false).loadMarket("ETHUSDT");
    expect(instrument.makerFeeRate.toFixed()).toBe("0.001");
    expect(api.log.map(({ method }) => method)).toEqual(["exchangeInfo"]);
  });

  test.each([
    [{ status: "CANCEL_ONLY" }, "CANCEL_ONLY"],
    [{ orderTypes: ["LIMIT", "MARKET"] }, "it takes no post-only orders"],
  ])("says why orders are not taken: %j", async (change, closed) => {
    const api = answering({ exchangeInfo: ok(infoOf({ ...ETHUSDT, ...change })) });
    expect((await deskOf(api, false).loadMarket("ETHUSDT")).closed).toBe(closed);
  });

  test("names the symbol that was meant", async () => {
    const api = new AutoApi((_method, { symbol }) =>
      symbol === undefined ? ok(infoOf()) : refusal(-1121, "Invalid symbol."),
    );
    const error = await errorOf(deskOf(api, false).loadMarket("ETHUSTD"));
    expect([error.code, error.hint]).toEqual([
      "unknown-symbol",
      "check its spelling; the nearest that there is: ETHUSDT",
    ]);
  });
});

describe("balances", () => {
  const account = {
    canTrade: true,
    balances: [
      { asset: "ETH", free: "1.25000000", locked: "0.75000000" },
      { asset: "USDT", free: "100.00000000", locked: "0.10000000" },
    ],
  };

  test("are free and locked together", async () => {
    const api = answering({ "account.status": ok(account) });
    expect([...(await deskOf(api).balances())]).toEqual([
      ["ETH", "2"],
      ["USDT", "100.1"],
    ]);
  });

  const failures: readonly (readonly [ApiAnswer, string, typeof InputError | typeof VenueError])[] =
    [
      [ok({ ...account, canTrade: false }), "no-permission", InputError],
      [refusal(-2014, "API-key format invalid.", 401), "bad-key", InputError],
      [
        refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401),
        "bad-key",
        InputError,
      ],
      [refusal(-1022, "Signature for this request is not valid."), "bad-key", InputError],
      [refusal(-1021, "Timestamp for this request is ahead"), "clock-offset", InputError],
      [refusal(-1003, "Too much request weight used", 429), "venue-throttled", VenueError],
      [notSent("budget"), "venue-throttled", VenueError],
      [notSent("not-connected"), "venue-unreachable", VenueError],
      [LOST, "venue-unreachable", VenueError],
      [refusal(0, "", 502), "venue-unreachable", VenueError],
      [refusal(0, "", 403), "venue-refused", VenueError],
    ];
  test.each(failures)("%j: %s, with what to do", async (answer, code, kind) => {
    const error = await errorOf(deskOf(answering({ "account.status": answer })).balances());
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
    expect(error.hint?.length).toBeGreaterThan(10);
  });

  test("need a key", async () => {
    const api = answering({});
    expect((await errorOf(deskOf(api, false).balances())).code).toBe("bad-key");
    expect(api.log).toEqual([]);
  });
});

describe("checkKey", () => {
  /** As documented, of a key that may trade on spot from some addresses, and no more. */
  const key = {
    ipRestrict: true,
    createTime: 1_698_645_219_000,
    enableReading: true,
    enableWithdrawals: false,
    enableInternalTransfer: false,
    enableMargin: false,
    enableFutures: false,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: true,
    enableSpotAndMarginTrading: true,
    enablePortfolioMarginTrading: false,
  };
  const checked = (answer: ApiAnswer): Promise<readonly string[]> =>
    deskOf(answering({ apiRestrictions: answer })).checkKey();

  test("finds nothing where the key may trade, and no more", async () => {
    expect(await checked(ok(key))).toEqual([]);
  });

  test("finds nothing where the venue does not tell, as testnets do not", async () => {
    expect(await checked(refusal(0, "", 404))).toEqual([]);
  });

  test.each([
    [{ ipRestrict: false }, [/any IP address.*bind it/]],
    [{ enableInternalTransfer: true }, [/transfer funds/]],
    [{ permitsUniversalTransfer: true }, [/transfer funds/]],
    [{ ipRestrict: false, permitsUniversalTransfer: true }, [/any IP address/, /transfer funds/]],
  ])("warns of %j", async (change, sentences) => {
    const warnings = await checked(ok({ ...key, ...change }));
    expect(warnings).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
  });

  const { enableWithdrawals: _left, ...silent } = key;
  const failures: readonly (readonly [ApiAnswer, string, RegExp])[] = [
    [ok({ ...key, enableWithdrawals: true }), "key-may-withdraw", /without withdrawals.*bind it/],
    [ok({ ...key, enableSpotAndMarginTrading: false }), "no-permission", /Spot & Margin Trading/],
    [ok({ ...key, enableReading: false }), "no-permission", /Enable Reading/],
    // What cannot be read is not taken for a no.
    [ok({ ...key, enableWithdrawals: "false" }), "bad-message", /newer version/],
    [ok({ ...key, permitsUniversalTransfer: null }), "bad-message", /newer version/],
    [ok(silent), "bad-message", /newer version/],
    [ok([]), "bad-message", /newer version/],
    [refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401), "bad-key", /IP/],
    [refusal(0, "", 403), "venue-refused", /403/],
    [refusal(0, "", 502), "venue-unreachable", /status page/],
    [LOST, "venue-unreachable", /status page/],
  ];
  test.each(failures)("%j: %s, with what to do", async (answer, code, hint) => {
    const error = await errorOf(checked(answer));
    expect([error.code, error.hint]).toEqual([code, expect.stringMatching(hint)]);
  });

  test("needs a key", async () => {
    const api = answering({});
    expect((await errorOf(deskOf(api, false).checkKey())).code).toBe("bad-key");
    expect(api.log).toEqual([]);
  });
});

describe("the clock", () => {
  test("is measured several times; some may fail", async () => {
    let calls = 0;
    const api = new AutoApi(() => {
      calls += 1;
      return calls % 2 === 0 ? ok({ serverTime: NOW_MS + 250 }) : LOST;
    });
    expect(await deskOf(api).clockOffsetMs()).toBe(250.5);
    expect(calls).toBe(5);
  });

  test("that nobody tells is an error", async () => {
    const error = await errorOf(deskOf(answering({})).clockOffsetMs());
    expect(error.code).toBe("venue-unreachable");
  });
});

/** A venue with open orders, which does what it is asked, or not. */
class Orders implements SpotApi {
  readonly open: Map<number, string>;
  readonly canceled: string[] = [];
  /** One for each call, in order; then none. */
  readonly troubles: ("lost" | "lost-though-done" | "throttled" | "fatal")[] = [];
  lists = 0;
  onList = (): void => {};

  constructor(ids: readonly string[]) {
    this.open = new Map(ids.map((id, index) => [index + 1, id]));
  }

  venueNowMs(): number {
    return NOW_MS;
  }

  call(method: ApiMethod, { orderId }: RequestParams): Promise<ApiAnswer> {
    const trouble = this.troubles.shift();
    if (trouble === "lost") return Promise.resolve(LOST);
    if (trouble === "throttled") return Promise.resolve(notSent("budget"));
    if (trouble === "fatal") return Promise.resolve(refusal(-2015, "Invalid API-key", 401));
    const answer = method === "order.cancel" ? this.#cancel(Number(orderId)) : this.#list();
    return Promise.resolve(trouble === "lost-though-done" ? LOST : answer);
  }

  #list(): ApiAnswer {
    this.lists += 1;
    this.onList();
    return ok([...this.open].map(([orderId, id]) => statusOf(id, orderId)));
  }

  #cancel(orderId: number): ApiAnswer {
    const id = this.open.get(orderId);
    if (id === undefined) return refusal(-2011, "Unknown order sent.");
    this.open.delete(orderId);
    this.canceled.push(id);
    return ok(cancelOf(id, orderId));
  }
}

const OURS: OrderOwner = { prefix: "mm", pairId: "ETH", untilEpoch: 7 };

/** Sweeps, letting time pass until it ends. */
async function swept(venue: SpotApi, timeoutMs = 10_000) {
  const timers = new ManualTimers();
  let isOver = false;
  const result = deskOf(venue, true, timers)
    .sweep("ETHUSDT", OURS, timeoutMs)
    .finally(() => {
      isOver = true;
    });
  for (let step = 0; step < 2000; step += 1) {
    await turn();
    if (isOver) break;
    timers.advance(50);
  }
  const { canceled, left, problem } = await result;
  return { canceled, left, problem, tookMs: timers.elapsedMs(), pending: timers.pending };
}

describe("sweep", () => {
  test("cancels ours, and has the venue say twice that there are none", async () => {
    const venue = new Orders([idOf(1), "web_1", idOf(2), idOf(3, "SUI")]);
    const result = await swept(venue);
    expect(result).toMatchObject({ canceled: 2, left: [], problem: null, pending: 0 });
    expect([...venue.open.values()]).toEqual(["web_1", idOf(3, "SUI")]);
    expect(venue.lists).toBe(3);
    expect(result.tookMs).toBeGreaterThanOrEqual(1000);
  });

  test("finds an order that arrived after the first look", async () => {
    const venue = new Orders([]);
    venue.onList = () => {
      if (venue.lists === 2) venue.open.set(9, idOf(9));
    };
    expect(await swept(venue)).toMatchObject({ canceled: 1, left: [], problem: null });
    expect(venue.canceled).toEqual([idOf(9)]);
  });

  test("goes on through trouble; what a lost cancel did the next list tells", async () => {
    const venue = new Orders([idOf(1), idOf(2)]);
    venue.troubles.push("lost", "throttled", "lost-though-done", "lost-though-done", "lost");
    const result = await swept(venue);
    expect(result).toMatchObject({ left: [], problem: null });
    expect(venue.canceled).toEqual([idOf(1), idOf(2)]);
  });

  test("takes a refused key for an answer", async () => {
    const venue = new Orders([idOf(1)]);
    venue.troubles.push("fatal");
    const result = await swept(venue);
    expect(result).toMatchObject({ canceled: 0, problem: "Invalid API-key", tookMs: 0 });
  });

  test("says what is left where the time is over", async () => {
    const venue = new Orders([idOf(1)]);
    venue.onList = () => {
      venue.open.set(1, idOf(1));
      venue.troubles.push("lost");
    };
    const result = await swept(venue, 3000);
    expect(result).toMatchObject({ canceled: 0, left: [idOf(1)], pending: 0 });
    expect(result.problem).not.toBeNull();
    expect(result.tookMs).toBeLessThan(5000);
  });

  test("does not wait for an answer beyond its time", async () => {
    const silent: SpotApi = {
      call: () => Promise.withResolvers<ApiAnswer>().promise,
      venueNowMs: () => NOW_MS,
    };
    const result = await swept(silent, 500);
    expect(result).toMatchObject({ canceled: 0, left: [], tookMs: 500 });
    expect(result.problem).toBe("no answer within the time of the sweep");
  });

  test("never touches an order that is not ours, whatever goes wrong", async () => {
    const anyId = fc.oneof(
      fc.integer({ min: 0, max: 99 }).map((sequence) => idOf(sequence)),
      fc.integer({ min: 0, max: 99 }).map((sequence) => idOf(sequence, "ETH2")),
      fc.constantFrom("web_123", "mm-ETH", "xx-ETH-q1-1", "MM-ETH-q1-1"),
      fc.string({ minLength: 1, maxLength: 36 }),
    );
    const trouble = fc.constantFrom("lost", "lost-though-done", "throttled" as const);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyId, { maxLength: 30 }),
        fc.array(trouble, { maxLength: 6 }),
        async (ids, troubles) => {
          const venue = new Orders(ids);
          venue.troubles.push(...troubles);
          const result = await swept(venue, 60_000);
          expect(result).toMatchObject({ left: [], problem: null, pending: 0 });
          const ours = ids.filter((id) => id.startsWith("mm-ETH-q"));
          expect(venue.canceled.toSorted()).toEqual(ours.toSorted());
        },
      ),
      { numRuns: 50 },
    );
  });
});
