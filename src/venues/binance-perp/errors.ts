/**
 * What an answer of Binance USD-M futures means for the request: its error codes and the texts of
 * its status 503. Pure; may import domain only. Codes: the error page of the futures API.
 */

import { type ErrorTable, type Outcome, type OutcomeOf, outcomesBy } from "../binance/errors.ts";

/** The listen key is unknown, or its hour was over. */
export const NO_LISTEN_KEY = -1125;
/** The margin type is what it was to be. */
export const SAME_MARGIN_TYPE = -4046;

/**
 * The system protects itself: turned away for sure. It blocks nothing of ours, since orders that
 * only reduce a position, and cancels, are let through by the venue all the same.
 */
const TURNED_AWAY = -1008;

const MEANINGS: ErrorTable["meanings"] = new Map([
  [-1000, "unknown"],
  [-1001, "unknown"],
  [-1003, "weight"],
  [-1006, "unknown"],
  [-1007, "unknown"],
  [-1015, "orders"],
  [-1021, "clock"],
  [-1022, "fatal"], // bad signature
  [-1100, "fatal"], // a parameter with illegal characters: a bug
  [-1102, "fatal"], // one too few: a bug
  [-1106, "fatal"], // one too many: a bug
  [-1121, "fatal"], // no such symbol
  [-2010, "words"],
  [-2011, "words"],
  [-2014, "fatal"], // the key's form
  [-2015, "fatal"], // the key, its IP address or its permissions
  [-4061, "fatal"], // the account is in hedge mode
  [-4109, "fatal"], // the account is not active
  [-4120, "fatal"], // a stop as an ordinary order: a bug
  [-5028, "clock"], // at the matching engine, which did not take it
]);

const REFUSALS: ErrorTable["refusals"] = new Map([
  [TURNED_AWAY, "throttled"],
  [-1111, "filter"], // finer than the symbol's precision: its rules have changed
  [NO_LISTEN_KEY, "other"],
  [-2013, "unknown-order"],
  [-2018, "insufficient-balance"],
  [-2019, "insufficient-balance"], // margin
  [-2020, "other"], // nothing to fill it with
  [-2021, "would-cross"], // a stop that would fire at once
  [-2022, "reduce-only"],
  [-2025, "too-many-orders"],
  [-2026, "unknown-order"], // archived
  [-2027, "other"], // the most position that the leverage allows
  [-4003, "filter"], // quantity: not above zero,
  [-4004, "filter"], // too small,
  [-4005, "filter"], // too large
  [-4013, "filter"], // price: too low,
  [-4014, "filter"], // not on the tick,
  [-4016, "filter"], // too high for the mark price,
  [-4023, "filter"], // quantity: not on the step
  [-4024, "filter"], // price: too low for the mark price
  [-4045, "too-many-orders"], // stops
  [SAME_MARGIN_TYPE, "other"],
  [-4105, "other"], // the symbol, or the account, may only reduce
  [-4106, "other"],
  [-4107, "other"],
  [-4116, "duplicate-id"],
  [-4118, "reduce-only"], // for want of margin
  [-4131, "filter"], // the best price is too far from the mark price
  [-4140, "other"], // the symbol is closed
  [-4141, "other"],
  [-4164, "filter"], // least value
  [-4189, "other"],
  [-4400, "other"], // the venue's rules for quantitative traders were broken
  [-4401, "other"],
  [-5021, "other"],
  [-5022, "would-cross"], // post-only
  [-5041, "other"],
]);

const WORDS: ErrorTable["words"] = [
  [/unknown order|does not exist/i, "unknown-order"],
  [/insufficient/i, "insufficient-balance"],
  [/reduce ?only/i, "reduce-only"],
  [/duplicate/i, "duplicate-id"],
  [/immediately (?:match|trigger)/i, "would-cross"],
];

/** Texts of a status 503 that say for sure that nothing was done. */
const NOT_DONE = /service unavailable|internal error; unable to process/i;

export const outcomeOf: OutcomeOf = outcomesBy({
  meanings: MEANINGS,
  refusals: REFUSALS,
  words: WORDS,
  refusalOf5xx: ({ status, code, message }): Outcome | "by-code" | null => {
    if (code === TURNED_AWAY) return "by-code";
    if (status !== 503 || !NOT_DONE.test(message)) return null;
    return { kind: "rejected", reason: "throttled", message };
  },
});
