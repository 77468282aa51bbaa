/**
 * OrderDesk: what becomes of orders, cancels and modifications once a block executes them: the
 * venue's checks in its order and words, and one status for each element of a batch. May import
 * domain and this folder.
 */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { CancelWord, HlAccount } from "./account.ts";
import type { WireOrder } from "./action-schemas.ts";
import { HlCoin } from "./coin.ts";
import type { HlOrder, OrderDraft, Tif } from "./order-records.ts";
import type { HlRules } from "./rules.ts";
import { TEXTS } from "./texts.ts";
import type { DelistedCoin } from "./universe.ts";
import { averagePriceText, sizeText } from "./wire-numbers.ts";

/** An element of an answer's `statuses`. */
export type Status = string | Readonly<Record<string, unknown>>;

/** One for each element, or the one error of a whole batch of which nothing was done. */
export type BatchResult =
  | { readonly statuses: readonly Status[] }
  | { readonly batchError: string };

interface DeskParts {
  readonly universe: readonly (HlCoin | DelistedCoin)[];
  readonly account: HlAccount;
  readonly rules: Pick<HlRules, "triggerAnswer">;
}

interface ForeignOrder {
  readonly coin: string;
  readonly cloid: string | null;
  readonly side: OrderDraft["side"];
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly tif?: Tif;
  readonly reduceOnly?: boolean;
}

interface Modification {
  readonly oid: number | string;
  readonly order: WireOrder;
}

type Grouping = "na" | "normalTpsl" | "positionTpsl";

/** An order may be this far from the oracle price, as a fraction of it. */
const FARTHEST = 0.95;
/** Open orders at which what only reduces, and triggers, are refused. */
const FULL_FOR_REDUCING = 1000;

export class OrderDesk {
  /** The period after a network upgrade. */
  isPostOnlyPeriod = false;
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** The listed coin of an asset id; its market is brought up to now. */
  coinOf(asset: number): HlCoin | undefined {
    const coin = this.#parts.universe[asset];
    if (!(coin instanceof HlCoin)) return undefined;
    coin.advanceToNow();
    return coin;
  }

  place(orders: readonly WireOrder[], grouping: Grouping): BatchResult {
    const batchError = this.#batchError(orders);
    if (batchError !== null) return { batchError };
    return { statuses: orders.map((order) => this.#placeWire(order, grouping)) };
  }

  /** @param isFast it asked for priority, which orders that wait for a trigger do not get */
  cancel(
    cancels: readonly { readonly asset: number; readonly id: number | string }[],
    isFast: boolean,
  ): BatchResult {
    if (cancels.length === 0) return { batchError: TEXTS.emptyBatch };
    return { statuses: cancels.map(({ asset, id }) => this.#cancelOne(asset, id, isFast)) };
  }

  /** @param always the new order is placed whatever became of the old one */
  modify(modifies: readonly Modification[], always: boolean): BatchResult {
    const batchError = this.#batchError(modifies.map(({ order }) => order));
    if (batchError !== null) return { batchError };
    return { statuses: modifies.map((modify) => this.#modifyOne(modify, always)) };
  }

  cancelAll(word: CancelWord): void {
    for (const order of this.#parts.account.records.open()) {
      const coin = this.coinOf(order.asset);
      // The market of that moment may have filled it.
      if (coin === undefined || this.#parts.account.records.findOpen(order.oid) === undefined) {
        continue;
      }
      this.#parts.account.cancel(coin, order, word);
    }
  }

  /** @throws {InputError} `unknown-symbol` */
  placeForeign(order: ForeignOrder): HlOrder {
    const asset = this.#parts.universe.findIndex((entry) => entry.name === order.coin);
    const coin = this.coinOf(asset);
    if (coin === undefined) {
      throw new InputError("unknown-symbol", `the mock venue has no coin ${order.coin}`);
    }
    return this.#placeDraft(coin, {
      coin: coin.name,
      asset,
      instrument: coin.instrument,
      cloid: order.cloid,
      side: order.side,
      tif: order.tif ?? "Gtc",
      priceTicks: order.priceTicks,
      triggerTicks: 0,
      quantityLots: order.quantityLots,
      reduceOnly: order.reduceOnly ?? false,
    });
  }

  /** Whatever says the payload alone: one error for all of it. */
  #batchError(orders: readonly WireOrder[]): string | null {
    if (orders.length === 0) return TEXTS.emptyBatch;
    for (const order of orders) {
      const coin = this.coinOf(order.a);
      const error = coin === undefined ? TEXTS.invalidAsset(order.a) : staticError(coin, order);
      if (error !== null) return error;
    }
    return null;
  }

  #placeWire(wire: WireOrder, grouping: Grouping, makesAlo = false): Status {
    const coin = this.coinOf(wire.a);
    if (coin === undefined) return { error: TEXTS.invalidAsset(wire.a) };
    const draft = draftOf(coin, wire);
    const isTrigger = draft.triggerTicks > 0;
    const tif = makesAlo && draft.tif === "Gtc" ? "Alo" : draft.tif;
    if (this.isPostOnlyPeriod && tif !== "Alo") return { error: TEXTS.upgrade };
    const order = this.#placeDraft(coin, { ...draft, tif });
    const waits = grouping !== "na" || this.#parts.rules.triggerAnswer === "waitingForTrigger";
    return isTrigger && order.status === "open" && waits ? "waitingForTrigger" : statusOf(order);
  }

  #placeDraft(coin: HlCoin, draft: OrderDraft): HlOrder {
    const { account } = this.#parts;
    const { asset, priceTicks, quantityLots, reduceOnly, instrument } = draft;
    if (!reduceOnly && priceTicks * quantityLots < instrument.minNotionalUnits) {
      return account.refuse(draft, "minTradeNtlRejected", TEXTS.minimum(asset));
    }
    const open = account.records.openCount;
    const onlyReduces = reduceOnly || draft.triggerTicks > 0;
    // What takes at once needs no place, and yet it is refused where it only reduces.
    const isFull = draft.tif !== "Ioc" && open >= account.maxOpenOrders;
    if (isFull || (onlyReduces && open >= FULL_FOR_REDUCING)) {
      const text = TEXTS.tooManyOrders(open, asset);
      return account.refuse(draft, "tooManyOpenOrdersRejected", text);
    }
    return account.place(coin, draft);
  }

  #cancelOne(asset: number, id: number | string, isFast: boolean): Status {
    const coin = this.coinOf(asset);
    const order = this.#parts.account.records.findOpen(id);
    if (coin === undefined || order?.asset !== asset) return { error: TEXTS.missing(asset) };
    if (isFast && order.triggerTicks > 0) return { error: TEXTS.fastTriggerCancel(asset) };
    this.#parts.account.cancel(coin, order);
    return "success";
  }

  #modifyOne({ oid, order: wire }: Modification, always: boolean): Status {
    const isIoc = "limit" in wire.t && wire.t.limit.tif === "Ioc";
    if (isIoc && !always) return { error: TEXTS.modifyInvalid };
    const coin = this.coinOf(wire.a);
    const old = this.#parts.account.records.findOpen(oid);
    const isThere = coin !== undefined && old?.asset === wire.a;
    if (!isThere && !always) return { error: TEXTS.modifyGone };
    const place = (): Status => this.#placeWire(wire, "na", !always);
    const status = isThere ? this.#parts.account.replace(coin, old, place) : place();
    if (typeof status === "string" || typeof status["error"] !== "string") return status;
    return { error: TEXTS.modifyRefused(status["error"]) };
  }
}

function draftOf(coin: HlCoin, { a, b, p, s, r, t, c }: WireOrder): OrderDraft {
  const { instrument } = coin;
  return {
    coin: coin.name,
    asset: a,
    instrument,
    cloid: c ?? null,
    side: b ? "buy" : "sell",
    tif: "limit" in t ? t.limit.tif : null,
    priceTicks: instrument.ticksOf(p),
    triggerTicks: "limit" in t ? 0 : instrument.ticksOf(t.trigger.triggerPx),
    quantityLots: instrument.lotsOf(s),
    reduceOnly: r,
  };
}

/** What is wrong with an order whatever account and book are like, but for where the oracle is. */
function staticError(coin: HlCoin, { a, p, s, r, t }: WireOrder): string | null {
  const { instrument, prices } = coin;
  const ticks = countOf(() => instrument.ticksOf(p));
  if (!isPrice(instrument, ticks)) return TEXTS.tick(a);
  const lots = countOf(() => instrument.lotsOf(s));
  if (lots === undefined || lots === 0) return TEXTS.size(a);
  if (!Number.isSafeInteger((ticks ?? 0) * lots)) return TEXTS.size(a);
  const distance = Math.abs((ticks ?? 0) - prices.oracleTicks);
  if (distance > FARTHEST * prices.oracleTicks) return TEXTS.farPrice(a);
  if ("limit" in t) return null;
  if (!r) return TEXTS.triggerNotReduceOnly;
  if (t.trigger.tpsl !== "sl" || !t.trigger.isMarket) return TEXTS.triggerKind;
  const trigger = countOf(() => instrument.ticksOf(t.trigger.triggerPx));
  return isPrice(instrument, trigger) ? null : TEXTS.tick(a);
}

function isPrice(instrument: Instrument, ticks: number | undefined): boolean {
  return ticks !== undefined && instrument.isValidPrice(ticks);
}

/** Undefined where a number is off the venue's grid. */
function countOf(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function statusOf(order: HlOrder): Status {
  const { oid, cloid, filledLots, instrument } = order;
  const ids = { oid, ...(cloid === null ? {} : { cloid }) };
  if (order.status === "open") return { resting: ids };
  if (filledLots === 0) return { error: order.refusal ?? order.status };
  return {
    filled: {
      totalSz: sizeText(instrument, filledLots),
      avgPx: averagePriceText(instrument, order.filledValue, filledLots),
      ...ids,
    },
  };
}
