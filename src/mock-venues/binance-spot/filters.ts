/**
 * SymbolFilters: the venue's filters of one symbol, read from the very JSON that exchangeInfo
 * shows, and applied to new orders with the venue's words. May import domain and this folder.
 */

import * as v from "valibot";
import { type Decimal, decimal, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { type ApiError, badRequest } from "../binance/api-error.ts";
import type { MockOrder } from "./order-records.ts";

/** A new order, or the amended form of an old one. */
export interface OrderDraft {
  readonly side: MockOrder["side"];
  readonly type: MockOrder["type"];
  /** Null for a market order. */
  readonly price: Decimal | null;
  readonly quantity: Decimal;
}

/** What some filters need to know of market and account. */
export interface FilterContext {
  /** The reference price, or the average that stands in for it. */
  readonly referencePrice: Decimal;
  readonly openOrders: number;
  /** Base currency free and locked, and in open buys. */
  readonly position: Decimal;
}

const Amount = v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?$/), v.transform(decimal));
const Count = v.pipe(v.number(), v.safeInteger());

const Price = v.object({ minPrice: Amount, maxPrice: Amount, tickSize: Amount });
const Lot = v.object({ minQty: Amount, maxQty: Amount, stepSize: Amount });
const Notional = v.object({
  minNotional: Amount,
  applyMinToMarket: v.boolean(),
  maxNotional: Amount,
  applyMaxToMarket: v.boolean(),
});
const Percent = v.object({
  bidMultiplierUp: Amount,
  bidMultiplierDown: Amount,
  askMultiplierUp: Amount,
  askMultiplierDown: Amount,
});
const Filters = v.array(v.looseObject({ filterType: v.string() }));
const Rules = v.looseObject({
  filters: Filters,
  orderTypes: v.array(v.string()),
  allowedSelfTradePreventionModes: v.array(v.string()),
  defaultSelfTradePreventionMode: v.string(),
});

export class SymbolFilters {
  readonly orderTypes: readonly string[];
  readonly stpModes: readonly string[];
  readonly defaultStpMode: string;
  /** Amendments that one order may have. */
  readonly maxAmendments: number;
  readonly #price: v.InferOutput<typeof Price>;
  readonly #lot: v.InferOutput<typeof Lot>;
  readonly #marketLot: v.InferOutput<typeof Lot> | undefined;
  readonly #notional: v.InferOutput<typeof Notional> | undefined;
  readonly #percent: v.InferOutput<typeof Percent> | undefined;
  readonly #maxOrders: number;
  readonly #maxPosition: Decimal | undefined;

  /** @throws {InputError} `bad-rules` where the filters are not as the venue documents them */
  constructor(symbol: string, json: unknown) {
    const rules = read(Rules, json, symbol);
    const filter = <Schema extends v.GenericSchema>(name: string, schema: Schema) => {
      const found = rules.filters.find(({ filterType }) => filterType === name);
      return found === undefined ? undefined : read(schema, found, `${symbol} ${name}`);
    };
    const price = filter("PRICE_FILTER", Price);
    const lot = filter("LOT_SIZE", Lot);
    if (price === undefined || lot === undefined) {
      throw badRules("PRICE_FILTER and LOT_SIZE must both be there", symbol);
    }
    this.orderTypes = rules.orderTypes;
    this.stpModes = rules.allowedSelfTradePreventionModes;
    this.defaultStpMode = rules.defaultSelfTradePreventionMode;
    this.#price = price;
    this.#lot = lot;
    this.#marketLot = filter("MARKET_LOT_SIZE", Lot);
    this.#notional = filter("NOTIONAL", Notional);
    this.#percent = filter("PERCENT_PRICE_BY_SIDE", Percent);
    const orders = filter("MAX_NUM_ORDERS", v.object({ maxNumOrders: Count }));
    const amends = filter("MAX_NUM_ORDER_AMENDS", v.object({ maxNumOrderAmends: Count }));
    this.#maxOrders = orders?.maxNumOrders ?? Infinity;
    this.maxAmendments = amends?.maxNumOrderAmends ?? Infinity;
    this.#maxPosition = filter("MAX_POSITION", v.object({ maxPosition: Amount }))?.maxPosition;
  }

  /** The first filter that a new order fails, or undefined. */
  refusal(draft: OrderDraft, context: FilterContext): ApiError | undefined {
    const staysOpen = draft.type !== "MARKET";
    const name =
      this.#sizeFailure(draft, context.referencePrice) ??
      (staysOpen && context.openOrders >= this.#maxOrders ? "MAX_NUM_ORDERS" : undefined) ??
      (this.#exceedsPosition(draft, context.position) ? "MAX_POSITION" : undefined);
    return name === undefined ? undefined : filterFailure(name);
  }

  /** Of an amendment only price and size are looked at. */
  amendRefusal(draft: OrderDraft, referencePrice: Decimal): ApiError | undefined {
    const name = this.#sizeFailure(draft, referencePrice);
    return name === undefined ? undefined : filterFailure(name);
  }

  #sizeFailure(draft: OrderDraft, reference: Decimal): string | undefined {
    const { price, quantity, type } = draft;
    if (price !== null && !isWithin(price, priceRange(this.#price))) return "PRICE_FILTER";
    if (price !== null && this.#isFarOff(draft.side, price, reference)) {
      return "PERCENT_PRICE_BY_SIDE";
    }
    if (!isWithin(quantity, lotRange(this.#lot))) return "LOT_SIZE";
    const marketLot = type === "MARKET" ? this.#marketLot : undefined;
    if (marketLot !== undefined && !isWithin(quantity, lotRange(marketLot))) {
      return "MARKET_LOT_SIZE";
    }
    return this.#isNotionalOff((price ?? reference).times(quantity), type) ? "NOTIONAL" : undefined;
  }

  #isFarOff(side: MockOrder["side"], price: Decimal, reference: Decimal): boolean {
    const percent = this.#percent;
    if (percent === undefined || reference.eq(ZERO)) return false;
    const [down, up] =
      side === "BUY"
        ? [percent.bidMultiplierDown, percent.bidMultiplierUp]
        : [percent.askMultiplierDown, percent.askMultiplierUp];
    return price.lt(reference.times(down)) || price.gt(reference.times(up));
  }

  #isNotionalOff(value: Decimal, type: MockOrder["type"]): boolean {
    const notional = this.#notional;
    if (notional === undefined) return false;
    const isMarket = type === "MARKET";
    const asksMin = !isMarket || notional.applyMinToMarket;
    const asksMax = !isMarket || notional.applyMaxToMarket;
    return (
      (asksMin && value.lt(notional.minNotional)) || (asksMax && value.gt(notional.maxNotional))
    );
  }

  #exceedsPosition({ side, quantity }: OrderDraft, position: Decimal): boolean {
    const most = this.#maxPosition;
    return most !== undefined && side === "BUY" && position.plus(quantity).gt(most);
  }
}

/** -1013: refused before the matching engine saw it. */
function filterFailure(filter: string): ApiError {
  return badRequest(-1013, `Filter failure: ${filter}`);
}

/** A step or bound of zero is off. */
interface Range {
  readonly min: Decimal;
  readonly max: Decimal;
  readonly step: Decimal;
}

function priceRange(filter: v.InferOutput<typeof Price>): Range {
  return { min: filter.minPrice, max: filter.maxPrice, step: filter.tickSize };
}

function lotRange(filter: v.InferOutput<typeof Lot>): Range {
  return { min: filter.minQty, max: filter.maxQty, step: filter.stepSize };
}

function isWithin(value: Decimal, { min, max, step }: Range): boolean {
  if (value.lte(ZERO) || value.lt(min)) return false;
  if (max.gt(ZERO) && value.gt(max)) return false;
  return step.eq(ZERO) || value.mod(step).eq(ZERO);
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw badRules(`${v.getDotPath(issue) ?? "the entry"}: ${issue.message}`, where);
}

function badRules(problem: string, where: string): InputError {
  return new InputError("bad-rules", problem, {
    where: `rules of ${where}`,
    hint: "give the symbol's entry of exchangeInfo",
  });
}
