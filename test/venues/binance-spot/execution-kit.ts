/** An execution with all around it under the test's hand, and what can come of a call. */

import { expect } from "bun:test";
import type { OrderChange } from "#domain/events.ts";
import type { RejectReason } from "#domain/order.ts";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { SpotExecution } from "#venues/binance-spot/execution.ts";
import { OrderChecks } from "#venues/binance-spot/order-checks.ts";
import type { OwnOrders } from "#venues/own-orders.ts";
import { ManualTimers } from "../../net/support.ts";
import { ETHUSDT } from "./market.ts";
import {
  type AutoApi,
  ackOf,
  HandApi,
  type Heard,
  idOf,
  LOST,
  marketOf,
  newsKit,
  notSent,
  ok,
  refusal,
  requestOf,
} from "./spot-kit.ts";

export interface Kit<Api> {
  readonly api: Api;
  readonly execution: SpotExecution;
  readonly heard: Heard;
  readonly orders: OwnOrders;
  readonly timers: ManualTimers;
  readonly ruleRefusals: () => number;
}

export function kitOf<Api extends AutoApi | HandApi>(api: Api, symbol: object = ETHUSDT): Kit<Api> {
  const market = marketOf(symbol);
  const timers = new ManualTimers();
  const { heard, orders, news } = newsKit(api);
  let refusals = 0;
  const execution = new SpotExecution({
    api,
    instrument: market.instrument,
    orders,
    checks: new OrderChecks(market),
    news,
    timers,
    holdings: () => ({ base: null, openBuyLots: orders.openBuyLots() }),
    onRuleRefusal: () => {
      refusals += 1;
    },
  });
  return { api, execution, heard, orders, timers, ruleRefusals: () => refusals };
}

/** With an order resting at the venue as number 9001. */
export async function restingKit(symbol: object = ETHUSDT): Promise<Kit<HandApi>> {
  const kit = kitOf(new HandApi(), symbol);
  kit.execution.place(requestOf(1));
  await kit.api.expect("order.place", ok(ackOf(idOf(1), 9001)));
  expect(await kit.heard.order()).toMatchObject({ change: "open", venueOrderId: "9001" });
  return kit;
}

export type News = readonly [change: OrderChange, reason: RejectReason | null];

/** What can come of a request, and what it means; `asRefused` is the request's own refusal. */
export function outcomes(
  asRefused: OrderChange,
): readonly (readonly [name: string, answer: ApiAnswer, news: News])[] {
  const tooMany = "Too many new orders; current limit is 50 orders per 10 SECOND.";
  const insufficient = "Account has insufficient balance for requested action.";
  return [
    ["insufficient balance", refusal(-2010, insufficient), [asRefused, "insufficient-balance"]],
    ["a filter", refusal(-1013, "Filter failure: LOT_SIZE"), [asRefused, "filter"]],
    ["market closed", refusal(-2010, "Market is closed."), [asRefused, "other"]],
    ["the order limit", refusal(-1015, tooMany, 429), [asRefused, "throttled"]],
    ["the weight limit", refusal(-1003, "Too much request weight", 429), [asRefused, "throttled"]],
    ["a ban", refusal(-1003, "IP banned until 1795340300000", 418), [asRefused, "throttled"]],
    ["an overload", refusal(-1008, "Server is overloaded", 503), [asRefused, "throttled"]],
    ["no budget of our own", notSent("budget"), [asRefused, "throttled"]],
    ["no way to the venue", notSent("not-connected"), [asRefused, "other"]],
    [
      "a clock that is off",
      refusal(-1021, "Timestamp outside of recvWindow"),
      [asRefused, "other"],
    ],
    ["a bad signature", refusal(-1022, "Signature is not valid."), [asRefused, "other"]],
    ["a key without permission", refusal(-2015, "Invalid API-key", 401), [asRefused, "other"]],
    ["the firewall", refusal(0, "", 403), [asRefused, "other"]],
    ["no answer", LOST, ["unknown", null]],
    ["the backend's time-out", refusal(-1007, "Timeout waiting", 504), ["unknown", null]],
    ["an unexpected response", refusal(-1006, "Unexpected response", 500), ["unknown", null]],
    ["an internal error", refusal(-1001, "Internal error", 400), ["unknown", null]],
    ["an answer of another shape", ok({ orderId: "nine" }), ["unknown", null]],
    ["an answer about another order", ok(ackOf("web_1", 5)), ["unknown", null]],
  ];
}
