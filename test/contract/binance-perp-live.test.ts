/** What only Binance USD-M has: stops of its Algo service, its private stream, and its switch. */

import { describe, expect, test } from "bun:test";
import { decimal } from "#domain/decimal.ts";
import type { AccountEvent } from "#domain/events.ts";
import { formatClientOrderId, type OrderRequest } from "#domain/order.ts";
import { type BinancePerpUnderTest, startBinancePerp } from "./binance-perp-under-test.ts";
import { type LiveStage, PAIR, PREFIX, quote } from "./live-stage.ts";
import { type LiveOptions, onVenue } from "./on-venue.ts";

const OURS = { prefix: PREFIX, pairId: PAIR, untilEpoch: 7 };

async function live(
  body: (stage: LiveStage, venue: BinancePerpUnderTest) => Promise<void>,
  options: LiveOptions = {},
): Promise<void> {
  const started = Promise.withResolvers<BinancePerpUnderTest>();
  const start = async (): Promise<BinancePerpUnderTest> => {
    const venue = await startBinancePerp("ed25519");
    started.resolve(venue);
    return venue;
  };
  await onVenue(start)(async (stage) => body(stage, await started.promise), options);
}

function stopId(sequence: number): string {
  return formatClientOrderId({
    prefix: PREFIX,
    pair: PAIR,
    role: "passive-hedge",
    epoch: 7,
    sequence,
  });
}

/** Sells the usual size where the last price falls to this. */
function stopOf(venue: BinancePerpUnderTest, sequence: number, triggerTicks: number): OrderRequest {
  const { usualLots: quantityLots } = venue;
  const fields = { side: "sell", priceTicks: triggerTicks, quantityLots } as const;
  return { ...quote(stopId(sequence), fields), type: "stop-market", postOnly: false };
}

/** A stop that waits well below the market. */
async function waiting(stage: LiveStage, venue: BinancePerpUnderTest): Promise<string> {
  const request = stopOf(venue, 1, venue.bidTicks - 1000);
  stage.call(() => stage.connection.place(request));
  await stage.order(request.clientOrderId, "open");
  return request.clientOrderId;
}

/** The market falls past the trigger, and somebody trades there. */
function fall(venue: BinancePerpUnderTest): void {
  venue.setTouch(venue.bidTicks - 1100, venue.askTicks - 1100);
  venue.print("sell", venue.bidTicks - 1100, 1);
}

function accounts(stage: LiveStage): AccountEvent[] {
  return stage.events.filter((event) => event.kind === "account");
}

describe.concurrent("a stop on Binance USD-M", () => {
  test("is listed, looked up and cancelled under its own id", () =>
    live(async (stage, venue) => {
      const id = await waiting(stage, venue);
      expect(await stage.reconciled()).toEqual([id]);
      expect(await stage.desk.openOrderIds(venue.symbol, OURS)).toEqual([id]);
      await stage.asked(id, "open");
      stage.call(() => stage.connection.cancel(id));
      await stage.order(id, "canceled");
      expect(await stage.reconciled()).toEqual([]);
      expect(venue.mock.venue.algo.records.waiting()).toEqual([]);
    }));

  test("is swept with all other orders of its owner", () =>
    live(async (stage, venue) => {
      await waiting(stage, venue);
      const resting = await stage.resting("sell", venue.askTicks);
      const result = await stage.desk.sweep(venue.symbol, OURS, 10_000);
      expect(result).toEqual({ canceled: 2, left: [], problem: null });
      await stage.order(resting, "canceled");
    }));

  test("that is triggered tells its fills and its end under its own id", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const id = await waiting(stage, venue);
      fall(venue);
      await stage.order(id, "filled");
      expect(await stage.reconciled()).toEqual([]);
      const lots = stage.fills().map((fill) => [fill.clientOrderId, fill.side, fill.quantityLots]);
      expect(lots).toEqual([[id, "sell", venue.usualLots]]);
      expect(accounts(stage).at(-1)?.base).toBe("-0.5");
    }));

  test.each([
    ["lost", { kind: "user-event-lost", event: "ALGO_UPDATE", count: 4 }],
    ["late", { kind: "user-event-delay", event: "ALGO_UPDATE", ms: 400, count: 4 }],
    ["out of order", { kind: "user-event-reorder", count: 6 }],
    ["twice", { kind: "user-event-duplicate", count: 8 }],
    ["lost, and its order's as well", { kind: "user-event-lost", count: 8 }],
  ])("whose news are %s is told whole, and each fill once", (_name, fault) =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const id = await waiting(stage, venue);
      venue.mock.faults.arm({ faults: [fault] }, "the test");
      fall(venue);
      await stage.until("it is filled", () => venue.fills().length === 1);
      // As the core does where an order is listed no more.
      expect(await stage.reconciled()).toEqual([]);
      await stage.asked(id, "filled");
      await stage.until("its fill", () => stage.fills().length === 1);
      await stage.reconciled();
      expect(stage.fillEvents().map(({ fill }) => [fill.clientOrderId, fill.quantityLots])).toEqual(
        [[id, venue.usualLots]],
      );
      expect(accounts(stage).at(-1)?.base).toBe("-0.5");
    }),
  );

  test("that would fire at once is refused as one that crosses", () =>
    live(async (stage, venue) => {
      const request = stopOf(venue, 2, venue.bidTicks + 1000);
      stage.call(() => stage.connection.place(request));
      expect((await stage.order(request.clientOrderId, "rejected")).reason).toBe("would-cross");
    }));

  test("cancelled too late was triggered: the cancel is refused, and the fill is told", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const id = await waiting(stage, venue);
      fall(venue);
      stage.call(() => stage.connection.cancel(id));
      await stage.order(id, "filled");
      expect(stage.changesOf(id)).not.toContain("canceled");
      await stage.until("its fill", () => stage.fills().length === 1);
    }));
});

describe.concurrent("the private stream of Binance USD-M", () => {
  test("a listen key that ends is replaced, and what was missed is found", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      await stage.resting("buy", priceTicks);
      const since = stage.events.length;
      venue.mock.switches.expireUserStreams();
      venue.print("sell", priceTicks, venue.usualLots);
      await stage.connectionState("down", since);
      await stage.connectionState("up", since);
      await stage.reconciled();
      expect(stage.fills()).toHaveLength(1);
    }));

  test("one that falls mute is noticed by the first order, and made anew", () =>
    live(
      async (stage, venue) => {
        await stage.reconciled();
        venue.mock.faults.arm({ faults: [{ kind: "user-event-lost", count: 1 }] }, "the test");
        const since = stage.events.length;
        const id = await stage.resting("sell", venue.askTicks);
        await stage.connectionState("down", since);
        await stage.connectionState("up", since);
        expect(stage.alerts.map(({ code }) => code)).toContain("stream-mute");
        expect(await stage.reconciled()).toEqual([id]);
      },
      { speed: 4 },
    ));

  test("funding is told once, with its amount", () =>
    live(async (stage, venue) => {
      await stage.reconciled();
      const priceTicks = venue.bidTicks + 10;
      const id = await stage.resting("buy", priceTicks);
      venue.print("sell", priceTicks, venue.usualLots);
      await stage.order(id, "filled");
      venue.mock.venue.funding.settle();
      await stage.until("funding", () => stage.events.some(({ kind }) => kind === "funding"));
      await stage.reconciled();
      const amounts = stage.events.flatMap((event) =>
        event.kind === "funding" ? [event.amount] : [],
      );
      const settled = venue.mock.venue.account.income.all
        .filter(({ incomeType }) => incomeType === "FUNDING_FEE")
        .map(({ income }) => income);
      expect(settled).toHaveLength(1);
      expect(amounts.map((amount) => decimal(amount).eq(settled[0] ?? "0"))).toEqual([true]);
    }));
});

test("an overload refuses what opens, and lets through what reduces", () =>
  live(async (stage, venue) => {
    const priceTicks = venue.bidTicks + 10;
    const bought = await stage.resting("buy", priceTicks);
    venue.print("sell", priceTicks, venue.usualLots);
    await stage.order(bought, "filled");
    venue.mock.faults.arm({ faults: [{ kind: "overload", count: 2 }] }, "the test");
    const opening = stage.place({ side: "buy", priceTicks, quantityLots: venue.usualLots });
    expect((await stage.order(opening, "rejected")).reason).toBe("throttled");
    const id = stage.nextId();
    const fields = { side: "sell", priceTicks: 0, quantityLots: venue.usualLots } as const;
    const closing = { ...quote(id, fields), type: "market", postOnly: false, reduceOnly: true };
    stage.call(() => stage.connection.place({ ...closing, type: "market" }));
    await stage.order(id, "filled");
    expect(venue.holding().base).toBe("0");
  }));

test("while an order rests the venue would cancel it if we fell silent, and is told so", () =>
  live(async (stage, venue) => {
    expect(stage.connection.status().deadMansSwitch.by).toBe("guardian");
    await stage.resting("sell", venue.askTicks);
    await stage.until("armed", () => stage.connection.status().deadMansSwitch.by === "venue");
    expect(stage.connection.status().deadMansSwitch).toMatchObject({ afterMs: 120_000 });
  }));
