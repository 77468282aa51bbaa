/**
 * The judge: the official SDK of the venue trades on the mock venue, over REST, the WebSocket API
 * and the streams, and the SDK's own type declarations judge everything that it was handed.
 */

import { afterAll, describe, expect, test } from "bun:test";
import {
  BadRequestError,
  ConnectorClientError,
  RateLimitBanError,
  ServerError,
  SpotRestAPI,
  TooManyRequestsError,
  UnauthorizedError,
} from "@binance/spot";
import { runRestScenario } from "./rest-scenario.ts";
import { Samples } from "./samples.ts";
import { SdkBench } from "./sdk-bench.ts";
import { MALFORMED_KEY, UNKNOWN_KEY, WRONG_SECRET } from "./sdk-keys.ts";
import { runStreamScenario } from "./stream-scenario.ts";
import { judge } from "./typed-samples.ts";
import { refusalOf } from "./waiting.ts";
import { SPOT_JUDGE } from "./wire-tables.ts";
import { runUserStreamScenario, runWsScenario } from "./ws-scenario.ts";

const { NewOrderSideEnum: Side, NewOrderTypeEnum: Type } = SpotRestAPI;
const BID = {
  symbol: "ETHUSDT",
  side: Side.BUY,
  type: Type.LIMIT_MAKER,
  quantity: 0.01,
  price: 1990,
};

/** All scenarios and a compiler, on a busy machine. */
const TIMEOUT_MS = 60_000;
const samples = new Samples();
const benches: SdkBench[] = [];

/** A venue of its own; ended after the last test, since the SDK takes a second to hang up. */
async function bench(options?: Parameters<typeof SdkBench.start>[1]): Promise<SdkBench> {
  const started = await SdkBench.start(samples, options);
  benches.push(started);
  return started;
}

afterAll(async () => {
  await Promise.all(benches.map((each) => each.stop()));
}, TIMEOUT_MS);

const scenarios = new Map<string, () => Promise<void>>([
  ["REST, HMAC key", async () => runRestScenario(await bench(), "HMAC")],
  ["REST, Ed25519 key", async () => runRestScenario(await bench(), "Ed25519")],
  ["WebSocket API, HMAC key: signed per call", async () => runWsScenario(await bench(), "HMAC")],
  ["WebSocket API, Ed25519 key: logged on", async () => runWsScenario(await bench(), "Ed25519")],
  ["user stream by signature", async () => runUserStreamScenario(await bench(), "HMAC")],
  ["user stream by logon", async () => runUserStreamScenario(await bench(), "Ed25519")],
  ["market streams", async () => runStreamScenario(await bench())],
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
  test.each([...scenarios.keys()])("%s", (name) => run(name));
});

test(
  "everything that the SDK was handed is as its types and the documentation say",
  async () => {
    // A scenario that fails says so in its own test; what it got until then is judged all the same.
    for (const name of scenarios.keys()) await run(name).catch(() => undefined);
    const problems = await judge(samples.all, SPOT_JUDGE);
    expect(problems).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "the judge sees a field too many, a field too few and a wrong type",
  async () => {
    const label = "stream trade";
    const type = 'Streamed<"trade">';
    const trade = {
      e: "trade",
      E: 1,
      s: "X",
      t: 2n ** 60n,
      p: "1",
      q: "1",
      T: 1,
      m: true,
      M: true,
    };
    const { M: _left, ...short } = trade;
    const problems = await judge(
      [
        { label, type, value: trade },
        { label, type, value: { ...trade, b: 5 } },
        { label, type, value: { ...trade, p: 1 } },
        { label, type, value: short },
      ],
      SPOT_JUDGE,
    );
    expect(problems.filter((problem) => problem.startsWith(label))).toEqual([
      "stream trade: lacks the documented M",
      expect.stringMatching(/^stream trade: .* '"b"' does not exist in type 'TradeResponse'/),
      expect.stringMatching(/^stream trade: .* Type 'number' is not assignable to type 'string'/),
    ]);
  },
  TIMEOUT_MS,
);

describe("the SDK's error classes, with the venue's code and words", () => {
  test("refused orders and requests are 400", async () => {
    const rest = (await bench()).rest();
    const cases: readonly (readonly [Promise<unknown>, number, string])[] = [
      [rest.newOrder({ ...BID, price: 2010 }), -2010, "Order would immediately match and take."],
      [
        rest.newOrder({ ...BID, quantity: 8 }),
        -2010,
        "Account has insufficient balance for requested action.",
      ],
      [rest.newOrder({ ...BID, price: 1990.001 }), -1013, "Filter failure: PRICE_FILTER"],
      [rest.newOrder({ ...BID, quantity: 0.001 }), -1013, "Filter failure: NOTIONAL"],
      [rest.newOrder({ ...BID, symbol: "NOCOIN" }), -1121, "Invalid symbol."],
      [rest.deleteOrder({ symbol: "ETHUSDT", orderId: 999 }), -2011, "Unknown order sent."],
      [rest.getOrder({ symbol: "ETHUSDT", orderId: 999 }), -2013, "Order does not exist."],
      [rest.deleteOpenOrders({ symbol: "ETHUSDT" }), -2011, "Unknown order sent."],
    ];
    for (const [call, code, message] of cases) {
      const error = await refusalOf(call);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code, message });
    }
  });

  test("a wrong secret is 400, a key that is none 401", async () => {
    const venue = await bench();
    const wrong = await refusalOf(venue.rest(WRONG_SECRET).getAccount());
    expect(wrong).toBeInstanceOf(BadRequestError);
    const message = "Signature for this request is not valid.";
    expect(wrong).toMatchObject({ code: -1022, message });
    const unknown = await refusalOf(venue.rest(UNKNOWN_KEY).getAccount());
    expect(unknown).toBeInstanceOf(UnauthorizedError);
    expect(unknown).toMatchObject({ code: -2015 });
    const malformed = await refusalOf(venue.rest(MALFORMED_KEY).getAccount());
    expect(malformed).toBeInstanceOf(UnauthorizedError);
    expect(malformed).toMatchObject({ code: -2014, message: "API-key format invalid." });
    const ws = await venue.wsApi(WRONG_SECRET);
    expect(await refusalOf(ws.accountStatus())).toEqual({ code: -1022, msg: message });
  });

  test("too many orders and too much weight are 429, a ban is 418", async () => {
    const crowded = await bench({
      limits: [
        { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 },
        { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 1 },
      ],
    });
    await crowded.rest().newOrder(BID);
    const second = await refusalOf(crowded.rest().newOrder(BID));
    expect(second).toBeInstanceOf(TooManyRequestsError);
    expect(second).toMatchObject({ code: -1015 });

    const narrow = await bench({
      limits: [{ rateLimitType: "REQUEST_WEIGHT", interval: "DAY", intervalNum: 1, limit: 25 }],
    });
    const ws = await narrow.wsApi();
    await narrow.rest().exchangeInfo();
    const heavy = await refusalOf(narrow.rest().exchangeInfo());
    expect(heavy).toBeInstanceOf(TooManyRequestsError);
    expect(heavy).toMatchObject({ code: -1003 });
    expect(await refusalOf(ws.exchangeInfo())).toMatchObject({
      code: -1003,
      data: { serverTime: expect.any(Number), retryAfter: expect.any(Number) },
    });
    narrow.mock.venue.limits.ban(60_000);
    const banned = await refusalOf(narrow.rest().time());
    expect(banned).toBeInstanceOf(RateLimitBanError);
    expect(banned).toMatchObject({ code: -1003 });
  });

  test("an unknown outcome is 503, a call that is gone 410", async () => {
    const venue = await bench();
    venue.mock.faults.arm({ faults: [{ kind: "error-5xx-accepted", method: "order.place" }] }, "t");
    const unknown = await refusalOf(venue.rest().newOrder({ ...BID, newClientOrderId: "gone-1" }));
    expect(unknown).toBeInstanceOf(ServerError);
    const { data } = await venue.rest().getOrder({
      symbol: "ETHUSDT",
      origClientOrderId: "gone-1",
    });
    expect(await data()).toMatchObject({ status: "NEW" });
    const listenKey = venue.rest().sendRequest("/api/v3/userDataStream", "POST");
    expect(await refusalOf(listenKey)).toBeInstanceOf(ConnectorClientError);
  });
});
