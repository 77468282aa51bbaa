/** What only perps have: margin, leverage and a position of either sign. See venue.suite.ts. */

import { describe, expect, test } from "bun:test";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { AccountEvent } from "#domain/events.ts";
import type { Side } from "#domain/instrument.ts";
import type { PerpState, PerpWants, VenueDesk } from "#ports/venue.ts";
import { LiveStage } from "./live-stage.ts";
import { onVenue } from "./on-venue.ts";
import type { StartVenue, VenueUnderTest } from "./venue-under-test.ts";

export function describePerp(start: StartVenue): void {
  const live = onVenue(start);

  function prepared(
    desk: VenueDesk,
    { symbol }: VenueUnderTest,
    wants: PerpWants | null,
  ): Promise<PerpState> {
    if (desk.preparePerp === undefined) throw new Error("a perp's desk must have preparePerp");
    return desk.preparePerp(symbol, wants);
  }

  /** One of our orders is filled whole, at a price within the spread. @returns its price */
  async function filled(stage: LiveStage, venue: VenueUnderTest, side: Side): Promise<string> {
    const priceTicks = venue.bidTicks + 10;
    const id = await stage.resting(side, priceTicks);
    venue.print(side === "buy" ? "sell" : "buy", priceTicks, venue.usualLots);
    await stage.order(id, "filled");
    return plain(stage.connection.instrument.price(priceTicks));
  }

  async function account(stage: LiveStage): Promise<AccountEvent> {
    await stage.reconciled();
    const last = stage.events.findLast((event) => event.kind === "account");
    if (last?.kind !== "account") throw new Error("there is no account event");
    return last;
  }

  describe.concurrent("a perp", () => {
    test("starts flat, and its state is told without changing anything", () =>
      live(async ({ desk }, venue) => {
        const state = await prepared(desk, venue, null);
        expect([state.position, state.entryValue]).toEqual(["0", "0"]);
        expect(decimal(state.freeMargin).gt("0")).toBe(true);
        expect(decimal(state.markPrice).gt("0")).toBe(true);
        const { marginMode, leverage } = state;
        expect(await prepared(desk, venue, null)).toMatchObject({ marginMode, leverage });
      }));

    test("margin mode and leverage are set where they are otherwise, and read back", () =>
      live(async ({ desk }, venue) => {
        for (const wants of [
          { marginMode: "isolated", leverage: 2 },
          { marginMode: "cross", leverage: 3 },
        ] as const) {
          expect(await prepared(desk, venue, wants)).toMatchObject(wants);
          expect(await prepared(desk, venue, null)).toMatchObject(wants);
        }
      }));

    test("a leverage that the venue does not give is refused as such", () =>
      live(async ({ desk }, venue) => {
        const wants = { marginMode: "cross", leverage: 1000 } as const;
        const error: unknown = await prepared(desk, venue, wants).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(InputError);
        expect(error).toMatchObject({ code: "bad-leverage" });
      }));

    test.each([
      ["buy", "long", "1"],
      ["sell", "short", "-1"],
    ] as const)("a %s from flat makes a %s position, at what it cost", (side, _name, sign) =>
      live(async (stage, venue) => {
        const { instrument } = stage.connection;
        const price = await filled(stage, venue, side);
        const size = instrument.size(venue.usualLots).times(sign);
        expect((await account(stage)).base).toBe(plain(size));
        const { position, entryValue } = await prepared(stage.desk, venue, null);
        expect(decimal(position).eq(size)).toBe(true);
        expect(decimal(entryValue).eq(size.times(price))).toBe(true);
      }),
    );

    test("a position that is closed again is none", () =>
      live(async (stage, venue) => {
        await filled(stage, venue, "sell");
        await filled(stage, venue, "buy");
        const { base, liquidationPrice } = await account(stage);
        expect([base, liquidationPrice]).toEqual(["0", undefined]);
        expect((await prepared(stage.desk, venue, null)).position).toBe("0");
      }));

    test("fills after the state was read are told to the connection that is given its moment", () =>
      live(
        async (stage, venue) => {
          await stage.up();
          await filled(stage, venue, "buy");
          const { sinceTradeId } = await prepared(stage.desk, venue, null);
          await stage.stop();
          const { bidTicks, usualLots } = venue;
          const fields = { side: "sell", priceTicks: bidTicks + 20 } as const;
          const clientOrderId = stage.nextId();
          venue.placeForeign({ ...fields, clientOrderId, quantityLots: usualLots });
          venue.print("buy", bidTicks + 20, usualLots);
          const next = await LiveStage.open(venue, { sinceTradeId });
          next.start();
          await next.connectionState("up", 0);
          await next.reconciled();
          expect(next.fills()).toMatchObject([{ clientOrderId, side: "sell" }]);
          await next.close();
          expect(next.breaches).toEqual([]);
        },
        { isStartedByTest: true },
      ));
  });
}
