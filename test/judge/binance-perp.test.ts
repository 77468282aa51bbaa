/**
 * The judge: the official SDK of USD-M trades on the mock venue, over REST, the WebSocket API and
 * the streams, and the SDK's own type declarations judge everything that it was handed.
 */

import { afterAll, describe, expect, test } from "bun:test";
import {
  DerivativesTradingUsdsFuturesRestAPI as Api,
  BadRequestError,
  RateLimitBanError,
  ServerError,
  TooManyRequestsError,
  UnauthorizedError,
} from "@binance/derivatives-trading-usds-futures";
import { runPerpRestScenario } from "./perp-rest-scenario.ts";
import { PerpSamples } from "./perp-samples.ts";
import { PerpSdkBench } from "./perp-sdk-bench.ts";
import { PERP_JUDGE } from "./perp-wire-tables.ts";
import {
  runPerpStreamScenario,
  runPerpUserScenario,
  runPerpWsScenario,
  runWrongRouteScenario,
} from "./perp-ws-scenario.ts";
import { MALFORMED_KEY, UNKNOWN_KEY, WRONG_SECRET } from "./sdk-keys.ts";
import { judge } from "./typed-samples.ts";
import { refusalOf } from "./waiting.ts";

const symbol = "ETHUSDT";
const BID = {
  symbol,
  side: Api.NewOrderSideEnum.BUY,
  type: Api.NewOrderTypeEnum.LIMIT,
  timeInForce: Api.NewOrderTimeInForceEnum.GTX,
  quantity: 0.1,
  price: 1990,
};

/** Funding more often than the usual: only then does the venue tell how often. */
const UNUSUAL = { fundingIntervalMs: 4 * 3_600_000 };
/** All scenarios and a compiler, on a busy machine. */
const TIMEOUT_MS = 60_000;
const samples = new PerpSamples();
const benches: PerpSdkBench[] = [];

/** A venue of its own; ended after the last test, since the SDK takes a second to hang up. */
async function bench(options?: Parameters<typeof PerpSdkBench.start>[1]): Promise<PerpSdkBench> {
  const started = await PerpSdkBench.start(samples, options);
  benches.push(started);
  return started;
}

afterAll(async () => {
  await Promise.all(benches.map((each) => each.stop()));
}, TIMEOUT_MS);

const scenarios = new Map<string, () => Promise<void>>([
  ["REST, HMAC key", async () => runPerpRestScenario(await bench(UNUSUAL), "HMAC")],
  ["REST, Ed25519 key", async () => runPerpRestScenario(await bench(UNUSUAL), "Ed25519")],
  ["WebSocket API, HMAC key", async () => runPerpWsScenario(await bench(), "HMAC")],
  ["WebSocket API, Ed25519 key", async () => runPerpWsScenario(await bench(), "Ed25519")],
  ["user stream", async () => runPerpUserScenario(await bench())],
  ["market streams", async () => runPerpStreamScenario(await bench())],
  ["a subscription on the wrong route", async () => runWrongRouteScenario(await bench())],
]);
const runs = new Map<string, Promise<void>>();

/** Runs a scenario unless it has run: tests come in any order. */
function run(name: string): Promise<void> {
  const ran = runs.get(name) ?? scenarios.get(name)?.();
  if (ran === undefined) throw new Error(`there is no scenario ${name}`);
  runs.set(name, ran);
  return ran;
}

describe("the SDK trades on the mock venue", () => {
  test.each([...scenarios.keys()])("%s", (name) => run(name), TIMEOUT_MS);
});

test(
  "everything that the SDK was handed is as its types and the documentation say",
  async () => {
    // A scenario that fails says so in its own test; what it got until then is judged all the same.
    for (const name of scenarios.keys()) await run(name).catch(() => undefined);
    expect(await judge(samples.all, PERP_JUDGE)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "the judge sees a field too many, a field too few and a wrong type",
  async () => {
    const label = "stream markPriceStream";
    const type = 'Streamed<"markPriceStream">';
    const mark = {
      e: "m",
      E: 1,
      s: "X",
      p: "1",
      ap: "1",
      i: "1",
      P: "1",
      r: "0",
      T: 2n ** 60n,
      st: 1,
    };
    const { st: _left, ...short } = mark;
    const order = { label: "rest cancelOrder", type: 'RestData<"cancelOrder">' };
    const problems = await judge(
      [
        { label, type, value: mark },
        { label, type, value: { ...mark, b: 5 } },
        { label, type, value: { ...mark, p: 1 } },
        { label, type, value: short },
        // Gone from the answers to changes since July 2026.
        { ...order, value: { orderId: 1, avgPrice: "1", cumQuote: "1" } },
      ],
      PERP_JUDGE,
    );
    expect(problems.filter((problem) => problem.startsWith(label))).toEqual([
      "stream markPriceStream: lacks the documented st",
      expect.stringMatching(/'"b"' does not exist in type 'MarkPriceStreamResponse'/),
      expect.stringMatching(/Type 'number' is not assignable to type 'string'/),
    ]);
    const ofOrder = problems.filter((problem) => problem.startsWith("rest cancelOrder"));
    expect(ofOrder).toContainEqual(expect.stringMatching(/'"avgPrice"' does not exist/));
    expect(ofOrder).toContain("rest cancelOrder: lacks the documented cumQty");
  },
  TIMEOUT_MS,
);

describe("the SDK's error classes, with the venue's code and words", () => {
  test("refused orders and requests are 400", async () => {
    const rest = (await bench()).rest();
    const cases: readonly (readonly [Promise<unknown>, number])[] = [
      [rest.newOrder({ ...BID, price: 2010 }), -5022],
      [rest.newOrder({ ...BID, quantity: 200 }), -2019],
      [rest.newOrder({ ...BID, price: 1990.001 }), -4014],
      [rest.newOrder({ ...BID, quantity: 0.001 }), -4164],
      [rest.newOrder({ ...BID, symbol: "NOCOIN" }), -1121],
      [rest.newOrder({ ...BID, reduceOnly: Api.NewOrderReduceOnlyEnum.TRUE }), -2022],
      [rest.cancelOrder({ symbol, orderId: 999 }), -2011],
      [rest.queryOrder({ symbol, orderId: 999 }), -2013],
      [rest.keepaliveUserDataStream(), -1125],
    ];
    for (const [call, code] of cases) {
      const error = await refusalOf(call);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code });
    }
  });

  test("a wrong secret is 400, a key that is none 401", async () => {
    const venue = await bench();
    const wrong = await refusalOf(venue.rest(WRONG_SECRET).accountInformationV3());
    expect(wrong).toBeInstanceOf(BadRequestError);
    expect(wrong).toMatchObject({ code: -1022 });
    for (const [key, code] of [
      [UNKNOWN_KEY, -2015],
      [MALFORMED_KEY, -2014],
    ] as const) {
      const unknown = await refusalOf(venue.rest(key).accountInformationV3());
      expect(unknown).toBeInstanceOf(UnauthorizedError);
      expect(unknown).toMatchObject({ code });
    }
    const ws = await venue.wsApi(WRONG_SECRET);
    expect(await refusalOf(ws.accountInformationV2())).toMatchObject({ code: -1022 });
  });

  test("too much is 429, a ban 418, an unknown outcome 503", async () => {
    const crowded = await bench({
      limits: [{ rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 1 }],
    });
    await crowded.rest().newOrder(BID);
    const second = await refusalOf(crowded.rest().newOrder(BID));
    expect(second).toBeInstanceOf(TooManyRequestsError);
    expect(second).toMatchObject({ code: -1015 });
    crowded.mock.venue.limits.ban(60_000);
    expect(await refusalOf(crowded.rest().checkServerTime())).toBeInstanceOf(RateLimitBanError);

    const venue = await bench();
    const accepted = { kind: "error-5xx-accepted", method: "order.place" };
    venue.mock.faults.arm({ faults: [accepted] }, "test");
    const unknown = await refusalOf(venue.rest().newOrder({ ...BID, newClientOrderId: "gone-1" }));
    expect(unknown).toBeInstanceOf(ServerError);
    const asked = await venue.rest().queryOrder({ symbol, origClientOrderId: "gone-1" });
    expect(await asked.data()).toMatchObject({ status: "NEW" });
  });
});
