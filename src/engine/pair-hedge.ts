/**
 * PairHedge: what a pair that may hedge has of it, and a pair that does not has for nothing: the
 * hedge desk with the state of the pair and its quoting leg put before it. Pure.
 */

import { InvariantError, messageOf } from "#domain/errors.ts";
import type { HedgeEvent } from "#domain/events.ts";
import type { HedgeMode } from "#hedge/hedge-input.ts";
import type { Sink } from "#ports/sink.ts";
import type { SideRoom } from "#strategies/ladder-builder.ts";
import { HedgeDesk } from "./hedge-desk.ts";
import type { MarketState } from "./market-state.ts";
import type { OrderManager } from "./order-manager.ts";
import type { Mids } from "./pair-books.ts";
import type { PairInputs } from "./pair-inputs.ts";
import type { PairNews } from "./pair-news.ts";
import type { PairState } from "./pair-state.ts";
import type { EngineParams } from "./params.ts";
import type { RequoteClock } from "./requote-clock.ts";
import type { GuardReading, RiskGuards } from "./risk-guards.ts";

export interface PairHedgeParts {
  readonly params: EngineParams;
  readonly sink: Sink;
  readonly input: PairInputs;
  /** Of the quoting venue. */
  readonly orders: OrderManager;
  readonly market: MarketState;
  readonly guards: RiskGuards;
  readonly news: PairNews;
  readonly clock: RequoteClock;
  readonly onGuard: (guard: GuardReading) => void;
}

export class PairHedge {
  /** Null: the pair does not hedge. */
  readonly desk: HedgeDesk | null;
  readonly #parts: PairHedgeParts;
  #closesOnHalt: boolean;
  /** The hedge's position has a part in how much may be quoted. */
  #hasDeltaLimit: boolean;
  /** An operator had the hedge closed: a halt after that does not bring it back. */
  #isFlattened = false;

  /** @throws {InvariantError} where it is to hedge and has no way to the hedge venue */
  constructor(parts: PairHedgeParts) {
    const { params, sink, onGuard } = parts;
    const { hedge: setup } = params;
    this.#parts = parts;
    this.#closesOnHalt = setup?.params.closesOnHalt ?? false;
    this.#hasDeltaLimit = params.risk.maxNetDelta !== null;
    if (setup === null) {
      this.desk = null;
      return;
    }
    const execution = sink.hedge;
    if (execution === undefined) throw new InvariantError("a hedge without a way to its venue");
    this.desk = new HedgeDesk({ params, setup, sink, execution, onGuard });
    parts.input.takeHedge(this.desk.base, this.desk.quote);
  }

  reconfigure(params: EngineParams): void {
    this.#closesOnHalt = params.hedge?.params.closesOnHalt ?? false;
    this.#hasDeltaLimit = params.risk.maxNetDelta !== null;
    this.desk?.reconfigure(params);
  }

  guards(): readonly GuardReading[] {
    return this.desk?.guards() ?? [];
  }

  /** An order of the hedge may be open, or a fill of one is missing. */
  get hasOpenOrders(): boolean {
    return this.desk?.orders.isOpen ?? false;
  }

  /**
   * Takes news of the hedge venue. The ladder is steered by the inventory alone: another one is
   * wanted only where a hedge moves the limits of what may be quoted.
   */
  apply({ event }: HedgeEvent, nowMs: number, state: PairState): void {
    const { desk } = this;
    if (desk === null) return;
    const { sideOff } = desk;
    if (!desk.apply(event, nowMs)) return;
    this.act(nowMs, state);
    const { input, clock } = this.#parts;
    const [base, quote] = [input.hedgeLots, input.hedgeUnits];
    input.takeHedge(desk.base, desk.quote);
    const hasMoved = base !== input.hedgeLots || quote !== input.hedgeUnits;
    if (desk.sideOff !== sideOff || (hasMoved && this.#hasDeltaLimit)) clock.want("hedge");
  }

  /** Ten times a second. */
  check(nowMs: number, state: PairState): void {
    if (this.desk === null) return;
    this.desk.check(nowMs);
    this.act(nowMs, state);
  }

  /** Has the hedgers look: after a quoting fill, a command, or whatever else changes exposure. */
  act(nowMs: number, state: PairState): void {
    const { desk } = this;
    if (desk === null) return;
    const { input, orders } = this.#parts;
    // A halt leaves it as it was before.
    if (state !== "halted") this.#isFlattened = state === "flattened";
    try {
      const exposure = input.exposureAt(this.#mid(desk), orders.missing());
      desk.act(nowMs, this.#modeOf(state), exposure);
    } catch (thrown) {
      // A bug of ours: quotes go on, but only on the side that reduces the exposure.
      desk.fail();
      const message = `the hedge is given up until a new start: ${messageOf(thrown)}`;
      this.#parts.news.alert("critical", "hedge-failed", message, nowMs);
    }
  }

  /** What each quoting side may add, with the side off that adds to an exposure not hedged. */
  room(room: SideRoom): SideRoom {
    const sideOff = this.desk?.sideOff ?? null;
    if (sideOff === null) return room;
    return sideOff === "buy" ? { ...room, buyUnits: 0 } : { ...room, sellLots: 0 };
  }

  /**
   * What equity guards mark both legs at. While the hedge venue's price is old it would count the
   * market's moves on one leg alone: then the quoting venue's stands for it, less the basis.
   */
  midsAt(nowMs: number, mids: Mids): Mids {
    const { desk } = this;
    const { input, guards } = this.#parts;
    if (desk === null || mids.hedge === 0 || mids.quoting === 0) return mids;
    if (desk.market.fresh(nowMs).bidTicks > 0 || guards.isTripped("stale-book")) return mids;
    const ticks = input.priceOf(mids.quoting) / desk.instrument.tickValue;
    return { quoting: mids.quoting, hedge: Math.max(1, Math.round(2 * ticks)) };
  }

  /** Quote currency. Without a fresh price of the quoting venue, the hedge venue's is taken. */
  #mid({ instrument, market }: HedgeDesk): number {
    const { market: quoting, guards, input } = this.#parts;
    const own = input.priceOf(quoting.midHalfTicks);
    const isFresh = own > 0 && !guards.isTripped("stale-book");
    if (isFresh || market.midHalfTicks === 0) return own;
    return (market.midHalfTicks / 2) * instrument.tickValue;
  }

  #modeOf(state: PairState): HedgeMode {
    switch (state) {
      case "quoting":
      case "paused":
      case "reducing":
        return "hedge";
      case "flattened":
        return "flatten";
      case "halted":
        return this.#closesOnHalt || this.#isFlattened ? "flatten" : "hedge";
      case "starting":
      case "stopping":
        return "off";
    }
  }
}
