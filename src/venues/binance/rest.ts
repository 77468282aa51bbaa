/**
 * BinanceRest: a Binance venue over HTTPS, one request a call. It is the whole API for the main
 * thread, and what a pair falls back on while its WebSocket is down. Does network I/O through
 * HttpClient.
 */

import { InputError } from "#domain/errors.ts";
import type { HttpClient, HttpOutcome, HttpRequest } from "#net/http.ts";
import type { BinanceAccess } from "./access.ts";
import { type ApiAnswer, type BinanceApi, type Dialect, type MethodSpec, specOf } from "./api.ts";
import type { BinanceClock } from "./clock.ts";
import { restReply } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { BinanceLimits } from "./limits.ts";
import { encodeParams, type RequestParams, signedQuery } from "./signing.ts";

export interface RestOptions {
  /** Without a trailing slash. */
  readonly restUrl: string;
  readonly dialect: Dialect;
  /** Null: only what needs no key. */
  readonly access: BinanceAccess | null;
  /** Of one request, body included. Default: 10 000, after which the venue gives up too. */
  readonly timeoutMs?: number;
  /** How old a request may be when the venue acts on it. Default: 5 000. */
  readonly recvWindowMs?: number;
}

export interface RestWorld {
  readonly http: HttpClient;
  readonly clock: BinanceClock;
  readonly limits: BinanceLimits;
}

/** Requests at a time; each holds a connection. */
const MAX_IN_FLIGHT = 256;
/** Before another attempt, where the venue cannot be reached. */
const UNREACHABLE_PAUSE_MS = 1000;

export class BinanceRest implements BinanceApi {
  readonly #options: Required<RestOptions>;
  readonly #world: RestWorld;
  #inFlight = 0;

  /** @throws {InputError} `url` */
  constructor(options: RestOptions, world: RestWorld) {
    this.#options = { timeoutMs: 10_000, recvWindowMs: 5000, ...options };
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

  /** Why the venue's time could not be measured, or null where it was. Never rejects. */
  measureClock(): Promise<string | null> {
    return this.#world.clock.measureBy(this);
  }

  async call(method: string, params: RequestParams): Promise<ApiAnswer> {
    const { clock } = this.#world;
    const { dialect } = this.#options;
    const spec = specOf(dialect, method);
    const sentMs = clock.nowMs();
    const answer = await this.#send(method, params);
    if (!isClockRefusal(answer, dialect) || spec.security !== "signed") return answer;
    clock.distrust();
    const isMeasured = (await this.measureClock()) === null;
    const isInTime = mayRepeat(spec, clock.nowMs() - sentMs);
    return isMeasured && isInTime ? this.#send(method, params) : answer;
  }

  async #send(method: string, params: RequestParams): Promise<ApiAnswer> {
    const { http, limits } = this.#world;
    const spec = specOf(this.#options.dialect, method);
    const takenAtMs = this.venueNowMs();
    const request = this.#requestOf(spec, params);
    if (request === null) return this.#notSent("this call needs an API key");
    if (this.#inFlight >= MAX_IN_FLIGHT) return this.#notSent("too many requests at a time");
    const budget = limits.take(spec, takenAtMs);
    if (!budget.taken) {
      const message = `no request budget left for ${method}`;
      return { kind: "not-sent", why: "budget", retryAtMs: budget.retryAtMs, message };
    }
    this.#inFlight += 1;
    try {
      return this.#answerOf(method, await http.send(request), takenAtMs);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Null where it needs a key and there is none. */
  #requestOf({ verb, path, security }: MethodSpec, params: RequestParams): HttpRequest | null {
    const { restUrl, access, timeoutMs, recvWindowMs } = this.#options;
    const address = `${restUrl}${path}`;
    if (security !== "signed") {
      const query = encodeParams(params);
      const request = {
        method: verb,
        url: query === "" ? address : `${address}?${query}`,
        timeoutMs,
      };
      if (security === "none") return request;
      return access === null ? null : { ...request, headers: keyHeader(access) };
    }
    if (access === null) return null;
    const timestamp = this.#world.clock.timestamp();
    const query = signedQuery(access.signer, { ...params, recvWindow: recvWindowMs, timestamp });
    const headers = keyHeader(access);
    return { method: verb, url: `${address}?${query}`, headers, timeoutMs };
  }

  #answerOf(method: string, outcome: HttpOutcome, takenAtMs: number): ApiAnswer {
    const { limits } = this.#world;
    if (outcome.kind === "not-sent") {
      limits.notSent(specOf(this.#options.dialect, method), takenAtMs);
      return this.#notSent(outcome.message);
    }
    if (outcome.kind === "unknown") return { kind: "unknown", message: outcome.message };
    const { status, headers } = outcome;
    const json = jsonOf(outcome.body);
    const isSuccess = status >= 200 && status < 300;
    // Not the venue's words: some proxy on the way has answered.
    if (isSuccess && json === undefined) return { kind: "unknown", message: "no JSON in answer" };
    const reply = restReply(status, headers.get("Retry-After"), json, this.venueNowMs());
    limits.answered(method, reply, takenAtMs);
    limits.reportHeaders(headers, takenAtMs); // last: its count has no more what was given back
    return { kind: "answered", reply, result: isSuccess ? json : undefined };
  }

  #notSent(message: string): ApiAnswer {
    const retryAtMs = this.venueNowMs() + UNREACHABLE_PAUSE_MS;
    return { kind: "not-sent", why: "not-connected", retryAtMs, message };
  }
}

/**
 * An order sent again later than this could arrive once the core has taken it for lost, which is
 * 6 s after it was made, 5 of them for the receive window; and its price is of long ago.
 */
const ORDER_REPEAT_MS = 1000;

/** Whether a call that was not done may be sent again. @param ageMs since it was sent first */
export function mayRepeat({ countsAsOrder }: MethodSpec, ageMs: number): boolean {
  return !countsAsOrder || ageMs <= ORDER_REPEAT_MS;
}

/** The venue refused the request's time: it was not done, and may be sent again with a better. */
export function isClockRefusal(answer: ApiAnswer, { outcomeOf }: Dialect): boolean {
  return answer.kind === "answered" && outcomeOf(answer.reply, 0).kind === "clock";
}

function keyHeader({ apiKey }: BinanceAccess): Readonly<Record<string, string>> {
  return { "X-MBX-APIKEY": apiKey };
}

/** Undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
