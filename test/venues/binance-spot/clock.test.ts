import { expect, test } from "bun:test";
import type { ApiAnswer } from "#venues/binance/api.ts";
import { BinanceClock } from "#venues/binance/clock.ts";

const NOW_MS = 1_795_340_000_000;

/** Our clock, the venue's, and a question about it that takes 20 ms there and 20 ms back. */
class Subject {
  nowMs = NOW_MS;
  aheadMs = 0;
  asked = 0;
  answer: ApiAnswer | null = null;
  readonly clock = new BinanceClock(() => this.nowMs);

  call(): Promise<ApiAnswer> {
    this.asked += 1;
    const serverTime = this.nowMs + 20 + this.aheadMs;
    this.nowMs += 40;
    const reply = { status: 200, code: 0, message: "", retryAtMs: null, legs: null };
    return Promise.resolve(this.answer ?? { kind: "answered", reply, result: { serverTime } });
  }
}

test("until it is measured, the venue's clock is ours", () => {
  const { clock } = new Subject();
  expect([clock.venueNowMs(), clock.offsetMs]).toEqual([NOW_MS, null]);
});

test("half the round trip is taken off", async () => {
  const subject = new Subject();
  subject.aheadMs = 300;
  expect(await subject.clock.measureBy(subject)).toBeNull();
  expect(subject.clock.offsetMs).toBe(300.5); // the venue cuts its milliseconds off
  expect(subject.clock.timestamp()).toBe(NOW_MS + 340);
});

test("one measurement at a time serves all who ask", async () => {
  const subject = new Subject();
  const { clock } = subject;
  expect(await Promise.all([clock.measureBy(subject), clock.measureBy(subject)])).toEqual([
    null,
    null,
  ]);
  expect(subject.asked).toBe(1);
  await clock.measureBy(subject);
  expect(subject.asked).toBe(2);
});

test("a distrusted offset stands until the next sample, which then counts alone", async () => {
  const subject = new Subject();
  subject.aheadMs = 300;
  await subject.clock.measureBy(subject);
  subject.clock.distrust();
  expect(subject.clock.offsetMs).toBe(300.5);
  subject.answer = { kind: "unknown", message: "cut" };
  expect(await subject.clock.measureBy(subject)).toBe("cut");
  expect(subject.clock.offsetMs).toBe(300.5);
  subject.answer = null;
  subject.aheadMs = -7000;
  await subject.clock.measureBy(subject);
  expect(subject.clock.offsetMs).toBe(-6999.5);
});

test("an answer without a time says so", async () => {
  const subject = new Subject();
  const reply = { status: 503, code: -1008, message: "busy", retryAtMs: null, legs: null };
  subject.answer = { kind: "answered", reply, result: undefined };
  expect(await subject.clock.measureBy(subject)).toBe("busy");
  expect(subject.clock.offsetMs).toBeNull();
});
