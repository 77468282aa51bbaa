/**
 * LiveBinanceApi: a Binance venue as a pair's worker uses it: over the WebSocket API, and by REST
 * while that is down, or keeps a cancel waiting; on Spot with the account's events; with the
 * venue's clock measured again and again. Does network I/O through its two transports; time is
 * handed in.
 */

import { HttpClient } from "#net/http.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { ConnectionStatus } from "#ports/venue.ts";
import type { SharedBudgets, VenueUrls, VenueWorld } from "../venue.ts";
import type { BinanceAccess } from "./access.ts";
import { type ApiAnswer, type BinanceApi, type Dialect, type MethodSpec, specOf } from "./api.ts";
import { BinanceClock } from "./clock.ts";
import { BinanceLimits } from "./limits.ts";
import { BinanceRest, isClockRefusal, mayRepeat } from "./rest.ts";
import type { RequestParams } from "./signing.ts";
import { BinanceWsApi, type WsApiOwner } from "./ws-api.ts";

export interface LiveOptions {
  readonly dialect: Dialect;
  readonly urls: Pick<VenueUrls, "restUrl" | "wsApiUrl">;
  readonly access: BinanceAccess;
  readonly budgets: SharedBudgets;
  /** See WsApiOptions. */
  readonly symbol?: string;
  /** Of one request. Default: 10 000, after which the venue gives up too. */
  readonly timeoutMs?: number;
  /** How old a request may be when the venue acts on it. Default: 5 000. */
  readonly recvWindowMs?: number;
}

/** As WsApiOwner, with the clock. */
export interface LiveHandlers extends WsApiOwner {
  /** The venue's clock was measured: venue minus ours. */
  onClock(offsetMs: number): void;
}

/** What a pair's connection uses of it. */
export type TradingApi<Method extends string> = BinanceApi<Method> &
  Pick<LiveBinanceApi, "inFlight" | "reconnects" | "roundTripMs" | "start" | "state" | "stop"> & {
    readonly clock: Pick<BinanceClock, "offsetMs">;
    readonly limits: Pick<BinanceLimits, "ordersLeft" | "statuses">;
  };

const CLOCK_INTERVAL_MS = 30_000;

export class LiveBinanceApi implements BinanceApi {
  readonly clock: BinanceClock;
  readonly limits: BinanceLimits;
  readonly rest: BinanceRest;
  readonly #ws: BinanceWsApi;
  readonly #dialect: Dialect;
  readonly #world: VenueWorld;
  #handlers: LiveHandlers | null = null;
  #state: ConnectionStatus["trading"] = "connecting";
  #isClockTrusted = true;
  #cancelClock: CancelTimer = () => {};

  /** Does nothing until `start`. @throws {InputError} for addresses or budgets without sense */
  constructor(options: LiveOptions, world: VenueWorld, http = new HttpClient(world.timers)) {
    const { urls, budgets, ...transport } = options;
    const { dialect } = options;
    this.#dialect = dialect;
    const clock = new BinanceClock(
      () => world.nowMs(),
      (offsetMs) => this.#handlers?.onClock(offsetMs),
    );
    const limits = new BinanceLimits(budgets, () => clock.venueNowMs(), dialect);
    this.clock = clock;
    this.limits = limits;
    this.#world = world;
    this.rest = new BinanceRest({ ...transport, restUrl: urls.restUrl }, { http, clock, limits });
    this.#ws = new BinanceWsApi(
      { ...transport, wsApiUrl: urls.wsApiUrl },
      { timers: world.timers, rng: world.rng, clock, limits },
      this.#owner(),
    );
  }

  /** Begins to connect and to measure the clock. Call once. */
  start(handlers: LiveHandlers): void {
    this.#handlers = handlers;
    this.#ws.open();
    void this.#keepClock();
  }

  /** Ends it for good; the handlers hear no more. What is under way is answered as unknown. */
  stop(): void {
    this.#handlers = null;
    this.#state = "closed";
    this.#cancelClock();
    this.#ws.close();
  }

  /** `fallback`: calls go by REST until the WebSocket is back. `connecting`: they do at first. */
  get state(): ConnectionStatus["trading"] {
    return this.#state;
  }

  get inFlight(): number {
    return this.#ws.inFlight + this.rest.inFlight;
  }

  get reconnects(): number {
    return this.#ws.reconnects;
  }

  roundTripMs(): ConnectionStatus["roundTripMs"] {
    return this.#ws.roundTripMs();
  }

  venueNowMs(): number {
    return this.clock.venueNowMs();
  }

  async call(method: string, params: RequestParams): Promise<ApiAnswer> {
    if (this.#state === "closed") {
      const retryAtMs = this.venueNowMs();
      return { kind: "not-sent", why: "not-connected", retryAtMs, message: "it was stopped" };
    }
    const spec = specOf(this.#dialect, method);
    if (!this.#isByWs(spec)) return this.rest.call(method, params);
    const sentMs = this.clock.nowMs();
    const answer = await this.#ws.call(method, params);
    if (!isClockRefusal(answer, this.#dialect) || spec.security !== "signed") return answer;
    this.clock.distrust();
    if (!(await this.#measureClock())) return answer;
    if (!mayRepeat(spec, this.clock.nowMs() - sentMs)) return answer;
    return this.#isByWs(spec) ? this.#ws.call(method, params) : this.rest.call(method, params);
  }

  /** A cancel does not queue behind requests that get no answer. */
  #isByWs({ isRestOnly, isCancel }: MethodSpec): boolean {
    return !isRestOnly && this.#ws.isReady && !(isCancel && this.#ws.isStalled);
  }

  #owner(): WsApiOwner {
    return {
      onReady: () => {
        this.#state = "ready";
        this.#handlers?.onReady();
      },
      onLost: (cause) => {
        this.#state = "fallback";
        this.#handlers?.onLost(cause);
      },
      onStreamInterrupted: () => this.#handlers?.onStreamInterrupted(),
      onUserEvent: (json, receivedTimeMs) => this.#handlers?.onUserEvent(json, receivedTimeMs),
      onAlert: (alert) => this.#handlers?.onAlert(alert),
    };
  }

  /** One measurement at a time: the next is due so long after the end of the last. */
  async #keepClock(): Promise<void> {
    await this.#measureClock();
    if (this.#state === "closed") return;
    this.#cancelClock = this.#world.timers.after(CLOCK_INTERVAL_MS, () => void this.#keepClock());
  }

  /** False where it failed; people are told of the first failure in a row. */
  async #measureClock(): Promise<boolean> {
    const trouble = await this.clock.measureBy(this);
    if (trouble !== null && this.#isClockTrusted) {
      const message = `the venue's clock could not be measured: ${trouble}`;
      const timeMs = this.#world.nowMs();
      this.#handlers?.onAlert({ timeMs, level: "warning", code: "clock-not-measured", message });
    }
    this.#isClockTrusted = trouble === null;
    return this.#isClockTrusted;
  }
}
