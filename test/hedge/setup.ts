/**
 * What the tests of the hedgers stand on: an instrument, parameters, an exposure, and a hedge venue
 * that is told what to answer. Prices are about 4 USDC (4000 ticks), a lot is 0.1 SUI.
 */

import { Instrument, type InstrumentSpec, type Side } from "#domain/instrument.ts";
import { formatClientOrderId, type RejectReason } from "#domain/order.ts";
import { HedgeBook } from "#hedge/hedge-book.ts";
import type { Exposure, HedgeInput, HedgeMarket, HedgeMode } from "#hedge/hedge-input.ts";
import type {
  HedgeOrderSpec,
  HedgeOrders,
  HedgeOrderView,
  HedgeStep,
  HedgeStory,
} from "#hedge/hedge-orders.ts";
import type { HedgeParams } from "#hedge/params.ts";

const PERP: InstrumentSpec = {
  venue: "binance-perp",
  symbol: "SUIUSDC",
  base: "SUI",
  quote: "USDC",
  kind: "perp",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.001",
  lotSize: "0.1",
  minNotional: "5",
  makerFeeRate: "0.0002",
  takerFeeRate: "0.0005",
  maxOpenOrders: 200,
};

export function hedgeInstrument(changes: Partial<InstrumentSpec> = {}): Instrument {
  return new Instrument({ ...PERP, ...changes });
}

/** Hyperliquid: no stop opens a position, stops fire by the mark price. */
export function hyperliquidInstrument(): Instrument {
  return hedgeInstrument({
    venue: "hyperliquid",
    symbol: "SUI",
    canOpenByStop: false,
    stopsFireOn: "mark",
  });
}

type Part<T> = { readonly [Key in keyof T]?: T[Key] };

interface ParamChanges extends Part<Omit<HedgeParams, "active" | "passive" | "execution">> {
  readonly active?: Part<NonNullable<HedgeParams["active"]>> | null;
  readonly passive?: Part<NonNullable<HedgeParams["passive"]>> | null;
  readonly execution?: Part<HedgeParams["execution"]>;
}

export function hedgeParams(changes: ParamChanges = {}): HedgeParams {
  const active = {
    iqvRatio: 0.4,
    targetIqvRatio: 0.2,
    unwindIqvRatio: 0.1,
    target: "band",
    unwindProportion: 0.25,
    intervalMs: 1_000,
  } as const;
  const passive = {
    ratio: 0.05,
    stopRatio: 0.01,
    proportion: 0.5,
    neutralIqvRatio: 0.2,
    movePct: 10,
    onCrossed: "hedge",
    refreshIntervalMs: 30_000,
    cooldownMs: 60_000,
  } as const;
  const execution = { repegMs: 3_000, makerDeadlineMs: 60_000, maxSlippagePct: 0.5 };
  return {
    minStepLots: 20,
    isDualSided: true,
    maxUnhedgedMs: 60_000,
    closesOnHalt: true,
    minLiquidationDistancePct: 10,
    maxMarginPct: 80,
    ...changes,
    active: changes.active === null ? null : { ...active, ...changes.active },
    passive: changes.passive === null ? null : { ...passive, ...changes.passive },
    execution: { ...execution, ...changes.execution },
  };
}

/** 100 SUI and 400 USDC at 4: on target. */
export const NEUTRAL: Exposure = {
  mid: 4,
  inventory: 100,
  quote: 400,
  hedgeBase: 0,
  hedgeQuote: 0,
  targetIqvRatio: 0.5,
};

export interface FakeOrder {
  readonly id: string;
  readonly spec: HedgeOrderSpec;
  readonly reason: string;
  /** Of fills that were told. */
  filledLots: number;
  units: number;
  /** The venue's own count. */
  venueLots: number;
  isEnded: boolean;
  /** The venue has shown it. */
  isSeen: boolean;
  isInDoubt: boolean;
  isCanceling: boolean;
  rejectReason: RejectReason | null;
}

/** A hedge venue that does as it is told, and the book of its position. */
export class FakeVenue implements HedgeOrders, HedgeStory {
  readonly orders = new Map<string, FakeOrder>();
  readonly book: HedgeBook;
  readonly instrument: Instrument;
  readonly steps: HedgeStep[] = [];
  readonly alerts: string[] = [];
  /** What was sent since this was last read. */
  #sent: string[] = [];
  #sequence = 0;
  #trades = 0;

  constructor(instrument: Instrument, opening = { base: "0", quote: "0" }) {
    this.instrument = instrument;
    this.book = new HedgeBook(instrument, opening);
  }

  place(spec: HedgeOrderSpec, reason: string): string {
    if (!(Number.isSafeInteger(spec.quantityLots) && spec.quantityLots > 0)) {
      throw new Error(`an order of ${spec.quantityLots} lots`);
    }
    this.#sequence += 1;
    const id = formatClientOrderId({
      prefix: "mm",
      pair: "SUI",
      role: spec.role,
      epoch: 1,
      sequence: this.#sequence,
    });
    this.orders.set(id, {
      id,
      spec,
      reason,
      filledLots: 0,
      units: 0,
      venueLots: 0,
      isEnded: false,
      isSeen: false,
      isInDoubt: false,
      isCanceling: false,
      rejectReason: null,
    });
    const kind = spec.type === "limit" ? (spec.postOnly ? "post" : spec.timeInForce) : spec.type;
    const size = `${spec.side} ${spec.quantityLots}@${spec.priceTicks}`;
    this.#sent.push(`${kind} ${size}${spec.reduceOnly ? " reduce" : ""}`);
    return id;
  }

  cancel(clientOrderId: string, reason: string): void {
    const order = this.order(clientOrderId);
    if (this.find(clientOrderId)?.isWorking !== true)
      throw new Error(`${clientOrderId}: not there`);
    order.isCanceling = true;
    this.#sent.push(`cancel ${order.spec.side} ${order.spec.quantityLots} (${reason})`);
  }

  find(clientOrderId: string): HedgeOrderView | undefined {
    const order = this.orders.get(clientOrderId);
    if (order === undefined) return undefined;
    const { spec, filledLots, venueLots, isEnded, isSeen, isInDoubt, isCanceling } = order;
    return {
      clientOrderId,
      side: spec.side,
      type: spec.type,
      priceTicks: spec.priceTicks,
      quantityLots: spec.quantityLots,
      filledLots,
      missingLots: venueLots - filledLots,
      averageTicks: filledLots === 0 ? 0 : order.units / filledLots,
      isEnded: isEnded || filledLots >= spec.quantityLots,
      isWorking: isSeen && !isEnded && !isInDoubt && !isCanceling,
      isCanceling,
      rejectReason: order.rejectReason,
    };
  }

  step(step: HedgeStep): void {
    this.steps.push(step);
  }

  alert(level: "info" | "warning" | "critical", code: string): void {
    this.alerts.push(`${level} ${code}`);
  }

  order(id: string): FakeOrder {
    const order = this.orders.get(id);
    if (order === undefined) throw new Error(`no order ${id}`);
    return order;
  }

  get live(): FakeOrder[] {
    return [...this.orders.values()].filter((order) => !order.isEnded);
  }

  /** The newest live order of this side, or of any. */
  last(side?: Side): FakeOrder {
    const order = this.live.findLast((one) => side === undefined || one.spec.side === side);
    if (order === undefined) throw new Error("no live order");
    return order;
  }

  /** What was sent since the last time, oldest first. */
  sent(): string[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The venue shows every order that it has been sent, and does what cancels ask. */
  answer(): void {
    for (const order of this.live) {
      order.isSeen = true;
      if (order.isCanceling) this.end(order);
    }
  }

  end(order: FakeOrder): void {
    order.isCanceling = false;
    order.isInDoubt = false;
    order.isEnded = true;
  }

  reject(order: FakeOrder, reason: RejectReason): void {
    order.rejectReason = reason;
    this.end(order);
  }

  /** An execution that is told at once. */
  fill(order: FakeOrder, lots: number, ticks = order.spec.priceTicks): void {
    this.execute(order, lots);
    this.tell(order, lots, ticks);
  }

  /** An execution that nobody has heard of yet. */
  execute(order: FakeOrder, lots: number): void {
    order.isSeen = true;
    order.venueLots += lots;
    if (order.venueLots >= order.spec.quantityLots) this.end(order);
  }

  /** Tells of an execution. */
  tell(order: FakeOrder, lots: number, ticks: number): void {
    this.#trades += 1;
    order.filledLots += lots;
    order.units += lots * ticks;
    if (order.filledLots >= order.spec.quantityLots) this.end(order);
    this.book.bookFill(
      {
        tradeId: `t${this.#trades}`,
        clientOrderId: order.id,
        side: order.spec.side,
        priceTicks: ticks,
        quantityLots: lots,
        fee: "0",
        feeAsset: "USDC",
        liquidity: "taker",
        venueTimeMs: 0,
      },
      2 * ticks,
    );
  }
}

/** Something that looks and acts, with everything around it. */
export class Stage {
  readonly venue: FakeVenue;
  readonly instrument: Instrument;
  nowMs = 1_000_000;
  mode: HedgeMode = "hedge";
  exposure: Exposure = NEUTRAL;
  market: HedgeMarket = market(3999, 4001);
  canTrade = true;
  mayGrow = true;

  constructor(instrument = hedgeInstrument(), opening = { base: "0", quote: "0" }) {
    this.instrument = instrument;
    this.venue = new FakeVenue(instrument, opening);
  }

  /** With the position that there is now. */
  get input(): HedgeInput {
    const { nowMs, mode, canTrade, mayGrow } = this;
    const { ledger } = this.venue.book;
    const hedgeBase = Number(ledger.base().toFixed());
    const hedgeQuote = Number(ledger.quote().toFixed());
    const exposure = { ...this.exposure, hedgeBase, hedgeQuote };
    return { nowMs, mode, canTrade, mayGrow, exposure, market: this.market };
  }
}

/** A book with this touch, whose mark and last print are its mid. */
export function market(bidTicks: number, askTicks: number): HedgeMarket {
  const midTicks = (bidTicks + askTicks) / 2;
  return { bidTicks, askTicks, markTicks: midTicks, lastTicks: midTicks };
}
