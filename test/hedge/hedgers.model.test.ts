/**
 * Both hedgers on one model venue, while the price walks, quotes fill, modes switch and the venue
 * loses, refuses and delays: what each may have at the venue is bounded, a hedge that opens has its
 * stop-loss in the same step, and in the end nothing is left over.
 */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Instrument } from "#domain/instrument.ts";
import { ActiveHedger } from "#hedge/active-hedger.ts";
import type { HedgeInput, HedgeMode } from "#hedge/hedge-input.ts";
import type { HedgeOrderSpec } from "#hedge/hedge-orders.ts";
import { PassiveHedger } from "#hedge/passive-hedger.ts";
import { activeExposure, closingPart, hedgeSide, netMove } from "#hedge/sizes.ts";
import { ModelVenue } from "./model-venue.ts";
import { hedgeInstrument, hedgeParams, hyperliquidInstrument, market } from "./setup.ts";

const STEP_MS = 500;
const PARAMS = hedgeParams({
  active: { iqvRatio: 0.4, targetIqvRatio: 0.2, unwindIqvRatio: 0.1 },
  passive: { ratio: 0.01, stopRatio: 0.004, cooldownMs: 5_000, refreshIntervalMs: 5_000 },
  execution: { repegMs: 1_000, makerDeadlineMs: 5_000 },
});

/** How many live orders of one role there may be: old and new of each trigger, and what closes. */
const MOST_LIVE = new Map<HedgeOrderSpec["role"], number>([
  ["active-hedge", 1],
  ["passive-hedge", 5],
  ["stop-loss", 3],
]);

class Run {
  readonly venue: ModelVenue;
  readonly active: ActiveHedger;
  readonly passive: PassiveHedger;
  nowMs = 1_000_000;
  mode: HedgeMode = "hedge";
  canTrade = true;
  mayGrow = true;
  isBlind = false;
  inventory = 100;
  quote = 400;
  rounds = 0;
  #passiveLots = 0;

  constructor(seed: number, instrument: Instrument) {
    this.venue = new ModelVenue(instrument, seed);
    this.active = new ActiveHedger(instrument, PARAMS, this.venue, this.venue);
    this.passive = new PassiveHedger(instrument, PARAMS, this.venue, this.venue);
  }

  get input(): HedgeInput {
    const { nowMs, mode, canTrade, mayGrow, venue, inventory, quote } = this;
    const { ledger } = venue.book;
    const exposure = {
      mid: venue.midTicks / 1000,
      inventory,
      quote,
      hedgeBase: Number(ledger.base().toFixed()),
      hedgeQuote: Number(ledger.quote().toFixed()),
      targetIqvRatio: 0.5,
    };
    const known = this.isBlind ? market(0, 0) : venue.market;
    return { nowMs, mode, canTrade, mayGrow, exposure, market: known };
  }

  #liveOf(role: HedgeOrderSpec["role"]): number {
    return this.venue.live.filter((order) => order.spec.role === role).length;
  }

  /** Whether the venue takes a stop for what is on. */
  get #canStand(): boolean {
    const { venue } = this;
    const { passiveLots, positionLots } = venue.book;
    // Below the least order only what reduces the whole position may stand.
    const isReduction = closingPart(-passiveLots, positionLots) === -passiveLots;
    const isEnough = venue.instrument.reachesMinimum(venue.midTicks * 0.97, Math.abs(passiveLots));
    return isReduction || (venue.instrument.canOpenByStop && isEnough);
  }

  act(): void {
    const { input, venue } = this;
    const { passiveLots } = venue.book;
    if (passiveLots === 0 && this.#passiveLots !== 0) this.rounds += 1;
    const wasOpen = this.#passiveLots !== 0;
    this.#passiveLots = passiveLots;
    this.active.act(input, venue.book);
    this.passive.act(input, venue.book);
    // Too little to be closed by itself has gone over to the active hedge.
    const hasOpened = !wasOpen && venue.book.passiveLots !== 0;
    const sent = venue.sent();
    // What the end of another has opened is closed at the market, as soon as that may be.
    const isClosing = this.passive.state === "stopping" && this.passive.openLots !== 0;
    if (hasOpened && input.mode === "hedge" && input.canTrade && this.#canStand && !isClosing) {
      expect(this.#liveOf("stop-loss")).toBeGreaterThan(0);
    }
    if (input.mode === "off" || !input.canTrade) {
      expect(sent.filter((action) => !action.startsWith("cancel"))).toEqual([]);
    }
    for (const [role, most] of MOST_LIVE) {
      expect([role, this.#liveOf(role) <= most]).toEqual([role, true]);
    }
    // With nothing changed nothing is sent; a rest that went over to the active hedge is a change.
    if (venue.book.passiveLots !== passiveLots) return;
    this.active.act(input, venue.book);
    this.passive.act(input, venue.book);
    expect(venue.sent()).toEqual([]);
  }

  pass(steps: number, stepTicks: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.nowMs += STEP_MS;
      this.venue.pass(stepTicks);
      this.act();
    }
  }

  /** A quote of ours is filled: signed base currency. */
  trade(base: number): void {
    const size = Math.max(-this.inventory, base);
    this.inventory += size;
    this.quote -= (size * this.venue.midTicks) / 1000;
  }

  /** Until it is as asked for; bounded. */
  until(what: string, isDone: () => boolean): void {
    this.venue.faultRate = 0;
    for (let round = 0; round < 200; round += 1) {
      this.pass(10, 1);
      if (isDone()) return;
    }
    const { state } = this.passive;
    const { activeLots, passiveLots } = this.venue.book;
    const live = this.venue.live.map(({ spec }) => `${spec.role} ${spec.side}`);
    throw new Error(
      `not ${what}: ${this.active.state} ${activeLots}, ${state} ${passiveLots}, ${live.join()}`,
    );
  }
}

const chapter = fc.record({
  steps: fc.integer({ min: 1, max: 40 }),
  stepTicks: fc.constantFrom(1, 5, 20),
  trade: fc.integer({ min: -60, max: 60 }),
  mode: fc.constantFrom<HedgeMode>("hedge", "hedge", "hedge", "hedge", "flatten", "off"),
  canTrade: fc.constantFrom(true, true, true, true, false),
  mayGrow: fc.constantFrom(true, true, true, false),
  isBlind: fc.constantFrom(false, false, false, false, true),
});

const VENUES = [
  ["stops that open", hedgeInstrument()],
  ["stops that only reduce", hyperliquidInstrument()],
] as const;

for (const [name, instrument] of VENUES) {
  test(`whatever happens, in the end it is hedged, then flat, then off (${name})`, () => {
    let rounds = 0;
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(chapter, { minLength: 1, maxLength: 10 }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        (seed, chapters, faultRate) => {
          const run = new Run(seed, instrument);
          run.venue.faultRate = faultRate;
          for (const { steps, stepTicks, trade, ...wanted } of chapters) {
            Object.assign(run, wanted);
            run.trade(trade);
            run.pass(steps, stepTicks);
          }
          Object.assign(run, { mode: "hedge", canTrade: true, mayGrow: true, isBlind: false });
          run.until("within the band", () => {
            // But for what a passive hedge did: nobody trades against that.
            const passiveBase = run.venue.book.passiveLots * instrument.lotValue;
            const isBeyond = (["sell", "buy"] as const).some((side) => {
              const seen = activeExposure(side, run.input.exposure, passiveBase);
              return hedgeSide(netMove(seen), PARAMS) === side;
            });
            return !run.active.isNeeded && !isBeyond;
          });
          run.mode = "flatten";
          run.until("flat", () => run.venue.trueLots === 0 && run.venue.live.length === 0);
          expect(run.venue.book.activeLots + run.venue.book.passiveLots).toBe(0);
          run.mode = "off";
          run.until("off", () => run.venue.live.length === 0);
          expect([run.active.orderIds, run.passive.orderIds]).toEqual([[], []]);
          expect(run.venue.book.ledger.pnl().residual.toFixed()).toBe("0");
          rounds += run.rounds;
        },
      ),
      { numRuns: 150 },
    );
    expect(rounds).toBeGreaterThan(20);
  });
}

test("off at any moment leaves no order and sends none", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 80 }), (seed, steps) => {
      const run = new Run(seed, hedgeInstrument());
      run.trade(60);
      run.pass(steps, 10);
      run.mode = "off";
      run.until("off", () => run.venue.live.length === 0);
      const { positionLots } = run.venue.book;
      run.pass(50, 20);
      expect(run.venue.book.positionLots).toBe(positionLots);
      expect(run.venue.live).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
