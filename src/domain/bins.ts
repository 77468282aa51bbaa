/**
 * How many bins of a given width fit between the mid and the edge of the ladder, in exact decimals:
 * 0.009 at 1 basis point is 90, where floats say 89. Pure.
 */

import { decimalOfNumber, plain } from "./decimal.ts";
import { InputError } from "./errors.ts";

/**
 * Bins on one side of the ladder: floor(limit / (binStep / 10⁴)).
 * @param limitPct the edge as a fraction of the mid (the seed's name; 0.02 is 2 %), above 0
 * @param binStep basis points between bins, above 0
 * @throws {InputError} `bad-bins` where either is not above 0, or the count is beyond 2^53
 */
export function binCount(limitPct: number, binStep: number): number {
  if (!(limitPct > 0) || !(binStep > 0)) {
    throw new InputError("bad-bins", `limit ${limitPct} and bin step ${binStep} must be above 0`);
  }
  const limit = decimalOfNumber(limitPct).times("10000");
  const step = decimalOfNumber(binStep);
  // A quotient is rounded at its last place; less the remainder it is a whole number, so exact.
  const bins = Number(plain(limit.minus(limit.mod(step)).div(step)));
  if (!Number.isSafeInteger(bins)) {
    throw new InputError("bad-bins", `limit ${limitPct} holds too many bins of ${binStep}`);
  }
  return bins;
}
