/**
 * HlLimits: what Hyperliquid meters by IP address, counted in memory that all threads share: REST
 * weight, messages to its WebSockets and new connections in a minute, and what is open at a time.
 * What would pass a limit is refused here. By our clock, which is one over all threads. May import
 * domain, ports and net; does no I/O but shared memory. Limits: its documentation of 2026.
 */

import { InputError } from "#domain/errors.ts";
import type { BudgetSpec, TakeResult } from "#net/rate-budget.ts";
import type { BudgetStatus } from "#ports/venue.ts";
import type { SharedBudgets } from "../venue.ts";
import type { HlAccess } from "./access.ts";
import { AddressBudget } from "./address-budget.ts";
import { type GaugeKind, type GaugeLimits, Gauges } from "./gauges.ts";
import { NonceCounter } from "./nonces.ts";
import { SLIDING_WINDOW_MS, SlidingBudget } from "./sliding-budget.ts";

type BudgetName = "weight-1m" | "ws-messages-1m" | "connections-1m";

/**
 * A tenth is left unused: what leaves us in one minute may be counted there in the next, and others
 * may use the same address. The venue allows 1200, 2000 and 30.
 */
const SPECS: Readonly<Record<BudgetName, BudgetSpec>> = {
  "weight-1m": spec("weight-1m", 1080, 120),
  "ws-messages-1m": spec("ws-messages-1m", 1800, 200),
  "connections-1m": spec("connections-1m", 27, 0),
};

/** Sockets that the venue allows an address. */
export const MAX_SOCKETS = 10;

/** The venue's own: what is counted here is at least what it counts. */
const GAUGE_LIMITS: GaugeLimits = {
  sockets: { limit: MAX_SOCKETS, cancelReserve: 0 },
  subscriptions: { limit: 1000, cancelReserve: 0 },
  posts: { limit: 100, cancelReserve: 20 },
};

/** No answer stops us for longer: beyond this it is a misreading. */
const LONGEST_BLOCK_MS = 60_000;

function spec(name: BudgetName, limit: number, cancelReserve: number): BudgetSpec {
  return { name, limit, windowMs: SLIDING_WINDOW_MS, cancelReserve };
}

/** One for each thing that is counted in this process, made when it is first asked for. */
const memories = new Map<string, SharedArrayBuffer>();

function memoryOf(key: string, make: () => SharedArrayBuffer): SharedArrayBuffer {
  const memory = memories.get(key) ?? make();
  memories.set(key, memory);
  return memory;
}

/** Of `counters`: armed until then, venue's clock; see dead-mans-switch.ts. */
const DEAD_MAN_BYTES = 8;

/**
 * Main thread only, once for each account: what all its threads, and those of the other accounts
 * at the same address, count together. Without an account, the limits by IP alone.
 */
export function makeShared(
  access: Pick<HlAccess, "user" | "signer"> | null,
  restUrl: string,
): SharedBudgets {
  const specs = Object.values(SPECS);
  const bytes = specs.length * SlidingBudget.bytes;
  const memory = memoryOf(`ip ${restUrl}`, () => new SharedArrayBuffer(bytes));
  const gauges = memoryOf(`gauges ${restUrl}`, () => Gauges.makeMemory());
  if (access === null) return { specs, memory, counters: { gauges } };
  const { user, signer } = access;
  const place = `${user} ${restUrl}`;
  const counters = {
    gauges,
    nonce: memoryOf(`nonce ${signer.address} ${restUrl}`, () => NonceCounter.makeMemory()),
    address: memoryOf(`address ${place}`, () => AddressBudget.makeMemory()),
    deadMan: memoryOf(`deadMan ${place}`, () => new SharedArrayBuffer(DEAD_MAN_BYTES)),
  };
  return { specs, memory, counters };
}

/** @throws {InputError} where there is none of this name */
export function counterOf(
  budgets: SharedBudgets,
  name: "gauges" | "nonce" | "address" | "deadMan",
): SharedArrayBuffer {
  const memory = budgets.counters?.[name];
  if (memory !== undefined) return memory;
  throw new InputError("budget-memory", `the shared memory lacks ${name}`, {
    hint: "hand over what makeShared made for the account",
  });
}

export class HlLimits {
  readonly gauges: Gauges;
  readonly #nowMs: () => number;
  readonly #budgets: Readonly<Record<BudgetName, SlidingBudget>>;

  /**
   * @param nowMs our clock, epoch milliseconds
   * @throws {InputError} for shared budgets that are none of `makeShared`
   */
  constructor(shared: SharedBudgets, nowMs: () => number) {
    const { memory } = shared;
    if (memory.byteLength !== Object.keys(SPECS).length * SlidingBudget.bytes) {
      throw new InputError(
        "budget-memory",
        `${memory.byteLength} bytes for Hyperliquid's budgets`,
        {
          hint: "hand over what makeShared made",
        },
      );
    }
    const { bytes } = SlidingBudget;
    this.#budgets = {
      "weight-1m": new SlidingBudget(SPECS["weight-1m"], memory, 0),
      "ws-messages-1m": new SlidingBudget(SPECS["ws-messages-1m"], memory, bytes),
      "connections-1m": new SlidingBudget(SPECS["connections-1m"], memory, 2 * bytes),
    };
    this.gauges = new Gauges(GAUGE_LIMITS, counterOf(shared, "gauges"), nowMs);
    this.#nowMs = nowMs;
  }

  /** REST weight; posts over a WebSocket take it too. `retryAtMs` is by our clock. */
  takeWeight(weight: number, isCancel: boolean): TakeResult {
    return this.#budgets["weight-1m"].tryTake(weight, this.#nowMs(), { isCancel });
  }

  /** What is left for all but cancels, and of how much. */
  weightRoom(): { readonly remaining: number; readonly limit: number } {
    const { limit, cancelReserve } = SPECS["weight-1m"];
    const used = this.#budgets["weight-1m"].used(this.#nowMs());
    return { remaining: Math.max(0, limit - cancelReserve - used), limit: limit - cancelReserve };
  }

  /** What an answer cost on top, by its length. */
  chargeWeight(weight: number): void {
    this.#budgets["weight-1m"].charge(weight, this.#nowMs());
  }

  /** It surely did not reach the venue. @param takenAtMs our clock, when it was taken */
  giveWeightBack(weight: number, takenAtMs: number): void {
    this.#budgets["weight-1m"].giveBack(weight, takenAtMs);
  }

  /** After a 429: nothing that has a weight is sent for so long. */
  blockWeight(durationMs: number): void {
    const boundedMs = Math.min(Math.max(0, durationMs), LONGEST_BLOCK_MS);
    this.#budgets["weight-1m"].block(this.#nowMs() + boundedMs);
  }

  /** One message to a WebSocket. */
  takeMessage(isCancel: boolean): boolean {
    return this.#budgets["ws-messages-1m"].tryTake(1, this.#nowMs(), { isCancel }).taken;
  }

  /** One that has to be sent in any case: a ping. */
  chargeMessage(): void {
    this.#budgets["ws-messages-1m"].charge(1, this.#nowMs());
  }

  /** One more connection within the minute. @returns 0 to go ahead, else milliseconds to wait */
  takeConnection(): number {
    const nowMs = this.#nowMs();
    const result = this.#budgets["connections-1m"].tryTake(1, nowMs, { isCancel: false });
    return result.taken ? 0 : Math.max(1, Math.ceil(result.retryAtMs - nowMs));
  }

  statuses(): BudgetStatus[] {
    const nowMs = this.#nowMs();
    const rates = Object.values(this.#budgets).map((budget) => {
      const { name, limit } = budget.spec;
      return { name, used: budget.used(nowMs), limit, windowMs: SLIDING_WINDOW_MS };
    });
    const kinds: readonly GaugeKind[] = ["sockets", "subscriptions", "posts"];
    const open = kinds.map((name) => {
      const { limit } = GAUGE_LIMITS[name];
      return { name, used: this.gauges.total(name), limit, windowMs: null };
    });
    return [...rates, ...open];
  }
}
