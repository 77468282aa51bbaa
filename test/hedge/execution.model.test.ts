/**
 * HedgeExecution against the model venue: whatever is wanted, refused, lost or told late, nothing
 * is sent twice, and when all is quiet the position is what was wanted.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { HedgeExecution } from "#hedge/execution.ts";
import type { HedgeMode } from "#hedge/hedge-input.ts";
import type { HedgeOrderSpec } from "#hedge/hedge-orders.ts";
import { ModelVenue } from "./model-venue.ts";
import { hedgeInstrument, hedgeParams, market, NEUTRAL } from "./setup.ts";

const STEP_MS = 250;
const PARAMS = { repegMs: 500, makerDeadlineMs: 3_000, maxSlippagePct: 0.5 };

/** Checks every order as it is sent. */
class WatchedVenue extends ModelVenue {
  wantedLots = 0;
  positionLots = 0;
  maySend = true;
  sentOrders = 0;

  override place(spec: HedgeOrderSpec, reason: string): string {
    const sign = spec.side === "buy" ? 1 : -1;
    this.sentOrders += 1;
    expect([this.maySend, this.live.length]).toEqual([true, 0]);
    expect(Math.sign(this.wantedLots)).toBe(sign);
    for (const order of this.orders.values()) expect(order.venueLots).toBe(order.filledLots);
    expect(spec.quantityLots).toBeLessThanOrEqual(Math.abs(this.wantedLots));
    if (spec.reduceOnly) {
      expect(spec.quantityLots).toBeLessThanOrEqual(Math.max(0, -sign * this.positionLots));
    }
    return super.place(spec, reason);
  }
}

class Run {
  readonly venue: WatchedVenue;
  readonly execution: HedgeExecution;
  nowMs = 1_000_000;
  targetLots = 0;
  mode: HedgeMode = "hedge";
  canTrade = true;
  isBlind = false;
  mayGrow = true;

  constructor(seed: number, style: "patient" | "market") {
    const instrument = hedgeInstrument();
    this.venue = new WatchedVenue(instrument, seed);
    const setup = { instrument, orders: this.venue, story: this.venue, style };
    const { minStepLots } = hedgeParams();
    this.execution = new HedgeExecution({ ...setup, role: "active-hedge" }, PARAMS, minStepLots);
  }

  act(): void {
    const { venue, mode, canTrade, mayGrow, nowMs } = this;
    const positionLots = venue.book.positionLots;
    venue.positionLots = positionLots;
    venue.wantedLots = this.targetLots - positionLots;
    venue.maySend = mode !== "off" && canTrade && !this.isBlind;
    const known = this.isBlind ? market(0, 0) : venue.market;
    const input = { nowMs, mode, canTrade, mayGrow, exposure: NEUTRAL, market: known };
    for (let look = 0; look < 2; look += 1) {
      this.execution.act(input, venue.wantedLots, positionLots);
      if (look === 1) expect(venue.sent()).toEqual([]);
      venue.sent();
    }
  }

  pass(steps: number, stepTicks: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.nowMs += STEP_MS;
      this.venue.pass(stepTicks);
      this.act();
    }
  }

  /** Until nothing is under way; bounded. */
  settle(): void {
    this.venue.faultRate = 0;
    for (let round = 0; round < 100; round += 1) {
      this.pass(20, 1);
      if (!this.execution.isBusy && this.venue.live.length === 0) return;
    }
    throw new Error(`it does not settle: ${this.execution.phase}`);
  }
}

const wish = fc.record({
  targetLots: fc.integer({ min: -400, max: 400 }),
  steps: fc.integer({ min: 1, max: 30 }),
  mode: fc.constantFrom<HedgeMode>("hedge", "hedge", "hedge", "off"),
  canTrade: fc.constantFrom(true, true, true, false),
  isBlind: fc.constantFrom(false, false, false, true),
  mayGrow: fc.constantFrom(true, true, false),
});

for (const style of ["patient", "market"] as const) {
  test(`in the end the position is what was wanted, and nothing is left over (${style})`, () => {
    let orders = 0;
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(wish, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        (seed, wishes, faultRate) => {
          const run = new Run(seed, style);
          run.venue.faultRate = faultRate;
          for (const { steps, ...wanted } of wishes) {
            Object.assign(run, wanted);
            run.pass(steps, 3);
          }
          Object.assign(run, { mode: "hedge", canTrade: true, isBlind: false, mayGrow: true });
          run.settle();
          const restLots = run.targetLots - run.venue.book.positionLots;
          // Nothing, or too little to be sent: see the unit tests for how little.
          expect(Math.abs(restLots)).toBeLessThan(20);
          expect(run.execution.openLots).toBe(restLots);
          expect(run.venue.trueLots).toBe(run.venue.book.positionLots);
          run.mode = "off";
          run.settle();
          orders += run.venue.sentOrders;
        },
      ),
      { numRuns: 400 },
    );
    expect(orders).toBeGreaterThan(1_000);
  });
}

test("off leaves no order, whatever was under way", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, steps) => {
      const run = new Run(seed, "patient");
      run.targetLots = -300;
      run.pass(steps, 3);
      run.mode = "off";
      run.settle();
      expect(run.venue.live).toEqual([]);
      expect(run.execution.phase).toBe("idle");
    }),
    { numRuns: 600 },
  );
});
