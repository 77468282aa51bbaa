import { expect, test } from "bun:test";
import { StreamWatch } from "#venues/binance-perp/stream-watch.ts";
import { ManualTimers } from "../../net/support.ts";

interface Kit {
  readonly timers: ManualTimers;
  readonly watch: StreamWatch;
  readonly missing: (readonly [id: string, isMute: boolean])[];
}

function kitOf(): Kit {
  const timers = new ManualTimers();
  const missing: (readonly [string, boolean])[] = [];
  const onMissing = (id: string, isMute: boolean): void => {
    missing.push([id, isMute]);
  };
  return { timers, missing, watch: new StreamWatch(timers, { onMissing }) };
}

test("an order that is told of in time is no matter", () => {
  const { timers, watch, missing } = kitOf();
  watch.expect("a");
  timers.advance(2999);
  watch.heard("a");
  timers.advance(10_000);
  expect(missing).toEqual([]);
});

test("news that are quicker than the answer count", () => {
  const { timers, watch, missing } = kitOf();
  watch.heard("a");
  watch.expect("a");
  timers.advance(10_000);
  expect(missing).toEqual([]);
  expect(timers.pending).toBe(0);
});

test("an order that is not told of: the stream is mute where nothing else was heard either", () => {
  const { timers, watch, missing } = kitOf();
  watch.expect("a");
  timers.advance(3000);
  expect(missing).toEqual([["a", true]]);
});

test("and not mute where it told of another one meanwhile", () => {
  const { timers, watch, missing } = kitOf();
  watch.expect("a");
  timers.advance(1000);
  watch.expect("b");
  watch.heard("b");
  timers.advance(2000);
  expect(missing).toEqual([["a", false]]);
});

test("each further silence must be longer, so that it is not made anew without end", () => {
  const { timers, watch, missing } = kitOf();
  watch.expect("a");
  timers.advance(3000);
  watch.reset();
  watch.expect("b");
  timers.advance(3000);
  expect(missing).toEqual([
    ["a", true],
    ["b", false],
  ]);
});

test("each is told once, in the order in which they are due", () => {
  const { timers, watch, missing } = kitOf();
  watch.expect("a");
  timers.advance(500);
  watch.expect("b");
  timers.advance(10_000);
  expect(missing.map(([id]) => id)).toEqual(["a", "b"]);
});
