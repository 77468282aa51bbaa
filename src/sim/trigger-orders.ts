/**
 * TriggerOrders: our stop orders that wait for their price. A buy stop triggers when the price
 * has risen to it, a sell stop when it has fallen to it. Few at a time, so plain arrays. Pure.
 */

import type { OwnOrder } from "./own-levels.ts";

export class TriggerOrders {
  /** Oldest first. */
  readonly #orders: OwnOrder[] = [];

  /** The highest sell trigger, or undefined: prints at or below it concern us. */
  get highestSell(): number | undefined {
    const triggers = this.#orders.filter((order) => !order.isBuy).map((order) => order.ticks);
    return triggers.length === 0 ? undefined : Math.max(...triggers);
  }

  /** The lowest buy trigger, or undefined: prints at or above it concern us. */
  get lowestBuy(): number | undefined {
    const triggers = this.#orders.filter((order) => order.isBuy).map((order) => order.ticks);
    return triggers.length === 0 ? undefined : Math.min(...triggers);
  }

  add(order: OwnOrder): void {
    this.#orders.push(order);
  }

  remove(order: OwnOrder): void {
    const index = this.#orders.indexOf(order);
    if (index !== -1) this.#orders.splice(index, 1);
  }

  /** Those that a price triggers, oldest first. */
  triggeredBy(priceTicks: number): readonly OwnOrder[] {
    return this.#orders.filter((order) => isTriggered(order.isBuy, order.ticks, priceTicks));
  }
}

export function isTriggered(isBuy: boolean, triggerTicks: number, priceTicks: number): boolean {
  return isBuy ? priceTicks >= triggerTicks : priceTicks <= triggerTicks;
}
