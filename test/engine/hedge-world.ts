/**
 * HedgeWorld: a pair that hedges between two fake venues, with markets that walk, jump and part
 * from each other, and everything that can go wrong on a bad day, at both of them. It keeps every
 * event that the engine was given, and has HedgeWatch look at each moment.
 */

import * as fc from "fast-check";
import type { BookEvent, EngineEvent, OperatorCommand, VenueEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import type { HedgeDesk } from "#engine/hedge-desk.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { EngineParams } from "#engine/params.ts";
import type { ActiveHedgeParams, HedgeParams } from "#hedge/params.ts";
import { spotInstrument } from "../domain/instruments.ts";
import { FakeHedgeVenue } from "./fake-hedge-venue.ts";
import { type Faults, NO_FAULTS, Timeline } from "./fake-link.ts";
import { FakeVenue } from "./fake-venue.ts";
import { HedgeWatch } from "./hedge-watch.ts";
import { ETH, params, strategy } from "./setup.ts";
import { faults } from "./world.ts";

const START_MS = 1_000_000;
const STEP_MS = 100;
const STEPS = 400;
const FEES = { makerFeeRate: "0.0002", takerFeeRate: "0.0005" };

const USDM = spotInstrument({ venue: "binance-perp", kind: "perp", canAmend: false, ...FEES });
/** Its prices have five figures: at 2000 USDT the step is 0.1. */
const HYPERLIQUID = spotInstrument({
  venue: "hyperliquid",
  symbol: "ETH",
  quote: "USDC",
  kind: "perp",
  priceRule: { kind: "significant-figures", figures: 5 },
  minNotional: "10",
  canAmend: false,
  canOpenByStop: false,
  stopsFireOn: "mark",
  ...FEES,
});

export interface HedgeDay {
  readonly seed: number;
  readonly isHyperliquid: boolean;
  readonly faults: Faults;
  readonly hedgeFaults: Faults;
  readonly mostTicks: number;
  /** Chance of a jump of up to 3 %, a step. */
  readonly jumps: number;
  readonly withMishaps: boolean;
  readonly withIntrusions: boolean;
  /** Lots at the touch of the hedge venue. */
  readonly depthLots: number;
  /** Signed lots that are there at the start. */
  readonly startLots: number;
  readonly hedge: HedgeParams;
  /** Taken in flight, now and then. */
  readonly others: readonly HedgeParams[];
}

// Days --------------------------------------------------------------------------------------------

const active = fc
  .record({
    iqvRatio: fc.constantFrom(0.05, 0.1, 0.3, 0.65),
    targetPart: fc.constantFrom(0, 0.5, 0.9),
    unwindPart: fc.constantFrom(0, 0.25, 0.9),
    target: fc.constantFrom<"band" | "seed">("band", "band", "band", "seed"),
    unwindProportion: fc.constantFrom(0.1, 0.25, 1),
    intervalMs: fc.constantFrom(100, 1_000, 3_000),
  })
  .map(withBands);

/** The config demands that both are less than where it opens. */
function withBands(parts: {
  readonly iqvRatio: number;
  readonly targetPart: number;
  readonly unwindPart: number;
  readonly target: "band" | "seed";
  readonly unwindProportion: number;
  readonly intervalMs: number;
}): ActiveHedgeParams {
  const { targetPart, unwindPart, ...rest } = parts;
  const targetIqvRatio = rest.iqvRatio * targetPart;
  return { ...rest, targetIqvRatio, unwindIqvRatio: rest.iqvRatio * unwindPart };
}

const passive = fc.record({
  ratio: fc.constantFrom(0.002, 0.005, 0.0225),
  stopRatio: fc.constantFrom(0.001, 0.003, 0.01),
  proportion: fc.constantFrom(0.1, 0.5, 1),
  neutralIqvRatio: fc.constantFrom(0.02, 0.2, 0.5),
  movePct: fc.constantFrom(1, 10, 50),
  onCrossed: fc.constantFrom<"hedge" | "re-anchor">("hedge", "re-anchor"),
  refreshIntervalMs: fc.constantFrom(1_000, 30_000),
  cooldownMs: fc.constantFrom(0, 2_000, 10_000),
});

const hedgeParams: fc.Arbitrary<HedgeParams> = fc
  .record({
    active: fc.option(active, { freq: 4 }),
    passive: fc.option(passive, { freq: 4 }),
    execution: fc.record({
      repegMs: fc.constantFrom(100, 1_000, 3_000),
      makerDeadlineMs: fc.constantFrom(0, 2_000, 10_000),
      maxSlippagePct: fc.constantFrom(0.01, 0.5),
    }),
    minStepLots: fc.constantFrom(6, 10, 40),
    isDualSided: fc.boolean(),
    maxUnhedgedMs: fc.constantFrom(1_000, 120_000),
    closesOnHalt: fc.boolean(),
    minLiquidationDistancePct: fc.constant(10),
    maxMarginPct: fc.constant(50),
  })
  .filter(({ active: one, passive: other }) => one !== null || other !== null);

export const hedgeDay: fc.Arbitrary<HedgeDay> = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  isHyperliquid: fc.boolean(),
  faults,
  hedgeFaults: faults,
  mostTicks: fc.constantFrom(5, 60, 300),
  jumps: fc.constantFrom(0, 0.005, 0.02),
  withMishaps: fc.boolean(),
  withIntrusions: fc.boolean(),
  depthLots: fc.constantFrom(20, 200, 5_000),
  startLots: fc.constantFrom(0, 0, -300, 200),
  hedge: hedgeParams,
  others: fc.array(hedgeParams, { maxLength: 2 }),
});

export function instrumentOf(day: HedgeDay): Instrument {
  return day.isHyperliquid ? HYPERLIQUID : USDM;
}

/** What the engine of a day is told. @param hedge in flight: the new parameters */
export function paramsOf(day: HedgeDay, hedge: HedgeParams = day.hedge): EngineParams {
  const instrument = instrumentOf(day);
  const base = instrument.sizeString(day.startLots);
  // Bought at 2000 USDT.
  const quote = instrument.notional(200_000, -day.startLots).toFixed();
  const setup = { instrument, params: hedge, position: { base, quote } };
  return { ...params({ risk: { actionsPer10s: 500 } }), hedge: setup };
}

/** A reconfiguration, and before which event it was. */
export interface Reconfigured {
  readonly at: number;
  readonly params: EngineParams;
}

export class HedgeWorld {
  readonly day: HedgeDay;
  readonly engine: PairEngine;
  readonly venue: FakeVenue;
  readonly hedgeVenue: FakeHedgeVenue;
  readonly watch: HedgeWatch;
  /** Copies, in order. */
  readonly events: EngineEvent[] = [];
  readonly reconfigured: Reconfigured[] = [];
  /** Somebody else moved the position, so that the cash is not what our fills make it. */
  hasIntruded = false;
  readonly #timeline = new Timeline(START_MS);
  readonly #rng: Rng;
  #midTicks = 200_000;
  #basisTicks = 0;

  constructor(day: HedgeDay) {
    this.day = day;
    const { seed } = day;
    const timeline = this.#timeline;
    const engineParams = paramsOf(day);
    const { hedge } = engineParams;
    if (hedge === null) throw new Error("a day of hedging");
    this.#rng = new Rng(seed);
    this.venue = new FakeVenue({
      instrument: ETH,
      prefix: "mm-ETH-",
      baseLots: 1_000,
      quoteUnits: 200_000_000, // 2000 USDT at a tick of 0.01 and a lot of 0.001
      seed: seed + 1,
      timeline,
      deliver: (event) => this.#apply(event),
    });
    this.hedgeVenue = new FakeHedgeVenue({
      instrument: hedge.instrument,
      prefix: "mm-ETH-",
      position: hedge.position,
      seed: seed + 2,
      timeline,
      deliver: (event) => this.#hedge(event),
    });
    this.venue.hedge = this.hedgeVenue;
    this.engine = new PairEngine(ETH, engineParams, strategy("spot"), this.venue);
    this.watch = new HedgeWatch(this.engine, this.hedgeVenue, day.hedge);
    this.venue.mayPlace = () =>
      (this.engine.state === "quoting" || this.engine.state === "reducing") &&
      !this.engine.guards().some(({ tripped, effect }) => tripped && effect === "pull-quotes");
    this.#move(0);
    this.venue.connect();
    this.hedgeVenue.connect();
  }

  get desk(): HedgeDesk {
    const { hedge } = this.engine;
    if (hedge === null) throw new Error("this pair does not hedge");
    return hedge;
  }
  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    return { venueTimeMs: this.nowMs, receivedTimeMs: this.nowMs };
  }

  #apply(event: EngineEvent): void {
    this.events.push(structuredClone(event));
    this.watch.before(event);
    this.engine.apply(event);
    this.watch.after(event);
  }

  #hedge(event: VenueEvent): void {
    const { venueTimeMs, receivedTimeMs } = event;
    this.#apply({ kind: "hedge", venueTimeMs, receivedTimeMs, event });
  }

  command(command: OperatorCommand): void {
    this.#apply({ kind: "operator", ...this.#stamp(), command });
  }

  reconfigure(hedge: HedgeParams): void {
    const engineParams = paramsOf(this.day, hedge);
    this.reconfigured.push({ at: this.events.length, params: engineParams });
    this.engine.reconfigure(engineParams, strategy("spot"));
    this.watch.reconfigured(hedge);
  }

  /** One step of 100 ms: messages, time, and a move of the markets of at most so many ticks. */
  step(mostTicks: number): void {
    this.#timeline.runUntil(this.nowMs + STEP_MS);
    this.#move(mostTicks);
    this.#apply({ kind: "time", ...this.#stamp() });
    if (this.venue.isConnected) this.#apply(this.#book());
    if (this.hedgeVenue.isConnected) this.#feed();
  }

  #move(mostTicks: number): void {
    const rng = this.#rng;
    this.#midTicks += rng.integer(2 * mostTicks + 1) - mostTicks;
    if (mostTicks > 0 && rng.uniform() < this.day.jumps)
      this.#midTicks += rng.integer(12_001) - 6_000;
    const basis = this.#basisTicks + Math.round((rng.uniform() - 0.5) * mostTicks);
    this.#basisTicks = Math.max(-400, Math.min(400, basis));
    this.venue.move(this.#midTicks - 1, this.#midTicks + 1);
    const { instrument } = this.desk;
    const mid = this.#midTicks + this.#basisTicks;
    const bidTicks = instrument.floorTicks(mid - 1);
    const askTicks = instrument.ceilTicks(bidTicks + 1);
    const { depthLots } = this.day;
    this.hedgeVenue.move({
      bidTicks,
      askTicks,
      lastTicks: rng.uniform() < 0.5 ? bidTicks : askTicks,
      markTicks: mid + (mostTicks > 0 ? rng.integer(21) - 10 : 0) + 0.5,
      depthLots: 1 + rng.integer(depthLots),
      gapTicks: instrument.stepTicks(askTicks) * (1 + rng.integer(200)),
    });
  }

  #book(): BookEvent {
    const { bidTicks, askTicks } = this.venue;
    return { kind: "book", ...this.#stamp(), bidTicks, bidLots: 9, askTicks, askLots: 9 };
  }

  /** What the hedge venue's streams tell. */
  #feed(): void {
    const { bidTicks, askTicks, depthLots, lastTicks, markTicks } = this.hedgeVenue.market;
    const stamp = this.#stamp();
    const sizes = { bidLots: depthLots, askLots: depthLots };
    this.#hedge({ kind: "book", ...stamp, bidTicks, askTicks, ...sizes });
    const print = { aggressor: "buy" as const, quantityLots: 1 };
    this.#hedge({ kind: "trade", ...stamp, priceTicks: lastTicks, ...print });
    const funding = { fundingRate: 0.0001, nextFundingMs: 0 };
    this.#hedge({ kind: "mark", ...stamp, priceTicks: markTicks, ...funding });
  }

  /** Something that should not happen, now and then. */
  mishap(): void {
    let die = this.#rng.integer(200);
    for (const [chance, happens] of this.#mishaps) {
      die -= chance;
      if (die < 0) return happens();
    }
  }

  /** Chances of 200 a step, and what happens then. */
  readonly #mishaps: readonly (readonly [number, () => void])[] = [
    [2, () => this.venue.isConnected && this.venue.disconnect()],
    [2, () => this.hedgeVenue.isConnected && this.hedgeVenue.disconnect()],
    [20, () => this.venue.isConnected || this.venue.connect()],
    [20, () => this.hedgeVenue.isConnected || this.hedgeVenue.connect()],
    [2, () => this.venue.expireOne()],
    [4, () => this.hedgeVenue.expireOne()],
    [3, () => (this.hedgeVenue.isThrottling = true)],
    [7, () => (this.hedgeVenue.isThrottling = false)],
    [2, () => this.hedgeVenue.useMargin(0.7)],
    [6, () => this.hedgeVenue.useMargin(0.1)],
    [2, () => this.hedgeVenue.settle(this.#rng.uniform() < 0.5 ? "0.01234567" : "-0.0321")],
    [2, () => this.#intrude()],
    [2, () => this.#badHedgeBook()],
    [4, () => this.#reconfigureToOther()],
    [6, () => this.#anyCommand()],
  ];

  #reconfigureToOther(): void {
    const other = this.day.others[this.#rng.integer(this.day.others.length)];
    if (other !== undefined) this.reconfigure(other);
  }

  /** Liquidated, in part or wholly; or somebody trades by hand. */
  #intrude(): void {
    if (!this.day.withIntrusions) return;
    const { positionLots } = this.hedgeVenue;
    const isClosing = this.#rng.uniform() < 0.7;
    const lots = isClosing
      ? -Math.sign(positionLots) * this.#rng.integer(Math.abs(positionLots) + 1)
      : this.#rng.integer(201) - 100;
    if (lots === 0) return;
    this.hasIntruded = true;
    this.watch.hasIntruded = true;
    this.hedgeVenue.intrude(lots);
  }

  #badHedgeBook(): void {
    const { askTicks } = this.hedgeVenue.market;
    const crossed = { bidTicks: askTicks + 10, askTicks, bidLots: 1, askLots: 1 };
    this.#hedge({ kind: "book", ...this.#stamp(), ...crossed });
  }

  #anyCommand(): void {
    const commands = ["pause", "resume", "resume", "flatten", "cancel", "halt", "rearm"] as const;
    this.command(commands[this.#rng.integer(commands.length)] ?? "cancel");
  }

  /** The bad day is over: messages arrive, the venues carry on, and the markets stand still. */
  heal(): void {
    this.venue.faults = NO_FAULTS;
    this.hedgeVenue.faults = NO_FAULTS;
    this.hedgeVenue.isThrottling = false;
    if (!this.venue.isConnected) this.venue.connect();
    if (!this.hedgeVenue.isConnected) this.hedgeVenue.connect();
    this.hedgeVenue.useMargin(0.1);
  }

  /** Time passes until nothing more was sent for a while. @param mostSteps bound of the wait */
  settle(mostSteps = 3_000, quietMs = 15_000): void {
    for (let step = 0; step < mostSteps; step += 1) {
      this.step(0);
      // What was told last is not what arrives last.
      if (step === 100) this.hedgeVenue.useMargin(0.1);
      const isQuiet = this.nowMs - this.watch.lastSentMs >= quietMs;
      if (isQuiet && step > 400 && this.watch.isAtRest) return;
    }
  }
}

export function playHedge(day: HedgeDay): HedgeWorld {
  const world = new HedgeWorld(day);
  world.venue.faults = day.faults;
  world.hedgeVenue.faults = day.hedgeFaults;
  for (let step = 0; step < STEPS; step += 1) {
    world.step(day.mostTicks);
    if (day.withMishaps) world.mishap();
  }
  return world;
}
