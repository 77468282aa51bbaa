/**
 * RoundFills: every order that the passive hedger sends, and what their fills were worth in the
 * round under way. It is a HedgeOrders itself, on the way to the real one, so that no order is
 * missed. Values are whole numbers of one tick times one lot. Pure.
 */

import type { Side } from "#domain/instrument.ts";
import type { HedgeOrderSpec, HedgeOrders, HedgeOrderView } from "./hedge-orders.ts";

interface Sum {
  lots: number;
  units: number;
}

export class RoundFills implements HedgeOrders {
  readonly #orders: HedgeOrders;
  /** Orders that may still have fills, with what of them has been counted. */
  readonly #counted = new Map<string, Sum>();
  #sums: Record<Side, Sum> = noSums();

  constructor(orders: HedgeOrders) {
    this.#orders = orders;
  }

  place(order: HedgeOrderSpec, reason: string): string {
    const id = this.#orders.place(order, reason);
    this.#counted.set(id, { lots: 0, units: 0 });
    return id;
  }

  cancel(clientOrderId: string, reason: string): void {
    this.#orders.cancel(clientOrderId, reason);
  }

  find(clientOrderId: string): HedgeOrderView | undefined {
    return this.#orders.find(clientOrderId);
  }

  /** Orders that may still have fills. */
  get orderIds(): readonly string[] {
    return [...this.#counted.keys()];
  }

  /** Counts the fills since the last look. */
  look(): void {
    for (const [id, counted] of this.#counted) {
      const order = this.#orders.find(id);
      if (order === undefined) {
        this.#counted.delete(id);
        continue;
      }
      // A mean of whole ticks times its lots is a whole number but for the float's rounding.
      const units = Math.round(order.averageTicks * order.filledLots);
      const sum = this.#sums[order.side];
      sum.lots += order.filledLots - counted.lots;
      sum.units += units - counted.units;
      counted.lots = order.filledLots;
      counted.units = units;
      if (order.isEnded && order.missingLots === 0) this.#counted.delete(id);
    }
  }

  /** Lots that were traded on a side in this round. */
  lots(side: Side): number {
    return this.#sums[side].lots;
  }

  /** What they were worth. */
  units(side: Side): number {
    return this.#sums[side].units;
  }

  /** Their mean price; 0: there were none. */
  meanTicks(side: Side): number {
    const { lots, units } = this.#sums[side];
    return lots === 0 ? 0 : units / lots;
  }

  /** A new round: what was filled before is no part of it. */
  restart(): void {
    this.#sums = noSums();
  }
}

function noSums(): Record<Side, Sum> {
  return { buy: { lots: 0, units: 0 }, sell: { lots: 0, units: 0 } };
}
