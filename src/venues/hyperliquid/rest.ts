/**
 * HlRest: Hyperliquid over HTTPS: questions to `/info`, and signed actions to `/exchange`. It is
 * the whole API for the main thread, and what a pair falls back on while its WebSocket is down.
 * Does network I/O through HttpClient.
 */

import { InputError } from "#domain/errors.ts";
import type { HttpClient, HttpOutcome } from "#net/http.ts";
import { type ActionGate, type PreparedAction, THROTTLED_MS } from "./action-gate.ts";
import type { ActionAnswer, ActionRequest, HlApi, InfoAnswer, InfoRequest } from "./api.ts";
import type { HlClock } from "./clock.ts";
import { isOutcomeOpen } from "./errors.ts";
import type { HlLimits } from "./limits.ts";

export interface HlRestOptions {
  /** Without a trailing slash. */
  readonly restUrl: string;
  /** Null: questions only. */
  readonly gate: ActionGate | null;
  /** Of one request, body included. Default: 5 000. */
  readonly timeoutMs?: number;
  /**
   * Whether the list of open orders may use what budgets keep for cancels: for whoever has to see
   * that none is left. Default: false
   */
  readonly isSweeper?: boolean;
}

export interface HlRestWorld {
  readonly http: HttpClient;
  readonly clock: HlClock;
  readonly limits: HlLimits;
}

/** Requests at a time; each holds a connection. */
const MAX_IN_FLIGHT = 64;
/** Before another attempt, where the venue cannot be reached. */
const UNREACHABLE_PAUSE_MS = 1000;
/** Of an answer that is shown to people. */
const SHOWN_CHARS = 300;

const USUAL_WEIGHT = 20;
const WEIGHTS: ReadonlyMap<string, number> = new Map([
  ["l2Book", 2],
  ["allMids", 2],
  ["clearinghouseState", 2],
  ["orderStatus", 2],
  ["spotClearinghouseState", 2],
  ["exchangeStatus", 2],
  ["userRole", 60],
]);

/** Items of an answer that cost one more, each so many. */
const ITEMS_A_WEIGHT: ReadonlyMap<string, number> = new Map([
  ["recentTrades", 20],
  ["historicalOrders", 20],
  ["userFills", 20],
  ["userFillsByTime", 20],
  ["fundingHistory", 20],
  ["userFunding", 20],
  ["nonUserFundingUpdates", 20],
  ["twapHistory", 20],
  ["userTwapSliceFills", 20],
  ["userTwapSliceFillsByTime", 20],
  ["candleSnapshot", 60],
]);

export class HlRest implements HlApi {
  readonly #options: Required<HlRestOptions>;
  readonly #world: HlRestWorld;
  #inFlight = 0;

  /** @throws {InputError} `url` */
  constructor(options: HlRestOptions, world: HlRestWorld) {
    this.#options = { timeoutMs: 5_000, isSweeper: false, ...options };
    this.#world = world;
    const { restUrl } = options;
    if (URL.canParse(restUrl) && /^https?:$/.test(new URL(restUrl).protocol)) return;
    throw new InputError("url", `${restUrl.slice(0, 30)} is no address of the web`, {
      hint: "it must begin with https:// or http://",
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  venueNowMs(): number {
    return this.#world.clock.venueNowMs();
  }

  async info(request: InfoRequest): Promise<InfoAnswer> {
    const { limits, clock } = this.#world;
    if (this.#inFlight >= MAX_IN_FLIGHT) return unanswered("too many requests at a time");
    const weight = WEIGHTS.get(request.type) ?? USUAL_WEIGHT;
    const takenAtMs = clock.nowMs();
    const isList = request.type === "frontendOpenOrders";
    if (!limits.takeWeight(weight, isList && this.#options.isSweeper).taken) {
      return unanswered(`no request budget left for ${request.type}`);
    }
    const outcome = await this.#post("/info", JSON.stringify(request));
    if (outcome.kind === "not-sent") limits.giveWeightBack(weight, takenAtMs);
    return this.#infoAnswer(request, outcome);
  }

  act(request: ActionRequest): Promise<ActionAnswer> {
    const { gate } = this.#options;
    if (gate === null) {
      return Promise.resolve(this.#notSent("an action needs the key of an agent wallet"));
    }
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      return Promise.resolve(this.#notSent("too many requests at a time"));
    }
    const prepared = gate.prepare(request);
    return prepared.kind === "ready"
      ? this.send(prepared, gate)
      : Promise.resolve<ActionAnswer>(prepared);
  }

  /** An action that is paid for and signed, and that no other way has taken. */
  async send(prepared: PreparedAction, gate: ActionGate): Promise<ActionAnswer> {
    const outcome = await this.#post("/exchange", prepared.body);
    if (outcome.kind === "unknown") return { kind: "unknown", message: outcome.message };
    if (outcome.kind === "not-sent") {
      gate.notSent(prepared);
      return this.#notSent(outcome.message);
    }
    const { status, body } = outcome;
    if (status >= 200 && status < 300) return gate.verdictOf(prepared, jsonOf(body));
    const message = wordsOf(status, body);
    if (isOutcomeOpen(status)) return { kind: "unknown", message };
    return gate.refused(prepared, message, throttledMs(outcome.headers));
  }

  async #post(path: string, body: string): Promise<HttpOutcome> {
    const { restUrl, timeoutMs } = this.#options;
    this.#inFlight += 1;
    try {
      return await this.#world.http.send({
        method: "POST",
        url: `${restUrl}${path}`,
        headers: { "Content-Type": "application/json" },
        body,
        timeoutMs,
      });
    } finally {
      this.#inFlight -= 1;
    }
  }

  #infoAnswer({ type }: InfoRequest, outcome: HttpOutcome): InfoAnswer {
    const { limits } = this.#world;
    if (outcome.kind !== "answered") return unanswered(outcome.message);
    const { status, headers, body } = outcome;
    if (status === 429) limits.blockWeight(throttledMs(headers));
    if (status < 200 || status >= 300) {
      const message = wordsOf(status, body);
      const isAgainOfUse = status === 429 || isOutcomeOpen(status);
      return isAgainOfUse ? unanswered(message) : { kind: "refused", status, message };
    }
    const result = jsonOf(body);
    // Not the venue's words: some proxy on the way has answered.
    if (result === undefined) return unanswered("no JSON in answer");
    const items = ITEMS_A_WEIGHT.get(type);
    if (items !== undefined && Array.isArray(result)) {
      limits.chargeWeight(Math.floor(result.length / items));
    }
    return { kind: "answered", result };
  }

  #notSent(message: string): ActionAnswer {
    const retryAtMs = this.venueNowMs() + UNREACHABLE_PAUSE_MS;
    return { kind: "not-sent", why: "not-connected", retryAtMs, message };
  }
}

function unanswered(message: string): InfoAnswer {
  return { kind: "unanswered", message };
}

/** As the WebSocket says it: `429 Too Many Requests`. */
function wordsOf(status: number, body: string): string {
  const shown = body.trim().slice(0, SHOWN_CHARS);
  return shown === "" ? `${status}` : `${status} ${shown}`;
}

/** What `Retry-After` asks for, in whole seconds; without it, what is usual. */
function throttledMs(headers: Headers): number {
  const seconds = headers.get("Retry-After");
  return seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : THROTTLED_MS;
}

/** Undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
