import { expect, test } from "bun:test";
import type { InfoAnswer } from "#venues/hyperliquid/api.ts";
import { HlClock } from "#venues/hyperliquid/clock.ts";
import { HandWorld, NOW_MS } from "./socket-subject.ts";

class Subject {
  readonly world = new HandWorld();
  readonly offsets: number[] = [];
  readonly clock = new HlClock(
    () => this.world.nowMs(),
    (offsetMs) => this.offsets.push(offsetMs),
  );
  asked = 0;
  onAsked: () => InfoAnswer = () => ({ kind: "answered", result: { time: NOW_MS } });

  readonly info = (): Promise<InfoAnswer> => {
    this.asked += 1;
    return Promise.resolve(this.onAsked());
  };
}

test("the venue's time is taken to lie half-way between question and answer", async () => {
  const subject = new Subject();
  expect([subject.clock.offsetMs, subject.clock.venueNowMs()]).toEqual([null, NOW_MS]);
  subject.onAsked = () => {
    subject.world.timers.advance(100);
    return { kind: "answered", result: { time: NOW_MS + 5050, specialStatuses: null } };
  };
  expect(await subject.clock.measureBy(subject)).toBeNull();
  expect(subject.clock.offsetMs).toBe(5000.5);
  expect(subject.clock.venueNowMs()).toBe(NOW_MS + 100 + 5000.5);
  expect(subject.offsets).toEqual([5000.5]);
});

test.each<[string, InfoAnswer, string]>([
  ["no answer", { kind: "unanswered", message: "no budget" }, "no budget"],
  ["a refusal", { kind: "refused", status: 422, message: "422 no" }, "422 no"],
  ["no time", { kind: "answered", result: { time: "now" } }, "no time"],
  ["null", { kind: "answered", result: null }, "no time"],
])("%s: it says why, and goes on with what it knows", async (_name, answer, why) => {
  const subject = new Subject();
  await subject.clock.measureBy(subject);
  subject.onAsked = () => answer;
  expect(await subject.clock.measureBy(subject)).toContain(why);
  expect(subject.clock.offsetMs).toBe(0.5);
});

test("two that ask at a time wait for one answer", async () => {
  const subject = new Subject();
  await Promise.all([subject.clock.measureBy(subject), subject.clock.measureBy(subject)]);
  expect(subject.asked).toBe(1);
});

test("it is kept by measuring again, and trouble is told once", async () => {
  const subject = new Subject();
  const troubles: string[] = [];
  const { timers } = subject.world;
  const stop = subject.clock.keepBy(subject, timers, (message) => troubles.push(message));
  const passes = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      expect(await timers.delays.next()).toBe(30_000);
      timers.advance(30_000);
    }
  };
  await passes(2);
  expect([subject.asked, troubles.length]).toEqual([3, 0]);
  subject.onAsked = () => ({ kind: "unanswered", message: "lost" });
  await passes(3);
  expect(troubles).toEqual(["lost"]);
  expect(await timers.delays.next()).toBe(30_000);
  stop();
  timers.advance(60_000);
  expect([subject.asked, timers.pending]).toEqual([6, 0]);
});

test("one that is ended while it asks sets no timer", async () => {
  const subject = new Subject();
  const stop = subject.clock.keepBy(subject, subject.world.timers, () => {});
  stop();
  await subject.clock.measureBy(subject);
  expect(subject.world.timers.pending).toBe(0);
});
