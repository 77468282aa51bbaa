/** Times and pages of lists, as the calls that list things take them. May import this folder. */

import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";

/** The longest span of times that may be asked for. */
const WEEK_MS = 7 * 86_400_000;

/** Everything where no times are given. @throws {ApiError} -4166 where it is longer than a week */
export function readWindow(params: Params): { readonly startMs: number; readonly endMs: number } {
  const start = params.integer("startTime");
  const end = params.integer("endTime");
  if (start !== undefined && end !== undefined && end - start > WEEK_MS) {
    throw badRequest(-4166, "Search window is restricted to recent 7 days only.");
  }
  const startMs = start ?? (end === undefined ? 0 : end - WEEK_MS);
  return { startMs, endMs: end ?? (start === undefined ? Infinity : start + WEEK_MS) };
}

/** The first where it goes forward from somewhere, else the newest; oldest first both times. */
export function pageOf<Item>(
  items: readonly Item[],
  limit: number,
  isForward: boolean,
): readonly Item[] {
  return isForward ? items.slice(0, limit) : items.slice(-limit);
}
