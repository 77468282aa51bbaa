/** The same events give the same bytes, whatever the caller does with an event afterwards. */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { EngineEvent } from "#domain/events.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import { ETH, RecordingSink, strategy } from "./setup.ts";
import { badDay, type Day, paramsOf, play } from "./world.ts";

/** Every call that these events lead to, as text. */
function callsOf(
  day: Day,
  events: readonly EngineEvent[],
  after: (event: EngineEvent) => void,
): string {
  const sink = new RecordingSink();
  const engine = new PairEngine(ETH, paramsOf(day), strategy(day.shape), sink);
  for (const event of events) {
    engine.apply(event);
    after(event);
  }
  return JSON.stringify(sink.calls);
}

/** Overwrites all that an event holds, as a caller that reuses its objects does. */
function scramble(value: object): void {
  for (const [key, field] of Object.entries(value)) {
    if (Array.isArray(field)) field.length = 0;
    else if (typeof field === "object" && field !== null) scramble(field);
    else Reflect.set(value, key, typeof field === "number" ? -1 : "reused");
  }
}

test("the same events twice, and events reused by their caller: the same bytes", () => {
  fc.assert(
    fc.property(badDay, (day) => {
      const { events } = play(day);
      const once = callsOf(day, structuredClone(events), () => {});
      expect(callsOf(day, structuredClone(events), () => {})).toBe(once);
      expect(callsOf(day, structuredClone(events), scramble)).toBe(once);
      expect(once.length).toBeGreaterThan(100);
    }),
    { numRuns: 25 },
  );
});

test("a book event that changes nothing calls nothing", () => {
  const day: Day = {
    isPerp: false,
    seed: 1,
    faults: { requestDelayMs: 0, reportDelayMs: 0, loseRequest: 0, loseAnswer: 0, duplicate: 0 },
    mostTicks: 0,
    shape: "spot",
    withMishaps: false,
    keepSizePct: 10,
    actionsPer10s: 500,
  };
  const { events } = play(day); // 40 s of a mid that stands still
  const sink = new RecordingSink();
  const engine = new PairEngine(ETH, paramsOf(day), strategy("spot"), sink);
  const half = Math.floor(events.length / 2);
  for (const event of events.slice(0, half)) engine.apply(event);
  const before = sink.calls.length;
  expect(before).toBeGreaterThan(6);
  for (const event of events.slice(half)) engine.apply(event);
  // The interval of 30 s passed once: the plan for the same ladder is to do nothing.
  expect(sink.calls.slice(before)).toEqual([]);
});
