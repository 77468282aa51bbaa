/**
 * Perps before a start: margin mode and leverage are set and read back, a position that is there is
 * taken over, and the account's margin must cover what its pairs may build up together, quoting and
 * hedging. Asks the desk; the only thing that it changes at a venue is what the config says of
 * margin and leverage.
 */

import type { PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { PerpState, PerpWants } from "#ports/venue.ts";
import { type LegName, legConfig } from "./legs.ts";
import type { LegPlan, PairPlan } from "./pair-plan.ts";
import type { VenueAccess } from "./venue-access.ts";

/** Places of the prices and sums that people are shown. */
const SHOWN_PLACES = 6;

/** A leg with the pair that it is of. */
export interface PairLeg {
  readonly pair: PairConfig;
  readonly leg: LegPlan;
}

/** What the config wants of a perp; null: it stays as the account has it. */
export function perpWants(pair: PairConfig, leg: LegName): PerpWants | null {
  const { leverage, marginMode = "cross" } = legConfig(pair, leg);
  return leverage === undefined ? null : { marginMode, leverage };
}

/** @throws {InputError} `bad-leverage`; {MmError} */
export function askPerp(
  { desk, venue }: VenueAccess,
  symbol: string,
  wants: PerpWants | null,
): Promise<PerpState> {
  if (desk.preparePerp === undefined) {
    throw new InvariantError(`${venue} has perpetual futures and no desk for them`);
  }
  return desk.preparePerp(symbol, wants);
}

/** What people should know of the perps of a pair that is about to start, a sentence each. */
export function perpWarnings(
  { pair, quote, hedge }: PairPlan,
  isTakenOver: (leg: LegPlan) => boolean,
): string[] {
  return [
    ...legWarnings(pair, quote, isTakenOver(quote), "the ladder leads it back to 0"),
    ...(hedge === null
      ? []
      : legWarnings(pair, hedge, isTakenOver(hedge), "it counts as the pair's hedge")),
  ];
}

function legWarnings(pair: PairConfig, leg: LegPlan, isTakenOver: boolean, then: string): string[] {
  const { perp, market } = leg;
  if (perp === null) return [];
  const where = `pair ${pair.id}${leg.name === "hedgeOn" ? ", hedgeOn" : ""}`;
  const warnings = perp.warnings.map((warning) => `${where}: ${warning}`);
  const position = decimal(perp.position);
  if (position.eq(ZERO) || !isTakenOver) return warnings;
  const price = decimal(perp.entryValue).div(position).round(SHOWN_PLACES);
  const { base, quote } = market.instrument;
  warnings.push(
    `${where}: a position of ${perp.position} ${base} is there already, entered at ` +
      `${plain(price)} ${quote}: it is taken over, and ${then}`,
  );
  return warnings;
}

/**
 * All legs of one account together, at their worst: each pair with its whole allotment on one side,
 * each hedge as large as its pair's whole capital.
 * @param legs with the state of one moment
 * @throws {InputError} `insufficient-margin`
 */
export function requireMargin(access: VenueAccess, legs: readonly PairLeg[]): void {
  // Each currency backs its own: USDT no USDC.
  const groups = Map.groupBy(legs, ({ leg }) => leg.market.instrument.quote);
  for (const [quote, own] of groups) requireMarginOf(quote, access, own);
}

function requireMarginOf(quote: string, access: VenueAccess, legs: readonly PairLeg[]): void {
  const parts = legs.flatMap(({ pair, leg }) =>
    leg.perp === null ? [] : [partOf(pair, leg, leg.perp)],
  );
  const [first] = parts;
  if (first === undefined) return;
  const sum = (figures: readonly Decimal[]): Decimal =>
    figures.reduce((total, figure) => total.plus(figure), ZERO);
  const needed = sum(parts.map((part) => part.needed));
  // The answers are of one account, a moment apart: the least of them counts.
  const free = parts.map((part) => part.free).reduce((a, b) => (b.lt(a) ? b : a), first.free);
  const used = sum(parts.map((part) => part.used));
  if (free.plus(used).gte(needed)) return;
  const each = parts.map(
    ({ name, needed: own, leverage }) => `${name} ${shown(own)} (${leverage}x)`,
  );
  const message =
    `insufficient margin: the pairs may need ${shown(needed)} ${quote}: ${each.join(", ")}; ` +
    `there are ${shown(free)} free and ${shown(used)} in their own positions`;
  const sections = [...new Set(legs.map(({ leg }) => `${leg.name}.leverage`))];
  throw new InputError("insufficient-margin", message, {
    where: `${access.name}, capital`,
    hint:
      "fund the account, lower initInventoryAmount and initQuoteAmount of its pairs, or raise " +
      `their ${sections.join(" or ")}`,
  });
}

interface MarginPart {
  /** `SUI`, or `SUI's hedge`. */
  readonly name: string;
  readonly leverage: number;
  /** For the most that it may hold. */
  readonly needed: Decimal;
  readonly free: Decimal;
  /** Held by the position that is there. */
  readonly used: Decimal;
}

function partOf(pair: PairConfig, leg: LegPlan, perp: PerpState): MarginPart {
  const mark = decimal(perp.markPrice);
  const wanted = perpWants(pair, leg.name)?.leverage ?? perp.leverage;
  return {
    name: leg.name === "quote" ? pair.id : `${pair.id}'s hedge`,
    leverage: wanted,
    needed: largestValue(pair, leg, mark).div(decimalOfInteger(wanted)),
    free: decimal(perp.freeMargin),
    used: decimal(perp.position).abs().times(mark).div(decimalOfInteger(perp.leverage)),
  };
}

function largestValue({ capital }: PairConfig, { name }: LegPlan, mark: Decimal): Decimal {
  const quote = decimal(capital.initQuoteAmount);
  const inventory = decimal(capital.initInventoryAmount).times(mark);
  // A hedge is as large as what is held, which may be all of the capital.
  if (name === "hedgeOn") return quote.plus(inventory);
  // All bought with the quote, or all of the inventory sold: never both.
  return quote.gt(inventory) ? quote : inventory;
}

function shown(figure: Decimal): string {
  return plain(figure.round(2));
}
