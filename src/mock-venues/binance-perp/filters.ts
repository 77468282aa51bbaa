/**
 * PerpFilters: the venue's filters of one perp, read from the very JSON that exchangeInfo shows,
 * and applied to new orders with the venue's codes and words. May import domain and this folder.
 */

import * as v from "valibot";
import { type Decimal, decimal, decimalsOf, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { type ApiError, badRequest } from "../binance/api-error.ts";

/** A new order, or the changed form of an old one. */
export interface OrderDraft {
  readonly isBuy: boolean;
  /** Null for a market order. */
  readonly price: Decimal | null;
  readonly quantity: Decimal;
  readonly reduceOnly: boolean;
}

/** What some filters need to know of the market. */
export interface FilterContext {
  readonly mark: Decimal;
  /** The best price that a market order would meet; null where there is none. */
  readonly opposite: Decimal | null;
}

const Amount = v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?$/), v.transform(decimal));
const Price = v.object({ minPrice: Amount, maxPrice: Amount, tickSize: Amount });
const Lot = v.object({ minQty: Amount, maxQty: Amount, stepSize: Amount });
const Percent = v.object({ multiplierUp: Amount, multiplierDown: Amount });
const Rules = v.looseObject({
  pricePrecision: v.number(),
  quantityPrecision: v.number(),
  filters: v.array(v.looseObject({ filterType: v.string() })),
});

const TOO_PRECISE = "Precision is over the maximum defined for this asset.";

export class PerpFilters {
  readonly #rules: v.InferOutput<typeof Rules>;
  readonly #price: v.InferOutput<typeof Price>;
  readonly #lot: v.InferOutput<typeof Lot>;
  readonly #marketLot: v.InferOutput<typeof Lot>;
  readonly #percent: v.InferOutput<typeof Percent>;
  readonly #minNotional: Decimal;

  /** @throws {InputError} `bad-rules` where the filters are not as the venue documents them */
  constructor(symbol: string, json: unknown) {
    const rules = read(Rules, json, symbol);
    const filter = <Schema extends v.GenericSchema>(name: string, schema: Schema) => {
      const found = rules.filters.find(({ filterType }) => filterType === name);
      return read(schema, found, `${symbol} ${name}`);
    };
    this.#rules = rules;
    this.#price = filter("PRICE_FILTER", Price);
    this.#lot = filter("LOT_SIZE", Lot);
    this.#marketLot = filter("MARKET_LOT_SIZE", Lot);
    this.#percent = filter("PERCENT_PRICE", Percent);
    this.#minNotional = filter("MIN_NOTIONAL", v.object({ notional: Amount })).notional;
  }

  /** The first filter that a new order fails, or undefined. */
  refusal(draft: OrderDraft, context: FilterContext): ApiError | undefined {
    const { price, quantity, reduceOnly } = draft;
    const failure =
      this.quantityRefusal(quantity, price === null) ??
      (price === null ? undefined : this.priceRefusal(price)) ??
      this.#distanceRefusal(draft, context);
    if (failure !== undefined || reduceOnly) return failure;
    const value = (price ?? context.opposite ?? context.mark).times(quantity);
    if (value.gte(this.#minNotional)) return undefined;
    const least = plain(this.#minNotional);
    const words = `no smaller than ${least} (unless you choose reduce only).`;
    return badRequest(-4164, `Order's notional must be ${words}`);
  }

  priceRefusal(price: Decimal): ApiError | undefined {
    const { minPrice, maxPrice, tickSize } = this.#price;
    if (decimalsOf(price) > this.#rules.pricePrecision) return badRequest(-1111, TOO_PRECISE);
    if (price.lte(ZERO)) return badRequest(-4001, "Price less than 0.");
    if (price.gt(maxPrice)) return badRequest(-4002, "Price greater than max price.");
    if (price.lt(minPrice)) return badRequest(-4013, "Price less than min price.");
    if (price.minus(minPrice).mod(tickSize).eq(ZERO)) return undefined;
    return badRequest(-4014, "Price not increased by tick size.");
  }

  quantityRefusal(quantity: Decimal, isMarket: boolean): ApiError | undefined {
    const { minQty, maxQty, stepSize } = isMarket ? this.#marketLot : this.#lot;
    if (decimalsOf(quantity) > this.#rules.quantityPrecision) return badRequest(-1111, TOO_PRECISE);
    if (quantity.lte(ZERO)) return badRequest(-4003, "Quantity less than or equal to zero.");
    if (quantity.lt(minQty)) return badRequest(-4004, "Quantity less than min quantity.");
    if (quantity.gt(maxQty)) return badRequest(-4005, "Quantity greater than max quantity.");
    if (quantity.minus(minQty).mod(stepSize).eq(ZERO)) return undefined;
    return badRequest(-4023, "Qty not increased by step size.");
  }

  /** A buyer may not bid far above the mark, a seller not ask far below it. */
  #distanceRefusal({ isBuy, price }: OrderDraft, context: FilterContext): ApiError | undefined {
    const { mark, opposite } = context;
    const limit = mark.times(isBuy ? this.#percent.multiplierUp : this.#percent.multiplierDown);
    const isBeyond = (value: Decimal): boolean => (isBuy ? value.gt(limit) : value.lt(limit));
    if (price === null) {
      if (opposite === null || !isBeyond(opposite)) return undefined;
      const words = "does not meet the PERCENT_PRICE filter limit.";
      return badRequest(-4131, `The counterparty's best price ${words}`);
    }
    if (!isBeyond(price)) return undefined;
    const bound = plain(limit);
    return isBuy
      ? badRequest(-4016, `Limit price can't be higher than ${bound}.`)
      : badRequest(-4024, `Limit price can't be lower than ${bound}.`);
  }
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const problem = `${v.getDotPath(issue) ?? "the entry"}: ${issue.message}`;
  throw new InputError("bad-rules", problem, {
    where: `rules of ${where}`,
    hint: "give the symbol's entry of exchangeInfo",
  });
}
