import { expect, test } from "bun:test";
import { RateBudgets } from "#net/rate-budget.ts";
import type { Reply } from "#venues/binance/errors.ts";
import type { RateLimit } from "#venues/binance/exchange-info.ts";
import { BinanceLimits, budgetSpecs } from "#venues/binance/limits.ts";
import { DIALECT, METHODS } from "#venues/binance-spot/api.ts";

/** The start of a day, and so of every window. */
const DAY_MS = 20_000 * 86_400_000;

const LISTED: readonly RateLimit[] = [
  { kind: "request-weight", windowMs: 60_000, limit: 200, used: -1 },
  { kind: "orders", windowMs: 10_000, limit: 10, used: -1 },
  { kind: "orders", windowMs: 86_400_000, limit: 100, used: -1 },
  { kind: "raw-requests", windowMs: 300_000, limit: 1000, used: -1 },
];

class Subject {
  nowMs = DAY_MS;
  readonly limits: BinanceLimits;

  constructor(listed: readonly RateLimit[] = LISTED) {
    const specs = budgetSpecs(listed, DIALECT);
    const shared = { specs, memory: new RateBudgets(specs).memory };
    this.limits = new BinanceLimits(shared, () => this.nowMs, DIALECT);
  }

  takes(method: keyof typeof METHODS): boolean {
    return this.limits.take(METHODS[method], this.nowMs).taken;
  }

  /** How often a call is let through, up to 1000 times. */
  takesUntilFull(method: keyof typeof METHODS): number {
    let times = 0;
    while (times < 1000 && this.takes(method)) times += 1;
    return times;
  }

  used(): Record<string, number> {
    return Object.fromEntries(this.limits.statuses().map(({ name, used }) => [name, used]));
  }
}

const REPLY: Reply = { status: 200, code: 0, message: "", retryAtMs: null, legs: null };

test("budgets are named by kind and window, and stay below the venue's limits", () => {
  expect(budgetSpecs(LISTED, DIALECT)).toEqual([
    { name: "weight-1m", limit: 180, windowMs: 60_000, cancelReserve: 9 },
    { name: "orders-10s", limit: 9, windowMs: 10_000, cancelReserve: 0 },
    { name: "orders-1d", limit: 90, windowMs: 86_400_000, cancelReserve: 0, underWayMax: 1024 },
    { name: "raw-5m", limit: 900, windowMs: 300_000, cancelReserve: 45 },
    { name: "connections-5m", limit: 270, windowMs: 300_000, cancelReserve: 0 },
  ]);
});

test("a limit listed twice counts once, as the smaller one", () => {
  const [first, second] = LISTED;
  if (first === undefined || second === undefined) throw new Error("there are four");
  const specs = budgetSpecs([first, second, { ...first, limit: 100 }], DIALECT);
  expect(specs.map(({ name, limit }) => [name, limit])).toEqual([
    ["weight-1m", 90],
    ["orders-10s", 9],
    ["connections-5m", 270],
  ]);
});

test("before exchangeInfo there are budgets enough to ask for it, and to be blocked", () => {
  const { limits, nowMs } = new Subject([]);
  expect(limits.take(METHODS.exchangeInfo, nowMs)).toEqual({ taken: true });
  limits.block("all", nowMs + 5000);
  expect(limits.take(METHODS.exchangeInfo, nowMs)).toEqual({
    taken: false,
    retryAtMs: nowMs + 5000,
  });
});

test("a call takes from all budgets that it touches, or from none", () => {
  const subject = new Subject();
  expect(subject.takesUntilFull("order.place")).toBe(9);
  const before = subject.used();
  expect(before).toMatchObject({ "weight-1m": 9, "orders-10s": 9, "orders-1d": 9, "raw-5m": 9 });
  expect(subject.limits.take(METHODS["order.place"], subject.nowMs)).toEqual({
    taken: false,
    retryAtMs: DAY_MS + 10_000,
  });
  expect(subject.used()).toEqual(before);
  subject.nowMs += 10_000;
  expect(subject.takes("order.place")).toBe(true);
});

test("what is taken first is given back where a later budget refuses", () => {
  const subject = new Subject([
    { kind: "request-weight", windowMs: 60_000, limit: 200, used: -1 },
    { kind: "raw-requests", windowMs: 300_000, limit: 10, used: -1 },
  ]);
  expect(subject.takesUntilFull("account.status")).toBe(8);
  const before = subject.used();
  expect(subject.takes("account.status")).toBe(false);
  expect(subject.takesUntilFull("time")).toBe(1); // the ninth raw request
  expect(subject.takes("time")).toBe(false);
  expect(subject.used()).toEqual({
    ...before,
    "weight-1m": (before["weight-1m"] ?? 0) + 1,
    "raw-5m": 9,
  });
});

test("the last weight is for cancels, and orders that are full do not hold them up", () => {
  const subject = new Subject();
  subject.limits.report(
    [{ kind: "request-weight", windowMs: 60_000, limit: 0, used: 171 }],
    DAY_MS,
  );
  expect(subject.takes("order.place")).toBe(false);
  expect(subject.takesUntilFull("order.cancel")).toBe(9);

  const full = new Subject();
  full.takesUntilFull("order.place");
  expect(full.takes("order.cancel")).toBe(true);
  expect(full.takes("order.status")).toBe(true);
});

test("success gives back the weight of order calls, but that of amendments", () => {
  const subject = new Subject();
  const weightAfter = (method: keyof typeof METHODS, reply: Reply): number | undefined => {
    const before = subject.used()["weight-1m"] ?? 0;
    expect(subject.takes(method)).toBe(true);
    subject.limits.answered(method, reply, subject.nowMs);
    return (subject.used()["weight-1m"] ?? 0) - before;
  };
  expect(weightAfter("order.place", REPLY)).toBe(0);
  expect(weightAfter("order.cancel", REPLY)).toBe(0);
  expect(weightAfter("order.cancelReplace", REPLY)).toBe(0);
  expect(weightAfter("order.amend.keepPriority", REPLY)).toBe(4);
  expect(weightAfter("order.status", REPLY)).toBe(4);
  const refused = { ...REPLY, status: 400, code: -2010, message: "Duplicate order sent." };
  expect(weightAfter("order.place", refused)).toBe(1);
  expect(subject.used()["orders-10s"]).toBe(3);
});

test("what was not sent leaves no trace", () => {
  const subject = new Subject();
  const before = subject.used();
  subject.takes("order.place");
  subject.limits.notSent(METHODS["order.place"], subject.nowMs);
  expect(subject.used()).toEqual(before);
});

test("a block of orders lets cancels and questions pass; one of all lets nothing pass", () => {
  const subject = new Subject();
  const reply = { ...REPLY, status: 429, code: -1015, retryAtMs: DAY_MS + 7000 };
  subject.limits.answered("order.place", reply, DAY_MS);
  expect(subject.takes("order.place")).toBe(false);
  expect(subject.limits.ordersLeft(DAY_MS)).toEqual({ remaining: 0, limit: 9 });
  expect(subject.takes("order.cancel")).toBe(true);
  expect(subject.takes("openOrders.status")).toBe(true);

  subject.limits.answered("time", { ...reply, code: -1003 }, DAY_MS);
  expect(subject.takes("order.cancel")).toBe(false);
  expect(subject.limits.admitConnection(2)).toBe(7000);
  subject.nowMs += 7000;
  expect(subject.takes("order.place")).toBe(true);
  expect(subject.limits.admitConnection(2)).toBe(0);
});

test("a cancel-replace that met the limit of orders in its second leg blocks them", () => {
  const subject = new Subject();
  const legs = {
    cancelResult: "SUCCESS",
    newOrderResult: "FAILURE",
    cancelResponse: { orderId: 1 },
    newOrderResponse: { code: -1015, msg: "Too many new orders." },
  };
  const reply = { ...REPLY, status: 409, code: -2021, legs };
  subject.limits.answered("order.cancelReplace", reply, DAY_MS);
  const refusal = subject.limits.take(METHODS["order.place"], DAY_MS);
  expect(refusal).toEqual({ taken: false, retryAtMs: DAY_MS + 10_000 });
});

test("no answer stops us for longer than the longest ban", () => {
  const subject = new Subject();
  subject.limits.block("all", 1e300);
  expect(subject.limits.take(METHODS.time, DAY_MS)).toEqual({
    taken: false,
    retryAtMs: DAY_MS + 3 * 86_400_000,
  });
});

test("the venue's counts are taken over, from answers and from headers", () => {
  const subject = new Subject();
  subject.limits.report(
    [
      { kind: "request-weight", windowMs: 60_000, limit: 6000, used: 44 },
      { kind: "orders", windowMs: 10_000, limit: 100, used: 3 },
      { kind: "orders", windowMs: 86_400_000, limit: 100, used: -1 },
      { kind: "orders", windowMs: 60_000, limit: 100, used: 50 }, // no budget of ours
    ],
    DAY_MS,
  );
  expect(subject.used()).toMatchObject({ "weight-1m": 44, "orders-10s": 3, "orders-1d": 0 });
  const headers = new Headers({
    "X-MBX-USED-WEIGHT": "170",
    "X-MBX-USED-WEIGHT-1M": "70",
    "X-MBX-ORDER-COUNT-10S": "5",
    "X-MBX-ORDER-COUNT-1D": "many",
  });
  subject.limits.reportHeaders(headers, DAY_MS);
  expect(subject.used()).toMatchObject({ "weight-1m": 70, "orders-10s": 5, "orders-1d": 0 });
});

test("of the budgets of orders the tightest is shown, by its share", () => {
  const subject = new Subject();
  const report = (windowMs: number, used: number): void =>
    subject.limits.report([{ kind: "orders", windowMs, limit: 0, used }], DAY_MS);
  expect(subject.limits.ordersLeft(DAY_MS)).toEqual({ remaining: 9, limit: 9 });
  report(10_000, 6); // a third left
  report(86_400_000, 45); // half left
  expect(subject.limits.ordersLeft(DAY_MS)).toEqual({ remaining: 3, limit: 9 });
  report(86_400_000, 81); // a tenth left
  expect(subject.limits.ordersLeft(DAY_MS)).toEqual({ remaining: 9, limit: 90 });
});

test("connections are counted on their own; market streams weigh nothing", () => {
  const subject = new Subject();
  for (let count = 0; count < 270; count += 1) {
    expect(subject.limits.admitConnection()).toBe(0);
  }
  subject.nowMs += 1000;
  expect(subject.limits.admitConnection()).toBe(299_000);
  expect(subject.used()).toMatchObject({ "connections-5m": 270, "weight-1m": 0 });
  subject.nowMs = DAY_MS + 300_000;
  expect(subject.limits.admitConnection(6)).toBe(0);
  expect(subject.used()).toMatchObject({ "connections-5m": 1, "weight-1m": 6 });
});

test("budgets that are none of ours are refused", () => {
  const specs = [{ name: "actions-1m", limit: 10, windowMs: 60_000, cancelReserve: 0 }];
  const { memory } = new RateBudgets(specs);
  expect(() => new BinanceLimits({ specs, memory }, () => 0, DIALECT)).toThrow("actions-1m");
});
