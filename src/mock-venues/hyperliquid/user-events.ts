/**
 * UserEvents: what the streams of the traded account tell, in the wire's shapes. Gathered until
 * `flush`, which is called when a block or a moment of a market is done; then told as one message
 * of each channel. Imports nothing of the venue but shapes.
 */

import type { Rng } from "#domain/rng.ts";
import type { FillJson } from "./fills.ts";
import type { OrderUpdateJson } from "./order-records.ts";

export interface UserFundingJson {
  readonly time: number;
  readonly coin: string;
  /** Received; negative where it was paid. */
  readonly usdc: string;
  readonly szi: string;
  readonly fundingRate: string;
  readonly nSamples: number | null;
}

/** `userFills` and `userFundings` come with `user`; `orderUpdates` and `user` do not name one. */
export type HlUserEvent =
  | { readonly channel: "orderUpdates"; readonly data: readonly OrderUpdateJson[] }
  | {
      readonly channel: "userFills";
      readonly data: { readonly user: string; readonly fills: readonly FillJson[] };
    }
  | {
      readonly channel: "userFundings";
      readonly data: { readonly user: string; readonly fundings: readonly UserFundingJson[] };
    }
  | {
      readonly channel: "user";
      readonly data:
        | { readonly fills: readonly FillJson[] }
        | { readonly funding: UserFundingJson }
        | { readonly nonUserCancel: readonly { readonly coin: string; readonly oid: number }[] };
    };

type NonUserCancel = { readonly coin: string; readonly oid: number };

export class UserEvents {
  readonly #listeners = new Set<(event: HlUserEvent) => void>();
  readonly #user: string;
  readonly #rng: Rng;
  #orders: OrderUpdateJson[] = [];
  #fills: FillJson[] = [];
  #fundings: UserFundingJson[] = [];
  #cancels: NonUserCancel[] = [];

  /** @param user lower case: whose events these are */
  constructor(user: string, rng: Rng) {
    this.#user = user;
    this.#rng = rng;
  }

  /** @returns ends it */
  subscribe(listener: (event: HlUserEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  order(update: OrderUpdateJson): void {
    this.#orders.push(update);
  }
  /** Updates of orders that wait to be told. */
  get orderCount(): number {
    return this.#orders.length;
  }
  /** The update at this place is told after all that wait now. */
  delayOrder(index: number): void {
    this.#orders.push(...this.#orders.splice(index, 1));
  }
  fill(fill: FillJson): void {
    this.#fills.push(fill);
  }
  funding(funding: UserFundingJson): void {
    this.#fundings.push(funding);
  }
  /** An order ended that nobody asked to cancel. */
  nonUserCancel(cancel: NonUserCancel): void {
    this.#cancels.push(cancel);
  }

  flush(): void {
    const [orders, fills] = [this.#orders, this.#fills];
    const [fundings, cancels] = [this.#fundings, this.#cancels];
    this.#orders = [];
    this.#fills = [];
    this.#fundings = [];
    this.#cancels = [];
    const user = this.#user;
    const tellOrders = (): void => this.#tell({ channel: "orderUpdates", data: orders });
    // An order and its fills come by different streams, and either may be the first.
    const areFillsFirst = orders.length > 0 && fills.length > 0 && this.#rng.integer(2) === 0;
    if (orders.length > 0 && !areFillsFirst) tellOrders();
    if (fills.length > 0) {
      this.#tell({ channel: "userFills", data: { user, fills } });
      this.#tell({ channel: "user", data: { fills } });
    }
    if (areFillsFirst) tellOrders();
    if (fundings.length > 0) this.#tell({ channel: "userFundings", data: { user, fundings } });
    for (const funding of fundings) this.#tell({ channel: "user", data: { funding } });
    if (cancels.length > 0) this.#tell({ channel: "user", data: { nonUserCancel: cancels } });
  }

  #tell(event: HlUserEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
