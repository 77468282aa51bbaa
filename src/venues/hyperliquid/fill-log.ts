/**
 * FillLog: the account's fills in one coin, each told once, wherever it is seen first: the stream,
 * its snapshot after a reconnect, or the venue's list, which is read from a little before the last
 * fill that it listed. It adds up the position that the fills make. Of a fill that carries no
 * cloid the order is looked up, once. Asks through HlApi; does no other I/O.
 */

import type { Instrument } from "#domain/instrument.ts";
import { RecentMap } from "#domain/recent-map.ts";
import type { VenueNews } from "../news.ts";
import type { OwnOrders } from "../own-orders.ts";
import { ProtocolError } from "../wire.ts";
import type { AddressBudget } from "./address-budget.ts";
import type { HlApi } from "./api.ts";
import type { OwnCloids } from "./cloid.ts";
import {
  type OwnFill,
  positionOfMoment,
  readFills,
  readOrderStatus,
  timeOfTradeId,
  tradeIdAt,
} from "./responses.ts";

/** More than can come again: a snapshot, or the minute that is read twice. */
const MAX_SEEN = 8192;
const MAX_RENUMBERED = 1024;
/** The venue's list may be late by so much. */
const OVERLAP_MS = 60_000;
/** The venue lists at most 2000 at a time; where it lists fewer than this, there are no more. */
const FULL_PAGE = 500;
/** Only the newest 10 000 exist. */
const MAX_PAGES = 20;
const MAX_LOOK_UPS = 100;
/** The list is read at least this often where the account is compared. */
const ROUTINE_MS = 240_000;

/**
 * - `whole`: every fill that the venue listed was told. `partly`: there are more; read again.
 * - `unanswered`: the venue did not say.
 */
export type FillReading =
  | { readonly kind: "whole" }
  | { readonly kind: "partly" }
  | { readonly kind: "unanswered"; readonly message: string };

export interface FillLogParts {
  readonly api: HlApi;
  readonly instrument: Instrument;
  /** Lower case. */
  readonly user: string;
  readonly orders: OwnOrders;
  readonly cloids: OwnCloids;
  readonly news: VenueNews;
  /** What is traded raises the account's cap of requests. */
  readonly address: Pick<AddressBudget, "onFill">;
  /** Fills later than this one count; null: than `begin`. */
  readonly sinceTradeId: string | null;
}

export class FillLog {
  /** Of the account, in lots, as of the fills that were seen; null: not known. */
  positionLots: number | null = null;
  readonly #parts: FillLogParts;
  readonly #seen = new RecentMap<true>(MAX_SEEN);
  /** Client ids of orders by what is not their first number. */
  readonly #renumbered = new RecentMap<string>(MAX_RENUMBERED);
  /** Fills later than this count, venue's clock; null before `begin`. */
  #sinceMs: number | null = null;
  /** What `begin` began with, as a key. */
  #momentId: string | null = null;
  /** Of the newest fill that the venue listed. */
  #readToMs = -Infinity;
  #newestMs = -Infinity;
  /** Fills may have been lost since the list was read: the stream broke, or did not begin yet. */
  #isBehind = false;
  #gaps = 0;
  #readAtMs = -Infinity;

  constructor(parts: FillLogParts) {
    this.#parts = parts;
    const { sinceTradeId } = parts;
    if (sinceTradeId === null) return;
    const sinceMs = timeOfTradeId(sinceTradeId);
    if (Number.isFinite(sinceMs)) this.#sinceMs = sinceMs;
    const position = positionOfMoment(sinceTradeId);
    if (position === null) this.#isBehind = true;
    else this.#takeOver(position);
  }

  get hasBegun(): boolean {
    return this.#sinceMs !== null;
  }

  /** When the position was taken over; null: another connection had done so before. */
  get takenOverMs(): number | null {
    const { sinceTradeId } = this.#parts;
    const isTakenOver = sinceTradeId === null || positionOfMoment(sinceTradeId) !== null;
    return isTakenOver ? this.#sinceMs : null;
  }

  /** Venue's time of the newest fill that was seen, whosever its order; -Infinity: none was. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Key of the newest fill told, or of the moment after which we began; null before that. */
  get newestTradeId(): string | null {
    const { news, sinceTradeId } = this.#parts;
    if (news.newestTradeId !== null) return news.newestTradeId;
    return sinceTradeId ?? this.#momentId;
  }

  /** @param atMs venue's time of the state that has this position, a plain decimal */
  begin(atMs: number, position: string): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = atMs;
    this.#momentId = tradeIdAt(atMs, position);
    this.#takeOver(position);
  }

  /** As long as it is still the position, nothing was filled since. */
  #takeOver(position: string): void {
    const { instrument, news } = this.#parts;
    this.positionLots = instrument.lotsOf(position);
    this.#readAtMs = news.clocks.nowMs();
  }

  /**
   * The stream broke: a snapshot that reaches back far enough, or the list, tells what was lost.
   */
  noteGap(): void {
    this.#gaps += 1;
    this.#isBehind = true;
  }

  /** Whether the list is to be read: something may be missing, or it was not read for long. */
  get isDue(): boolean {
    const nowMs = this.#parts.news.clocks.nowMs();
    return this.#isBehind || nowMs - this.#readAtMs >= ROUTINE_MS;
  }

  /**
   * Takes in fills that the stream brings.
   * @param isSnapshot of the last ones, after a (re)connect
   * @returns false where one has to be asked about first: read
   * @throws {InputError} `off-grid`; {ProtocolError}
   */
  take(fills: readonly OwnFill[], isSnapshot = false): boolean {
    let isWhole = true;
    // Fills of one moment may be cut apart by the snapshot's end: it has to begin before it.
    const knownToMs = Math.max(this.#sinceMs ?? Infinity, this.#newestMs);
    const reachesBack = fills.some(({ venueTimeMs }) => venueTimeMs < knownToMs);
    for (const fill of fills) {
      if (!this.#isNew(fill)) continue;
      const owner = this.ownerOf(fill);
      if (owner === undefined) isWhole = false;
      else this.#tell(fill, owner);
    }
    if (isSnapshot && isWhole && reachesBack) this.#isBehind = false;
    if (!isWhole) this.#isBehind = true;
    return isWhole;
  }

  /**
   * Tells the fills that the venue lists and that were not told yet, oldest first. After `begin`.
   * @throws {ProtocolError}, {InputError} `off-grid`; what was told before stays told
   */
  async read(): Promise<FillReading> {
    const { api, user } = this.#parts;
    const lookUps = { left: MAX_LOOK_UPS };
    // One that comes while the list is read may have lost what the list does not have.
    const gaps = this.#gaps;
    let startTime = Math.max(this.#sinceMs ?? 0, this.#readToMs - OVERLAP_MS);
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await api.info({ type: "userFillsByTime", user, startTime });
      if (answer.kind !== "answered") return { kind: "unanswered", message: answer.message };
      const fills = readFills(answer.result);
      for (const fill of fills) {
        const problem = await this.#takeListed(fill, lookUps);
        if (problem !== null) return problem;
        this.#readToMs = Math.max(this.#readToMs, fill.venueTimeMs);
      }
      const last = fills.at(-1);
      if (fills.length < FULL_PAGE || last === undefined) {
        if (gaps === this.#gaps) this.#isBehind = false;
        this.#readAtMs = this.#parts.news.clocks.nowMs();
        return { kind: "whole" };
      }
      // Times are included: the last one comes again, with whatever else is of its time.
      if (last.venueTimeMs === startTime) {
        throw new ProtocolError(`a page of fills, all of the time ${startTime}`, "userFillsByTime");
      }
      startTime = last.venueTimeMs;
    }
    return { kind: "partly" };
  }

  /** Null: it is dealt with. */
  async #takeListed(fill: OwnFill, lookUps: { left: number }): Promise<FillReading | null> {
    if (!this.#isNew(fill)) return null;
    if (this.ownerOf(fill) === undefined) {
      if (lookUps.left === 0) return { kind: "partly" };
      lookUps.left -= 1;
      const message = await this.#lookUp(fill.venueOrderId);
      if (message !== null) return { kind: "unanswered", message };
      // The stream may have brought it meanwhile.
      if (!this.#isNew(fill)) return null;
    }
    this.#tell(fill, this.ownerOf(fill) ?? null);
    return null;
  }

  #isNew({ coin, venueTimeMs, tradeId }: OwnFill): boolean {
    const isOurCoin = coin === this.#parts.instrument.symbol;
    if (!isOurCoin || this.#sinceMs === null || venueTimeMs <= this.#sinceMs) return false;
    return !this.#seen.has(tradeId);
  }

  /** Client id of its order; null: of somebody else; undefined: not known. */
  ownerOf({
    cloid,
    venueOrderId,
  }: Pick<OwnFill, "cloid" | "venueOrderId">): string | null | undefined {
    const { cloids, orders } = this.#parts;
    if (cloid !== null) return cloids.clientOrderIdOf(cloid);
    return this.#renumbered.get(venueOrderId) ?? orders.clientIdOf(venueOrderId);
  }

  /**
   * The venue has shown an order of ours under this number. It may be another than before: that a
   * stop keeps its own once it was triggered is not documented.
   */
  noteNumber(clientOrderId: string, venueOrderId: string): void {
    const first = this.#parts.orders.find(clientOrderId)?.venueOrderId ?? venueOrderId;
    if (first !== venueOrderId) this.#renumbered.set(venueOrderId, clientOrderId);
  }

  #tell(own: OwnFill, clientOrderId: string | null): void {
    const { instrument, orders, news, address, user } = this.#parts;
    const { tradeId, venueOrderId, venueTimeMs } = own;
    const moveLots = own.moveLots(instrument);
    const fill = clientOrderId === null ? null : own.fill(instrument);
    this.#seen.set(tradeId, true);
    this.#newestMs = Math.max(this.#newestMs, venueTimeMs);
    if (this.positionLots !== null) this.positionLots += moveLots;
    address.onFill(own.notional);
    if (own.liquidatedUser === user) {
      const size = `${instrument.sizeString(Math.abs(moveLots))} ${instrument.symbol}`;
      news.alert("critical", "liquidated", `the venue closed ${size} of the position by itself`);
    }
    if (clientOrderId === null || fill === null) {
      orders.noteForeign(venueOrderId);
      return;
    }
    orders.name(clientOrderId, venueOrderId);
    const receivedTimeMs = news.clocks.nowMs();
    news.event({ kind: "fill", venueTimeMs, receivedTimeMs, fill: { ...fill, clientOrderId } });
  }

  /** Learns whose order it is; null: it is known now. */
  async #lookUp(venueOrderId: string): Promise<string | null> {
    const { api, user, orders, news, cloids, instrument } = this.#parts;
    const answer = await api.info({ type: "orderStatus", user, oid: Number(venueOrderId) });
    if (answer.kind !== "answered") return answer.message;
    const report = readOrderStatus(answer.result);
    const clientOrderId = cloids.clientOrderIdOf(report?.cloid);
    if (report !== null && clientOrderId !== null) {
      orders.note(report.event(clientOrderId, { instrument, receivedTimeMs: news.clocks.nowMs() }));
      this.noteNumber(clientOrderId, venueOrderId);
      return null;
    }
    orders.noteForeign(venueOrderId);
    if (report !== null) return null;
    const message = `the venue lists a fill of order ${venueOrderId}, and no such order`;
    news.alert("warning", "orphan-trade", message);
    return null;
  }
}
