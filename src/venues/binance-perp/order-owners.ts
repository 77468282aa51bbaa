/**
 * OrderOwners: whose an order of the venue is. By its client id as a rule; an order that a stop of
 * ours became may carry another, and is known once the venue has named it, or was asked. Asks
 * through PerpApi; does no other I/O.
 */

import type { Instrument } from "#domain/instrument.ts";
import { parseClientOrderId } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";
import { idParam } from "../binance/json.ts";
import type { VenueNews } from "../news.ts";
import type { OwnOrders } from "../own-orders.ts";
import type { AlgoOrders } from "./algo-orders.ts";
import { verdictOf } from "./answers.ts";
import type { PerpApi } from "./api.ts";
import { type AlgoReport, readAlgos, readOrder, readOrderName } from "./responses.ts";

/** The venue's own orders: liquidations, auto-deleveraging, settlement, delivery. */
const VENUE_ORDERS = /^(?:autoclose-|adl_autoclose|settlement_autoclose|delivery_autoclose)/;
/** The venue's most. */
const PAGE_SIZE = 1000;
/** An order that was just traded may not be found by its number yet. */
const FOUND_AFTER_MS = 6000;
const MAX_MISSED = 1024;

export interface OwnerParts {
  readonly api: PerpApi;
  readonly instrument: Instrument;
  readonly orders: OwnOrders;
  readonly algos: AlgoOrders;
  readonly news: VenueNews;
}

export class OrderOwners {
  readonly #parts: OwnerParts;
  /** When the venue said first that it does not know an order; our clock. */
  readonly #missedMs = new RecentMap<number>(MAX_MISSED);

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  /**
   * @param clientOrderId as the venue tells it; null: it does not
   * @returns our client id of it; null: it is somebody else's; undefined: nobody can tell yet
   */
  ownerOf(venueOrderId: string, clientOrderId: string | null): string | null | undefined {
    const { orders, algos } = this.#parts;
    const known = algos.clientIdOf(venueOrderId) ?? orders.clientIdOf(venueOrderId);
    if (known !== undefined) return known;
    if (clientOrderId === null) return undefined;
    if (orders.isOurs(clientOrderId)) {
      const isStop = algos.find(clientOrderId) !== undefined;
      if (isStop) algos.link(clientOrderId, venueOrderId);
      return clientOrderId;
    }
    if (VENUE_ORDERS.test(clientOrderId)) {
      orders.noteForeign(venueOrderId);
      this.#tellVenueOrder(clientOrderId);
      return null;
    }
    // Without a stop that waits, nothing else can have become it; stops of earlier runs are listed.
    if (isNobodys(clientOrderId) && (algos.mayBecomeOrders || !orders.isListed)) return undefined;
    orders.noteForeign(venueOrderId);
    return null;
  }

  /**
   * Asks the venue whose it is.
   * @returns null where that is known now, else why the venue did not say
   * @throws {ProtocolError}
   */
  async lookUp(venueOrderId: string): Promise<string | null> {
    const { api, instrument, orders, news } = this.#parts;
    const { symbol } = instrument;
    const params = { symbol, orderId: idParam(venueOrderId) };
    const verdict = verdictOf(await api.call("order.status", params), news.clocks.venueNowMs());
    if (verdict.kind === "unknown") return verdict.message;
    if (verdict.kind === "refused" && verdict.reason !== "unknown-order") return verdict.message;
    if (verdict.kind === "refused" && this.#mayBeFoundYet(venueOrderId)) return verdict.message;
    if (verdict.kind === "accepted") {
      const { clientOrderId } = readOrderName(verdict.result, symbol, "order.status");
      if (orders.isOurs(clientOrderId)) {
        const context = { instrument, receivedTimeMs: news.clocks.nowMs() };
        orders.note(readOrder(verdict.result, context, "order.status"));
      }
      const owner = this.ownerOf(venueOrderId, clientOrderId);
      // A stop that fired before we lived waits no more, and no list of open ones has named it.
      const mayBeStop = owner === null && isNobodys(clientOrderId);
      if (owner !== undefined && !mayBeStop) return null;
    }
    return this.#lookForStop(venueOrderId);
  }

  #mayBeFoundYet(venueOrderId: string): boolean {
    const nowMs = this.#parts.news.clocks.nowMs();
    const firstMs = this.#missedMs.get(venueOrderId) ?? nowMs;
    this.#missedMs.set(venueOrderId, firstMs);
    return nowMs - firstMs < FOUND_AFTER_MS;
  }

  /** Takes in what the venue says of a stop of ours. */
  note({ clientOrderId, algoId, realOrderId }: AlgoReport): void {
    const { algos } = this.#parts;
    algos.note(clientOrderId, algoId);
    if (realOrderId !== null) algos.link(clientOrderId, realOrderId);
  }

  async #lookForStop(venueOrderId: string): Promise<string | null> {
    const { api, instrument, orders, algos, news } = this.#parts;
    const { symbol } = instrument;
    const answer = await api.call("allAlgoOrders", { symbol, limit: PAGE_SIZE });
    const verdict = verdictOf(answer, news.clocks.venueNowMs());
    if (verdict.kind !== "accepted") return verdict.message;
    for (const report of readAlgos(verdict.result, symbol, "allAlgoOrders")) {
      if (report.realOrderId !== null && orders.isOurs(report.clientOrderId)) this.note(report);
    }
    if (algos.clientIdOf(venueOrderId) === undefined) orders.noteForeign(venueOrderId);
    return null;
  }

  #tellVenueOrder(clientOrderId: string): void {
    const { news, instrument } = this.#parts;
    const message = `the venue closes the position in ${instrument.symbol} by itself`;
    news.alertSometimes("critical", "liquidated", `${message} (${clientOrderId})`);
  }
}

/** Neither the venue's own name nor one of a run of mm: it may be what a stop became. */
function isNobodys(clientOrderId: string): boolean {
  return !VENUE_ORDERS.test(clientOrderId) && parseClientOrderId(clientOrderId) === undefined;
}
