/** The `quoting` section: the ladder. Meanings are those of the original MM; names are kept. */

import * as v from "valibot";
import {
  amount,
  choice,
  documented,
  integer,
  number,
  positiveAmount,
  section,
  text,
} from "../fields.ts";

/** The decay of the curve and bid-ask shapes where neither decayRate nor edgeRatio is given. */
export const DEFAULT_DECAY_RATE = 0.95;

const FRACTION_OF_MID = "fraction of the mid: 0.02 is 2 %";
const MOVE = "move of the inventory ratio from its target, as a fraction of the target";

const BUILT_IN = ["spot", "curve", "bid-ask", "auto"] as const;
const STRATEGY_ALLOWED = '"spot", "curve", "bid-ask", "auto" or {"module": "./mine.ts"}';

const strategy = v.pipe(
  v.union(
    [
      v.picklist(BUILT_IN),
      section(
        { effect: "A shape of your own." },
        {
          module: text(
            { effect: "File of the strategy, relative to the folder of the config file." },
            'a relative path such as "./mine.ts"',
            /^\.\.?\/.+\.(?:ts|js|mjs)$/,
          ),
        },
      ),
    ],
    ({ input }) =>
      typeof input === "object" && input !== null
        ? 'must have module, a relative path such as "./mine.ts"'
        : `must be ${STRATEGY_ALLOWED}`,
  ),
  documented<"spot" | "curve" | "bid-ask" | "auto" | { module: string }>(
    {
      effect:
        "How capital is spread over the bins: spot = evenly, curve = most near the " +
        "mid, bid-ask = most at the edge, auto = chosen by volatility (calm: curve, " +
        "between: spot, wild: bid-ask; spot while volatility warms up).",
    },
    STRATEGY_ALLOWED,
  ),
);

const ladder = {
  strategy: v.optional(strategy, "auto"),
  priceUpPctLimit: number(
    {
      unit: FRACTION_OF_MID,
      effect: "How far above the mid the ladder's asks may reach; with binStep it gives the bins.",
    },
    { above: 0, max: 10 },
  ),
  priceDownPctLimit: number(
    {
      unit: FRACTION_OF_MID,
      effect: "How far below the mid the ladder's bids may reach; with binStep it gives the bins.",
    },
    { above: 0, below: 1 },
  ),
  binStep: number(
    {
      unit: "basis points between bins",
      effect: "Distance from one bin to the next: 40 is 0.4 % of the mid.",
    },
    { above: 0, max: 10_000 },
  ),
  decayRate: v.optional(
    number(
      {
        unit: "weight of a bin over the one nearer to the mid",
        effect:
          "Steepness of the curve and bid-ask shapes: bin i has weight decayRate^i " +
          `(bid-ask: the inverse). ${DEFAULT_DECAY_RATE} where neither this nor ` +
          "edgeRatio is given.",
      },
      { above: 0, below: 1 },
    ),
  ),
  edgeRatio: v.optional(
    number(
      {
        unit: "heaviest level over the lightest",
        effect:
          "Steepness given as a ratio, which keeps the shape whatever the number of " +
          "bins. Give this or decayRate, not both.",
      },
      { min: 1, max: 1_000_000 },
    ),
  ),
  liveOrderNums: v.optional(
    integer(
      {
        unit: "orders, both sides together",
        effect: "Most orders resting at once: half a side, nearest to the mid first.",
      },
      { min: 2, max: 1000 },
    ),
    10,
  ),
  minOrderSize: v.optional(
    amount({
      unit: "base currency",
      effect: "Least size of one order; the venue's own minimum holds as well. See belowMin.",
    }),
    "0",
  ),
  maxOrderSize: v.optional(
    positiveAmount({
      unit: "base currency",
      effect: "Most size of one order; what is cut goes to the next level out. Absent: no limit.",
    }),
  ),
  belowMin: v.optional(
    choice(
      {
        effect:
          "What becomes of a level below the minimum: merge adds it to the next level " +
          "out, drop leaves it away.",
      },
      ["merge", "drop"],
    ),
    "merge",
  ),
  compat: v.optional(
    choice(
      {
        effect:
          "seed reproduces the arithmetic of the original Python MM, for comparison " +
          "only; none is right for trading.",
      },
      ["none", "seed"],
    ),
    "none",
  ),
};

const inventory = {
  iqvUpLimit: number(
    { unit: MOVE, effect: "At this move buying stops: too much inventory." },
    { above: 0 },
  ),
  iqvDownLimit: number(
    { unit: MOVE, effect: "At this move selling stops: too little inventory." },
    { min: -1, below: 0 },
  ),
  inventoryRbIqvRatio: number(
    {
      unit: MOVE,
      effect: "From this move on, bids shrink in a straight line, to nothing at iqvUpLimit.",
    },
    { min: 0 },
  ),
  quoteRbIqvRatio: number(
    {
      unit: MOVE,
      effect: "From this move down, asks shrink in a straight line, to nothing at iqvDownLimit.",
    },
    { min: -1, max: 0 },
  ),
};

const shape = {
  volLowerThreshold: v.optional(
    number(
      {
        unit: "per cent a year",
        effect: "Strategy auto quotes the curve shape below this volatility.",
      },
      { min: 0 },
    ),
    35,
  ),
  volUpperThreshold: v.optional(
    number(
      {
        unit: "per cent a year",
        effect: "Strategy auto quotes the bid-ask shape above this volatility.",
      },
      { above: 0 },
    ),
    80,
  ),
  shapeDwellSeconds: v.optional(
    number(
      { unit: "seconds", effect: "Strategy auto keeps a shape at least this long." },
      { min: 0, max: 86_400 },
    ),
    60,
  ),
  shapeHysteresisPct: v.optional(
    number(
      {
        unit: "per cent of the threshold",
        effect:
          "Strategy auto leaves a shape only once volatility is past the threshold by this much.",
      },
      { min: 0, below: 100 },
    ),
    10,
  ),
};

const pace = {
  updateIntervalSeconds: v.optional(
    number(
      { unit: "seconds", effect: "The ladder is re-quoted at least this often, moved or not." },
      { above: 0, max: 86_400 },
    ),
    30,
  ),
  minRequoteIntervalMs: v.optional(
    integer(
      { unit: "milliseconds", effect: "The ladder is never re-quoted more often than this." },
      { min: 0, max: 3_600_000 },
    ),
    250,
  ),
  requoteBinFraction: v.optional(
    number(
      {
        unit: "fraction of a bin",
        effect: "The ladder is re-quoted when the mid has moved by this part of a bin.",
      },
      { above: 0, max: 100 },
    ),
    0.5,
  ),
  keepPriceBinFraction: v.optional(
    number(
      {
        unit: "fraction of a bin",
        effect:
          "An order this near to its wanted price stays where it is and keeps its place " +
          "in the queue. At 0.5 every order serves the level next to it and a moving ladder only " +
          "adds and drops its ends; less follows the mid more closely and spends more actions.",
      },
      { min: 0, max: 1 },
    ),
    0.5,
  ),
  keepSizePct: v.optional(
    number(
      {
        unit: "per cent of the wanted size",
        effect: "An order whose size is this near to the wanted one is left as it is.",
      },
      { min: 0, max: 100 },
    ),
    25,
  ),
};

export const QuotingSchema = section(
  { effect: "The ladder: where the orders stand, how large they are, when they move." },
  { ...ladder, ...inventory, ...shape, ...pace },
);
