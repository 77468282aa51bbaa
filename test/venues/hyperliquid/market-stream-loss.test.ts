/** A market stream whose feed is lost, mute, or makes no sense. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { bboFrame, bookFrame, contextFrame } from "./market-frames.ts";
import {
  ASKS,
  at,
  BIDS,
  type MarketEar,
  StreamUnderTest,
  TOUCH,
  UNKNOWN,
} from "./stream-under-test.ts";

let feed: StreamUnderTest;
let ear: MarketEar;

beforeEach(() => {
  feed = new StreamUnderTest();
  ({ ear } = feed);
});
afterEach(() => feed.stream.stop());

describe("a feed that is lost", () => {
  test("shows nothing, says so once, and waits for a whole book", () => {
    feed.goLive();
    feed.stream.onDown("reset by peer");
    expect(ear.takeTouches()).toEqual([UNKNOWN]);
    expect(ear.clears).toBe(1);
    expect(ear.alerts).toMatchObject([{ code: "feed-down" }]);
    expect(ear.alerts[0]?.message).toMatch(/ETH: reset by peer/);
    expect(feed.stream.status()).toMatchObject({ state: "connecting", resyncs: 1, reconnects: 0 });
    feed.hear(bboFrame(at(600), ["3400.0", "1.0"], ["3401.0", "2.0"]));
    feed.stream.onDown("again");
    expect(ear.takeTouches()).toEqual([]);
    feed.stream.onUp();
    // The other server's clock may be behind.
    feed.hear(bookFrame(at(-200), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([TOUCH]);
    feed.hear(bboFrame(at(-130), ["3400.0", "3.0"], ["3401.0", "2.0"]));
    expect(ear.takeTouches()).toEqual([[340_000, 30_000, 340_100, 20_000]]);
    expect(ear.times.slice(-2).map(([venueMs]) => venueMs)).toEqual([at(-200), at(-130)]);
    expect(feed.stream.status()).toMatchObject({ state: "live", resyncs: 1, reconnects: 1 });
  });

  test("is alive while frames come, and not while it is down", () => {
    feed.goLive();
    feed.liveOn(3000);
    expect(ear.alive).toBe(3);
    feed.stream.onDown();
    feed.timers.advance(3000);
    expect(ear.alive).toBe(3);
  });

  test("that is mute for five seconds is lost, and subscribed anew ever more seldom", () => {
    feed.goLive();
    feed.liveOn(20_000);
    ear.takeTouches();
    // Touches go on coming: it is the books that are missing.
    const touchFrame = () =>
      bboFrame(at(feed.timers.elapsedMs()), ["3400.0", "1.0"], ["3401.0", "2.0"]);
    const waits: number[] = [];
    let waitedMs = 0;
    for (let passedMs = 0; passedMs < 60_000; passedMs += 1000) {
      const before = feed.renewals.length;
      feed.timers.advance(1000);
      waitedMs += 1000;
      if (feed.renewals.length > before) waits.push(waitedMs);
      if (passedMs < 4000) expect(ear.takeTouches()).toEqual([]);
      feed.hear(touchFrame());
      if (passedMs < 4000) ear.takeTouches();
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000]);
    expect(feed.renewals[0]).toMatch(/ETH is mute: no book for 5 s/);
    expect(ear.takeTouches()).toEqual([UNKNOWN]);
    expect(ear.takeAlerts()).toEqual(["feed-mute"]);
    feed.hear(bookFrame(at(feed.timers.elapsedMs()), BIDS, ASKS));
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });

  test("of a socket that never came up again is not shown for longer than five seconds", () => {
    feed.stream.onDown();
    feed.goLive(); // frames come before the socket is up
    feed.timers.advance(4000);
    expect(ear.takeTouches()).toEqual([]);
    feed.timers.advance(1000);
    expect(ear.takeTouches()).toEqual([UNKNOWN]);
    expect(feed.renewals).toEqual([]);
  });

  test("whose bbo is mute while books show other touches is lost", () => {
    feed.goLive();
    for (let step = 1; step <= 14 && feed.renewals.length === 0; step += 1) {
      feed.timers.advance(500);
      const bids = step % 2 === 0 ? BIDS : BIDS.slice(1);
      feed.hear(bookFrame(at(feed.timers.elapsedMs()), bids, ASKS));
    }
    expect(feed.renewals).toEqual([expect.stringMatching(/no bbo, although the touch changes/)]);
    expect(ear.touches).toContainEqual(UNKNOWN);
  });

  test("whose oracle price is mute has none, and is subscribed anew", () => {
    feed.goLive();
    feed.hear(contextFrame("3400.5", "3400.5"));
    feed.liveOn(4500);
    expect(feed.renewals).toEqual([]);
    feed.liveOn(1500);
    expect(feed.references.at(-1)?.[0]).toBe(0);
    // The mark of old is not told again.
    expect(ear.marks).toHaveLength(1);
    expect(feed.renewals).toEqual([expect.stringMatching(/no oracle price/)]);
    feed.liveOn(60_000);
    expect(feed.renewals).toHaveLength(1);
    expect(ear.touches).not.toContainEqual(UNKNOWN);
  });

  test("whose market is quiet is not, nor one whose bbo comes a little later", () => {
    feed.goLive();
    feed.liveOn(30_000);
    feed.hear(bookFrame(at(30_100), BIDS.slice(1), ASKS));
    feed.timers.advance(1000);
    feed.hear(bboFrame(at(31_000), ["3399.0", "1.0"], ["3401.0", "2.0"]));
    feed.timers.advance(3000);
    expect(ear.touches).not.toContainEqual(UNKNOWN);
    expect(feed.renewals).toEqual([]);
  });

  test("whose venue tells a time of the future is made anew", () => {
    feed.goLive();
    feed.hear(bboFrame(at(10_000_000), ["3400.0", "9.0"], ["3401.0", "9.0"]));
    ear.takeTouches();
    feed.liveOn(6000);
    expect(ear.takeTouches().slice(0, 2)).toEqual([UNKNOWN, TOUCH]);
    feed.hear(bookFrame(at(10_000_000), BIDS.slice(1), ASKS));
    ear.takeTouches();
    feed.liveOn(6000);
    expect(ear.takeTouches().slice(0, 2)).toEqual([UNKNOWN, TOUCH]);
  });
});

describe("frames that make no sense", () => {
  const crossed = bboFrame(at(100), ["3401.0", "1.0"], ["3401.0", "1.0"]);

  test.each([
    ["book-crossed", crossed],
    ["book-crossed", bookFrame(at(100), ASKS.toReversed(), BIDS)],
    ["bad-message", bookFrame(at(100), BIDS, ASKS).slice(0, 100)],
    ["bad-message", bboFrame(at(100), null, null, "BTC")],
  ])("throw the book away: %s", (code, frame) => {
    feed.goLive();
    feed.hear(frame);
    expect(ear.takeTouches()).toEqual([UNKNOWN]);
    expect(ear.takeAlerts()).toEqual([code]);
    expect(ear.levels.bids.size + ear.levels.asks.size).toBe(0);
    expect(feed.stream.status()).toMatchObject({ state: "syncing", resyncs: 1 });
    feed.liveOn(500);
    expect(ear.takeTouches()).toEqual([]);
    feed.liveOn(500);
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });

  test("again and again are met by ever longer pauses, and by one alert a minute", () => {
    feed.goLive();
    const livePartsOf = (seconds: number): number => {
      let shown = 0;
      for (let passedMs = 0; passedMs < seconds * 1000; passedMs += 500) {
        feed.liveOn(500);
        shown += ear.takeTouches().filter(([, lots]) => lots !== 0).length;
        const crossedNow = at(feed.timers.elapsedMs());
        feed.hear(bboFrame(crossedNow + 1, ["3401.0", "1.0"], ["3401.0", "1.0"]));
      }
      return shown;
    };
    expect(livePartsOf(60)).toBeLessThanOrEqual(8);
    expect(livePartsOf(60)).toBeLessThanOrEqual(2);
    expect(ear.takeAlerts().length).toBeLessThanOrEqual(3);
    // Once it has been good for a while, it is trusted as at first.
    feed.liveOn(80_000);
    expect(feed.stream.status().state).toBe("live");
    feed.hear(bboFrame(at(feed.timers.elapsedMs()), ["3401.0", "1.0"], ["3401.0", "1.0"]));
    ear.takeTouches();
    feed.liveOn(1000);
    expect(ear.takeTouches()).toEqual([TOUCH]);
  });

  test("beside the book leave it alone", () => {
    feed.goLive();
    feed.hear('{"channel":"trades","data":[{"coin":"ETH"}]}', contextFrame("x", "1.0"));
    expect(ear.takeTouches()).toEqual([]);
    expect(ear.takeAlerts()).toEqual(["bad-message"]);
    expect(feed.stream.status()).toMatchObject({ state: "live", messages: 3 });
  });

  test("of other channels are left to others", () => {
    expect(feed.stream.onFrame('{"channel":"orderUpdates","data":[]}', at(0))).toBe(false);
    expect(feed.stream.status().messages).toBe(0);
  });
});
