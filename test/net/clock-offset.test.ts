import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import { ClockOffset, type ClockSample, type OffsetEstimate } from "#net/clock-offset.ts";

function estimateOf(clock: ClockOffset): OffsetEstimate {
  const estimate = clock.estimate();
  if (estimate === undefined) throw new Error("no estimate");
  return estimate;
}

/** A request on its way up, stamped by a clock of whole milliseconds, and its answer down. */
function exchange(offsetMs: number, sentMs: number, upMs: number, downMs: number): ClockSample {
  const venueMs = Math.floor(sentMs + upMs + offsetMs);
  return { sentMs, venueMs, receivedMs: sentMs + upMs + downMs };
}

const latencyMs = fc.double({ min: 0, max: 500, noNaN: true });
const latencies = fc.array(fc.tuple(latencyMs, latencyMs), { minLength: 1, maxLength: 40 });
const offset = fc.double({ min: -100_000, max: 100_000, noNaN: true });
const ROUNDING = 1e-3;

function feed(clock: ClockOffset, offsetMs: number, ways: readonly (readonly number[])[]): void {
  let sentMs = 1_795_340_000_000;
  for (const [upMs = 0, downMs = 0] of ways) {
    clock.add(exchange(offsetMs, sentMs, upMs, downMs));
    sentMs += 1_000;
  }
}

describe("whatever the two ways take", () => {
  test("the true offset is within the error given, and that is half the best round trip", () => {
    fc.assert(
      fc.property(offset, latencies, (offsetMs, ways) => {
        const clock = new ClockOffset(16);
        feed(clock, offsetMs, ways);
        const estimate = estimateOf(clock);
        const bestMs = Math.min(...ways.slice(-16).map(([up, down]) => up + down));
        expect(Math.abs(estimate.errorMs - (bestMs / 2 + 0.5))).toBeLessThan(ROUNDING);
        const wrongBy = Math.abs(estimate.offsetMs - offsetMs);
        expect(wrongBy).toBeLessThanOrEqual(estimate.errorMs + ROUNDING);
      }),
    );
  });

  test("it is wrong by half the difference of the ways, no more", () => {
    const asymmetryMs = fc.double({ min: 0, max: 50, noNaN: true });
    fc.assert(
      fc.property(offset, asymmetryMs, fc.array(latencyMs, { minLength: 1 }), (off, by, ups) => {
        const clock = new ClockOffset();
        const ways = ups.map((up, index) => [up, index % 2 === 0 ? up + by : Math.max(0, up - by)]);
        feed(clock, off, ways);
        const wrongBy = Math.abs(estimateOf(clock).offsetMs - off);
        expect(wrongBy).toBeLessThanOrEqual(by / 2 + 0.5 + ROUNDING);
      }),
    );
  });
});

test("the sample with the shortest round trip is believed, until it leaves the window", () => {
  const clock = new ClockOffset(3);
  clock.add({ sentMs: 1000, venueMs: 6002, receivedMs: 1004 }); // 4 ms: 6002.5 − 1002
  for (let count = 0; count < 2; count += 1) {
    clock.add({ sentMs: 2000, venueMs: 7090, receivedMs: 2100 }); // 100 ms
    expect(clock.estimate()).toEqual({ offsetMs: 5000.5, errorMs: 2.5 });
  }
  clock.add({ sentMs: 3000, venueMs: 8020, receivedMs: 3040 }); // 40 ms: 8020.5 − 3020
  expect(clock.estimate()).toEqual({ offsetMs: 5000.5, errorMs: 20.5 });
});

test("of equal round trips the newest is believed, so that drift is followed", () => {
  const clock = new ClockOffset();
  for (const venueMs of [1005, 1006, 1007]) clock.add({ sentMs: 1000, venueMs, receivedMs: 1002 });
  expect(estimateOf(clock).offsetMs).toBe(6.5); // 1007.5 − 1001
});

test("without samples there is no estimate, nor after a reset", () => {
  const clock = new ClockOffset();
  expect(clock.estimate()).toBeUndefined();
  expect(clock.add({ sentMs: 0, venueMs: 5, receivedMs: 1 })).toBe(true);
  clock.reset();
  expect(clock.estimate()).toBeUndefined();
});

test("when our own clock was set back, what was known is dropped", () => {
  const clock = new ClockOffset();
  clock.add({ sentMs: 1000, venueMs: 1001, receivedMs: 1002 });
  expect(clock.add({ sentMs: 2000, venueMs: 2001, receivedMs: 1500 })).toBe(false);
  expect(clock.estimate()).toBeUndefined();
});

test("a stamp that is no number is left out", () => {
  const clock = new ClockOffset();
  clock.add({ sentMs: 1000, venueMs: 1001, receivedMs: 1002 });
  expect(clock.add({ sentMs: 1000, venueMs: Number.NaN, receivedMs: 1001 })).toBe(false);
  expect(estimateOf(clock).errorMs).toBe(1.5);
});

test("a window without room is refused", () => {
  for (const window of [0, -1, 1.5]) expect(() => new ClockOffset(window)).toThrow(InputError);
});
