/**
 * AlgoOrders: the stops of this pair. The venue keeps them apart from orders, by numbers of their
 * own; one that is triggered becomes an order with another number, whose fills and end are told
 * under the id of the stop. The oldest are forgotten. Pure; may import domain only.
 */

import { RecentMap } from "#domain/recent-map.ts";

/** Twenty times what an account may have waiting. */
const MAX_STOPS = 4096;

export interface AlgoOrder {
  readonly clientOrderId: string;
  /** Null until the venue has named it. */
  readonly algoId: number | null;
  /** Number of the order that it became; null: it has not, as far as we know. */
  readonly realOrderId: string | null;
  /** It ended without becoming an order. */
  readonly isOver: boolean;
}

type Entry = { -readonly [Key in keyof AlgoOrder]: AlgoOrder[Key] };

export class AlgoOrders {
  readonly #stops = new RecentMap<Entry>(MAX_STOPS);
  readonly #byRealId = new RecentMap<string>(MAX_STOPS);
  /** Client ids of those that may still become an order. */
  readonly #waiting = new Set<string>();

  find(clientOrderId: string): AlgoOrder | undefined {
    return this.#stops.get(clientOrderId);
  }

  /** One is about to be sent, or the venue speaks of it. */
  note(clientOrderId: string, algoId: number | null = null): void {
    const known = this.#stops.get(clientOrderId);
    if (known !== undefined) {
      known.algoId ??= algoId;
      return;
    }
    const entry = { clientOrderId, algoId, realOrderId: null, isOver: false };
    this.#stops.set(clientOrderId, entry);
    this.#waiting.add(clientOrderId);
    if (this.#waiting.size <= MAX_STOPS) return;
    const [oldest] = this.#waiting;
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** It became this order. */
  link(clientOrderId: string, realOrderId: string): void {
    this.note(clientOrderId);
    const entry = this.#stops.get(clientOrderId);
    if (entry !== undefined) entry.realOrderId = realOrderId;
    this.#byRealId.set(realOrderId, clientOrderId);
    this.#waiting.delete(clientOrderId);
  }

  /** It will become no order. */
  end(clientOrderId: string): void {
    const entry = this.#stops.get(clientOrderId);
    if (entry !== undefined) entry.isOver = true;
    this.#waiting.delete(clientOrderId);
  }

  /** The id of the stop that became this order. */
  clientIdOf(realOrderId: string): string | undefined {
    return this.#byRealId.get(realOrderId);
  }

  /** An order that nobody knows may have been one of ours. */
  get mayBecomeOrders(): boolean {
    return this.#waiting.size > 0;
  }
}
