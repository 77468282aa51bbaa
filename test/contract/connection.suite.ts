/** Coming up, the market, the past and the end of a connection: see venue.suite.ts. */

import { describe, expect, test } from "bun:test";
import { LiveStage, PAIR, PREFIX } from "./live-stage.ts";
import { onVenue } from "./on-venue.ts";
import type { StartVenue } from "./venue-under-test.ts";

export function describeConnection(start: StartVenue): void {
  const live = onVenue(start);

  describe.concurrent("the connection", () => {
    test("does nothing before it is started, and comes up", () =>
      live(
        async (stage, venue) => {
          expect(venue.openConnections()).toBe(0);
          expect(stage.events).toEqual([]);
          await stage.up();
          expect(stage.states().filter((state) => state === "up")).toHaveLength(1);
          const { trading, feed, inFlight, reconnects } = stage.connection.status();
          expect({ trading, feed: feed.state, inFlight, reconnects }).toEqual({
            trading: "ready",
            feed: "live",
            inFlight: 0,
            reconnects: 0,
          });
        },
        { isStartedByTest: true },
      ));

    test("tells how many orders may be sent, and the venue's clock", () =>
      live(async (stage) => {
        const budget = await stage.until("budget", () =>
          stage.events.find((event) => event.kind === "budget"),
        );
        expect(budget.remaining).toBeWithin(1, budget.limit + 1);
        const clock = await stage.until("clock", () =>
          stage.events.find((event) => event.kind === "clock"),
        );
        expect(Math.abs(clock.offsetMs)).toBeLessThan(500);
        const names = stage.connection.status().budgets.map(({ used, limit }) => used <= limit);
        expect(names).not.toContain(false);
      }));

    test("tells the touch as it moves, with its sizes", () =>
      live(async (stage, venue) => {
        const first = stage.events.find((event) => event.kind === "book" && event.bidLots > 0);
        expect(first).toMatchObject({ bidTicks: venue.bidTicks, askTicks: venue.askTicks });
        for (const move of [3, -12, 40]) {
          venue.setTouch(venue.bidTicks + move, venue.askTicks + move);
          await stage.touch(venue.bidTicks + move, venue.askTicks + move);
        }
      }));

    test("tells prints: who took, at what price, and how much", () =>
      live(async (stage, venue) => {
        venue.print("buy", venue.askTicks, 123);
        venue.print("sell", venue.bidTicks, 45);
        await stage.until("two prints", () => {
          return stage.events.filter(({ kind }) => kind === "trade").length === 2;
        });
        expect(stage.events.filter(({ kind }) => kind === "trade")).toMatchObject([
          { aggressor: "buy", priceTicks: venue.askTicks, quantityLots: 123 },
          { aggressor: "sell", priceTicks: venue.bidTicks, quantityLots: 45 },
        ]);
      }));

    test("is told to be alive while the market is quiet", () =>
      live(
        async (stage) => {
          const since = stage.events.length;
          await stage.until("alive", () => stage.states(since).includes("alive"));
        },
        { speed: 5 },
      ));

    test("has prices of the past, oldest first, and none where the venue has none", () =>
      live(async (stage, venue) => {
        const { connection } = stage;
        const prices = await connection.prices(60_000, 30);
        expect(prices).toHaveLength(30);
        const { instrument } = connection;
        const mid = Number(instrument.price((venue.bidTicks + venue.askTicks) / 2).toFixed());
        const last = prices.at(-1) ?? 0;
        expect(Math.abs(last / mid - 1)).toBeLessThan(0.05);
        expect(prices.every((price) => price > 0)).toBe(true);
        expect(await connection.prices(7, 30)).toEqual([]);
      }));

    test("ends at once, whatever is under way", () =>
      live(async (stage, venue) => {
        const id = await stage.resting("buy", venue.bidTicks);
        const { bidTicks, usualLots: quantityLots } = venue;
        stage.place({ side: "buy", priceTicks: bidTicks - 1, quantityLots });
        stage.call(() => stage.connection.reconcile());
        stage.call(() => stage.connection.query(id));
        await stage.stop();
        expect(stage.connection.status().trading).toBe("closed");
        // Whoever still calls is told nothing, and nothing is sent.
        const open = stage.atVenue();
        expect(open).toContain(id);
        stage.place({ side: "buy", priceTicks: bidTicks - 2, quantityLots });
        stage.call(() => stage.connection.cancelAll());
        stage.call(() => stage.connection.reconcile());
        // By another way and later: whatever had been sent would have arrived.
        const owner = { prefix: PREFIX, pairId: PAIR, untilEpoch: 9 };
        await stage.desk.openOrderIds(venue.symbol, owner);
        expect(stage.atVenue()).toEqual(open);
      }));

    test("goes on after the fill that an earlier connection told last", () =>
      live(
        async (stage, venue) => {
          await stage.up();
          const priceTicks = venue.bidTicks + 10;
          const id = await stage.resting("buy", priceTicks);
          venue.print("sell", priceTicks, 100);
          const [first] = await stage.until("a fill", () => {
            return stage.fills().length === 1 && stage.fills();
          });
          await stage.stop();
          venue.print("sell", priceTicks, 150);
          for (const [sinceTradeId, lots] of [
            [first?.tradeId ?? null, [150]],
            [null, []],
          ] as const) {
            const next = await LiveStage.open(venue, { sinceTradeId });
            next.start();
            await next.connectionState("up", 0);
            expect(await next.reconciled()).toEqual([id]);
            expect(next.fills().map(({ quantityLots }) => quantityLots)).toEqual([...lots]);
            await next.close();
            expect(next.breaches).toEqual([]);
          }
        },
        { isStartedByTest: true },
      ));

    test("ends while it has not come up yet", () =>
      live(
        async (stage) => {
          stage.start();
          await stage.stop();
          expect(stage.states()).toEqual([]);
        },
        { isStartedByTest: true },
      ));
  });
}
