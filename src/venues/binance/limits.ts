/**
 * BinanceLimits: what a Binance venue meters, as budgets in the memory that all threads share:
 * request weight, raw requests and connections by IP address, orders by account. May import domain,
 * ports and net; does no I/O but shared memory.
 */

import { InputError } from "#domain/errors.ts";
import {
  type BudgetSpec,
  type RateBudget,
  RateBudgets,
  type TakeResult,
} from "#net/rate-budget.ts";
import type { BudgetStatus } from "#ports/venue.ts";
import type { SharedBudgets } from "../venue.ts";
import { type Dialect, type MethodSpec, specOf } from "./api.ts";
import type { Outcome, Reply } from "./errors.ts";
import type { RateLimit } from "./exchange-info.ts";

/**
 * Left unused of each limit: a request that leaves in the last moments of a window is counted in
 * the next one, and others may be using the same address.
 */
const MARGIN = 0.1;
/** Of weight and raw requests, for cancels alone. */
const CANCEL_RESERVE = 0.05;
/**
 * Spot takes fills off its count of unfilled orders, so a day's count falls. Of ten seconds'
 * count that is not worth a risk: as many may be under way at once.
 */
const FALLS_FROM_MS = 3_600_000;
/** Requests that may be under way on one connection: see ws-api.ts. */
const UNDER_WAY_MAX = 1024;
/** The longest ban that is documented; a time-out beyond it is a misreading. */
const LONGEST_BAN_MS = 3 * 86_400_000;

/** How the names of budgets begin. */
const PREFIXES: ReadonlyMap<RateLimit["kind"], string> = new Map([
  ["request-weight", "weight"],
  ["raw-requests", "raw"],
  ["orders", "orders"],
  ["connections", "connections"],
]);

/**
 * Budgets for the limits of exchangeInfo, below each by a margin: `weight-1m`, `raw-5m`,
 * `orders-10s`, `orders-1d`, `connections-5m` as the windows are. Without any, what is documented:
 * enough to ask for exchangeInfo.
 */
export function budgetSpecs(
  rateLimits: readonly RateLimit[],
  { documentedLimits }: Dialect,
): BudgetSpec[] {
  const kinds = new Set(rateLimits.map(({ kind }) => kind));
  const missing = documentedLimits.filter(({ kind }) => !kinds.has(kind));
  const specs = new Map<string, BudgetSpec>();
  for (const rateLimit of [...rateLimits, ...missing]) {
    const name = nameOf(rateLimit);
    const limit = Math.max(1, Math.floor(rateLimit.limit * (1 - MARGIN)));
    if (limit >= (specs.get(name)?.limit ?? Infinity)) continue;
    const isShared = rateLimit.kind === "request-weight" || rateLimit.kind === "raw-requests";
    const cancelReserve = isShared ? Math.floor(limit * CANCEL_RESERVE) : 0;
    const { windowMs } = rateLimit;
    const falls = rateLimit.kind === "orders" && windowMs >= FALLS_FROM_MS;
    const underWay = falls ? { underWayMax: UNDER_WAY_MAX } : {};
    specs.set(name, { name, limit, windowMs, cancelReserve, ...underWay });
  }
  return [...specs.values()];
}

function nameOf({ kind, windowMs }: RateLimit): string {
  return `${PREFIXES.get(kind) ?? kind}-${windowWord(windowMs)}`;
}

/** @throws {InputError} where it is no name of `budgetSpecs` */
function kindOf(name: string): RateLimit["kind"] {
  for (const [kind, prefix] of PREFIXES) if (name.startsWith(`${prefix}-`)) return kind;
  throw new InputError("budget-name", `no budget of Binance is called ${name}`, {
    hint: "make the specs with budgetSpecs",
  });
}

const UNITS: readonly (readonly [ms: number, letter: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
];

/** As in the venue's headers, in lower case: `10s`, `1m`, `1d`. */
function windowWord(windowMs: number): string {
  const unit = UNITS.find(([ms]) => windowMs % ms === 0);
  return unit === undefined ? `${windowMs / 1000}s` : `${windowMs / unit[0]}${unit[1]}`;
}

interface Metered {
  readonly kind: RateLimit["kind"];
  readonly budget: RateBudget;
}

export class BinanceLimits {
  readonly #dialect: Dialect;
  readonly #venueNowMs: () => number;
  readonly #metered: readonly Metered[];

  /** @throws {InputError} where specs and memory do not fit each other */
  constructor({ specs, memory }: SharedBudgets, venueNowMs: () => number, dialect: Dialect) {
    this.#dialect = dialect;
    const budgets = new RateBudgets(specs, memory);
    this.#metered = specs.map(({ name }) => ({ kind: kindOf(name), budget: budgets.get(name) }));
    this.#venueNowMs = venueNowMs;
  }

  /**
   * Takes what a call costs from all budgets that it touches, or nothing at all.
   * @param venueNowMs hand the same to `answered` or `notSent`
   */
  take(spec: MethodSpec, venueNowMs: number): TakeResult {
    // A ban is for all that comes from this address, calls without a weight (orders of USD-M) too.
    for (const budget of this.#of("request-weight")) {
      const retryAtMs = budget.blockedUntilMs(venueNowMs);
      if (retryAtMs !== null) return { taken: false, retryAtMs };
    }
    return this.#takeAll((kind) => costOf(kind, spec), venueNowMs, spec.isCancel);
  }

  /** The venue has done it: it gives the weight of some calls back. */
  succeeded(spec: MethodSpec, takenAtMs: number): void {
    if (!spec.isFreeWhenDone) return;
    for (const budget of this.#of("request-weight")) budget.giveBack(spec.weight, takenAtMs);
  }

  /** It never left: all is as before `take`. */
  notSent(spec: MethodSpec, takenAtMs: number): void {
    for (const { kind, budget } of this.#metered) budget.giveBack(costOf(kind, spec), takenAtMs);
  }

  /** What an answer means for the call, and does to the budgets: gives back, or blocks. */
  answered(method: string, reply: Reply, takenAtMs: number): Outcome {
    const nowMs = this.#venueNowMs();
    const outcome = this.#dialect.outcomeOf(reply, nowMs);
    const second = this.#dialect.secondOutcomeOf(method, reply, nowMs);
    if (outcome.kind === "accepted") this.succeeded(specOf(this.#dialect, method), takenAtMs);
    else if (second !== null) this.heed(second);
    this.heed(outcome);
    return outcome;
  }

  /** Blocks what the venue does not want to hear for a while; nothing else has an effect. */
  heed(outcome: Outcome): void {
    if (outcome.kind === "throttled") this.block(outcome.scope, outcome.untilMs);
  }

  /**
   * `orders` lets cancels and questions pass; `all` lets no call pass, nor dialling the WebSocket
   * API. A market stream, which has no weight, is dialled all the same.
   */
  block(scope: "all" | "orders", untilMs: number): void {
    const boundedMs = Math.min(untilMs, this.#venueNowMs() + LONGEST_BAN_MS);
    const kind = scope === "all" ? "request-weight" : "orders";
    for (const budget of this.#of(kind)) budget.block(boundedMs);
  }

  /** The venue's own counts, of a WebSocket API answer. @param askedAtMs as given to `take` */
  report(rateLimits: readonly RateLimit[], askedAtMs: number): void {
    for (const rateLimit of rateLimits) {
      if (rateLimit.used < 0) continue;
      for (const budget of this.#of(rateLimit.kind)) {
        if (budget.spec.windowMs === rateLimit.windowMs) budget.report(rateLimit.used, askedAtMs);
      }
    }
  }

  /**
   * The same of a REST answer: `X-MBX-USED-WEIGHT-1M`, `X-MBX-ORDER-COUNT-10S`, `-1D`. Whether the
   * WebSocket API is counted apart or not, the larger of all counts stands: that is safe in both.
   */
  reportHeaders(headers: Headers, askedAtMs: number): void {
    for (const { kind, budget } of this.#metered) {
      const header = HEADERS.get(kind);
      if (header === undefined) continue;
      const count = headers.get(`${header}-${windowWord(budget.spec.windowMs)}`);
      if (count !== null && /^\d+$/.test(count)) budget.report(Number(count), askedAtMs);
    }
  }

  /**
   * For ReconnectingSocket's `admit`.
   * @param weight of dialling and all that follows before it is ready; a market stream has none
   * @returns 0 to go ahead, else how many milliseconds to wait
   */
  admitConnection(weight = 0): number {
    const nowMs = this.#venueNowMs();
    const result = this.#takeAll(
      (kind) => {
        if (kind === "connections") return 1;
        return kind === "request-weight" ? weight : 0;
      },
      nowMs,
      false,
    );
    return result.taken ? 0 : Math.max(1, Math.ceil(result.retryAtMs - nowMs));
  }

  statuses(): BudgetStatus[] {
    const nowMs = this.#venueNowMs();
    return this.#metered.map(({ budget }) => {
      const { name, limit, windowMs } = budget.spec;
      return { name, used: budget.used(nowMs), limit, windowMs };
    });
  }

  /** Of the tightest budget of orders; none remain while they are blocked. */
  ordersLeft(nowMs: number): { readonly remaining: number; readonly limit: number } | null {
    let tightest: { remaining: number; limit: number } | null = null;
    for (const budget of this.#of("orders")) {
      const { limit } = budget.spec;
      // To take nothing is refused only while the budget is blocked, or overdrawn.
      const isOpen = budget.tryTake(0, nowMs, { isCancel: false }).taken;
      const remaining = isOpen ? limit - budget.used(nowMs) : 0;
      if (tightest === null || remaining / limit < tightest.remaining / tightest.limit) {
        tightest = { remaining, limit };
      }
    }
    return tightest;
  }

  #takeAll(
    costAt: (kind: RateLimit["kind"]) => number,
    nowMs: number,
    isCancel: boolean,
  ): TakeResult {
    for (const [index, { kind, budget }] of this.#metered.entries()) {
      const cost = costAt(kind);
      if (cost === 0) continue; // not even a block concerns it
      const result = budget.tryTake(cost, nowMs, { isCancel });
      if (result.taken) continue;
      for (const taken of this.#metered.slice(0, index)) {
        taken.budget.giveBack(costAt(taken.kind), nowMs);
      }
      return result;
    }
    return { taken: true };
  }

  #of(wanted: RateLimit["kind"]): RateBudget[] {
    return this.#metered.filter(({ kind }) => kind === wanted).map(({ budget }) => budget);
  }
}

const HEADERS: ReadonlyMap<RateLimit["kind"], string> = new Map([
  ["request-weight", "x-mbx-used-weight"],
  ["orders", "x-mbx-order-count"],
]);

function costOf(kind: RateLimit["kind"], call: MethodSpec): number {
  switch (kind) {
    case "request-weight":
      return call.weight;
    case "raw-requests":
      return 1;
    case "orders":
      return call.countsAsOrder ? 1 : 0;
    case "connections":
      return 0;
  }
}
