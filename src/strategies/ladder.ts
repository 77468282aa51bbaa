/**
 * Ladder: the wanted orders of both sides as columns, reused from one build to the next. Pure.
 */

/** What the base did to a level, as bits of `clamps`. */
export const Clamp = {
  /** Cut to the maximum size; what was cut went to the next level out. */
  maxSize: 1,
  /** Holds the capital of nearer levels that were too small or too large. */
  mergedOutward: 2,
  /** Moved to one tick behind the other side's best price, to stay post-only. */
  postOnly: 4,
  /** Shares its tick with a nearer level, whose capital it was given to. */
  sameTick: 8,
  /** `compat: "seed"` only: raised to the minimum size. */
  raisedToMinimum: 16,
} as const;

const CLAMP_NAMES: readonly (readonly [number, string])[] = [
  [Clamp.maxSize, "max-size"],
  [Clamp.mergedOutward, "merged-outward"],
  [Clamp.postOnly, "post-only"],
  [Clamp.sameTick, "same-tick"],
  [Clamp.raisedToMinimum, "raised-to-minimum"],
];

/** For each combination of bits its names: a trace is made for every order. */
const NAMES_OF_BITS = Array.from({ length: 1 << CLAMP_NAMES.length }, (_, bits) =>
  CLAMP_NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name),
);

/** The names of the bits that are set. */
export function clampNames(bits: number): readonly string[] {
  return NAMES_OF_BITS[bits] ?? [];
}

/** The levels of one side that are to be placed, nearest first. */
export class LadderSide {
  count = 0;
  /** Ticks and lots: whole numbers, except in a raw build. */
  readonly priceTicks: Float64Array;
  readonly quantityLots: Float64Array;
  /** Number of the bin, 1 being the nearest to the mid. */
  readonly level: Int32Array;
  /** The level's part of its side's weights. */
  readonly weightShare: Float64Array;
  readonly clamps: Uint8Array;
  /** 0…1: what the inventory does to this side. */
  multiplier = 0;

  constructor(capacity: number) {
    this.priceTicks = new Float64Array(capacity);
    this.quantityLots = new Float64Array(capacity);
    this.level = new Int32Array(capacity);
    this.weightShare = new Float64Array(capacity);
    this.clamps = new Uint8Array(capacity);
  }
}

export class Ladder {
  readonly bids: LadderSide;
  readonly asks: LadderSide;
  shape = "";
  iqvRatio = 0;
  iqvMoveRatio = 0;
  midHalfTicks = 0;

  /** @param capacity most levels a side */
  constructor(capacity: number) {
    this.bids = new LadderSide(capacity);
    this.asks = new LadderSide(capacity);
  }
}
