/** The `hedge` section of a pair. */

import * as v from "valibot";
import { choice, flag, number, positiveAmount, section } from "../fields.ts";

const MOVE = "move of the net inventory ratio from its target, as a fraction of the target";

const passive = {
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
          "While the move is within this, exposure counts as neutral. Once it is neutral again, " +
          "the anchor price is the price then.",
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
  passiveHedgeMovePct: v.optional(
    number(
      {
        unit: "per cent",
        effect:
          "Triggers stay where they are until their distance, or their size, would change by " +
          "more than this part of it.",
      },
      { above: 0, below: 100 },
    ),
    10,
  ),
  passiveHedgeOnCrossed: v.optional(
    choice(
      {
        effect:
          "What is done where a trigger would fire at once: hedge at the market, or take the " +
          "price now as the anchor.",
      },
      ["hedge", "re-anchor"],
    ),
    "hedge",
  ),
  passiveHedgeCooldownSeconds: v.optional(
    number(
      {
        unit: "seconds",
        effect: "After the stop-loss of a passive hedge, the next triggers wait this long.",
      },
      { min: 0, max: 86_400 },
    ),
    60,
  ),
};

const active = {
  activeHedgeIqvRatio: v.optional(
    number(
      { unit: MOVE, effect: "Beyond this move the active hedge opens. Absent: no active hedge." },
      { above: 0 },
    ),
  ),
  activeHedgeTargetIqvRatio: v.optional(
    number(
      {
        unit: MOVE,
        effect:
          "The move that an active hedge leaves. Absent: half of activeHedgeIqvRatio. It must be " +
          "less than that.",
      },
      { min: 0 },
    ),
  ),
  activeHedgeTarget: v.optional(
    choice(
      {
        effect:
          "band hedges to activeHedgeTargetIqvRatio. seed hedges to the original MM's target, " +
          "activeHedgeIqvRatio times the target ratio: through neutral and far beyond.",
      },
      ["band", "seed"],
    ),
    "band",
  ),
  activeHedgeUnwindIqvRatio: v.optional(
    number(
      {
        unit: "move of the inventory without its hedge, as a fraction of the target",
        effect:
          "Once the move is within this the active hedge is closed step by step. Absent: a " +
          "quarter of activeHedgeIqvRatio.",
      },
      { min: 0 },
    ),
  ),
  activeHedgeUnwindProportion: v.optional(
    number(
      {
        unit: "fraction of the hedge",
        effect: "What one step of closing closes, of the hedge as it was at the first.",
      },
      { above: 0, max: 1 },
    ),
    0.25,
  ),
  activeHedgeIntervalSeconds: v.optional(
    number(
      { unit: "seconds", effect: "How often the active hedge looks at the exposure." },
      { min: 0.1, max: 3600 },
    ),
    1,
  ),
};

const execution = {
  repegSeconds: v.optional(
    number(
      {
        unit: "seconds",
        effect: "A hedge order that rests behind the touch is moved there as often as this.",
      },
      { min: 0.1, max: 3600 },
    ),
    3,
  ),
  makerDeadlineSeconds: v.optional(
    number(
      {
        unit: "seconds",
        effect: "How long a hedge tries to be maker; what is left then is taken. 0 takes at once.",
      },
      { min: 0, max: 86_400 },
    ),
    60,
  ),
  maxSlippagePct: v.optional(
    number(
      {
        unit: "per cent of the touch",
        effect:
          "A hedge that takes pays at most so much more than the touch; the rest waits. Where " +
          "the price has run away by as much since it began, it takes without waiting on.",
      },
      { above: 0, max: 50 },
    ),
    0.5,
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
};

const limits = {
  maxUnhedgedSeconds: v.optional(
    number(
      {
        unit: "seconds",
        effect:
          "A hedge that is wanted and not there for so long (the venue is down, nobody trades) " +
          "switches off the quoting side that adds to the exposure.",
      },
      { min: 1, max: 86_400 },
    ),
    120,
  ),
  onHalt: v.optional(
    choice({ effect: "What becomes of the hedge where the pair halts." }, ["keep", "flatten"]),
    "keep",
  ),
  minHedgeLiquidationDistancePct: v.optional(
    number(
      {
        unit: "per cent of the price",
        effect:
          "Where the hedge's price is nearer than this to its liquidation price, the hedge grows " +
          "no more and the quoting side that adds to the exposure is switched off.",
      },
      { above: 0, below: 100 },
    ),
    10,
  ),
  maxHedgeMarginPct: v.optional(
    number(
      {
        unit: "per cent: maintenance margin over what backs it, 100 is liquidated",
        effect: "Above this the same happens.",
      },
      { above: 0, max: 100 },
    ),
    50,
  ),
};

export const HedgeSchema = section(
  {
    effect:
      "How the pair's net exposure is hedged on hedgeOn. Passive: stop orders kept " +
      "ready. Active: a perpetual position once the exposure is too large.",
  },
  { ...passive, ...active, ...execution, ...limits },
);
