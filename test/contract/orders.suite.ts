/** Orders, fills and account news over a good connection: see venue.suite.ts. */

import { describe, expect, test } from "bun:test";
import { decimal, plain } from "#domain/decimal.ts";
import type { AccountEvent } from "#domain/events.ts";
import { idOf, type LiveStage, quote } from "./live-stage.ts";
import { type Live, onVenue } from "./on-venue.ts";
import type { StartVenue, VenueTraits } from "./venue-under-test.ts";

export function describeOrders(start: StartVenue, traits: VenueTraits): void {
  const live = onVenue(start);
  describeRequests(live, traits);
  describe.concurrent("events and fills", () => telling(live));
}

/** Whatever can be asked without hearing the account's events. */
export function describeRequests(live: Live, traits: VenueTraits): void {
  describe.concurrent("orders", () => placing(live));
  describe.concurrent("changes of orders", () => changing(live, traits));
  describe.concurrent("cancels", () => canceling(live));
  describe.concurrent("questions", () => asking(live));
}

function placing(live: Live): void {
  test("an order rests at the venue, its price and size to the digit", () =>
    live(async (stage, venue) => {
      const { instrument } = stage.connection;
      const priceTicks = venue.bidTicks + 7;
      const id = await stage.resting("buy", priceTicks, venue.usualLots + 1);
      const [event] = stage.ordersOf(id);
      expect(event?.venueOrderId).toBeString();
      expect(venue.openOrders()).toEqual([
        {
          clientOrderId: id,
          side: "buy",
          price: plain(instrument.price(priceTicks)),
          quantity: plain(instrument.size(venue.usualLots + 1)),
          filled: "0",
        },
      ]);
    }));

  test("one that would take is refused, and takes nothing", () =>
    live(async (stage, venue) => {
      const quantityLots = venue.usualLots;
      const buy = stage.place({ side: "buy", priceTicks: venue.askTicks, quantityLots });
      const sell = stage.place({ side: "sell", priceTicks: venue.bidTicks, quantityLots });
      for (const id of [buy, sell]) {
        expect((await stage.order(id, "rejected")).reason).toBe("would-cross");
      }
      expect(venue.openOrders()).toEqual([]);
      expect(venue.fills()).toEqual([]);
    }));

  test("one below the least size or value is refused", () =>
    live(async (stage, venue) => {
      const id = stage.place({ side: "buy", priceTicks: venue.bidTicks, quantityLots: 1 });
      expect((await stage.order(id, "rejected")).reason).toBe("filter");
      expect(venue.openOrders()).toEqual([]);
    }));

  test("one that the account cannot pay for is refused", () =>
    live(async (stage, venue) => {
      const quantityLots = venue.usualLots * 1000;
      const id = stage.place({ side: "sell", priceTicks: venue.askTicks, quantityLots });
      expect((await stage.order(id, "rejected")).reason).toBe("insufficient-balance");
      expect(venue.openOrders()).toEqual([]);
    }));

  test("a second order of the same id is not placed, and the first is not lost", () =>
    live(async (stage, venue) => {
      const id = await stage.resting("buy", venue.bidTicks);
      const before = venue.openOrders();
      const quantityLots = venue.usualLots + 400;
      const again = { side: "buy", priceTicks: venue.bidTicks - 5, quantityLots } as const;
      stage.call(() => stage.connection.place(quote(id, again)));
      // Refused for its id, or looked up: whatever rests under an id of ours is ours.
      await stage.until("an answer", () =>
        ["rejected", "unknown"].includes(stage.changesOf(id).at(-1) ?? ""),
      );
      expect(venue.openOrders()).toEqual(before);
      expect((await stage.asked(id, "open")).quantityLots).toBe(venue.usualLots);
    }));

  test("many at once are all answered", () =>
    live(async (stage, venue) => {
      const ids = Array.from({ length: 12 }, (_, level) =>
        stage.place({
          side: level % 2 === 0 ? "buy" : "sell",
          priceTicks: level % 2 === 0 ? venue.bidTicks - level : venue.askTicks + level,
          quantityLots: venue.usualLots,
        }),
      );
      for (const id of ids) await stage.order(id, "open");
      expect(stage.atVenue()).toEqual(ids.toSorted());
    }));
}

function changing(live: Live, { replacesFilled }: VenueTraits): void {
  test("an amendment lowers the size and keeps the order's place; or takes the order away", () =>
    live(async (stage, venue) => {
      const priceTicks = venue.bidTicks + 10;
      const lots = venue.usualLots;
      const id = await stage.resting("buy", priceTicks, 2 * lots);
      if (!stage.connection.instrument.canAmend) {
        const sizes = venue.openOrders().map(({ quantity }) => quantity);
        stage.call(() => stage.connection.amend(id, lots));
        await stage.until("an answer", () =>
          ["amend-rejected", "canceled"].includes(stage.changesOf(id).at(-1) ?? ""),
        );
        const isGone = stage.changesOf(id).at(-1) === "canceled";
        expect(venue.openOrders().map(({ quantity }) => quantity)).toEqual(isGone ? [] : sizes);
        return;
      }
      const behind = { clientOrderId: "by-hand-1", side: "buy", priceTicks } as const;
      venue.placeForeign({ ...behind, quantityLots: lots });
      const since = stage.events.length;
      stage.call(() => stage.connection.amend(id, lots));
      const event = await stage.order(id, "open", since);
      expect(event.quantityLots).toBe(lots);
      // Ours is filled whole before the one behind it gets its part.
      venue.print("sell", priceTicks, lots + 100);
      const filled = venue.fills().map(({ clientOrderId, quantity }) => [clientOrderId, quantity]);
      const { instrument } = stage.connection;
      expect(filled).toEqual([
        [id, plain(instrument.size(lots))],
        ["by-hand-1", plain(instrument.size(100))],
      ]);
    }));

  test("an amendment upwards is refused, and the order is as it was", () =>
    live(async (stage, venue) => {
      const id = await stage.resting("buy", venue.bidTicks);
      const before = venue.openOrders();
      stage.call(() => stage.connection.amend(id, venue.usualLots + 100));
      const { canAmend } = stage.connection.instrument;
      const answers = canAmend ? ["amend-rejected"] : ["amend-rejected", "canceled"];
      await stage.until("an answer", () => answers.includes(stage.changesOf(id).at(-1) ?? ""));
      const isGone = stage.changesOf(id).at(-1) === "canceled";
      expect([...venue.openOrders()]).toEqual(isGone ? [] : [...before]);
    }));

  test("a replacement moves the order in one step: its capital serves twice", () =>
    live(async (stage, venue) => {
      const most = venue.mostLots;
      const { instrument } = stage.connection;
      const old = await stage.resting("sell", venue.askTicks + 5, most);
      const id = stage.nextId();
      const priceTicks = venue.askTicks + 9;
      const request = quote(id, { side: "sell", priceTicks, quantityLots: most });
      stage.call(() => stage.connection.replace(old, request));
      await stage.order(id, "open");
      await stage.order(old, "canceled");
      expect(venue.openOrders()).toMatchObject([
        { clientOrderId: id, price: plain(instrument.price(priceTicks)) },
      ]);
    }));

  test("a replacement of an order with a fill leaves it, or goes through, or only cancels", () =>
    live(async (stage, venue) => {
      const { usualLots: quantityLots } = venue;
      const priceTicks = venue.bidTicks + 10;
      const old = await stage.resting("buy", priceTicks);
      venue.print("sell", priceTicks, 100);
      const id = stage.nextId();
      const moved = { side: "buy", priceTicks: priceTicks - 3, quantityLots } as const;
      stage.call(() => stage.connection.replace(old, quote(id, moved)));
      if (replacesFilled === "cancels") {
        await stage.order(old, "canceled");
        await stage.order(id, "rejected");
        expect(stage.atVenue()).toEqual([]);
        return;
      }
      if (replacesFilled === "whole") {
        await stage.order(old, "canceled");
        await stage.order(id, "open");
        expect(stage.atVenue()).toEqual([id]);
        return;
      }
      await stage.order(old, "cancel-rejected");
      await stage.order(id, "rejected");
      expect(stage.atVenue()).toEqual([old]);
    }));

  test("a replacement whose new order is refused leaves what it says", () =>
    live(async (stage, venue) => {
      const old = await stage.resting("buy", venue.bidTicks);
      const id = stage.nextId();
      const quantityLots = venue.usualLots;
      const crossing = quote(id, { side: "buy", priceTicks: venue.askTicks, quantityLots });
      stage.call(() => stage.connection.replace(old, crossing));
      expect((await stage.order(id, "rejected")).reason).toBe("would-cross");
      await stage.until("an answer about the old one", () =>
        ["canceled", "cancel-rejected"].includes(stage.changesOf(old).at(-1) ?? ""),
      );
      const isThere = stage.changesOf(old).at(-1) === "cancel-rejected";
      expect(stage.atVenue()).toEqual(isThere ? [old] : []);
    }));

  test("a replacement of an order that is gone places nothing", () =>
    live(async (stage, venue) => {
      const old = await stage.resting("buy", venue.bidTicks);
      stage.call(() => stage.connection.cancel(old));
      await stage.order(old, "canceled");
      const id = stage.nextId();
      const { bidTicks: priceTicks, usualLots: quantityLots } = venue;
      const fields = { side: "buy", priceTicks, quantityLots } as const;
      stage.call(() => stage.connection.replace(old, quote(id, fields)));
      await stage.order(id, "rejected");
      expect(stage.atVenue()).toEqual([]);
    }));
}

function canceling(live: Live): void {
  test("a cancel takes the order away", () =>
    live(async (stage, venue) => {
      const id = await stage.resting("sell", venue.askTicks);
      const other = await stage.resting("sell", venue.askTicks + 1);
      stage.call(() => stage.connection.cancel(id));
      await stage.order(id, "canceled");
      expect(stage.atVenue()).toEqual([other]);
    }));

  test("a cancel of an order that there is not is refused as such", () =>
    live(async (stage) => {
      const id = idOf(999);
      stage.call(() => stage.connection.cancel(id));
      expect((await stage.order(id, "cancel-rejected")).reason).toBe("unknown-order");
    }));

  test("a cancel of an order that is filled is refused as such", () =>
    live(async (stage, venue) => {
      const id = await stage.resting("buy", venue.bidTicks + 10);
      venue.print("sell", venue.bidTicks + 10, venue.usualLots);
      stage.call(() => stage.connection.cancel(id));
      expect((await stage.order(id, "cancel-rejected")).reason).toBe("unknown-order");
    }));

  test("cancel-all takes ours of every run, no foreign one and none of another pair", () =>
    live(
      async (stage, venue) => {
        const id = await stage.resting("buy", venue.bidTicks);
        stage.call(() => stage.connection.cancelAll());
        await stage.order(id, "canceled");
        await stage.order(idOf(1, 3), "canceled");
        await stage.order(idOf(2, 3), "canceled");
        expect(stage.atVenue()).toEqual(["by-hand-1", idOf(1, 3, "P2")].toSorted());
      },
      {
        before: (venue) => {
          const ids = [idOf(1, 3), idOf(2, 3), "by-hand-1", idOf(1, 3, "P2")];
          for (const [index, clientOrderId] of ids.entries()) {
            const priceTicks = venue.bidTicks - index;
            const quantityLots = venue.usualLots;
            venue.placeForeign({ clientOrderId, side: "buy", priceTicks, quantityLots });
          }
        },
      },
    ));
}

function asking(live: Live): void {
  test("a question tells what became of an order: open, filled, canceled, never there", () =>
    live(async (stage, venue) => {
      const open = await stage.resting("buy", venue.bidTicks);
      const filled = await stage.resting("buy", venue.bidTicks + 10);
      const canceled = await stage.resting("buy", venue.bidTicks - 1);
      venue.print("sell", venue.bidTicks + 10, venue.usualLots);
      stage.call(() => stage.connection.cancel(canceled));
      await stage.order(canceled, "canceled");
      const { usualLots } = venue;
      const [openLots, filledLots] = [
        await stage.asked(open, "open"),
        await stage.asked(filled, "filled"),
      ].map((event) => [event.quantityLots, event.filledLots]);
      expect(openLots).toEqual([usualLots, 0]);
      expect(filledLots).toEqual([usualLots, usualLots]);
      await stage.asked(canceled, "canceled");
      await stage.asked(idOf(999), "not-found");
    }));

  test("a reconciliation lists exactly our open orders, and the balances", () =>
    live(async (stage, venue) => {
      const lots = venue.usualLots;
      const ids = [
        await stage.resting("buy", venue.bidTicks),
        await stage.resting("sell", venue.askTicks),
      ];
      const earlier = idOf(1, 3);
      for (const clientOrderId of [earlier, "by-hand-1", idOf(1, 3, "P2")]) {
        const priceTicks = venue.bidTicks - 1;
        venue.placeForeign({ clientOrderId, side: "buy", priceTicks, quantityLots: lots });
      }
      expect(await stage.reconciled()).toEqual([...ids, earlier].toSorted());
      expect(isToldOf(stage)).toBe(true);
    }));

  test("a reconciliation tells the fills of our orders before the balances, once", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.print("sell", priceTicks, 200);
      await stage.reconciled();
      expect(stage.fills()).toMatchObject([{ clientOrderId: id, quantityLots: 200 }]);
      const told = stage.fillEvents().length;
      await stage.reconciled();
      expect(stage.fillEvents()).toHaveLength(told);
      expect(isToldOf(stage)).toBe(true);
    }));
}

function telling(live: Live): void {
  test("a cancel sent at once after its order finds it", () =>
    live(async (stage, venue) => {
      const { bidTicks: priceTicks, usualLots: quantityLots } = venue;
      const id = stage.place({ side: "buy", priceTicks, quantityLots });
      stage.call(() => stage.connection.cancel(id));
      await stage.order(id, "canceled");
      expect(stage.atVenue()).toEqual([]);
    }));

  test("each fill is told once, with its fee, before the balances that include it", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.print("sell", priceTicks, 200);
      venue.print("sell", priceTicks, venue.usualLots - 200);
      await stage.order(id, "filled");
      await stage.until("the balances", () => isToldOf(stage));
      expect(stage.fillEvents()).toHaveLength(2);
      const { instrument } = stage.connection;
      const told = stage.fills().map((fill) => ({
        clientOrderId: fill.clientOrderId,
        side: fill.side,
        price: plain(instrument.price(fill.priceTicks)),
        quantity: plain(instrument.size(fill.quantityLots)),
        fee: plain(decimal(fill.fee)),
        feeAsset: fill.feeAsset,
        isMaker: fill.liquidity === "maker",
      }));
      expect(told).toEqual([...venue.fills()]);
      const lastFill = stage.events.findLastIndex(({ kind }) => kind === "fill");
      expect(stage.events.findIndex((event) => isTruth(stage, event))).toBeGreaterThan(lastFill);
    }));

  test("fills of others are not told", () =>
    live(async (stage, venue) => {
      const priceTicks = venue.bidTicks + 10;
      const foreign = { clientOrderId: "by-hand-1", side: "buy", priceTicks } as const;
      const { usualLots: quantityLots } = venue;
      venue.placeForeign({ ...foreign, quantityLots });
      venue.print("sell", priceTicks, quantityLots);
      await stage.reconciled();
      expect(isToldOf(stage)).toBe(true);
      expect(stage.fillEvents()).toEqual([]);
      expect(stage.events.filter(({ kind }) => kind === "order")).toEqual([]);
    }));
}

/** Whether the balances told last are the venue's. */
function isToldOf(stage: LiveStage): boolean {
  const last = stage.events.findLast((event) => event.kind === "account");
  return last?.kind === "account" && isTruth(stage, last);
}

function isTruth({ subject }: LiveStage, event: { readonly kind: string }): boolean {
  if (!isAccount(event)) return false;
  const { base, quote: worth } = subject.holding();
  return decimal(event.base).eq(base) && decimal(event.quote).eq(worth);
}

function isAccount(event: { readonly kind: string }): event is AccountEvent {
  return event.kind === "account";
}
