/** Orders numbered beyond 2^53, as those of ETHUSDT are: each is known by all its digits. */

import { expect, test } from "bun:test";
import { parseJson } from "#venues/binance/json.ts";
import { signedParams, signedQuery, wsPayload } from "#venues/binance/signing.ts";
import { readOwnTrades } from "#venues/binance-perp/responses.ts";
import { begun, changesIn, fillsIn } from "./account-kit.ts";
import { resting, STOP, waitingStop } from "./execution-kit.ts";
import {
  algoOf,
  idOf,
  marketOf,
  NOW_MS,
  ok,
  orderOf,
  refusal,
  reportOf,
  requestOf,
  tradeOf,
  turn,
} from "./perp-kit.ts";

const LONG = "8389765489680951453";
/** The same to a double. */
const NEXT = "8389765489680951454";

/** As the venue sends it: the number in its place is this one. */
function numbered(json: object, id: string): object {
  const text = JSON.stringify(json).replaceAll("4711", id);
  const parsed = parseJson(text);
  if (typeof parsed !== "object" || parsed === null) throw new Error("it is no object");
  return parsed;
}

test("an order is taken up by its answer, asked for and cancelled by its own number", async () => {
  const kit = await resting();
  kit.execution.place(requestOf(2));
  await kit.hand.expect("order.place", ok(numbered(orderOf(idOf(2), 4711), LONG)));
  expect(await kit.heard.order()).toMatchObject({ change: "open", venueOrderId: LONG });
  kit.execution.query(idOf(2));
  const query = await kit.hand.expect(
    "order.status",
    ok(numbered(orderOf(idOf(2), 4711, { executedQty: "3.0" }), LONG)),
  );
  expect(query.params).toEqual({ symbol: "SUIUSDC", orderId: BigInt(LONG) });
  expect(await kit.heard.order()).toMatchObject({ change: "open", filledLots: 30 });
  kit.execution.cancel(idOf(2));
  const cancel = await kit.hand.expect("order.cancel");
  expect(cancel.params).toEqual({ symbol: "SUIUSDC", orderId: BigInt(LONG) });
});

test("of two orders that a double takes for one each has its own fills", async () => {
  const kit = await begun();
  kit.orders.add(requestOf(1), NOW_MS);
  kit.tell(numbered(reportOf(idOf(1), 4711), LONG));
  kit.tell(numbered(reportOf("by-hand", 4711, { t: 502 }), NEXT));
  const told = await kit.told();
  expect(fillsIn(told)).toEqual([[idOf(1), "SUIUSDC:501", 10]]);
  expect(changesIn(told)).toEqual([[idOf(1), "open"]]);
});

test("a trade of the list names its order by all digits, and so it is asked for", async () => {
  const row = numbered(tradeOf(501, 4711), LONG);
  const context = { instrument: marketOf().instrument, receivedTimeMs: NOW_MS };
  expect(readOwnTrades([row], context).map(({ venueOrderId }) => venueOrderId)).toEqual([LONG]);
  const kit = await begun();
  kit.venue.trades.push({ id: 501, json: row });
  kit.venue.trouble = (method, { orderId }) => {
    if (method !== "order.status") return null;
    const isAsked = orderId === BigInt(LONG);
    return isAsked ? ok(numbered(orderOf(idOf(1), 4711), LONG)) : refusal(-2013, "No order.");
  };
  kit.account.reconcile();
  await turn();
  expect(fillsIn(await kit.told())).toEqual([[idOf(1), "SUIUSDC:501", 10]]);
});

test("the order that a stop became is asked about by its number", async () => {
  const kit = await waitingStop();
  kit.execution.query(STOP);
  const triggered = algoOf(STOP, 77, { algoStatus: "TRIGGERED", actualOrderId: LONG });
  await kit.hand.expect("algoOrder", ok(triggered));
  const query = await kit.hand.expect(
    "order.status",
    ok(numbered(orderOf("x-made", 4711, { status: "FILLED", executedQty: "10.0" }), LONG)),
  );
  expect(query.params).toEqual({ symbol: "SUIUSDC", orderId: BigInt(LONG) });
  expect(await kit.heard.order()).toMatchObject({ clientOrderId: STOP, change: "filled" });
});

test("it is signed as it is sent", () => {
  const signer = { kind: "hmac", sign: (payload: string) => payload } as const;
  const params = { symbol: "ETHUSDT", orderId: BigInt(LONG) };
  expect(wsPayload(params)).toBe(`orderId=${LONG}&symbol=ETHUSDT`);
  expect(signedParams(signer, params)["orderId"]).toBe(BigInt(LONG));
  expect(signedQuery(signer, params)).toStartWith(`symbol=ETHUSDT&orderId=${LONG}&signature=`);
});
