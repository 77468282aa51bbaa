/**
 * Matching: the recorded book and our orders in it. Carries the market's rows through, fills our
 * resting orders by them, lets our takers walk the book, and fires triggers. It decides fills
 * only; whether an order may be placed at all is SimExchange's. Pure.
 *
 * Fills of a resting buy at P (sells mirror it): in full when an ask is set at P or lower or a
 * sell print is below P; by a sell print at P as far as it exceeds the queue ahead.
 */

import { Book, NO_TICKS } from "#domain/book.ts";
import type { TriggerPrice } from "#domain/instrument.ts";
import { Liquidity } from "./liquidity.ts";
import { RowKind, type TapeRows } from "./market-tape.ts";
import type { OrderReports, Refusal } from "./order-reports.ts";
import {
  BUCKET_BITS,
  BUCKET_MASK,
  BUY,
  isBetter,
  type OwnLevel,
  OwnLevels,
  type OwnOrder,
  SELL,
  type SideIndex,
} from "./own-levels.ts";
import { executableLots, type QueueModel } from "./queue-model.ts";
import type { Execution, SimAccount } from "./sim-account.ts";
import { TriggerOrders } from "./trigger-orders.ts";

const NOTHING_TO_REDUCE: Refusal = { reason: "reduce-only", message: "nothing left to reduce" };
const SELF_TRADE: Refusal = { reason: "other", message: "would trade with our own taker" };
const NO_LIQUIDITY: Refusal = { reason: "other", message: "the rest was not filled at once" };
const NO_FUNDS: Refusal = { reason: "insufficient-balance", message: "no funds when triggered" };

/**
 * Wider than a book needs that is only looked at near the touch: a recording also moves levels a
 * per cent away, and what is outside the window costs ten times as much. 2 MB.
 */
const BOOK_WINDOW_TICKS = 1 << 17;

interface MatchingParts {
  readonly queueModel: QueueModel;
  readonly account: SimAccount;
  readonly reports: OrderReports;
  readonly triggerOn: TriggerPrice;
  /** Spot venues lock funds for a stop order while it waits; perp venues do not. */
  readonly locksWaiting: boolean;
}

type Wanted = Omit<Execution, "side">;

export class Matching {
  readonly book = new Book(BOOK_WINDOW_TICKS);
  /** Open orders by client order id, oldest first. */
  readonly open = new Map<string, OwnOrder>();
  /** Price of the last print, 0 before the first. */
  lastTicks = 0;
  /** Mark price, 0 before the first. */
  markTicks = 0;
  readonly #levels = new OwnLevels();
  readonly liquidity = new Liquidity(this.book, this.#levels);
  readonly #triggers = new TriggerOrders();
  readonly #parts: MatchingParts;
  readonly #queueModel: QueueModel;
  #openReduceOnly = 0;
  #isInterrupted = false;

  constructor(parts: MatchingParts) {
    this.#parts = parts;
    this.#queueModel = parts.queueModel;
  }

  /** Hot. See SimExchange.run. */
  run(rows: TapeRows, from: number, untilMs: number): number {
    const { timeMs, kind, ticks, lots, length } = rows;
    const { low, high, watch } = this.#levels;
    const book = this.book;
    this.#isInterrupted = false;
    let index = from;
    while (index < length) {
      const rowMs = timeMs[index] ?? Infinity;
      if (rowMs > untilMs) break;
      const rowKind = kind[index] ?? 0;
      const rowTicks = ticks[index] ?? 0;
      const rowLots = lots[index] ?? 0;
      index += 1;
      if (
        rowTicks <= (low[rowKind] ?? 0) ||
        rowTicks >= (high[rowKind] ?? 0) ||
        watch[(rowKind << BUCKET_BITS) | (rowTicks & BUCKET_MASK)] !== 0
      ) {
        this.#concerning(rowKind, rowTicks, rowLots, rowMs);
        if (this.#isInterrupted) break;
      } else if (rowKind <= RowKind.askLevel) {
        book.setLevel(rowKind, rowTicks, rowLots);
      } else {
        this.lastTicks = rowTicks;
      }
    }
    return index;
  }

  interrupt(): void {
    this.#isInterrupted = true;
  }

  onLevel(side: SideIndex, ticks: number, lots: number, timeMs: number): void {
    const level = this.#levels.at(side, ticks);
    if (level !== null) this.#moveQueues(level, lots);
    this.book.setLevel(side, ticks, lots);
    if (lots <= 0) return;
    const resting = side === BUY ? SELL : BUY;
    const best = this.#levels.bestTicks(resting);
    if (best === undefined || isBetter(resting, ticks, best)) return;
    const filledLots = this.#fillThrough(resting, ticks, true, timeMs);
    // What our resting orders took of this level, our takers cannot take again.
    if (filledLots > 0) this.#levels.take(side, ticks, Math.min(filledLots, lots));
    this.#parts.reports.balancesIfChanged(timeMs);
  }

  onTrade(aggressorIsBuy: boolean, ticks: number, lots: number, timeMs: number): void {
    const resting = aggressorIsBuy ? SELL : BUY;
    this.#fillThrough(resting, ticks, false, timeMs);
    const level = this.#levels.at(resting, ticks);
    if (level !== null) this.#sharePrint(level, lots, timeMs);
    this.lastTicks = ticks;
    if (this.#parts.triggerOn === "last") this.#fireTriggers(ticks, timeMs);
    this.#parts.reports.balancesIfChanged(timeMs);
  }

  onClear(): void {
    this.book.clear();
    this.#levels.releaseAll();
  }

  onMark(ticks: number, timeMs: number): void {
    this.markTicks = ticks;
    if (this.#parts.triggerOn === "mark") this.#fireTriggers(ticks, timeMs);
    this.#parts.reports.balancesIfChanged(timeMs);
  }

  /** An accepted market or limit order: takes what it may, then rests or expires. */
  enter(order: OwnOrder, timeMs: number): void {
    this.#admit(order, timeMs);
    const { postOnly, timeInForce, type } = order.request;
    const limitTicks = type === "market" ? null : order.ticks;
    if (!postOnly) this.#take(order, limitTicks, timeMs);
    if (order.place === "done") return;
    if (limitTicks === null || timeInForce === "ioc") this.end(order, NO_LIQUIDITY, timeMs);
    else if (this.#isReducible(order)) this.#rest(order);
    else this.end(order, NOTHING_TO_REDUCE, timeMs);
  }

  /** An accepted stop order: waits for its trigger. */
  wait(order: OwnOrder, timeMs: number): void {
    this.#admit(order, timeMs);
    order.place = "waiting";
    this.#triggers.add(order);
    if (this.#parts.locksWaiting) this.#lock(order);
    this.#setTriggerGates();
  }

  /** Ends an open order short of its quantity: `canceled` without, `expired` with a refusal. */
  end(order: OwnOrder, refusal: Refusal | null, timeMs: number): void {
    this.#withdraw(order);
    this.#parts.reports.ended(order, refusal === null ? "canceled" : "expired", refusal, timeMs);
  }

  /** Lowers an open order's quantity; its place in the queue stays. */
  lower(order: OwnOrder, quantityLots: number): void {
    const byLots = order.quantityLots - quantityLots;
    if (order.isLocked) this.#parts.account.lock(order.request.side, -byLots, order.ticks);
    order.quantityLots = quantityLots;
  }

  /** Whether a limit order at this price would meet the market or an order of our own. */
  wouldCross(isBuy: boolean, ticks: number): boolean {
    const opposite = isBuy ? SELL : BUY;
    const recorded = this.liquidity.bestWithLots(opposite);
    const own = this.#levels.bestTicks(opposite);
    return (
      (recorded !== NO_TICKS && !isBetter(opposite, ticks, recorded)) ||
      (own !== undefined && !isBetter(opposite, ticks, own))
    );
  }

  /** The price that a position is valued at: mark, else last print, else the touch, else 0. */
  valuationTicks(): number {
    if (this.markTicks > 0) return this.markTicks;
    if (this.lastTicks > 0) return this.lastTicks;
    return Math.max(this.book.bestBid, this.book.bestAsk, 0);
  }

  /** The rare rows, kept out of the hot loop. */
  #concerning(kind: number, ticks: number, lots: number, timeMs: number): void {
    if (kind === RowKind.bidLevel) this.onLevel(BUY, ticks, lots, timeMs);
    else if (kind === RowKind.askLevel) this.onLevel(SELL, ticks, lots, timeMs);
    else if (kind === RowKind.clear) this.onClear();
    else this.onTrade(kind === RowKind.buyTrade, ticks, lots, timeMs);
  }

  #moveQueues(level: OwnLevel, nextLots: number): void {
    const previousLots = this.book.lotsAt(level.side, level.ticks);
    const { orders } = level;
    const model = this.#queueModel;
    // By index: for every row at a price of ours, where an iterator costs as much as the work.
    for (let index = 0; index < orders.length; index += 1) {
      const order = orders[index];
      if (order === undefined) continue;
      const { front, tradedLots } = order;
      order.front = model.frontAfterChange(front, tradedLots, previousLots, nextLots);
      order.tradedLots = 0;
    }
    if (level.takenLots > 0) this.#levels.release(level);
  }

  /** Fills in full what rests beyond a price (or at it): best price first, then oldest. */
  #fillThrough(side: SideIndex, ticks: number, isInclusive: boolean, timeMs: number): number {
    let filledLots = 0;
    for (;;) {
      const order = this.#levels.first(side);
      if (order === undefined) return filledLots;
      const isBeyond = isBetter(side, order.ticks, ticks);
      if (!isBeyond && !(isInclusive && order.ticks === ticks)) return filledLots;
      filledLots += this.#fillResting(order, order.leavesLots, timeMs);
    }
  }

  /** A print at our price: what exceeds the queue is shared by our orders, oldest first. */
  #sharePrint(level: OwnLevel, printLots: number, timeMs: number): void {
    let leftLots = printLots;
    // A copy: fills take orders out, and a fill may end a younger one (reduce-only).
    for (const order of level.orders.slice()) {
      if (order.place !== "resting") continue;
      order.tradedLots += printLots;
      // What an older order of ours has taken never reached those ahead of this one.
      order.front -= leftLots;
      const lots = Math.min(executableLots(order.front), order.leavesLots, Math.floor(leftLots));
      if (order.front < 0) order.front = 0;
      if (lots > 0) leftLots -= this.#fillResting(order, lots, timeMs);
    }
  }

  /** @returns lots filled: fewer than asked for where the order may only reduce */
  #fillResting(order: OwnOrder, lots: number, timeMs: number): number {
    const filledLots = this.#execute(
      order,
      { lots, ticks: order.ticks, liquidity: "maker" },
      timeMs,
    );
    this.#expireReduceOnly(timeMs);
    return filledLots;
  }

  #take(order: OwnOrder, limitTicks: number | null, timeMs: number): void {
    const side = order.isBuy ? SELL : BUY;
    let ticks = this.liquidity.best(side);
    while (ticks !== NO_TICKS && order.place !== "done" && this.#isReducible(order)) {
      if (limitTicks !== null && isBetter(side, limitTicks, ticks)) break;
      const next = this.liquidity.next(side, ticks);
      this.#expireOwn(side, ticks, timeMs);
      const lots = Math.min(this.liquidity.lotsAt(side, ticks), order.leavesLots);
      const takenLots = this.#execute(order, { lots, ticks, liquidity: "taker" }, timeMs);
      if (takenLots > 0) this.#levels.take(side, ticks, takenLots);
      ticks = next;
    }
    if (limitTicks !== null && order.place !== "done") this.#expireOwn(side, limitTicks, timeMs);
    this.#expireReduceOnly(timeMs);
  }

  /** Self-trade prevention: our resting orders that our taker would meet expire. */
  #expireOwn(side: SideIndex, upToTicks: number, timeMs: number): void {
    for (;;) {
      const order = this.#levels.first(side);
      if (order === undefined || isBetter(side, upToTicks, order.ticks)) return;
      this.end(order, SELF_TRADE, timeMs);
    }
  }

  /** Books one execution of at most the lots wanted, and the order's end where nothing is left. */
  #execute(order: OwnOrder, wanted: Wanted, timeMs: number): number {
    const { ticks, liquidity } = wanted;
    const { account, reports } = this.#parts;
    const { side } = order.request;
    const allowedLots = order.reduceOnly
      ? Math.min(wanted.lots, account.closableLots(side))
      : wanted.lots;
    if (allowedLots <= 0) return 0;
    if (order.isLocked) account.lock(side, -allowedLots, order.ticks);
    order.filledLots += allowedLots;
    const execution = { side, ticks, lots: allowedLots, liquidity };
    reports.executed(order, execution, account.execute(execution), timeMs);
    if (order.leavesLots === 0) {
      this.#withdraw(order);
      reports.ended(order, "filled", null, timeMs);
    }
    return allowedLots;
  }

  #fireTriggers(priceTicks: number, timeMs: number): void {
    for (const order of this.#triggers.triggeredBy(priceTicks)) {
      if (order.place !== "waiting") continue;
      this.#unlock(order);
      this.#triggers.remove(order);
      order.place = "entering";
      const refusal = this.#triggeredRefusal(order);
      if (refusal === null) this.#take(order, null, timeMs);
      if (order.place === "entering") this.end(order, refusal ?? NO_LIQUIDITY, timeMs);
    }
    this.#setTriggerGates();
  }

  #triggeredRefusal(order: OwnOrder): Refusal | null {
    if (order.reduceOnly) return this.#isReducible(order) ? null : NOTHING_TO_REDUCE;
    const { quantityLots } = order;
    const units = this.liquidity.unitsOf(order.isBuy ? SELL : BUY, quantityLots);
    const { account } = this.#parts;
    return account.canAfford(order.request.side, quantityLots, units, this.valuationTicks())
      ? null
      : NO_FUNDS;
  }

  #isReducible(order: OwnOrder): boolean {
    return !order.reduceOnly || this.#parts.account.closableLots(order.request.side) > 0;
  }

  /** The position went: what could only reduce it expires, but for stops that still wait. */
  #expireReduceOnly(timeMs: number): void {
    if (this.#openReduceOnly === 0) return;
    for (const order of this.open.values()) {
      if (order.place !== "resting" || this.#isReducible(order)) continue;
      this.end(order, NOTHING_TO_REDUCE, timeMs);
    }
  }

  #admit(order: OwnOrder, timeMs: number): void {
    this.open.set(order.clientOrderId, order);
    if (order.reduceOnly) this.#openReduceOnly += 1;
    this.#parts.reports.opened(order, timeMs);
  }

  #rest(order: OwnOrder): void {
    order.place = "resting";
    order.front = this.book.lotsAt(order.side, order.ticks);
    this.#levels.add(order);
    this.#lock(order);
  }

  #withdraw(order: OwnOrder): void {
    this.#unlock(order);
    if (order.place === "resting") this.#levels.remove(order);
    if (order.place === "waiting") {
      this.#triggers.remove(order);
      this.#setTriggerGates();
    }
    order.place = "done";
    this.open.delete(order.clientOrderId);
    if (order.reduceOnly) this.#openReduceOnly -= 1;
  }

  /** What only reduces needs no funds. */
  #lock(order: OwnOrder): void {
    if (order.reduceOnly) return;
    this.#parts.account.lock(order.request.side, order.leavesLots, order.ticks);
    order.isLocked = true;
  }

  #unlock(order: OwnOrder): void {
    if (order.isLocked) {
      this.#parts.account.lock(order.request.side, -order.leavesLots, order.ticks);
    }
    order.isLocked = false;
  }

  #setTriggerGates(): void {
    if (this.#parts.triggerOn !== "last") return;
    this.#levels.setTriggers(this.#triggers.highestSell, this.#triggers.lowestBuy);
  }
}
