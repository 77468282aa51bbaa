/** An active hedger with everything around it: see setup.ts. */

import { expect } from "bun:test";
import { ActiveHedger } from "#hedge/active-hedger.ts";
import type { Exposure } from "#hedge/hedge-input.ts";
import type { HedgeParams } from "#hedge/params.ts";
import { hedgeInstrument, hedgeParams, NEUTRAL, Stage } from "./setup.ts";

/** 640 of 800 are inventory: a move of 0.6. To 0.6 · 800 / 4 = 120: 40 SUI are to be sold. */
export const LONG: Exposure = { ...NEUTRAL, inventory: 160, quote: 160 };
export class ActiveBench extends Stage {
  readonly hedger: ActiveHedger;

  constructor(params: HedgeParams = hedgeParams(), positionLots = 0) {
    const instrument = hedgeInstrument();
    const quote = instrument.notional(4000, -positionLots).toFixed();
    super(instrument, { base: instrument.sizeString(positionLots), quote });
    this.hedger = new ActiveHedger(instrument, params, this.venue, this.venue);
  }

  /** Acts, twice: the second time must send nothing. Returns what was sent. */
  act(passMs = 0): string[] {
    this.nowMs += passMs;
    this.hedger.act(this.input, this.venue.book);
    const sent = this.venue.sent();
    this.hedger.act(this.input, this.venue.book);
    expect(this.venue.sent()).toEqual([]);
    return sent;
  }

  /** The last order is filled, whole. */
  fillAll(): void {
    const order = this.venue.last();
    this.venue.fill(order, order.spec.quantityLots - order.filledLots);
  }

  /** From → to, as they were told, with reasons. */
  get story(): string[] {
    return this.venue.steps.map(({ from, to, reason }) => `${from} → ${to}: ${reason}`);
  }
}

/** With a short of 40 SUI, hedged by the book. */
export function hedged(params?: HedgeParams): ActiveBench {
  const bench = new ActiveBench(params);
  bench.exposure = LONG;
  bench.act();
  bench.venue.answer();
  bench.fillAll();
  bench.act();
  bench.act(1_000);
  expect([bench.hedger.state, bench.venue.book.activeLots]).toEqual(["holding", -400]);
  return bench;
}
