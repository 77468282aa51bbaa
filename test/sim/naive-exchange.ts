/**
 * The naive twin of the simulated exchange: the rules of SIMULATION.md written down with arrays,
 * filter and sort, slow and plain. It knows no money: it is compared where everybody can pay.
 */

import type { Side } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";

interface NaiveOrder extends OrderRequest {
  quantityLots: number;
  filledLots: number;
  front: number;
  tradedLots: number;
  place: "taking" | "resting" | "waiting";
}

type Probability = (front: number, back: number) => number;

export class NaiveExchange {
  /** Recorded sizes and what our fills took of them, by `side:ticks`. */
  readonly recorded = new Map<string, number>();
  readonly taken = new Map<string, number>();
  /** Open orders, oldest first. */
  orders: NaiveOrder[] = [];
  lines: string[] = [];
  position = 0;
  lastTicks = 0;
  readonly #isPerp: boolean;
  readonly #maxOpenOrders: number;
  /** null: risk-averse. */
  readonly #probability: Probability | null;

  constructor(isPerp: boolean, maxOpenOrders: number, probability: Probability | null) {
    this.#isPerp = isPerp;
    this.#maxOpenOrders = maxOpenOrders;
    this.#probability = probability;
  }

  onLevel(isBid: boolean, ticks: number, lots: number): void {
    const side: Side = isBid ? "buy" : "sell";
    const before = this.#recordedLots(side, ticks);
    for (const order of this.#restingAt(side, ticks)) this.#moveQueue(order, before, lots);
    this.recorded.set(`${side}:${ticks}`, lots);
    this.taken.delete(`${side}:${ticks}`);
    if (lots === 0) return;
    const resting = opposite(side);
    let filled = 0;
    for (const order of this.#resting(resting)) {
      const isReached = isBid ? order.priceTicks <= ticks : order.priceTicks >= ticks;
      if (isReached) filled += this.#fillMaker(order, order.quantityLots - order.filledLots);
    }
    if (filled > 0) this.taken.set(`${side}:${ticks}`, Math.min(filled, lots));
  }

  onTrade(aggressorIsBuy: boolean, ticks: number, lots: number): void {
    const side: Side = aggressorIsBuy ? "sell" : "buy";
    for (const order of this.#resting(side)) {
      const isBeyond = aggressorIsBuy ? order.priceTicks < ticks : order.priceTicks > ticks;
      if (isBeyond) this.#fillMaker(order, order.quantityLots - order.filledLots);
    }
    let left = lots;
    for (const order of this.#restingAt(side, ticks)) {
      if (!this.orders.includes(order)) continue;
      order.front -= left;
      order.tradedLots += lots;
      const exceeding = Math.round(Math.max(-order.front, 0));
      order.front = Math.max(order.front, 0);
      const leaves = order.quantityLots - order.filledLots;
      left -= this.#fillMaker(order, Math.min(exceeding, leaves, left));
    }
    this.lastTicks = ticks;
    for (const order of this.orders.filter((each) => each.place === "waiting")) {
      const isBuy = order.side === "buy";
      const isFired = isBuy ? ticks >= order.priceTicks : ticks <= order.priceTicks;
      if (!isFired || !this.orders.includes(order)) continue;
      order.place = "taking";
      if (order.reduceOnly && this.#closable(order.side) === 0)
        this.#end(order, "expired reduce-only");
      else this.#take(order, isBuy ? Infinity : 0);
      if (this.orders.includes(order)) this.#end(order, "expired other");
    }
  }

  onClear(): void {
    this.recorded.clear();
    this.taken.clear();
  }

  place(request: OrderRequest): void {
    const reason = this.#refusal(request);
    if (reason !== null) {
      this.lines.push(`rejected ${request.clientOrderId} ${reason}`);
      return;
    }
    const isStop = request.type === "stop-market";
    const place = isStop ? "waiting" : "taking";
    const order: NaiveOrder = { ...request, filledLots: 0, front: 0, tradedLots: 0, place };
    this.orders.push(order);
    this.lines.push(`open ${state(order)}`);
    if (isStop) return;
    const isMarket = request.type === "market";
    const anyPrice = request.side === "buy" ? Infinity : 0;
    if (!request.postOnly) this.#take(order, isMarket ? anyPrice : request.priceTicks);
    if (!this.orders.includes(order)) return;
    if (isMarket || request.timeInForce === "ioc") this.#end(order, "expired other");
    else if (order.reduceOnly && this.#closable(order.side) === 0) {
      this.#end(order, "expired reduce-only");
    } else {
      order.place = "resting";
      order.front = this.#recordedLots(order.side, order.priceTicks);
    }
  }

  amend(id: string, quantityLots: number): void {
    const order = this.#find(id);
    if (order === undefined) this.lines.push(`amend-rejected ${id} unknown-order`);
    else if (quantityLots >= order.quantityLots || quantityLots <= order.filledLots) {
      this.lines.push(`amend-rejected ${id} other`);
    } else {
      order.quantityLots = quantityLots;
      this.lines.push(`open ${state(order)}`);
    }
  }

  replace(id: string, request: OrderRequest): void {
    const order = this.#find(id);
    let reasons: [string, string] | null = null;
    if (order === undefined) reasons = ["unknown-order", "other"];
    else if (order.filledLots > 0) reasons = ["other", "other"];
    // Filters come before both legs; here the one that a random request can break.
    else if (request.reduceOnly && !this.#isPerp) reasons = ["reduce-only", "reduce-only"];
    if (order === undefined || reasons !== null) {
      this.lines.push(`cancel-rejected ${id} ${reasons?.[0]}`);
      this.lines.push(`rejected ${request.clientOrderId} ${reasons?.[1]}`);
      return;
    }
    this.#end(order, "canceled");
    this.place(request);
  }

  cancel(id: string): void {
    const order = this.#find(id);
    if (order === undefined) this.lines.push(`cancel-rejected ${id} unknown-order`);
    else this.#end(order, "canceled");
  }

  #refusal(request: OrderRequest): string | null {
    const mayRest = request.type !== "market" && request.timeInForce === "gtc";
    const isBuy = request.side === "buy";
    const { priceTicks } = request;
    if (request.reduceOnly && !this.#isPerp) return "reduce-only";
    if (this.#find(request.clientOrderId) !== undefined) return "duplicate-id";
    if (mayRest && this.orders.length >= this.#maxOpenOrders) return "too-many-orders";
    if (request.type === "stop-market") {
      const wouldFire = isBuy ? this.lastTicks >= priceTicks : this.lastTicks <= priceTicks;
      return this.lastTicks > 0 && wouldFire ? "would-cross" : null;
    }
    if (request.reduceOnly && this.#closable(request.side) === 0) return "reduce-only";
    const against = [
      ...this.#levels(opposite(request.side)).filter(
        (ticks) => this.#left(request.side, ticks) > 0,
      ),
      ...this.#resting(opposite(request.side)).map((order) => order.priceTicks),
    ];
    const crosses = against.some((ticks) => (isBuy ? ticks <= priceTicks : ticks >= priceTicks));
    return request.postOnly && crosses ? "would-cross" : null;
  }

  #take(order: NaiveOrder, limitTicks: number): void {
    const isBuy = order.side === "buy";
    const side = opposite(order.side);
    const isWithin = (ticks: number, to: number) => (isBuy ? ticks <= to : ticks >= to);
    for (const ticks of this.#levels(side)) {
      const canReduce = !order.reduceOnly || this.#closable(order.side) > 0;
      if (!isWithin(ticks, limitTicks) || !this.orders.includes(order) || !canReduce) continue;
      this.#expireOwn(side, (own) => isWithin(own, ticks));
      const left = this.#left(order.side, ticks);
      const lots = this.#fill(order, Math.min(left, order.quantityLots - order.filledLots), ticks);
      this.taken.set(`${side}:${ticks}`, (this.taken.get(`${side}:${ticks}`) ?? 0) + lots);
    }
    const isPriced = order.place === "taking" && order.type === "limit";
    if (isPriced && this.orders.includes(order)) {
      this.#expireOwn(side, (own) => isWithin(own, limitTicks));
    }
    this.#expireReduceOnly();
  }

  #expireOwn(side: Side, isMet: (ticks: number) => boolean): void {
    for (const own of this.#resting(side)) {
      if (isMet(own.priceTicks)) this.#end(own, "expired other");
    }
  }

  #fillMaker(order: NaiveOrder, lots: number): number {
    if (!this.orders.includes(order)) return 0;
    const filled = this.#fill(order, lots, order.priceTicks);
    this.#expireReduceOnly();
    return filled;
  }

  #fill(order: NaiveOrder, wanted: number, ticks: number): number {
    const lots = order.reduceOnly ? Math.min(wanted, this.#closable(order.side)) : wanted;
    if (lots <= 0) return 0;
    const liquidity = order.place === "resting" ? "maker" : "taker";
    this.lines.push(`fill ${order.clientOrderId} ${order.side} ${ticks} x${lots} ${liquidity}`);
    order.filledLots += lots;
    if (this.#isPerp) this.position += order.side === "buy" ? lots : -lots;
    if (order.filledLots === order.quantityLots) this.#end(order, "filled");
    return lots;
  }

  #expireReduceOnly(): void {
    for (const order of this.orders.filter((each) => each.reduceOnly && each.place === "resting")) {
      if (this.#closable(order.side) === 0) this.#end(order, "expired reduce-only");
    }
  }

  #end(order: NaiveOrder, how: string): void {
    this.orders = this.orders.filter((each) => each !== order);
    const [change = "", reason] = how.split(" ");
    this.lines.push(`${change} ${state(order)}${reason === undefined ? "" : ` ${reason}`}`);
  }

  #moveQueue(order: NaiveOrder, before: number, after: number): void {
    const change = before - after - order.tradedLots;
    order.tradedLots = 0;
    if (this.#probability === null || change < 0) {
      order.front = Math.min(order.front, after);
      return;
    }
    const back = before - order.front;
    const raw = this.#probability(order.front, back);
    const behind = Number.isFinite(raw) ? raw : 1;
    const ahead = order.front - (1 - behind) * change + Math.min(back - behind * change, 0);
    order.front = Math.max(0, Math.min(ahead, after));
  }

  #find(id: string): NaiveOrder | undefined {
    return this.orders.find((order) => order.clientOrderId === id);
  }

  /** Best price first, then oldest. */
  #resting(side: Side): NaiveOrder[] {
    return this.orders
      .filter((order) => order.side === side && order.place === "resting")
      .sort((a, b) => (side === "buy" ? b.priceTicks - a.priceTicks : a.priceTicks - b.priceTicks));
  }

  #restingAt(side: Side, ticks: number): NaiveOrder[] {
    return this.#resting(side).filter((order) => order.priceTicks === ticks);
  }

  #recordedLots(side: Side, ticks: number): number {
    return this.recorded.get(`${side}:${ticks}`) ?? 0;
  }

  /** Recorded prices of a side, best first. */
  #levels(side: Side): number[] {
    return [...this.recorded]
      .filter(([key, lots]) => key.startsWith(side) && lots > 0)
      .map(([key]) => Number(key.split(":")[1]))
      .sort((a, b) => (side === "buy" ? b - a : a - b));
  }

  /** What a taker of this side may still take at a price. */
  #left(taker: Side, ticks: number): number {
    const key = `${opposite(taker)}:${ticks}`;
    return Math.max(0, (this.recorded.get(key) ?? 0) - (this.taken.get(key) ?? 0));
  }

  #closable(side: Side): number {
    return Math.max(0, side === "sell" ? this.position : -this.position);
  }
}

function opposite(side: Side): Side {
  return side === "buy" ? "sell" : "buy";
}

function state(order: NaiveOrder): string {
  return `${order.clientOrderId} ${order.filledLots}/${order.quantityLots}`;
}
