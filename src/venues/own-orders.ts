/**
 * OwnOrders: what this connection knows of the orders of its pair, by both of their ids: enough to
 * cancel each of them, to amend it within the venue's limits, and to name the order of a trade.
 * It is told what the decision core is told. Ended orders are forgotten, the oldest first. Pure;
 * may import domain only.
 */

import type { OrderEvent } from "#domain/events.ts";
import type { Side } from "#domain/instrument.ts";
import { type OrderRequest, parseClientOrderId } from "#domain/order.ts";
import { RecentMap } from "#domain/recent-map.ts";

/** Ended orders kept for late trades and late answers. */
const MAX_ENDED = 4096;
/** Orders of others whose trades need no second look-up. */
const MAX_FOREIGN = 4096;
/** Far above what a venue lets rest: beyond it the venue's list is asked for instead. */
const MAX_OPEN = 4096;
/** A request is refused by every venue once it is older than 5 s. */
const CANNOT_ARRIVE_MS = 6000;
/** A cancel unanswered for longer may be lost: a second one does no harm, an order left does. */
const CANCEL_AGAIN_MS = 1500;

export interface OwnOrder {
  readonly clientOrderId: string;
  /** Null until the venue has named it. */
  readonly venueOrderId: string | null;
  /** Null for an order of an earlier run: reports do not always say. */
  readonly side: Side | null;
  /** -1 where nothing has told. */
  readonly quantityLots: number;
  readonly filledLots: number;
  /** Amendments that were done, or may have been. */
  readonly amends: number;
  /** Sent by this connection: whoever asked for it looks after it. */
  readonly isOfThisRun: boolean;
  /** When the cancel was sent that has no answer yet, our clock; -Infinity: there is none. */
  readonly cancelSentMs: number;
  /** When it was sent, or first heard of; our clock. */
  readonly createdMs: number;
  /** It may rest at the venue, or be on its way there. */
  readonly isOpen: boolean;
}

interface Entry extends OwnOrder {
  venueOrderId: string | null;
  quantityLots: number;
  filledLots: number;
  amends: number;
  cancelSentMs: number;
  /** `refused`: as far as we know it never was; a report that it rests revives it. */
  ending: "none" | "refused" | "over";
  isOpen: boolean;
}

export class OwnOrders {
  /** The venue's whole list was read since the start, or since orders had to be forgotten. */
  isListed = false;
  readonly #prefix: string;
  readonly #pairId: string;
  readonly #open = new Map<string, Entry>();
  readonly #openByVenueId = new Map<string, Entry>();
  readonly #ended = new RecentMap<Entry>(MAX_ENDED);
  readonly #endedByVenueId = new RecentMap<Entry>(MAX_ENDED);
  readonly #foreign = new RecentMap<true>(MAX_FOREIGN);

  constructor(prefix: string, pairId: string) {
    this.#prefix = prefix;
    this.#pairId = pairId;
  }

  /** Whether an id is of this pair, whatever run it was sent by. */
  isOurs(clientOrderId: string): boolean {
    const parts = parseClientOrderId(clientOrderId);
    return parts?.prefix === this.#prefix && parts.pair === this.#pairId;
  }

  /** Orders that may rest at the venue; do not change them while iterating. */
  open(): Iterable<OwnOrder> {
    return this.#open.values();
  }

  find(clientOrderId: string): OwnOrder | undefined {
    return this.#entry(clientOrderId);
  }

  /** Takes up an order that is about to be sent. @param nowMs our clock */
  add(request: OrderRequest, nowMs: number): void {
    this.#insert({
      clientOrderId: request.clientOrderId,
      venueOrderId: null,
      side: request.side,
      quantityLots: request.quantityLots,
      filledLots: 0,
      amends: 0,
      isOfThisRun: true,
      cancelSentMs: -Infinity,
      createdMs: nowMs,
      ending: "none",
      isOpen: true,
    });
  }

  /** @param nowMs our clock; -Infinity: it was answered */
  setCancelSent(clientOrderId: string, nowMs: number): void {
    const entry = this.#entry(clientOrderId);
    if (entry !== undefined) entry.cancelSentMs = nowMs;
  }

  countAmend(clientOrderId: string): void {
    const entry = this.#entry(clientOrderId);
    if (entry !== undefined) entry.amends += 1;
  }

  /** Takes in what is known of an order now; of one that is not ours, nothing. */
  note(event: OrderEvent): void {
    if (!this.isOurs(event.clientOrderId)) {
      if (event.venueOrderId !== null) this.noteForeign(event.venueOrderId);
      return;
    }
    const entry = this.#entry(event.clientOrderId) ?? this.#adopted(event);
    if (entry === undefined) return;
    if (event.venueOrderId !== null) this.#name(entry, event.venueOrderId);
    if (event.quantityLots >= 0) entry.quantityLots = event.quantityLots;
    entry.filledLots = Math.max(entry.filledLots, event.filledLots);
    const ending = endingOf(event, entry);
    if (ending === "none" && event.change === "open" && entry.ending === "refused") {
      this.#revive(entry);
    } else if (ending !== "none") this.#end(entry, ending);
  }

  /** The venue's number of an order of ours, learnt otherwise than by news of it: from a fill. */
  name(clientOrderId: string, venueOrderId: string): void {
    const entry = this.#entry(clientOrderId);
    if (entry !== undefined) this.#name(entry, venueOrderId);
  }

  /** An order of somebody else. */
  noteForeign(venueOrderId: string): void {
    this.#foreign.set(venueOrderId, true);
  }

  /** The client id of an order of ours; null: of somebody else; undefined: not known. */
  clientIdOf(venueOrderId: string): string | null | undefined {
    const entry = this.#openByVenueId.get(venueOrderId) ?? this.#endedByVenueId.get(venueOrderId);
    if (entry !== undefined) return entry.clientOrderId;
    return this.#foreign.has(venueOrderId) ? null : undefined;
  }

  /** Base currency, in lots, that open buys of ours may still bring. */
  openBuyLots(): number {
    let lots = 0;
    for (const order of this.#open.values()) {
      if (order.side === "buy") lots += Math.max(0, order.quantityLots - order.filledLots);
    }
    return lots;
  }

  #entry(clientOrderId: string): Entry | undefined {
    return this.#open.get(clientOrderId) ?? this.#ended.get(clientOrderId);
  }

  #name(entry: Entry, venueOrderId: string): void {
    if (entry.venueOrderId !== null) return;
    entry.venueOrderId = venueOrderId;
    const ids = entry.isOpen ? this.#openByVenueId : this.#endedByVenueId;
    ids.set(venueOrderId, entry);
  }

  /** An order of an earlier run, or forgotten, which the venue speaks of. */
  #adopted(event: OrderEvent): Entry | undefined {
    if (event.venueOrderId === null) return undefined;
    const entry: Entry = {
      clientOrderId: event.clientOrderId,
      venueOrderId: null,
      side: null,
      quantityLots: -1,
      filledLots: 0,
      amends: 0,
      isOfThisRun: false,
      cancelSentMs: -Infinity,
      createdMs: event.receivedTimeMs,
      ending: "none",
      isOpen: true,
    };
    this.#insert(entry);
    return entry;
  }

  #insert(entry: Entry): void {
    this.#open.set(entry.clientOrderId, entry);
    if (this.#open.size <= MAX_OPEN) return;
    const [oldest] = this.#open.values();
    if (oldest === undefined) return;
    // What is forgotten here can still be found by the venue's list.
    this.#end(oldest, "refused");
    this.isListed = false;
  }

  #end(entry: Entry, ending: "refused" | "over"): void {
    if (entry.ending !== "over") entry.ending = ending;
    if (!entry.isOpen) return;
    entry.isOpen = false;
    this.#open.delete(entry.clientOrderId);
    this.#ended.set(entry.clientOrderId, entry);
    if (entry.venueOrderId === null) return;
    this.#openByVenueId.delete(entry.venueOrderId);
    this.#endedByVenueId.set(entry.venueOrderId, entry);
  }

  #revive(entry: Entry): void {
    entry.ending = "none";
    entry.isOpen = true;
    this.#ended.delete(entry.clientOrderId);
    if (entry.venueOrderId !== null) {
      this.#endedByVenueId.delete(entry.venueOrderId);
      this.#openByVenueId.set(entry.venueOrderId, entry);
    }
    this.#insert(entry);
  }
}

/** Whether its cancel was sent so lately that its answer may still come. @param nowMs our clock */
export function isCancelUnderWay({ cancelSentMs }: OwnOrder, nowMs: number): boolean {
  return nowMs - cancelSentMs < CANCEL_AGAIN_MS;
}

function endingOf(event: OrderEvent, entry: Entry): Entry["ending"] {
  switch (event.change) {
    case "canceled":
    case "expired":
    case "filled":
      return "over";
    case "rejected":
      return endingByRefusal(event.venueOrderId, entry.venueOrderId);
    case "cancel-rejected":
      // By its number the venue knows every order that rests. Where the cancel named it otherwise
      // it may have come too early, and the number since: then the order shows that it rests.
      return event.reason === "unknown-order" && entry.venueOrderId !== null ? "refused" : "none";
    case "not-found": {
      const ageMs = event.receivedTimeMs - entry.createdMs;
      return entry.venueOrderId === null && ageMs >= CANNOT_ARRIVE_MS ? "refused" : "none";
    }
    case "open":
    case "amend-rejected":
    case "unknown":
      return "none";
  }
}

function endingByRefusal(refusedId: string | null, ownId: string | null): Entry["ending"] {
  // A refusal of an id that the venue has named is about another request, unless it names it too.
  if (ownId === null) return "refused";
  return refusedId === ownId ? "over" : "none";
}
