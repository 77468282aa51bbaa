/** What goes wrong between us and a venue, and must not mislead us: see venue.suite.ts. */

import { describe, expect, test } from "bun:test";
import type { Side } from "#domain/instrument.ts";
import type { LiveStage } from "./live-stage.ts";
import { type Live, onVenue } from "./on-venue.ts";
import type { StartVenue, VenueFault, VenueTraits, VenueUnderTest } from "./venue-under-test.ts";

/** A peer that says nothing is given up after 5 s; this much later it must be known. */
const HALF_OPEN_MS = 7000;
/** As long as it may take until a venue is asked again whether it takes orders. */
const LONG_MS = 60_000;

export function describeFaults(start: StartVenue, { lacks = [] }: VenueTraits): void {
  const live = onVenue(start);
  const testOf: TestOf = (fault) => test.skipIf(lacks.includes(fault));
  describe.concurrent("outcomes that were lost", () => lostOutcomes(live, testOf));
  describe.concurrent("connections that break", () => brokenConnections(live, testOf));
  describe.concurrent("account events", () => accountEvents(live, testOf));
  describe.concurrent("the venue's moods", () => moods(live, testOf));
}

/** Declares a test of a fault, skipped where the venue has no such fault. */
type TestOf = (fault: VenueFault) => (name: string, body: () => Promise<void>) => void;

function usual(venue: VenueUnderTest, side: Side = "buy") {
  const priceTicks = side === "buy" ? venue.bidTicks : venue.askTicks;
  return { side, priceTicks, quantityLots: venue.usualLots };
}

function lostOutcomes(live: Live, testOf: TestOf): void {
  const executed: VenueFault[] = ["lost-answer", "error-though-accepted", "cut-after-placement"];
  for (const fault of executed) {
    testOf(fault)(`${fault}: unknown, and a question tells that it rests`, () =>
      live(
        async (stage, venue) => {
          venue.arm(fault);
          const id = stage.place(usual(venue));
          await stage.order(id, "unknown");
          if (fault === "cut-after-placement") await backUp(stage);
          expect((await stage.asked(id, "open")).quantityLots).toBe(venue.usualLots);
          expect(stage.changesOf(id)).not.toContain("rejected");
          expect(stage.atVenue()).toEqual([id]);
          expect(await stage.reconciled()).toEqual([id]);
        },
        { speed: 10 },
      ),
    );
  }

  testOf("lost-request")("lost-request: unknown, and a question tells that it never was", () =>
    live(
      async (stage, venue) => {
        venue.arm("lost-request");
        const id = stage.place(usual(venue));
        await stage.order(id, "unknown");
        await stage.asked(id, "not-found");
        expect(stage.changesOf(id)).not.toContain("rejected");
        expect(stage.atVenue()).toEqual([]);
      },
      { speed: 10 },
    ),
  );
}

function brokenConnections(live: Live, testOf: TestOf): void {
  testOf("cut")("a cut is told, and healed; orders rest meanwhile", () =>
    live(async (stage, venue) => {
      const id = await stage.resting("buy", venue.bidTicks);
      const since = stage.events.length;
      venue.arm("cut");
      await stage.connectionState("down", since);
      await stage.emptyBook(since);
      await stage.connectionState("up", since);
      await stage.touch(venue.bidTicks, venue.askTicks);
      expect(await stage.reconciled()).toEqual([id]);
      expect(stage.connection.status().reconnects).toBeGreaterThan(0);
    }),
  );

  testOf("planned-end")(
    "a planned end is not noticed: orders, fills and the book go on over it",
    () =>
      live(async (stage, venue) => {
        await stage.resting("sell", venue.askTicks);
        const since = stage.events.length;
        venue.arm("planned-end");
        const priceTicks = venue.bidTicks + 10;
        const untilMs = performance.now() + 700;
        let orders = 0;
        for (; performance.now() < untilMs; orders += 1) {
          const quantityLots = Math.ceil(venue.usualLots / 10);
          const id = stage.place({ side: "buy", priceTicks, quantityLots });
          await stage.order(id, "open");
          venue.print("sell", priceTicks, quantityLots);
          await stage.order(id, "filled");
          await Bun.sleep(10);
        }
        await stage.reconciled();
        expect(stage.fills()).toHaveLength(venue.fills().length);
        expect(stage.states(since)).not.toContain("down");
        venue.setTouch(venue.bidTicks - 3, venue.askTicks - 3);
        await stage.touch(venue.bidTicks - 3, venue.askTicks - 3);
      }),
  );

  testOf("cut")("fills while it was down are found by a reconciliation, none of them doubled", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.print("sell", priceTicks, 100);
      await stage.until("the first fill", () => stage.fills().length === 1);
      const since = stage.events.length;
      venue.arm("cut");
      venue.print("sell", priceTicks, 150);
      venue.print("sell", priceTicks, 50);
      await stage.connectionState("down", since);
      await stage.connectionState("up", since);
      expect(await stage.reconciled()).toEqual([id]);
      const lots = stage.fills().map(({ quantityLots }) => quantityLots);
      expect(lots).toEqual([100, 150, 50]);
      // Not told again, and new ones follow on.
      const told = stage.fillEvents().length;
      await stage.reconciled();
      expect(stage.fillEvents()).toHaveLength(told);
      venue.print("sell", priceTicks, 20);
      await stage.until("the last fill", () => stage.fills().length === 4);
    }),
  );

  testOf("half-open")(
    "a half-open way for orders is noticed in time; what was sent on it is unknown",
    () =>
      live(
        async (stage, venue) => {
          venue.arm("half-open");
          const since = stage.events.length;
          const fromMs = stage.world.timers.elapsedMs();
          const id = stage.place(usual(venue));
          await stage.connectionState("down", since);
          expect(stage.world.timers.elapsedMs() - fromMs).toBeLessThan(HALF_OPEN_MS);
          await stage.order(id, "unknown");
          await backUp(stage);
          await stage.asked(id, "not-found");
          expect(stage.atVenue()).toEqual([]);
        },
        { speed: 4 },
      ),
  );

  testOf("feed-half-open")(
    "a half-open feed is noticed in time: an empty book, then the right one",
    () =>
      live(
        async (stage, venue) => {
          venue.arm("feed-half-open");
          const since = stage.events.length;
          const fromMs = stage.world.timers.elapsedMs();
          venue.setTouch(venue.bidTicks + 5, venue.askTicks + 5);
          await stage.emptyBook(since);
          expect(stage.world.timers.elapsedMs() - fromMs).toBeLessThan(HALF_OPEN_MS);
          await stage.touch(venue.bidTicks + 5, venue.askTicks + 5);
        },
        { speed: 4 },
      ),
  );

  for (const fault of ["feed-gap", "cut-feed"] as const) {
    testOf(fault)(`${fault}: an empty book, then the right one`, () =>
      live(async (stage, venue) => {
        const since = stage.events.length;
        venue.arm(fault);
        // The first is lost where there is a gap, and the next one shows it.
        let move = 0;
        await stage.until("an empty book", () => {
          move = (move + 1) % 30;
          venue.setTouch(venue.bidTicks + move, venue.askTicks + move);
          return stage.events
            .slice(since)
            .some((event) => event.kind === "book" && event.bidLots === 0 && event.askLots === 0);
        });
        await stage.touch(venue.bidTicks + move, venue.askTicks + move);
        expect(stage.states(since)).not.toContain("down");
      }),
    );
  }
}

function accountEvents(live: Live, testOf: TestOf): void {
  testOf("event-twice")("twice: each fill has one key", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.arm("event-twice");
      const rest = venue.usualLots - 200;
      venue.print("sell", priceTicks, 200);
      venue.print("sell", priceTicks, rest);
      await stage.order(id, "filled");
      await stage.reconciled();
      expect(stage.fills().map(({ quantityLots }) => quantityLots)).toEqual([200, rest]);
    }),
  );

  testOf("event-late")("late: the fill is told all the same, and once under its key", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.arm("event-late");
      venue.print("sell", priceTicks, venue.usualLots);
      await stage.reconciled();
      await stage.order(id, "filled");
      expect(stage.fills().map(({ quantityLots }) => quantityLots)).toEqual([venue.usualLots]);
    }),
  );

  for (const fault of ["event-first", "answer-first"] as const) {
    testOf(fault)(
      `${fault}: a fill before the answer to its order is told, and the order ends`,
      () =>
        live(async (stage, venue) => {
          venue.arm(fault);
          const priceTicks = venue.bidTicks + 10;
          const id = stage.place({ side: "buy", priceTicks, quantityLots: venue.usualLots });
          await stage.until("the order is there", () => stage.atVenue().includes(id));
          venue.print("sell", priceTicks, venue.usualLots);
          await stage.order(id, "filled");
          await stage.order(id, "open");
          // The answer may say that it was filled before the execution itself is told.
          await stage.until("its fill is told", () => stage.fills().length > 0);
          const fills = stage.fills().map(({ quantityLots }) => quantityLots);
          expect(fills).toEqual([venue.usualLots]);
          expect(stage.changesOf(id)).not.toContain("rejected");
          await stage.asked(id, "filled");
        }),
    );
  }
}

function moods(live: Live, testOf: TestOf): void {
  testOf("rate-limit")("rate limit: refused as throttled; cancels get through later", () =>
    live(async (stage, venue) => {
      const resting = await stage.resting("sell", venue.askTicks);
      venue.arm("rate-limit");
      const id = stage.place(usual(venue));
      expect((await stage.order(id, "rejected")).reason).toBe("throttled");
      await canceledInTheEnd(stage, resting);
      expect(stage.atVenue()).toEqual([]);
      await stage.resting("buy", venue.bidTicks);
    }),
  );

  testOf("maintenance")("maintenance: no order is taken, cancels are, and it passes", () =>
    live(async (stage, venue) => {
      const resting = await stage.resting("sell", venue.askTicks);
      venue.arm("maintenance");
      const id = stage.place(usual(venue));
      await stage.order(id, "rejected");
      stage.call(() => stage.connection.cancel(resting));
      await stage.order(resting, "canceled");
      expect(stage.atVenue()).toEqual([]);
      venue.clearFaults();
      const again = await stage.resting("buy", venue.bidTicks);
      expect(stage.atVenue()).toEqual([again]);
    }),
  );

  testOf("maintenance")(
    "maintenance is noticed by a refusal: no book to quote around, until it is over",
    () =>
      live(async (stage, venue) => {
        stage.world.skip(LONG_MS);
        venue.arm("maintenance");
        await stage.order(stage.place(usual(venue)), "rejected");
        await stage.noBook();
        venue.clearFaults();
        stage.world.skip(LONG_MS);
        await stage.until("it is open", () => {
          venue.setTouch(venue.bidTicks + 3, venue.askTicks + 3);
          venue.setTouch(venue.bidTicks, venue.askTicks);
          const book = stage.events.findLast(({ kind }) => kind === "book");
          return book?.kind === "book" && book.bidLots > 0;
        });
        await stage.touch(venue.bidTicks, venue.askTicks);
        await stage.resting("buy", venue.bidTicks);
      }),
  );

  for (const fault of ["clock-back", "clock-ahead"] as const) {
    testOf(fault)(`${fault}: orders go on`, () =>
      live(async (stage, venue) => {
        venue.arm(fault);
        const id = await stage.resting("buy", venue.bidTicks);
        stage.call(() => stage.connection.cancel(id));
        await stage.order(id, "canceled");
        const offsets = stage.events.flatMap((event) =>
          event.kind === "clock" ? [event.offsetMs] : [],
        );
        expect(Math.abs(offsets.at(-1) ?? 0)).toBeGreaterThan(3000);
        venue.clearFaults();
        await stage.resting("buy", venue.bidTicks);
      }),
    );
  }
}

/** Asks again for as long as the venue is throttling us: the refusals must say so. */
async function canceledInTheEnd(stage: LiveStage, clientOrderId: string): Promise<void> {
  for (;;) {
    const since = stage.ordersOf(clientOrderId).length;
    stage.call(() => stage.connection.cancel(clientOrderId));
    const answer = await stage.until("an answer to the cancel", () =>
      stage.ordersOf(clientOrderId).at(since),
    );
    if (answer.change === "canceled") return;
    expect(answer).toMatchObject({ change: "cancel-rejected", reason: "throttled" });
    await Bun.sleep(100);
  }
}

async function backUp(stage: LiveStage): Promise<void> {
  await stage.until("up again", () => stage.states().findLast((s) => s !== "alive") === "up");
}
