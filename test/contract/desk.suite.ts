/** The desk's part of the contract: see venue.suite.ts. */

import { describe, expect, test } from "bun:test";
import { InputError, MmError } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import type { VenueDesk } from "#ports/venue.ts";
import { type Credentials, VenueError } from "#venues/venue.ts";
import { idOf, PAIR, PREFIX, TestWorld } from "./live-stage.ts";
import type { StartVenue, VenueTraits, VenueUnderTest } from "./venue-under-test.ts";

/** Its pauses are a tenth as long as they are for users. */
const SPEED = 10;
/** This run and those before it. */
const OURS: OrderOwner = { prefix: PREFIX, pairId: PAIR, untilEpoch: 4 };

export function describeDesk(start: StartVenue, { lacks = [] }: VenueTraits): void {
  async function withDesk(
    body: (desk: VenueDesk, venue: VenueUnderTest) => Promise<void>,
    credentialsOf = (venue: VenueUnderTest): Credentials | null => venue.credentials,
  ): Promise<void> {
    const venue = await start();
    try {
      const options = { urls: venue.urls, credentials: credentialsOf(venue) };
      const { desk } = await venue.module.openDesk(options, new TestWorld(SPEED));
      await body(desk, venue);
    } finally {
      await venue.stop();
    }
  }

  /** Orders of ours from two runs; of a later one, of another pair, of nobody we know. */
  function placeAll(venue: VenueUnderTest): { ours: string[]; others: string[] } {
    const ours = [idOf(1, 3), idOf(1, 4)];
    const others = [idOf(1, 5), idOf(1, 4, "P2"), "by-hand-1"];
    const { bidTicks, usualLots } = venue;
    for (const [index, clientOrderId] of [...ours, ...others].entries()) {
      const priceTicks = bidTicks - index;
      venue.placeForeign({ clientOrderId, side: "buy", priceTicks, quantityLots: usualLots });
    }
    return { ours, others };
  }

  describe.concurrent("the desk", () => {
    test("measures how far the venue's clock is from ours", () =>
      withDesk(async (desk, venue) => {
        expect(Math.abs(await desk.clockOffsetMs())).toBeLessThan(500);
        venue.setClockSkew(2500);
        const options = { urls: venue.urls, credentials: venue.credentials };
        const { desk: another } = await venue.module.openDesk(options, new TestWorld(SPEED));
        expect(Math.abs((await another.clockOffsetMs()) - 2500)).toBeLessThan(500);
      }));

    test("loads a market with the venue's grid, minimum and fees", () =>
      withDesk(async (desk, venue) => {
        const { instrument, closed } = await desk.loadMarket(venue.symbol);
        expect(closed).toBeNull();
        expect({
          symbol: instrument.symbol,
          base: instrument.base,
          quote: instrument.quote,
          tickSize: instrument.tickSize.toFixed(),
          lotSize: instrument.lotSize.toFixed(),
          minNotional: instrument.minNotional.toFixed(),
          makerFeeRate: instrument.makerFeeRate.toFixed(),
          takerFeeRate: instrument.takerFeeRate.toFixed(),
        }).toEqual({
          symbol: venue.symbol,
          base: venue.base,
          quote: venue.quote,
          ...venue.rules,
        });
      }));

    test.skipIf(lacks.includes("maintenance"))("says of a market that it takes no orders", () =>
      withDesk(async (desk, venue) => {
        venue.arm("maintenance");
        expect((await desk.loadMarket(venue.symbol)).closed).toBeString();
      }),
    );

    test("tells the right name of a symbol that there is not", () =>
      withDesk(async (desk, venue) => {
        const error = await failureOf(desk.loadMarket(venue.misspeltSymbol));
        expect(error).toBeInstanceOf(InputError);
        expect(error.code).toBe("unknown-symbol");
        expect(error.describe()).toContain(venue.misspeltSymbol);
        expect(error.hint).toContain(venue.symbol);
      }));

    test("shows the public part without a key, and asks for one for the rest", () =>
      withDesk(
        async (desk, venue) => {
          expect((await desk.loadMarket(venue.symbol)).closed).toBeNull();
          expect(await desk.clockOffsetMs()).toBeNumber();
          const error = await failureOf(desk.balances());
          expect(error).toBeInstanceOf(InputError);
          expect(error.code).toBe("bad-key");
        },
        () => null,
      ));

    test("says what to do about a wrong key", () =>
      withDesk(async (_desk, venue) => {
        expect(venue.wrongKeys).not.toBeEmpty();
        for (const { credentials, hint, secrets } of venue.wrongKeys) {
          const options = { urls: venue.urls, credentials };
          const { desk } = await venue.module.openDesk(options, new TestWorld(SPEED));
          // Some venues show an account to everybody: whether the key may trade is asked as well.
          const error = await failureOf(desk.checkKey().then(() => desk.balances()));
          expect(error).toBeInstanceOf(InputError);
          expect(error.code).toBe("bad-key");
          expect(error.hint).toMatch(hint);
          for (const secret of secrets) expect(error.describe()).not.toContain(secret);
        }
      }));

    test("says that the venue cannot be reached", () =>
      withDesk(async (_desk, { module, deadUrls: urls, credentials }) => {
        const options = { urls, credentials };
        const error = await failureOf(module.openDesk(options, new TestWorld(SPEED)));
        expect(error).toBeInstanceOf(VenueError);
        expect(error.code).toBe("venue-unreachable");
        expect(error.hint).toBeString();
      }));

    test("has nothing to say against a key that may only trade", () =>
      withDesk(async (desk) => {
        expect(await desk.checkKey()).toEqual([]);
      }));

    test("reads balances, free and locked together", () =>
      withDesk(async (desk, venue) => {
        placeAll(venue);
        expect(new Map(await desk.balances())).toEqual(new Map(venue.balances()));
      }));

    test("lists our open orders and no others", () =>
      withDesk(async (desk, venue) => {
        const { ours } = placeAll(venue);
        const listed = await desk.openOrderIds(venue.symbol, OURS);
        expect(listed.toSorted()).toEqual(ours);
      }));

    test("sweeps our orders and no others, and has the venue confirm it", () =>
      withDesk(async (desk, venue) => {
        const { ours, others } = placeAll(venue);
        expect(await desk.sweep(venue.symbol, OURS, 10_000)).toEqual({
          canceled: ours.length,
          left: [],
          problem: null,
        });
        const left = venue.openOrders().map(({ clientOrderId }) => clientOrderId);
        expect(left.toSorted()).toEqual(others.toSorted());
      }));

    test("sweeps nothing by saying so", () =>
      withDesk(async (desk, venue) => {
        const swept = await desk.sweep(venue.symbol, OURS, 10_000);
        expect(swept).toEqual({ canceled: 0, left: [], problem: null });
      }));

    test("says what it could not sweep, within its time", () =>
      withDesk(async (desk, venue) => {
        placeAll(venue);
        await venue.stop();
        const { canceled, problem } = await desk.sweep(venue.symbol, OURS, 2000);
        expect(canceled).toBe(0);
        expect(problem).toBeString();
      }));
  });
}

async function failureOf(promise: Promise<unknown>): Promise<MmError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof MmError) return thrown;
    throw thrown;
  }
  throw new Error("it was expected to fail");
}
