/**
 * Perps before a start: margin mode and leverage are set and read back, a position that is there is
 * taken over, and the account's margin must cover what its pairs may build up together. Asks the
 * desk; the only thing it changes at a venue is what the config says of margin and leverage.
 */

import type { PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { PerpState, PerpWants } from "#ports/venue.ts";
import type { PairPlan } from "./pair-plan.ts";
import type { VenueAccess } from "./venue-access.ts";

/** Places of the prices and sums that people are shown. */
const SHOWN_PLACES = 6;

/** What the config wants of a perp; null: it stays as the account has it. */
export function perpWants({ quote }: PairConfig): PerpWants | null {
  const { leverage, marginMode = "cross" } = quote;
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

/** What people should know of a perp that is about to start, a sentence each. */
export function perpWarnings(plan: PairPlan, isTakenOver: boolean): string[] {
  const { pair, perp, market } = plan;
  if (perp === null) return [];
  const where = `pair ${pair.id}`;
  const warnings = perp.warnings.map((warning) => `${where}: ${warning}`);
  const position = decimal(perp.position);
  if (position.eq(ZERO) || !isTakenOver) return warnings;
  const price = decimal(perp.entryValue).div(position).round(SHOWN_PLACES);
  const { base, quote } = market.instrument;
  warnings.push(
    `${where}: a position of ${perp.position} ${base} is there already, entered at ` +
      `${plain(price)} ${quote}: it is taken over, and the ladder leads it back to 0`,
  );
  return warnings;
}

/**
 * All pairs of one account together, at their worst: each with its whole allotment on one side.
 * @param plans with the state of one moment
 * @throws {InputError} `insufficient-margin`
 */
export function requireMargin(access: VenueAccess, plans: readonly PairPlan[]): void {
  const parts = plans.flatMap(({ pair, perp }) => (perp === null ? [] : [partOf(pair, perp)]));
  const [first] = parts;
  if (first === undefined) return;
  const sum = (figures: readonly Decimal[]): Decimal =>
    figures.reduce((total, figure) => total.plus(figure), ZERO);
  const needed = sum(parts.map((part) => part.needed));
  // The answers are of one account, a moment apart: the least of them counts.
  const free = parts.map((part) => part.free).reduce((a, b) => (b.lt(a) ? b : a), first.free);
  const used = sum(parts.map((part) => part.used));
  if (free.plus(used).gte(needed)) return;
  const quote = plans[0]?.market.instrument.quote ?? "";
  const each = parts.map(({ id, needed: own, leverage }) => `${id} ${shown(own)} (${leverage}x)`);
  const message =
    `insufficient margin: the pairs may need ${shown(needed)} ${quote}: ${each.join(", ")}; ` +
    `there are ${shown(free)} free and ${shown(used)} in their own positions`;
  throw new InputError("insufficient-margin", message, {
    where: `${access.name}, capital`,
    hint:
      "fund the account, lower initInventoryAmount and initQuoteAmount of its pairs, or raise " +
      "their quote.leverage",
  });
}

interface MarginPart {
  readonly id: string;
  readonly leverage: number;
  /** For the whole allotment. */
  readonly needed: Decimal;
  readonly free: Decimal;
  /** Held by the position that is there. */
  readonly used: Decimal;
}

function partOf(pair: PairConfig, perp: PerpState): MarginPart {
  const { id, capital } = pair;
  const mark = decimal(perp.markPrice);
  const wanted = perpWants(pair)?.leverage ?? perp.leverage;
  // All bought with the quote, or all of the inventory sold: never both.
  const long = decimal(capital.initQuoteAmount);
  const short = decimal(capital.initInventoryAmount).times(mark);
  const largest = long.gt(short) ? long : short;
  return {
    id,
    leverage: wanted,
    needed: largest.div(decimalOfInteger(wanted)),
    free: decimal(perp.freeMargin),
    used: decimal(perp.position).abs().times(mark).div(decimalOfInteger(perp.leverage)),
  };
}

function shown(figure: Decimal): string {
  return plain(figure.round(2));
}
