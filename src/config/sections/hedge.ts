/** The `hedge` section of a pair. Read and checked; this version does not hedge yet. */

import * as v from "valibot";
import { flag, number, positiveAmount, section } from "../fields.ts";

const MOVE = "move of the net inventory ratio from its target, as a fraction of the target";

export const HedgeSchema = section(
  {
    effect:
      "How the pair's net exposure is hedged on hedgeOn. Passive: stop orders kept " +
      "ready. Active: a perpetual position once the exposure is too large.",
    notYetUsed: true,
  },
  {
    passiveHedgeRatio: v.optional(
      number(
        {
          unit: "fraction of the anchor price: 0.0225 is 2.25 %",
          effect:
            "How far from the price at which exposure was last neutral the passive hedge " +
            "triggers. Absent: no passive hedge.",
        },
        { above: 0, below: 1 },
      ),
    ),
    passiveHedgeSpRatio: v.optional(
      number(
        {
          unit: "fraction of the hedge's entry price",
          effect:
            "How far behind its entry the passive hedge's stop-loss stands. Needed with " +
            "passiveHedgeRatio.",
        },
        { above: 0, below: 1 },
      ),
    ),
    passiveHedgeProportion: v.optional(
      number(
        { unit: "fraction of the inventory", effect: "Size of the passive hedge." },
        { above: 0, max: 1 },
      ),
      0.5,
    ),
    passiveHedgeRefreshIqvRatio: v.optional(
      number(
        {
          unit: MOVE,
          effect:
            "While the move is within this, exposure counts as neutral and the anchor " +
            "price follows.",
        },
        { min: 0 },
      ),
      0.2,
    ),
    passiveHedgeRefreshIntervalSeconds: v.optional(
      number(
        { unit: "seconds", effect: "How often passive hedges are checked against the venue." },
        { min: 1, max: 3600 },
      ),
      30,
    ),
    activeHedgeIqvRatio: v.optional(
      number(
        { unit: MOVE, effect: "Beyond this move the active hedge opens. Absent: no active hedge." },
        { above: 0 },
      ),
    ),
    minHedgeOrderSize: positiveAmount({
      unit: "base currency",
      effect: "Hedge steps below this wait until they add up.",
    }),
    dualSidedHedge: v.optional(
      flag({
        effect: "true hedges too little inventory (buying) as well as too much (selling).",
      }),
      true,
    ),
  },
);
