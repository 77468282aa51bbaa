/**
 * WsSession: one connection to the WebSocket API from its opening on. It logs on (with an Ed25519
 * key; with an HMAC secret each request is signed instead), subscribes to the account's events
 * where they come this way, and takes calls: budgets, key, time and signature are added here. Does
 * network I/O through its Connection.
 */

import { messageOf } from "#domain/errors.ts";
import type { Connection } from "#net/connection.ts";
import type { BinanceAccess } from "./access.ts";
import { type ApiAnswer, type BinanceApi, type Dialect, specOf } from "./api.ts";
import type { BinanceClock } from "./clock.ts";
import { type Outcome, wsReply } from "./errors.ts";
import { readRateLimits } from "./exchange-info.ts";
import type { BinanceLimits } from "./limits.ts";
import { type RequestParams, signedParams } from "./signing.ts";
import type { WsCalls } from "./ws-calls.ts";

export interface SessionWorld {
  readonly dialect: Dialect;
  readonly access: BinanceAccess;
  readonly clock: BinanceClock;
  readonly limits: BinanceLimits;
  readonly calls: WsCalls;
  readonly recvWindowMs: number;
  /** An answer has a part that cannot be read; the rest of it was used. */
  onUnreadable(message: string): void;
}

/** Before another attempt, where a request could not be sent. */
const PAUSE_MS = 1000;
const SUBSCRIBED_ALREADY = -2035;

export class WsSession implements Pick<BinanceApi, "call"> {
  readonly connection: Connection;
  readonly #world: SessionWorld;
  #isLoggedOn = false;
  #isSubscribed = false;

  constructor(connection: Connection, world: SessionWorld) {
    this.connection = connection;
    this.#world = world;
  }

  /** It has been told the account's events: some may be lost if it is cut. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** Logs on and subscribes. @returns `accepted` where that is done, else what is in the way */
  async begin(): Promise<Outcome> {
    const outcome = await this.#logOnAndSubscribe();
    if (outcome.kind !== "clock") return outcome;
    this.#world.clock.distrust();
    const trouble = await this.#world.clock.measureBy(this);
    return trouble === null ? this.#logOnAndSubscribe() : outcome;
  }

  /** Subscribes (again) to the account's events. @returns as `begin` */
  async subscribe(): Promise<Outcome> {
    const outcome = this.#isLoggedOn
      ? await this.#ask("userDataStream.subscribe", undefined)
      : await this.#ask("userDataStream.subscribe.signature", this.#signed({}));
    if (outcome.kind === "accepted") this.#isSubscribed = true;
    return outcome;
  }

  /** Sends before it returns. See BinanceApi; a refused time is the caller's matter. */
  async call(method: string, params: RequestParams): Promise<ApiAnswer> {
    const { limits, calls, clock, dialect } = this.#world;
    const spec = specOf(dialect, method);
    const takenAtMs = clock.venueNowMs();
    const budget = limits.take(spec, takenAtMs);
    if (!budget.taken) {
      const message = `no request budget left for ${method}`;
      return { kind: "not-sent", why: "budget", retryAtMs: budget.retryAtMs, message };
    }
    const dressed = spec.security === "signed" ? this.#authorised(params) : params;
    const answer = await calls.send(this.connection, method, dressed);
    if (answer.kind === "unknown") return answer;
    if (answer.kind === "not-sent") {
      limits.notSent(spec, takenAtMs);
      const retryAtMs = clock.venueNowMs() + PAUSE_MS;
      return { ...answer, why: "not-connected", retryAtMs };
    }
    const { message } = answer;
    const reply = wsReply(message);
    const { kind } = limits.answered(method, reply, takenAtMs);
    this.#report(message, takenAtMs); // last: its count has no more what was given back
    const result = kind === "accepted" && "result" in message ? message.result : undefined;
    return { kind: "answered", reply, result };
  }

  async #logOnAndSubscribe(): Promise<Outcome> {
    if (this.#world.access.signer.kind === "ed25519" && !this.#isLoggedOn) {
      const outcome = await this.#ask("session.logon", this.#signed({}));
      if (outcome.kind !== "accepted") return outcome;
      this.#isLoggedOn = true;
    }
    return this.#world.dialect.hasUserEvents ? this.subscribe() : { kind: "accepted" };
  }

  /** A request of the session itself; its weight was taken when the connection was admitted. */
  async #ask(method: string, params: RequestParams | undefined): Promise<Outcome> {
    const { calls, limits, clock, dialect } = this.#world;
    const askedAtMs = clock.venueNowMs();
    const answer = await calls.send(this.connection, method, params);
    if (answer.kind !== "answered") return { kind: "unknown", message: answer.message };
    this.#report(answer.message, askedAtMs);
    const reply = wsReply(answer.message);
    if (reply.code === SUBSCRIBED_ALREADY) return { kind: "accepted" };
    const outcome = dialect.outcomeOf(reply, clock.venueNowMs());
    limits.heed(outcome);
    return outcome;
  }

  #authorised(params: RequestParams): RequestParams {
    if (!this.#isLoggedOn) return this.#signed(params);
    const { clock, recvWindowMs } = this.#world;
    return { ...params, recvWindow: recvWindowMs, timestamp: clock.timestamp() };
  }

  #signed(params: RequestParams): RequestParams {
    const { access, clock, recvWindowMs } = this.#world;
    const timestamp = clock.timestamp();
    const { apiKey, signer } = access;
    return signedParams(signer, { ...params, apiKey, recvWindow: recvWindowMs, timestamp });
  }

  #report(message: object, askedAtMs: number): void {
    if (!("rateLimits" in message)) return;
    try {
      this.#world.limits.report(readRateLimits(message.rateLimits), askedAtMs);
    } catch (thrown) {
      this.#world.onUnreadable(messageOf(thrown));
    }
  }
}
