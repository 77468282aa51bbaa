/**
 * What the mock venue remembers of conditional orders, and how it tells them. Bounded: the oldest
 * ended ones are forgotten. May import domain and this folder.
 */

import { plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OwnOrder } from "../binance/order-records.ts";
import type { JsonObject } from "../json.ts";
import { averagePrice, perpTexts } from "./texts.ts";

export const ALGO_TYPES = ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"] as const;
export const WORKING_TYPES = ["CONTRACT_PRICE", "MARK_PRICE"] as const;

export type AlgoStatusWord =
  | "NEW"
  | "TRIGGERING"
  | "TRIGGERED"
  | "FINISHED"
  | "CANCELED"
  | "REJECTED"
  | "EXPIRED";

/** What came of a conditional order. */
type ActualOrder = Pick<OwnOrder, "filledLots" | "orderId" | "quoteFilled"> & {
  readonly type: string;
};

/** One conditional order. Sizes in lots, prices in ticks. */
export interface AlgoOrder {
  readonly instrument: Instrument;
  readonly algoId: number;
  readonly clientAlgoId: string;
  readonly side: "BUY" | "SELL";
  readonly type: (typeof ALGO_TYPES)[number];
  readonly timeInForce: "GTC" | "IOC" | "FOK" | "GTX";
  /** 0 where it closes the position, whatever that is then. */
  readonly quantityLots: number;
  /** Of those that become limit orders; 0 otherwise. */
  readonly priceTicks: number;
  readonly triggerTicks: number;
  readonly workingType: (typeof WORKING_TYPES)[number];
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly priceProtect: boolean;
  readonly stpMode: string;
  status: AlgoStatusWord;
  readonly createTimeMs: number;
  updateTimeMs: number;
  /** 0 before. */
  triggerTimeMs: number;
  actual: ActualOrder | null;
  /** Why nothing came of it, in the venue's words. */
  failure: string;
}

export type NewAlgoOrder = Omit<
  AlgoOrder,
  | "instrument"
  | "algoId"
  | "status"
  | "createTimeMs"
  | "updateTimeMs"
  | "triggerTimeMs"
  | "actual"
  | "failure"
>;

const MAX_ENDED = 5000;
const FIRST_ALGO_ID = 2_146_760;

export class AlgoRecords {
  /** Oldest first. */
  readonly #waiting = new Map<number, AlgoOrder>();
  readonly #byId = new Map<number, AlgoOrder>();
  /** The newest of each client id. */
  readonly #byClientId = new Map<string, AlgoOrder>();
  readonly #ended: AlgoOrder[] = [];
  #lastId = FIRST_ALGO_ID;

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(order: AlgoOrder): void {
    this.#byId.set(order.algoId, order);
    this.#byClientId.set(order.clientAlgoId, order);
    this.#waiting.set(order.algoId, order);
  }

  /** It waits for its price no more. */
  left(order: AlgoOrder): void {
    if (!this.#waiting.delete(order.algoId)) return;
    this.#ended.push(order);
    const oldest = this.#ended.length > MAX_ENDED ? this.#ended.shift() : undefined;
    if (oldest === undefined) return;
    this.#byId.delete(oldest.algoId);
    if (this.#byClientId.get(oldest.clientAlgoId) === oldest) {
      this.#byClientId.delete(oldest.clientAlgoId);
    }
  }

  /** Those that wait for their price, oldest first. */
  waiting(): AlgoOrder[] {
    return [...this.#waiting.values()];
  }

  /** Oldest first. */
  all(): AlgoOrder[] {
    return [...this.#byId.values()];
  }

  find(id: number | string): AlgoOrder | undefined {
    return typeof id === "number" ? this.#byId.get(id) : this.#byClientId.get(id);
  }
}

/** An answer to placing. */
export function algoJson(order: AlgoOrder): JsonObject {
  return {
    ...identityJson(order),
    ...termsJson(order),
    activatePrice: "",
    callbackRate: "",
    ...timesJson(order),
  };
}

/** The answer over the WebSocket API, which has nothing of trailing orders. */
export function algoWsJson(order: AlgoOrder): JsonObject {
  return { ...identityJson(order), ...termsJson(order), ...timesJson(order) };
}

/** An answer to a query of open orders, or of all. */
export function algoListedJson(order: AlgoOrder): JsonObject {
  const { actual } = order;
  return {
    ...identityJson(order),
    actualOrderId: actual === null ? "" : actual.orderId.toString(),
    actualPrice: averageOf(order),
    ...termsJson(order),
    ...NO_PAIR,
    ...timesJson(order),
  };
}

/** An answer to a query of one. */
export function algoQueriedJson(order: AlgoOrder): JsonObject {
  const { actual } = order;
  const { size } = perpTexts(order.instrument);
  return {
    ...identityJson(order),
    actualOrderId: actual === null ? "" : actual.orderId.toString(),
    actualPrice: averageOf(order),
    actualType: actual?.type ?? "",
    actualQty: size(actual?.filledLots ?? 0),
    ...termsJson(order),
    tpOrderType: "",
    ...timesJson(order),
  };
}

export function algoUpdate(order: AlgoOrder, eventMs: number): JsonObject {
  const { actual, instrument } = order;
  const { price, size } = perpTexts(instrument);
  return {
    e: "ALGO_UPDATE",
    T: order.updateTimeMs,
    E: eventMs,
    o: {
      caid: order.clientAlgoId,
      aid: order.algoId,
      at: "CONDITIONAL",
      o: order.type,
      s: instrument.symbol,
      S: order.side,
      ps: "BOTH",
      f: order.timeInForce,
      q: size(order.quantityLots),
      X: order.status,
      ai: actual === null ? "" : actual.orderId.toString(),
      ap: averageOf(order),
      aq: size(actual?.filledLots ?? 0),
      act: actual?.type ?? "0",
      tp: price(order.triggerTicks),
      p: limitPriceOf(order),
      V: order.stpMode,
      wt: order.workingType,
      pm: "NONE",
      cp: order.closePosition,
      pP: order.priceProtect,
      R: order.reduceOnly,
      tt: order.triggerTimeMs,
      gtd: 0,
      rm: order.failure,
      ia: false,
    },
  };
}

/** Of orders in pairs, which this one is not. */
const NO_PAIR = {
  tpTriggerPrice: "0",
  tpPrice: "0",
  slTriggerPrice: "0",
  slPrice: "0",
  tpOrderType: "",
};

function identityJson(order: AlgoOrder): JsonObject {
  return {
    algoId: order.algoId,
    clientAlgoId: order.clientAlgoId,
    algoType: "CONDITIONAL",
    orderType: order.type,
    symbol: order.instrument.symbol,
    side: order.side,
    positionSide: "BOTH",
    timeInForce: order.timeInForce,
    quantity: perpTexts(order.instrument).size(order.quantityLots),
    algoStatus: order.status,
  };
}

function termsJson(order: AlgoOrder): JsonObject {
  return {
    triggerPrice: perpTexts(order.instrument).price(order.triggerTicks),
    price: limitPriceOf(order),
    icebergQuantity: null,
    selfTradePreventionMode: order.stpMode,
    workingType: order.workingType,
    priceMatch: "NONE",
    closePosition: order.closePosition,
    priceProtect: order.priceProtect,
    reduceOnly: order.reduceOnly,
  };
}

function timesJson(order: AlgoOrder): JsonObject {
  return {
    createTime: order.createTimeMs,
    updateTime: order.updateTimeMs,
    triggerTime: order.triggerTimeMs,
    goodTillDate: 0,
  };
}

function limitPriceOf({ instrument, priceTicks }: AlgoOrder): string {
  return priceTicks === 0 ? "0" : perpTexts(instrument).price(priceTicks);
}

function averageOf({ instrument, actual }: AlgoOrder): string {
  if (actual === null) return "0";
  return plain(averagePrice(instrument, actual.quoteFilled, actual.filledLots));
}
