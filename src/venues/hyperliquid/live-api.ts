/**
 * LiveHlApi: Hyperliquid as a pair's worker uses it: actions over its WebSocket, and by REST while
 * that is down, cancels also while it has no room or leaves posts unanswered; questions by REST
 * always. An action goes one way only. I/O through the two that it is handed, neither of which it
 * opens or closes.
 */

import type { BudgetStatus, ConnectionStatus } from "#ports/venue.ts";
import { RoundTrips } from "../round-trips.ts";
import type { ActionGate, PreparedAction } from "./action-gate.ts";
import type { AddressBudget } from "./address-budget.ts";
import type { ActionAnswer, ActionRequest, HlApi, InfoAnswer, InfoRequest } from "./api.ts";
import type { HlClock } from "./clock.ts";
import type { HlLimits } from "./limits.ts";
import type { HlRest } from "./rest.ts";
import type { HlSocket } from "./socket.ts";

export interface LiveParts {
  readonly socket: HlSocket;
  readonly rest: HlRest;
  /** The same that `rest` was given. */
  readonly gate: ActionGate;
  readonly clock: HlClock;
  readonly limits: HlLimits;
  readonly address: AddressBudget;
  /** Of one action. Default: 5 000. */
  readonly timeoutMs?: number;
}

/** As many as every account begins with. */
const COMFORTABLE_REQUESTS = 10_000;
/** Before another attempt, where the sockets have no room for a post: answers make some soon. */
const BUSY_PAUSE_MS = 500;
/** While it is unanswered, at most; what is asked for later may be newer. */
const ONE_MOMENT_MS = 10;

export class LiveHlApi implements HlApi {
  readonly #parts: Required<LiveParts>;
  readonly #roundTrips = new RoundTrips();
  /** A post was left without an answer, and none was answered since. */
  #isMute = false;
  #lastAsked: { key: string; atMs: number; answer: Promise<InfoAnswer> } | null = null;

  constructor(parts: LiveParts) {
    this.#parts = { timeoutMs: 5_000, ...parts };
  }

  get inFlight(): number {
    return this.#parts.socket.inFlight + this.#parts.rest.inFlight;
  }

  /** Of the last actions that were answered over the WebSocket; null before the first. */
  roundTripMs(): ConnectionStatus["roundTripMs"] {
    return this.#roundTrips.percentiles();
  }

  budgets(): BudgetStatus[] {
    const { limits, address } = this.#parts;
    return [...limits.statuses(), address.budgetStatus()];
  }

  /**
   * How many more requests may be sent, and out of how many: by the address of the internet or the
   * account's life, whichever has the smaller part left.
   */
  room(): { readonly remaining: number; readonly limit: number } {
    const { limits, address } = this.#parts;
    const weight = limits.weightRoom();
    // Before the venue's first word our count is of nothing.
    if (address.volume === null) return weight;
    const { remaining, cap } = address.status();
    // An account that has traded millions is not low while it could trade on for days.
    const life = { remaining, limit: Math.min(cap, COMFORTABLE_REQUESTS) };
    return weight.remaining * life.limit < life.remaining * weight.limit ? weight : life;
  }

  venueNowMs(): number {
    return this.#parts.clock.venueNowMs();
  }

  /** One question asked twice within a moment is one: a start both sweeps and compares. */
  info(request: InfoRequest): Promise<InfoAnswer> {
    const { rest, clock } = this.#parts;
    const key = JSON.stringify(request);
    const atMs = clock.nowMs();
    const last = this.#lastAsked;
    if (last?.key === key && atMs - last.atMs < ONE_MOMENT_MS) return last.answer;
    const answer = rest.info(request).finally(() => {
      if (this.#lastAsked?.answer === answer) this.#lastAsked = null;
    });
    this.#lastAsked = { key, atMs, answer };
    return answer;
  }

  act(request: ActionRequest): Promise<ActionAnswer> {
    const { socket, rest, gate } = this.#parts;
    if (!socket.isUp || (request.isCancel && this.#isMute)) return rest.act(request);
    const prepared = gate.prepare(request);
    return prepared.kind === "ready"
      ? this.#post(prepared)
      : Promise.resolve<ActionAnswer>(prepared);
  }

  async #post(prepared: PreparedAction): Promise<ActionAnswer> {
    const { socket, rest, gate, clock, timeoutMs } = this.#parts;
    const { isCancel } = prepared.request;
    const sentMs = clock.nowMs();
    const outcome = await socket.post(prepared.body, timeoutMs, isCancel);
    if (outcome.kind !== "not-sent") this.#isMute = outcome.kind === "unknown";
    switch (outcome.kind) {
      case "answered":
        this.#roundTrips.add(clock.nowMs() - sentMs);
        return gate.verdictOf(prepared, outcome.payload);
      case "refused":
        return gate.refused(prepared, outcome.message);
      case "unknown":
        return outcome;
      case "not-sent": {
        // Its nonce and its expiry are still good: it waited for nobody. And a cancel must not wait
        // for room, which posts without an answer may take for a minute.
        if (outcome.why === "not-connected" || isCancel) return rest.send(prepared, gate);
        gate.notSent(prepared);
        const retryAtMs = this.venueNowMs() + BUSY_PAUSE_MS;
        return { ...outcome, retryAtMs };
      }
    }
  }
}
