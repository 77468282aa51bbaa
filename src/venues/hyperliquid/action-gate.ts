/**
 * ActionGate: the one place where actions are paid for, numbered and signed, and where the venue's
 * verdict on them is read, whichever way they go: rest.ts or a WebSocket. What is sent is the very
 * object that was hashed. May import domain and net; does no I/O but shared memory.
 */

import * as v from "valibot";
import type { HlAccess } from "./access.ts";
import { ELEMENTS_A_WEIGHT } from "./actions.ts";
import type { AddressBudget } from "./address-budget.ts";
import type { ActionAnswer, ActionRequest } from "./api.ts";
import type { HlClock } from "./clock.ts";
import { refusalOf } from "./errors.ts";
import type { HlLimits } from "./limits.ts";
import type { NonceCounter } from "./nonces.ts";

export interface GateParts {
  readonly access: HlAccess;
  /** By the venue's clock. */
  readonly nonces: NonceCounter;
  readonly limits: HlLimits;
  readonly address: AddressBudget;
  readonly clock: HlClock;
}

export interface PreparedAction {
  readonly kind: "ready";
  /** JSON text of the request's body. */
  readonly body: string;
  readonly request: ActionRequest;
  readonly weight: number;
  /** Our clock. */
  readonly takenAtMs: number;
}

type NotSent = Extract<ActionAnswer, { kind: "not-sent" }>;

/** After a 429 that does not say how long. */
export const THROTTLED_MS = 3_000;
/** Before another attempt, where the counter of nonces is too far ahead. */
const NONCE_PAUSE_MS = 1000;
/** What a request that came too late costs of the address's requests, besides itself. */
const STALE_COST = 4;

const Verdict = v.variant("status", [
  v.object({ status: v.literal("ok"), response: v.unknown() }),
  v.object({ status: v.literal("err"), response: v.string() }),
]);

export class ActionGate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Takes budgets and a nonce, and signs; or takes nothing and says why. */
  prepare(request: ActionRequest): PreparedAction | NotSent {
    const { limits, address, nonces, access, clock } = this.#parts;
    const { action, requests, isCancel, expiresInMs } = request;
    const takenAtMs = clock.nowMs();
    const weight = 1 + Math.floor(requests / ELEMENTS_A_WEIGHT);
    const result = limits.takeWeight(weight, isCancel);
    if (!result.taken) return this.#noBudget("this address's weight", result.retryAtMs);
    if (!address.take(requests, isCancel)) {
      limits.giveWeightBack(weight, takenAtMs);
      return this.#noBudget("the account's requests", address.retryAtMs());
    }
    const nonce = nonces.next();
    if (nonce === null) {
      limits.giveWeightBack(weight, takenAtMs);
      address.giveBack(requests);
      return this.#noBudget("nonces near the clock", takenAtMs + NONCE_PAUSE_MS);
    }
    const { vaultAddress, signer } = access;
    const expiresAfter = expiresInMs === null ? null : Math.floor(clock.venueNowMs() + expiresInMs);
    const signature = signer.sign(action, { nonce, vaultAddress, expiresAfterMs: expiresAfter });
    const body = JSON.stringify({ action, nonce, signature, vaultAddress, expiresAfter });
    return { kind: "ready", body, request, weight, takenAtMs };
  }

  /** It surely was not sent: its budgets are given back, its nonce stays unused. */
  notSent(prepared: PreparedAction): void {
    this.#parts.limits.giveWeightBack(prepared.weight, prepared.takenAtMs);
    this.#parts.address.giveBack(prepared.request.requests);
  }

  /** @param json body of an answer of success, parsed */
  verdictOf(prepared: PreparedAction, json: unknown): ActionAnswer {
    const verdict = v.safeParse(Verdict, json);
    if (!verdict.success) return { kind: "unknown", message: "the answer is not as documented" };
    const { status, response } = verdict.output;
    return status === "ok" ? { kind: "answered", response } : this.refused(prepared, response);
  }

  /**
   * In the venue's words, which budgets and nonces learn from.
   * @param throttledMs how long a 429 is to be heeded
   */
  refused(
    { request }: PreparedAction,
    message: string,
    throttledMs: number = THROTTLED_MS,
  ): ActionAnswer {
    const { limits, address, nonces } = this.#parts;
    const refusal = refusalOf(message);
    if (refusal.kind === "throttled") {
      if (refusal.scope === "ip") limits.blockWeight(throttledMs);
      if (refusal.requests !== null) address.refused(refusal.requests, request.isCancel);
    }
    if (refusal.kind === "nonce" && refusal.beyond !== null) nonces.moveBeyond(refusal.beyond);
    if (refusal.kind === "expired") address.charge(STALE_COST * request.requests);
    return { kind: "refused", message };
  }

  /** @param retryAtMs our clock */
  #noBudget(what: string, retryAtMs: number): NotSent {
    return {
      kind: "not-sent",
      why: "budget",
      retryAtMs: this.#parts.clock.venueTimeOf(retryAtMs),
      message: `nothing is left of ${what}`,
    };
  }
}
