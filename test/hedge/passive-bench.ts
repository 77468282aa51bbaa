/** A passive hedger with everything around it: see setup.ts. */

import { expect } from "bun:test";
import type { Instrument } from "#domain/instrument.ts";
import type { Exposure } from "#hedge/hedge-input.ts";
import type { HedgeParams } from "#hedge/params.ts";
import { PassiveHedger } from "#hedge/passive-hedger.ts";
import { hedgeInstrument, hedgeParams, market, NEUTRAL, Stage } from "./setup.ts";

/** 640 of 800 are inventory: a move of 0.6, not neutral. */
export const AWAY: Exposure = { ...NEUTRAL, inventory: 160, quote: 160 };

export class PassiveBench extends Stage {
  readonly hedger: PassiveHedger;

  constructor(params: HedgeParams = hedgeParams(), instrument: Instrument = hedgeInstrument()) {
    super(instrument);
    this.hedger = new PassiveHedger(instrument, params, this.venue, this.venue);
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

  /** The mid, with a touch one tick to either side of it. */
  price(ticks: number): void {
    this.market = market(ticks - 1, ticks + 1);
  }

  /** Acts and answers until nothing more is sent. Returns all that was sent. */
  settle(passMs = 0): string[] {
    const sent: string[] = [];
    this.nowMs += passMs;
    for (let round = 0; round < 10; round += 1) {
      const news = this.act();
      if (news.length === 0) return sent;
      sent.push(...news);
      this.venue.answer();
    }
    throw new Error("it does not settle");
  }

  get triggers(): string[] {
    return this.hedger.triggers.map(
      ({ side, triggerTicks, lots, isWorking }) =>
        `${side} ${lots}@${triggerTicks}${isWorking ? "" : " missing"}`,
    );
  }

  /** From → to, as they were told, with reasons. */
  get story(): string[] {
    return this.venue.steps.map(({ from, to, reason }) => `${from} → ${to}: ${reason}`);
  }
}

/** With both triggers standing: to sell 50 SUI at 3.8, to buy as many at 4.2. */
export function armed(params?: HedgeParams, instrument?: Instrument): PassiveBench {
  const bench = new PassiveBench(params, instrument);
  bench.settle();
  expect(bench.hedger.state).toBe("armed");
  return bench;
}

/** With a short of 50 SUI from 3.8 and its stop-loss standing. */
export function open(params?: HedgeParams): PassiveBench {
  const bench = armed(params);
  bench.price(3800);
  bench.venue.fill(bench.venue.last("sell"), 500, 3800);
  bench.settle();
  bench.act();
  expect(bench.hedger.state).toBe("open");
  return bench;
}
