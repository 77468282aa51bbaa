/**
 * VenueNews: all that the parts of a connection have to tell, on its way to the listener. Every
 * order event is noted in OwnOrders first, so that both know the same; alerts that would repeat
 * themselves are told once, or once a minute. May import domain and ports.
 */

import type { OrderChange, OrderEvent, VenueEvent } from "#domain/events.ts";
import type { RejectReason } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { Alert } from "#ports/sink.ts";
import type { VenueListener } from "#ports/venue.ts";
import type { OwnOrders } from "./own-orders.ts";

/** Messages remembered as told. */
const MAX_TOLD = 256;
const REPEAT_MS = 60_000;

/** Our clock and the venue's, epoch milliseconds. */
export interface Clocks {
  nowMs(): number;
  venueNowMs(): number;
}

/** What is known of an order without the venue's own report on it. */
export interface OrderWord {
  readonly reason?: RejectReason;
  readonly message?: string;
}

/** Whether one fill's key is of a later fill than another's. */
export type IsNewer = (tradeId: string, other: string) => boolean;

export class VenueNews {
  readonly clocks: Clocks;
  readonly #orders: OwnOrders;
  readonly #isNewer: IsNewer;
  readonly #told = new RecentMap<number>(MAX_TOLD);
  #newestTradeId: string | null = null;
  #listener: VenueListener | null = null;

  constructor(orders: OwnOrders, clocks: Clocks, isNewer: IsNewer) {
    this.#orders = orders;
    this.clocks = clocks;
    this.#isNewer = isNewer;
  }

  /** Key of the newest fill that was told. */
  get newestTradeId(): string | null {
    return this.#newestTradeId;
  }

  /** From now on somebody hears; null: nobody does any more. */
  listen(listener: VenueListener | null): void {
    this.#listener = listener;
  }

  /** The two times of an event that happens now. */
  times(): { readonly venueTimeMs: number; readonly receivedTimeMs: number } {
    return { venueTimeMs: this.clocks.venueNowMs(), receivedTimeMs: this.clocks.nowMs() };
  }

  event(event: VenueEvent): void {
    if (event.kind === "order") this.#orders.note(event);
    else if (event.kind === "fill") this.#noteTrade(event.fill.tradeId);
    this.#listener?.onEvent(event);
  }

  #noteTrade(tradeId: string): void {
    const newest = this.#newestTradeId;
    if (newest !== null && !this.#isNewer(tradeId, newest)) return;
    this.#newestTradeId = tradeId;
  }

  /** An order event of our own making: the venue gave no report, or none that says more. */
  order(clientOrderId: string, change: OrderChange, word: OrderWord = {}): void {
    const event: OrderEvent = {
      kind: "order",
      ...this.times(),
      clientOrderId,
      venueOrderId: null,
      change,
      quantityLots: -1,
      filledLots: -1,
      reason: word.reason ?? null,
      message: word.message ?? "",
    };
    this.event(event);
  }

  /** An alert that somebody else has made. */
  pass(alert: Alert): void {
    this.#listener?.onAlert(alert);
  }

  alert(level: Alert["level"], code: string, message: string): void {
    this.pass({ timeMs: this.clocks.nowMs(), level, code, message });
  }

  /** Tells each message once. */
  alertOnce(level: Alert["level"], code: string, message: string): void {
    const key = `${code} ${message}`;
    if (this.#told.has(key)) return;
    this.#told.set(key, Infinity);
    this.alert(level, code, message);
  }

  /** Tells of each code once a minute at most. */
  alertSometimes(level: Alert["level"], code: string, message: string): void {
    const nowMs = this.clocks.nowMs();
    if (nowMs < (this.#told.get(code) ?? 0)) return;
    this.#told.set(code, nowMs + REPEAT_MS);
    this.alert(level, code, message);
  }
}
