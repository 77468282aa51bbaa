/** What each answer of the venue means: one row a code, and one a status. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Outcome, type Reply, restReply, wsReply } from "#venues/binance/errors.ts";
import { outcomeOf, replaceOutcomeOf } from "#venues/binance-spot/errors.ts";

/** 3.21 s into a minute. */
const NOW_MS = 1795340043210;
const MINUTE_END_MS = 1795340100000;
const TEN_SECONDS_END_MS = 1795340050000;

function rest(status: number, code: number, msg: string, retryAfter: string | null = null): Reply {
  return restReply(status, retryAfter, { code, msg }, NOW_MS);
}

/** An outcome without its message, in short. */
function short(outcome: Outcome): string {
  if (outcome.kind === "rejected") return `rejected ${outcome.reason}`;
  if (outcome.kind !== "throttled") return outcome.kind;
  return `throttled ${outcome.scope} ${outcome.untilMs - NOW_MS}`;
}

type Row = [code: number, status: number, message: string, outcome: string];

const REJECTED: Row[] = [
  [-1013, 400, "Filter failure: PRICE_FILTER", "filter"],
  [-1013, 400, "Filter failure: LOT_SIZE", "filter"],
  [-1013, 400, "Filter failure: NOTIONAL", "filter"],
  [-1013, 400, "Filter failure: PERCENT_PRICE_BY_SIDE", "filter"],
  [-1013, 400, "Filter failure: MAX_NUM_ORDERS", "too-many-orders"],
  [-1013, 400, "Filter failure: EXCHANGE_MAX_NUM_ORDERS", "too-many-orders"],
  [-1111, 400, "Parameter 'price' has too much precision.", "filter"],
  [-1220, 400, "The symbol's status does not match the requested symbolStatus.", "other"],
  [-2010, 400, "Order would immediately match and take.", "would-cross"],
  [-2010, 400, "Account has insufficient balance for requested action.", "insufficient-balance"],
  [-2010, 400, "Duplicate order sent.", "duplicate-id"],
  [-2010, 400, "Market is closed.", "other"],
  [-2010, 400, "Price * QTY is zero or less.", "filter"],
  [-2011, 400, "Unknown order sent.", "unknown-order"],
  [-2011, 400, "Order was not canceled due to cancel restrictions.", "other"],
  [-2013, 400, "Order does not exist.", "unknown-order"],
  [-2022, 400, "Order cancel-replace failed.", "other"],
  [
    -2026,
    400,
    "Order was canceled or expired with no executed qty over 90 days ago",
    "unknown-order",
  ],
  [-2035, 400, "User Data Stream subscription already active.", "other"],
  [-2036, 400, "User Data Stream subscription not active.", "other"],
  [-2038, 400, "Order amend (quantity increase) is not supported.", "other"],
  [-2039, 400, "Client order ID is not correct for this order ID.", "other"],
  [-2042, 400, "Maximum subscription ID reached for this connection.", "other"],
  [-9999, 400, "A code of next year.", "other"],
];
const OTHERS: Row[] = [
  [-1000, 400, "An unknown error occurred while processing the request.", "unknown"],
  [-1001, 400, "Internal error; unable to process your request.", "unknown"],
  [-1003, 429, "Too much request weight used; current limit is 6000.", "throttled all 56790"],
  [-1003, 418, "Way too much; IP banned until 1795340643210.", "throttled all 600000"],
  [-1006, 500, "An unexpected response was received from the message bus.", "unknown"],
  [-1007, 504, "Timeout waiting for response from backend server.", "unknown"],
  [-1008, 503, "Server is currently overloaded with other requests.", "throttled all 1000"],
  [-1015, 429, "Too many new orders; current limit is 100.", "throttled orders 6790"],
  [-1021, 400, "Timestamp for this request is outside of the recvWindow.", "clock"],
  [-1022, 400, "Signature for this request is not valid.", "fatal"],
  [-1100, 400, "Illegal characters found in parameter 'newClientOrderId'", "fatal"],
  [-1102, 400, "Mandatory parameter 'price' was not sent.", "fatal"],
  [-1106, 400, "Parameter 'timeInForce' sent when not required.", "fatal"],
  [-1121, 400, "Invalid symbol.", "fatal"],
  [-2010, 400, "This action is disabled on this account.", "fatal"],
  [-2010, 400, "This symbol is restricted for this account.", "fatal"],
  [-2014, 401, "API-key format invalid.", "fatal"],
  [-2015, 401, "Invalid API-key, IP, or permissions for action.", "fatal"],
  [-2021, 409, "Order cancel-replace partially failed.", "unknown"],
  // A server that failed may have done it first, whatever the code says.
  [-2010, 500, "Order would immediately match and take.", "unknown"],
];
const ROWS = [
  ...REJECTED.map(([code, status, message, reason]): Row => {
    return [code, status, message, `rejected ${reason}`];
  }),
  ...OTHERS,
];

describe("a code", () => {
  test.each(ROWS)("%d (%d) %s → %s", (code, status, message, outcome) => {
    expect(short(outcomeOf(rest(status, code, message), NOW_MS))).toBe(outcome);
    const ws = { id: "q1", status, error: { code, msg: message }, rateLimits: [] };
    expect(outcomeOf(wsReply(ws), NOW_MS)).toEqual(outcomeOf(rest(status, code, message), NOW_MS));
  });

  test.each(ROWS)("%d (%d) keeps the venue's words: %s", (code, status, message) => {
    expect(outcomeOf(rest(status, code, message), NOW_MS)).toHaveProperty("message", message);
  });
});

describe("a status without a code", () => {
  test.each([
    [200, "accepted"],
    [400, "rejected other"],
    [401, "fatal"],
    [403, "fatal"],
    [404, "rejected other"],
    [408, "unknown"],
    [418, "throttled all 120000"],
    [429, `throttled all ${MINUTE_END_MS - NOW_MS}`],
    [500, "unknown"],
    [502, "unknown"],
    [503, "unknown"],
    [504, "unknown"],
    [0, "unknown"],
    [302, "unknown"],
  ])("%d → %s", (status, outcome) => {
    const reply = restReply(status, null, "<html>no JSON</html>", NOW_MS);
    expect(short(outcomeOf(reply, NOW_MS))).toBe(outcome);
  });

  test("an answer of no known form leaves the outcome unknown", () => {
    expect(short(outcomeOf(wsReply({ id: 1, result: {} }), NOW_MS))).toBe("unknown");
  });

  test("an accepted order and an accepted list of cancels", () => {
    expect(outcomeOf(wsReply({ id: 1, status: 200, result: { orderId: 1 } }), NOW_MS)).toEqual({
      kind: "accepted",
    });
    expect(outcomeOf(restReply(200, null, [], NOW_MS), NOW_MS)).toEqual({ kind: "accepted" });
  });
});

describe("how long to wait", () => {
  test("never no time at all: a venue that refuses and names the past is not asked at once", () => {
    for (const retryAfter of [5, NOW_MS - 1]) {
      for (const code of [-1003, -1015]) {
        const error = { code, msg: "Too many.", data: { retryAfter } };
        const outcome = outcomeOf(wsReply({ id: 1, status: 429, error }), NOW_MS);
        expect(outcome).toHaveProperty("untilMs", NOW_MS + 1000);
      }
    }
    expect(outcomeOf(rest(429, -1003, "Too many.", "0"), NOW_MS)).toHaveProperty(
      "untilMs",
      NOW_MS + 1000,
    );
  });

  test("REST says it in seconds from now", () => {
    for (const [status, code] of [
      [429, -1003],
      [418, -1003],
      [429, -1015],
    ] as const) {
      expect(outcomeOf(rest(status, code, "Too many.", "7"), NOW_MS)).toHaveProperty(
        "untilMs",
        NOW_MS + 7000,
      );
    }
  });

  test("the WebSocket API says it as a time", () => {
    const data = { serverTime: 1795340043000, retryAfter: 1795340050000 };
    for (const code of [-1003, -1015, -1008]) {
      const reply = wsReply({ id: 1, status: 429, error: { code, msg: "Too many.", data } });
      expect(outcomeOf(reply, NOW_MS)).toHaveProperty("untilMs", 1795340050000);
    }
  });

  test("of a ban and a header the later one counts", () => {
    const message = "Way too much; IP banned until 1795340643210.";
    expect(outcomeOf(rest(418, -1003, message, "1"), NOW_MS)).toHaveProperty(
      "untilMs",
      1795340643210,
    );
    expect(outcomeOf(rest(418, -1003, message, "3600"), NOW_MS)).toHaveProperty(
      "untilMs",
      NOW_MS + 3_600_000,
    );
  });

  test("a header that is no number counts as none", () => {
    const outcome = outcomeOf(rest(429, -1015, "Too many.", "soon"), NOW_MS);
    expect(outcome).toHaveProperty("untilMs", TEN_SECONDS_END_MS);
  });

  test("it is never over already, at any time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (nowMs) => {
        for (const code of [-1003, -1008, -1015]) {
          const outcome = outcomeOf(restReply(429, null, { code, msg: "" }, nowMs), nowMs);
          expect(outcome.kind === "throttled" && outcome.untilMs > nowMs).toBe(true);
        }
      }),
    );
  });
});

describe("a cancel-replace", () => {
  const CROSSING = { code: -2010, msg: "Order would immediately match and take." };
  const GONE = { code: -2011, msg: "Unknown order sent." };
  const TOO_MANY = { code: -1015, msg: "Too many new orders." };
  const ORDER = { orderId: 9001, status: "CANCELED" };

  function legs(cancel: string, place: string, cancelResponse: unknown, newResponse: unknown) {
    return {
      cancelResult: cancel,
      newOrderResult: place,
      cancelResponse,
      newOrderResponse: newResponse,
    };
  }

  function failed(status: number, code: number, data: unknown): unknown {
    return { status, error: { code, msg: "Order cancel-replace failed.", data } };
  }

  const rows: [name: string, message: unknown, cancel: string, place: string][] = [
    [
      "both done",
      { status: 200, result: legs("SUCCESS", "SUCCESS", ORDER, ORDER) },
      "accepted",
      "accepted",
    ],
    [
      "cancelled, the new one refused",
      failed(409, -2021, legs("SUCCESS", "FAILURE", ORDER, CROSSING)),
      "accepted",
      "rejected would-cross",
    ],
    [
      "not cancelled, the new one placed (ALLOW_FAILURE)",
      failed(409, -2021, legs("FAILURE", "SUCCESS", GONE, ORDER)),
      "rejected unknown-order",
      "accepted",
    ],
    [
      "not cancelled, the new one not tried (STOP_ON_FAILURE)",
      failed(400, -2022, legs("FAILURE", "NOT_ATTEMPTED", GONE, null)),
      "rejected unknown-order",
      "rejected other",
    ],
    [
      "neither done",
      failed(400, -2022, legs("FAILURE", "FAILURE", GONE, CROSSING)),
      "rejected unknown-order",
      "rejected would-cross",
    ],
    [
      "too many orders, nothing tried (DO_NOTHING)",
      failed(429, -1015, legs("NOT_ATTEMPTED", "FAILURE", null, TOO_MANY)),
      "rejected throttled",
      "throttled orders 6790",
    ],
    [
      "too many orders, nothing tried, in the other spelling",
      failed(429, -1015, legs("NOT_ATTEMPTED", "NOT_ATTEMPTED", null, TOO_MANY)),
      "rejected throttled",
      "throttled orders 6790",
    ],
    [
      "too many orders, cancelled all the same (CANCEL_ONLY)",
      failed(409, -2021, legs("SUCCESS", "FAILURE", ORDER, TOO_MANY)),
      "accepted",
      "throttled orders 6790",
    ],
    [
      "refused before either leg",
      { status: 400, error: { code: -1013, msg: "Filter failure: LOT_SIZE" } },
      "rejected filter",
      "rejected filter",
    ],
    [
      "throttled before either leg",
      { status: 429, error: { code: -1003, msg: "Too much request weight used." } },
      "throttled all 56790",
      "throttled all 56790",
    ],
    ["a wrong clock", { status: 400, error: { code: -1021, msg: "Timestamp…" } }, "clock", "clock"],
    [
      "an outcome that is lost",
      { status: 504, error: { code: -1007, msg: "Timeout…" } },
      "unknown",
      "unknown",
    ],
    ["a success without its legs", { status: 200, result: {} }, "unknown", "unknown"],
    ["a partial failure without its legs", failed(409, -2021, null), "unknown", "unknown"],
    ["a partial failure without a word", { status: 409 }, "unknown", "unknown"],
    [
      "a failed leg without a reason",
      failed(409, -2021, legs("SUCCESS", "FAILURE", ORDER, null)),
      "accepted",
      "unknown",
    ],
  ];
  test.each(rows)("%s", (_name, message, cancel, place) => {
    const outcome = replaceOutcomeOf(wsReply(message), NOW_MS);
    expect([short(outcome.cancel), short(outcome.place)]).toEqual([cancel, place]);
  });

  test("by REST has its legs in the body, or in its data", () => {
    const done = restReply(200, null, legs("SUCCESS", "SUCCESS", ORDER, ORDER), NOW_MS);
    expect(replaceOutcomeOf(done, NOW_MS).place.kind).toBe("accepted");
    const data = legs("SUCCESS", "FAILURE", ORDER, CROSSING);
    const half = restReply(409, null, { code: -2021, msg: "Partially failed.", data }, NOW_MS);
    const outcome = replaceOutcomeOf(half, NOW_MS);
    expect([short(outcome.cancel), short(outcome.place)]).toEqual([
      "accepted",
      "rejected would-cross",
    ]);
  });

  test("says of a leg that was left out why", () => {
    const reply = wsReply(failed(400, -2022, legs("FAILURE", "NOT_ATTEMPTED", GONE, null)));
    expect(replaceOutcomeOf(reply, NOW_MS).place).toHaveProperty(
      "message",
      "not placed: Unknown order sent.",
    );
  });
});
