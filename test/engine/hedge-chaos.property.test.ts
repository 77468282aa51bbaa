/**
 * A pair that hedges between two honest venues on a bad day: random markets, lost, late, repeated
 * and mixed up messages on both sides, lost connections, overload, liquidations, an operator who
 * presses every button and parameters that change in flight. Whatever happened, at no moment was
 * more sent than was wanted, no passive hedge stood without its stop-loss, and in the end the
 * books are the venue's and the exposure is what was asked for.
 */

import { test } from "bun:test";
import * as fc from "fast-check";
import { endsFlat, endsHedged, endsStopped } from "./hedge-ends.ts";
import { hedgeDay } from "./hedge-world.ts";

const RUNS = 25;
/** For a busy machine: it takes some seconds. */
const TIMEOUT_MS = 120_000;

test(
  "after any day the books are the venues', and the exposure is what was asked for",
  () => {
    fc.assert(fc.property(hedgeDay, endsHedged), { numRuns: RUNS });
  },
  TIMEOUT_MS,
);

test(
  "flatten closes the hedge, whatever was going on",
  () => {
    fc.assert(fc.property(hedgeDay, endsFlat), { numRuns: RUNS });
  },
  TIMEOUT_MS,
);

test(
  "after stop no order of ours rests at either venue, and the position stays",
  () => {
    fc.assert(fc.property(hedgeDay, endsStopped), { numRuns: RUNS });
  },
  TIMEOUT_MS,
);
