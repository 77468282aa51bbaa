/**
 * World: an engine, a FakeVenue and a market that walks at random, with everything that can go
 * wrong on a bad day. It keeps every event that the engine was given.
 */

import * as fc from "fast-check";
import type { BookEvent, EngineEvent, OperatorCommand } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import type { EngineParams } from "#engine/params.ts";
import { type Faults, NO_FAULTS, Timeline } from "./fake-link.ts";
import { FakeVenue } from "./fake-venue.ts";
import { ETH, ETH_PERP, FLAT, params, strategy } from "./setup.ts";

const START_MS = 1_000_000;
const STEP_MS = 100;
/** An order of the user's own, and one that an earlier run of ours left. */
export const FOREIGN = "web_4711";
export const LEFT_OVER = "mm-ETH-q0-7";

export function instrumentOf({ capital }: EngineParams): Instrument {
  return capital.position === null ? ETH : ETH_PERP;
}

export class World {
  readonly engine: PairEngine;
  readonly venue: FakeVenue;
  /** Copies, in order. */
  readonly events: EngineEvent[] = [];
  readonly #timeline = new Timeline(START_MS);
  readonly #rng: Rng;
  #midTicks = 200_000;

  constructor(seed: number, engineParams: EngineParams, strategyName: string) {
    this.#rng = new Rng(seed);
    const instrument = instrumentOf(engineParams);
    this.venue = new FakeVenue({
      instrument,
      prefix: "mm-ETH-",
      baseLots: 1_000,
      quoteUnits: 200_000_000, // 2000 USDT at a tick of 0.01 and a lot of 0.001
      seed: seed + 1,
      timeline: this.#timeline,
      deliver: (event) => this.#apply(event),
    });
    this.engine = new PairEngine(instrument, engineParams, strategy(strategyName), this.venue);
    this.venue.mayPlace = () =>
      (this.engine.state === "quoting" || this.engine.state === "reducing") &&
      this.trippedPullGuards().length === 0;
    this.venue.addForeign(FOREIGN, "buy", 150_000, 1);
    this.venue.addForeign(LEFT_OVER, "sell", 300_000, 10);
    this.venue.connect();
  }

  #apply(event: EngineEvent): void {
    this.events.push(structuredClone(event));
    this.engine.apply(event);
  }

  trippedPullGuards(): string[] {
    return this.engine
      .guards()
      .filter(({ tripped, effect }) => tripped && effect === "pull-quotes")
      .map(({ id }) => id);
  }

  #stamp(): { venueTimeMs: number; receivedTimeMs: number } {
    const { nowMs } = this.#timeline;
    return { venueTimeMs: nowMs, receivedTimeMs: nowMs };
  }

  /** One step of 100 ms: messages, time, and a move of the market of at most so many ticks. */
  step(mostTicks: number): void {
    this.#timeline.runUntil(this.#timeline.nowMs + STEP_MS);
    this.#midTicks += this.#rng.integer(2 * mostTicks + 1) - mostTicks;
    this.venue.move(this.#midTicks - 1, this.#midTicks + 1);
    this.#apply({ kind: "time", ...this.#stamp() });
    if (this.venue.isConnected) this.#apply(this.book());
  }

  book(): BookEvent {
    const { bidTicks, askTicks } = this.venue;
    return { kind: "book", ...this.#stamp(), bidTicks, bidLots: 9, askTicks, askLots: 9 };
  }

  /** Something that should not happen, now and then. */
  mishap(): void {
    const { venue } = this;
    const die = this.#rng.integer(100);
    if (die < 2) {
      if (venue.isConnected) venue.disconnect();
    } else if (die < 20) {
      if (!venue.isConnected) venue.connect();
    } else if (die < 24) {
      venue.expireOne();
    } else if (die < 27) {
      this.#apply({ ...this.book(), bidTicks: this.venue.askTicks + 5 });
    } else if (die < 29) {
      this.#apply({ ...this.book(), askLots: Number.NaN });
    } else if (die < 35) {
      const commands: readonly OperatorCommand[] = ["pause", "resume", "cancel", "halt", "rearm"];
      this.command(commands[this.#rng.integer(commands.length)] ?? "cancel");
    } else if (die < 37) {
      this.#apply({
        kind: "order",
        ...this.#stamp(),
        clientOrderId: FOREIGN,
        venueOrderId: null,
        change: "open",
        quantityLots: 5,
        filledLots: 1,
        reason: null,
        message: "",
      });
    }
  }

  command(command: OperatorCommand): void {
    this.#apply({ kind: "operator", ...this.#stamp(), command });
  }

  /** The bad day is over: messages arrive, the operator wants quotes, the market stands still. */
  calmDown(): void {
    this.venue.faults = NO_FAULTS;
    if (!this.venue.isConnected) this.venue.connect();
    this.command("rearm");
    this.command("resume");
    for (let step = 0; step < 400; step += 1) this.step(0);
    // A back-off or a spent budget may go on, or a ladder have been renewed just now.
    for (let step = 0; step < 900 && !this.#isAtRest(); step += 1) this.step(0);
  }

  #isAtRest(): boolean {
    const { orders, ladder } = this.engine;
    const isWhole = orders.live.size === ladder.bids.count + ladder.asks.count;
    return isWhole && [...orders.live.values()].every((order) => order.isSettled);
  }
}

export interface Day {
  readonly isPerp: boolean;
  readonly seed: number;
  readonly faults: Faults;
  readonly mostTicks: number;
  readonly shape: string;
  readonly withMishaps: boolean;
  readonly keepSizePct: number;
  readonly actionsPer10s: number;
}

export const faults: fc.Arbitrary<Faults> = fc.record({
  requestDelayMs: fc.constantFrom(5, 150, 1_500),
  reportDelayMs: fc.constantFrom(5, 150, 3_000),
  loseRequest: fc.constantFrom(0, 0.02, 0.2),
  loseAnswer: fc.constantFrom(0, 0.05, 0.3),
  duplicate: fc.constantFrom(0, 0.3),
});

export const badDay: fc.Arbitrary<Day> = fc.record({
  isPerp: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  faults,
  mostTicks: fc.constantFrom(5, 60, 300),
  shape: fc.constantFrom("spot", "curve", "bid-ask", "auto"),
  withMishaps: fc.boolean(),
  keepSizePct: fc.constantFrom(0, 10, 50),
  actionsPer10s: fc.constantFrom(20, 500),
});

/** What the engine of a day is told. */
export function paramsOf(day: Day): EngineParams {
  return params({
    capital: { position: day.isPerp ? FLAT : null },
    requote: { keepSizePct: day.keepSizePct },
    risk: { actionsPer10s: day.actionsPer10s },
  });
}

export function play(day: Day): World {
  const world = new World(day.seed, paramsOf(day), day.shape);
  world.venue.faults = day.faults;
  for (let step = 0; step < 400; step += 1) {
    world.step(day.mostTicks);
    if (day.withMishaps) world.mishap();
  }
  return world;
}
