/**
 * Questions of the main thread: the key, margin and leverage, the position of a moment, the sweep.
 */

import { describe, expect, test } from "bun:test";
import { InputError, MmError } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { BinanceClock } from "#venues/binance/clock.ts";
import type { RequestParams } from "#venues/binance/signing.ts";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import { binancePerp, walletUrlOf } from "#venues/binance-perp/module.ts";
import { PerpDesk } from "#venues/binance-perp/perp-desk.ts";
import { readSetup } from "#venues/binance-perp/setup.ts";
import { ManualTimers } from "../../net/support.ts";
import {
  AutoApi,
  algoOf,
  idOf,
  LOST,
  NOW_MS,
  ok,
  orderOf,
  PerpVenue,
  refusal,
  SUIUSDC,
  turn,
} from "./perp-kit.ts";

const OWNER: OrderOwner = { prefix: "mm", pairId: "SUI", untilEpoch: 7 };
const STOP = idOf(2, "stop-loss");

class Bench {
  readonly venue = new PerpVenue();
  readonly timers = new ManualTimers();
  marginType = "CROSSED";
  leverage = 20;
  symbol: object = SUIUSDC;
  /** Answered instead. */
  readonly instead = new Map<ApiMethod, ApiAnswer>();
  readonly api = new AutoApi<ApiMethod>((method, params) => this.#answer(method, params));
  readonly desk: PerpDesk;

  constructor(hasKey = true) {
    const { api, timers } = this;
    const clock = new BinanceClock(() => NOW_MS);
    this.desk = new PerpDesk({ api, wallet: api, clock, timers, rng: new Rng(1), hasKey });
  }

  #answer(method: ApiMethod, params: RequestParams): ApiAnswer {
    const answer = this.instead.get(method) ?? this.#own.get(method)?.(params);
    return answer ?? this.venue.answer(method, params);
  }

  readonly #own = new Map<ApiMethod, (params: RequestParams) => ApiAnswer>([
    ["exchangeInfo", () => ok({ rateLimits: [], symbols: [this.symbol] })],
    ["commissionRate", () => ok({ symbol: "SUIUSDC", ...RATES })],
    ["premiumIndex", () => ok({ symbol: "SUIUSDC", markPrice: "3.01000000" })],
    ["symbolConfig", () => ok([this.#config()])],
    ["marginType", (params) => this.#setMarginType(String(params["marginType"]))],
    ["leverage", (params) => this.#setLeverage(Number(params["leverage"]))],
    [
      "order.cancel",
      () => {
        this.venue.openOrders = [];
        return ok({});
      },
    ],
    [
      "algoOrder.cancel",
      () => {
        this.venue.openStops = [];
        return ok({});
      },
    ],
  ]);

  #config(): object {
    const { marginType, leverage } = this;
    return { symbol: "SUIUSDC", marginType, isAutoAddMargin: false, leverage };
  }

  #setMarginType(marginType: string): ApiAnswer {
    if (marginType === this.marginType) return refusal(-4046, "No need to change margin type.");
    this.marginType = marginType;
    return ok({ code: 200, msg: "success" });
  }

  #setLeverage(leverage: number): ApiAnswer {
    this.leverage = leverage;
    return ok({ symbol: "SUIUSDC", leverage, maxNotionalValue: "1000000" });
  }
}

const RATES = { makerCommissionRate: "0.000180", takerCommissionRate: "0.000450" };

async function errorOf(action: Promise<unknown>): Promise<MmError> {
  const thrown: unknown = await action.then(
    () => new Error("it succeeded"),
    (error: unknown) => error,
  );
  if (thrown instanceof MmError) return thrown;
  throw thrown;
}

describe("loadMarket", () => {
  test("gives the instrument with our fees, and data for the workers", async () => {
    const { instrument, data, closed } = await new Bench().desk.loadMarket("SUIUSDC");
    expect([instrument.id, instrument.makerFeeRate.toFixed(), closed]).toEqual([
      "binance-perp:SUIUSDC",
      "0.00018",
      null,
    ]);
    const { market } = readSetup(structuredClone(data), "SUIUSDC");
    expect(market.instrument).toEqual(instrument);
  });

  test("asks for all symbols once, however many pairs there are", async () => {
    const { desk, api } = new Bench(false);
    await Promise.all([desk.loadMarket("SUIUSDC"), desk.loadMarket("SUIUSDC")]);
    expect(api.log.map(({ method }) => method)).toEqual(["exchangeInfo"]);
  });

  test("names the symbol that was meant, and why orders are not taken", async () => {
    const bench = new Bench();
    const error = await errorOf(bench.desk.loadMarket("SUIUSCD"));
    expect([error.code, error.hint]).toEqual([
      "unknown-symbol",
      "check its spelling; the nearest that there is: SUIUSDC",
    ]);
    const settling = new Bench();
    settling.symbol = { ...SUIUSDC, status: "SETTLING" };
    expect((await settling.desk.loadMarket("SUIUSDC")).closed).toBe("SETTLING");
  });
});

describe("checkKey", () => {
  const KEY = {
    ipRestrict: true,
    enableReading: true,
    enableWithdrawals: false,
    enableFutures: true,
    enableSpotAndMarginTrading: false,
  };

  test("finds nothing where the key may trade futures, and no more", async () => {
    const bench = new Bench();
    bench.instead.set("apiRestrictions", ok(KEY));
    expect(await bench.desk.checkKey()).toEqual([]);
  });

  test("warns where the venue does not tell", async () => {
    const bench = new Bench();
    bench.instead.set("apiRestrictions", refusal(0, "", 404));
    expect(await bench.desk.checkKey()).toEqual([expect.stringContaining("may withdraw")]);
  });

  test.each([
    [{ enableWithdrawals: true }, "key-may-withdraw"],
    [{ enableFutures: false }, "no-permission"],
  ])("%j is refused as %s", async (change, code) => {
    const bench = new Bench();
    bench.instead.set("apiRestrictions", ok({ ...KEY, ...change }));
    expect((await errorOf(bench.desk.checkKey())).code).toBe(code);
  });

  test("asks the wallet's own address of the live venue, and any other venue at its own", () => {
    expect(walletUrlOf(binancePerp.urls.restUrl)).toBe("https://api.binance.com");
    expect(walletUrlOf("http://127.0.0.1:1")).toBe("http://127.0.0.1:1");
  });
});

describe("balances", () => {
  test("are what each asset is worth, won and lost included", async () => {
    expect([...(await new Bench().desk.balances())]).toEqual([["USDC", "1000"]]);
  });

  test.each([
    [new Bench(false), "bad-key"],
    [withTrouble("account", LOST), "venue-unreachable"],
    [withTrouble("accountConfig", refusal(-2015, "Invalid API-key.", 401)), "bad-key"],
    [
      withTrouble(
        "accountConfig",
        ok({ canTrade: false, dualSidePosition: false, multiAssetsMargin: false }),
      ),
      "no-permission",
    ],
  ])("or why there are none (%#)", async (bench, code) => {
    expect((await errorOf(bench.desk.balances())).code).toBe(code);
  });
});

function withTrouble(method: ApiMethod, answer: ApiAnswer): Bench {
  const bench = new Bench();
  bench.instead.set(method, answer);
  return bench;
}

describe("preparePerp", () => {
  test("sets and reads back; the position is that after the newest trade", async () => {
    const bench = new Bench();
    bench.venue.position = "-12.5";
    bench.venue.addTrade(500, 9001);
    const wants = { marginMode: "isolated", leverage: 3 } as const;
    expect(await bench.desk.preparePerp("SUIUSDC", wants)).toEqual({
      ...wants,
      position: "-12.5",
      entryValue: "-37.5",
      freeMargin: "900",
      markPrice: "3.01",
      sinceTradeId: "SUIUSDC:500",
      warnings: [],
    });
  });

  test("what is so already is fine, and without wants nothing is changed", async () => {
    const bench = new Bench();
    const state = await bench.desk.preparePerp("SUIUSDC", { marginMode: "cross", leverage: 20 });
    expect(state).toMatchObject({ marginMode: "cross", sinceTradeId: `SUIUSDC@${NOW_MS}` });
    expect(state.warnings).toEqual([expect.stringContaining("BTCUSDT")]);
    bench.api.log.length = 0;
    await bench.desk.preparePerp("SUIUSDC", null);
    const asked = bench.api.log.map(({ method }) => method);
    expect(asked).not.toContain("leverage");
    expect(asked).not.toContain("marginType");
  });

  test("an account in hedge mode is refused, with what to do; it is not switched", async () => {
    const bench = new Bench();
    bench.venue.isHedgeMode = true;
    const error = await errorOf(bench.desk.preparePerp("SUIUSDC", null));
    expect(error).toBeInstanceOf(InputError);
    expect(error.code).toBe("bad-position-mode");
    expect(error.hint).toContain("one-way");
  });

  test("multi-assets mode is worth a warning, and all assets are free margin", async () => {
    const bench = new Bench();
    bench.venue.isMultiAssets = true;
    const state = await bench.desk.preparePerp("SUIUSDC", null);
    expect(state.freeMargin).toBe("4500");
    expect(state.warnings).toContainEqual(expect.stringContaining("multi-assets"));
  });

  test.each([
    [{ marginMode: "cross", leverage: 2.5 }, "bad-leverage"],
    [{ marginMode: "cross", leverage: 0 }, "bad-leverage"],
  ] as const)("%j is refused as %s", async (wants, code) => {
    expect((await errorOf(new Bench().desk.preparePerp("SUIUSDC", wants))).code).toBe(code);
  });

  test("a leverage that the venue refuses, and a mode that it did not change", async () => {
    const wants = { marginMode: "isolated", leverage: 126 } as const;
    const refused = withTrouble("leverage", refusal(-4028, "Leverage 126 is not valid"));
    expect((await errorOf(refused.desk.preparePerp("SUIUSDC", wants))).code).toBe("bad-leverage");
    // Seen at the venue: refused for open orders that there are not.
    const kept = withTrouble("marginType", refusal(-4067, "Position side cannot be changed"));
    expect((await errorOf(kept.desk.preparePerp("SUIUSDC", wants))).code).toBe("leverage-not-set");
    const cross = { marginMode: "cross", leverage: 5 } as const;
    expect(await kept.desk.preparePerp("SUIUSDC", cross)).toMatchObject(cross);
  });

  test("where one of the two is refused the other is as it was", async () => {
    const wants = { marginMode: "isolated", leverage: 126 } as const;
    const refused = withTrouble("leverage", refusal(-4028, "Leverage 126 is not valid"));
    expect((await errorOf(refused.desk.preparePerp("SUIUSDC", wants))).code).toBe("bad-leverage");
    expect([refused.marginType, refused.leverage]).toEqual(["CROSSED", 20]);
    const kept = withTrouble("marginType", refusal(-4048, "There is a position."));
    const error = await errorOf(
      kept.desk.preparePerp("SUIUSDC", { marginMode: "isolated", leverage: 3 }),
    );
    expect(error.code).toBe("leverage-not-set");
    expect([kept.marginType, kept.leverage]).toEqual(["CROSSED", 20]);
  });

  test("a trade while the position is read has it read again", async () => {
    const bench = new Bench();
    bench.venue.addTrade(500, 9001);
    let hasTraded = false;
    bench.venue.onAsked = (method) => {
      if (method !== "positionRisk" || hasTraded) return;
      hasTraded = true;
      bench.venue.addTrade(501, 9002);
    };
    const { sinceTradeId } = await bench.desk.preparePerp("SUIUSDC", null);
    expect(sinceTradeId).toBe("SUIUSDC:501");
    expect(bench.api.paramsOf("positionRisk")).toHaveLength(2);
  });
});

describe("the sweep", () => {
  test("cancels orders and stops of the owner, and no others, until none is listed", async () => {
    const bench = new Bench();
    bench.venue.openOrders = [orderOf(idOf(1), 9001), orderOf("web_1", 9002)];
    bench.venue.openStops = [algoOf(STOP, 77), algoOf("web_2", 78)];
    expect(await bench.desk.openOrderIds("SUIUSDC", OWNER)).toEqual([idOf(1), STOP]);
    const sweeping = bench.desk.sweep("SUIUSDC", OWNER, 10_000);
    await turn();
    bench.timers.advance(1000); // once more, for what was under way
    expect(await sweeping).toEqual({ canceled: 2, left: [], problem: null });
    expect(bench.api.paramsOf("order.cancel")).toEqual([{ symbol: "SUIUSDC", orderId: 9001 }]);
    expect(bench.api.paramsOf("algoOrder.cancel")).toEqual([{ algoId: 77 }]);
  });

  test("is not stopped by a stop of somebody else's that has no size", async () => {
    const bench = new Bench();
    bench.venue.openStops = [algoOf("web_2", 78, { quantity: "" }), algoOf(STOP, 77)];
    expect(await bench.desk.openOrderIds("SUIUSDC", OWNER)).toEqual([STOP]);
  });

  test("says what may be left where the venue does not answer", async () => {
    const bench = withTrouble("openOrders", LOST);
    const sweeping = bench.desk.sweep("SUIUSDC", OWNER, 1000);
    for (let ms = 0; ms < 3000; ms += 100) {
      await turn();
      bench.timers.advance(100);
    }
    const { problem } = await sweeping;
    expect(problem).toContain("no answer");
  });
});
