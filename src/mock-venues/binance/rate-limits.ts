/**
 * RateLimits: what the venue counts, in fixed windows of its clock: request weight and raw requests
 * of an address, connections, and orders of the account. All callers count as one address.
 * Going on after a 429 leads to a ban, as on the real venue. May import this folder only.
 */

import { ApiError } from "./api-error.ts";

export type LimitType = "REQUEST_WEIGHT" | "ORDERS" | "RAW_REQUESTS" | "CONNECTIONS";

/** As exchangeInfo has it. */
export interface LimitSpec {
  readonly rateLimitType: LimitType;
  readonly interval: "SECOND" | "MINUTE" | "HOUR" | "DAY";
  readonly intervalNum: number;
  readonly limit: number;
}

/** As an answer has it. */
export interface LimitCount extends LimitSpec {
  readonly count: number;
}

/** What a request counts for in the window of a limit on orders. */
export type OrderCost = (spec: LimitSpec) => number;

const ONE_ORDER: OrderCost = () => 1;
const INTERVAL_MS = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 } as const;
/** Requests that may follow a 429 within its window before the address is banned. */
const PATIENCE = 10;
/** The shortest ban of the real venue. */
const BAN_MS = 120_000;

/** One count in fixed windows of the clock. */
class Counter {
  readonly spec: LimitSpec;
  readonly #windowMs: number;
  #window = 0;
  #count = 0;

  constructor(spec: LimitSpec) {
    this.spec = spec;
    this.#windowMs = INTERVAL_MS[spec.interval] * spec.intervalNum;
  }

  count(nowMs: number): number {
    const window = Math.floor(nowMs / this.#windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#count = 0;
    }
    return this.#count;
  }

  hasRoomFor(amount: number, nowMs: number): boolean {
    return this.count(nowMs) + amount <= this.spec.limit;
  }

  add(amount: number, nowMs: number): void {
    this.#count = Math.max(0, this.count(nowMs) + amount);
  }

  endMs(nowMs: number): number {
    return (Math.floor(nowMs / this.#windowMs) + 1) * this.#windowMs;
  }

  get text(): string {
    return `${this.spec.intervalNum} ${this.spec.interval}`;
  }
}

export class RateLimits {
  readonly specs: readonly LimitSpec[];
  readonly #counters: readonly Counter[];
  readonly #nowMs: () => number;
  #bannedUntilMs = 0;
  /** Every request is refused by 429 until then. */
  #refusedUntilMs = 0;
  /** Times that a limit was passed; refusals that were ordered as a fault are none. */
  overruns = 0;
  /** Requests refused since the first 429, and when that one's window ends. */
  #ignored = 0;
  #ignoredUntilMs = 0;

  constructor(specs: readonly LimitSpec[], nowMs: () => number) {
    this.specs = specs;
    this.#counters = specs.map((spec) => new Counter(spec));
    this.#nowMs = nowMs;
  }

  get isBanned(): boolean {
    return this.#nowMs() < this.#bannedUntilMs;
  }

  /** Whether every request is refused now, cancels too. */
  get isShut(): boolean {
    return this.isBanned || this.#nowMs() < this.#refusedUntilMs;
  }

  /** Bans the address, as the venue does with those who ignore a 429. */
  ban(durationMs = BAN_MS): void {
    this.#bannedUntilMs = this.#nowMs() + durationMs;
  }

  /** Answers 429 to everything for so long, whatever the counts are. */
  refuseFor(durationMs: number): void {
    this.#refusedUntilMs = this.#nowMs() + durationMs;
  }

  /** Counts a request. @throws {ApiError} 429 or 418 with -1003; then it is not counted */
  useWeight(weight: number): void {
    const nowMs = this.#nowMs();
    if (this.isBanned) throw this.#banned();
    if (nowMs < this.#refusedUntilMs) throw this.#refused();
    for (const counter of this.#counters) {
      const amount = amountOf(counter.spec.rateLimitType, weight);
      if (amount > 0 && !counter.hasRoomFor(amount, nowMs)) throw this.#tooMuch(counter, nowMs);
    }
    for (const counter of this.#counters) {
      counter.add(amountOf(counter.spec.rateLimitType, weight), nowMs);
    }
  }

  /** Order calls weigh nothing where they succeed. */
  giveBackWeight(weight: number): void {
    for (const counter of this.#of("REQUEST_WEIGHT")) counter.add(-weight, this.#nowMs());
  }

  /** Whether a new connection is allowed; counts it if so. */
  connect(): boolean {
    const nowMs = this.#nowMs();
    if (this.isBanned) return false;
    const counters = this.#of("CONNECTIONS");
    if (!counters.every((counter) => counter.hasRoomFor(1, nowMs))) {
      this.overruns += 1;
      return false;
    }
    for (const counter of counters) counter.add(1, nowMs);
    return true;
  }

  /**
   * Why no further order may be placed now: 429 with -1015; undefined where it may.
   * @param cost what a request counts for in a window. Default: 1
   */
  ordersExceeded(cost: OrderCost = ONE_ORDER): ApiError | undefined {
    const nowMs = this.#nowMs();
    const full = this.#of("ORDERS").find((counter) => {
      return !counter.hasRoomFor(cost(counter.spec), nowMs);
    });
    if (full === undefined) return undefined;
    this.overruns += 1;
    const words = `current limit is ${full.spec.limit} orders per ${full.text}.`;
    const retryAtMs = full.endMs(nowMs);
    return new ApiError(429, -1015, `Too many new orders; ${words}`, { retryAtMs });
  }

  countOrder(cost: OrderCost = ONE_ORDER): void {
    for (const counter of this.#of("ORDERS")) counter.add(cost(counter.spec), this.#nowMs());
  }

  /** Takes so many off the counts of orders. */
  creditOrders(credit: number): void {
    this.countOrder(() => -credit);
  }

  /** The counts of some kinds, in their order. */
  counts(types: readonly LimitType[]): LimitCount[] {
    const nowMs = this.#nowMs();
    return types
      .flatMap((type) => this.#of(type))
      .map((counter) => {
        const { rateLimitType, interval, intervalNum, limit } = counter.spec;
        return { rateLimitType, interval, intervalNum, limit, count: counter.count(nowMs) };
      });
  }

  #of(type: LimitType): readonly Counter[] {
    return this.#counters.filter(({ spec }) => spec.rateLimitType === type);
  }

  #refused(): ApiError {
    const retryAtMs = Math.ceil(this.#refusedUntilMs);
    return new ApiError(429, -1003, "Too many requests queued.", { retryAtMs });
  }

  #tooMuch(counter: Counter, nowMs: number): ApiError {
    if (nowMs >= this.#ignoredUntilMs) this.#ignored = 0;
    this.#ignoredUntilMs = counter.endMs(nowMs);
    this.#ignored += 1;
    this.overruns += 1;
    if (this.#ignored > PATIENCE) {
      this.ban();
      return this.#banned();
    }
    const { limit, rateLimitType } = counter.spec;
    const what = rateLimitType === "REQUEST_WEIGHT" ? "request weight" : "requests";
    const used = `Too much ${what} used; current limit is ${limit} ${what} per ${counter.text}.`;
    const advice = "Please use WebSocket Streams for live updates to avoid polling the API.";
    const retryAtMs = counter.endMs(nowMs);
    return new ApiError(429, -1003, `${used} ${advice}`, { retryAtMs });
  }

  #banned(): ApiError {
    const until = Math.ceil(this.#bannedUntilMs);
    const what = `Way too much request weight used; IP banned until ${until}.`;
    const advice = "Please use WebSocket Streams for live updates to avoid bans.";
    return new ApiError(418, -1003, `${what} ${advice}`, { retryAtMs: until });
  }
}

function amountOf(type: LimitType, weight: number): number {
  if (type === "REQUEST_WEIGHT") return weight;
  return type === "RAW_REQUESTS" ? 1 : 0;
}

/** `10S`, `1M`, `1D`: how headers name an interval. */
export function intervalCode({ interval, intervalNum }: LimitSpec): string {
  return `${intervalNum}${interval.charAt(0)}`;
}
