/**
 * What a hedger asks of Hyperliquid, through our adapter and to our mock venue: orders that take
 * within a cap, market orders, what only reduces, stops; and two legs of one pair on one account.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderOwner, type OrderRequest } from "#domain/order.ts";
import { type HyperliquidUnderTest, startHyperliquid } from "./hyperliquid-under-test.ts";
import { LiveStage, PAIR, PREFIX } from "./live-stage.ts";
import { type LiveOptions, onVenue } from "./on-venue.ts";

setDefaultTimeout(20_000);

const OURS: OrderOwner = { prefix: PREFIX, pairId: PAIR, untilEpoch: 7 };
let sequence = 100;

type Fields = Pick<OrderRequest, "side" | "type"> & Partial<OrderRequest>;

/** Runs a test on a venue of its own, with a connection that is up. */
async function hedging(
  body: (stage: LiveStage, venue: HyperliquidUnderTest) => Promise<void>,
  options: LiveOptions = {},
): Promise<void> {
  const venue = await startHyperliquid("master");
  await onVenue(() => Promise.resolve(venue))((stage) => body(stage, venue), options);
}

/** Sends an order; of the usual size, taking at once and within no cap unless said. @returns id */
function sent(stage: LiveStage, fields: Fields): string {
  sequence += 1;
  const role = fields.type === "stop-market" ? "stop-loss" : "active-hedge";
  const clientOrderId = formatClientOrderId({ ...OURS, pair: PAIR, role, epoch: 7, sequence });
  const request: OrderRequest = {
    clientOrderId,
    timeInForce: fields.type === "limit" ? "ioc" : "gtc",
    postOnly: false,
    reduceOnly: fields.type === "stop-market",
    priceTicks: 0,
    quantityLots: stage.subject.usualLots,
    ...fields,
  };
  stage.call(() => stage.connection.place(request));
  return clientOrderId;
}

async function positioned(stage: LiveStage, side: Side): Promise<void> {
  await stage.order(sent(stage, { side, type: "market" }), "filled");
  await stage.until("the fill", () => stage.fills().length === 1);
}

describe.concurrent("an order that takes", () => {
  test("is filled as far as its cap goes, and the rest of it expires", () =>
    hedging(async (stage, { askTicks }) => {
      const fields = { side: "buy", type: "limit", priceTicks: askTicks } as const;
      const id = sent(stage, { ...fields, quantityLots: 1_500_000 });
      expect(await stage.order(id, "expired")).toMatchObject({ filledLots: 1_000_000 });
      await stage.until("its fill", () => stage.fills().length > 0);
      expect(stage.fills()).toMatchObject([
        { clientOrderId: id, priceTicks: askTicks, quantityLots: 1_000_000, liquidity: "taker" },
      ]);
      expect(stage.changesOf(id).filter((change) => change !== "expired")).toEqual([]);
      expect(await stage.reconciled()).toEqual([]);
      // Asked about, it is what it was.
      expect(await stage.asked(id, "expired")).toMatchObject({ filledLots: 1_000_000 });
    }));

  test("expires with nothing filled where nothing is within its cap", () =>
    hedging(async (stage, { askTicks }) => {
      const id = sent(stage, { side: "buy", type: "limit", priceTicks: askTicks - 1 });
      expect(await stage.order(id, "expired")).toMatchObject({ filledLots: 0 });
      expect(await stage.asked(id, "expired")).toMatchObject({ filledLots: 0 });
    }));

  test("at the market is filled at what there is", () =>
    hedging(async (stage, venue) => {
      const { bidTicks } = venue;
      const id = sent(stage, { side: "sell", type: "market", quantityLots: 1_200_000 });
      expect(await stage.order(id, "filled")).toMatchObject({ filledLots: 1_200_000 });
      await stage.until("both fills", () => stage.fills().length === 2);
      const prices = stage.fills().map(({ priceTicks }) => priceTicks);
      expect(prices).toEqual([bidTicks, bidTicks - 1]);
      expect(venue.holding().base).toBe("-120");
    }));

  test("and only reduces does that, and is refused where it would increase", () =>
    hedging(async (stage, venue) => {
      const { usualLots } = venue;
      const reducing = { type: "market", reduceOnly: true } as const;
      const flat = sent(stage, { ...reducing, side: "sell" });
      expect(await stage.order(flat, "rejected")).toMatchObject({ reason: "reduce-only" });
      await positioned(stage, "buy");
      const more = sent(stage, { ...reducing, side: "buy" });
      expect(await stage.order(more, "rejected")).toMatchObject({ reason: "reduce-only" });
      const all = sent(stage, { ...reducing, side: "sell", quantityLots: usualLots * 2 });
      expect(await stage.order(all, "expired")).toMatchObject({ filledLots: usualLots });
      expect(venue.holding().base).toBe("0");
    }));
});

describe.concurrent("a stop", () => {
  const long = { side: "sell", type: "stop-market", priceTicks: 49_000 } as const;

  test("waits open, fires by the mark, fills under our id and is over", () =>
    hedging(async (stage, venue) => {
      const { bidTicks, usualLots } = venue;
      await positioned(stage, "buy");
      const id = sent(stage, long);
      await stage.order(id, "open");
      expect(await stage.reconciled()).toEqual([id]);
      expect(await stage.asked(id, "open")).toMatchObject({ filledLots: 0 });
      venue.setMark(49_001);
      expect(await stage.reconciled()).toEqual([id]);
      venue.setMark(49_000);
      expect(await stage.order(id, "filled")).toMatchObject({ filledLots: usualLots });
      await stage.until("its fill", () => stage.fills().length === 2);
      expect(stage.fills()[1]).toMatchObject({
        clientOrderId: id,
        side: "sell",
        priceTicks: bidTicks,
        quantityLots: usualLots,
      });
      expect(await stage.reconciled()).toEqual([]);
      expect(venue.holding().base).toBe("0");
    }));

  test("of a short position fires as the mark rises", () =>
    hedging(async (stage, venue) => {
      await positioned(stage, "sell");
      const id = sent(stage, { ...long, side: "buy", priceTicks: 51_000 });
      await stage.order(id, "open");
      venue.setMark(51_000);
      await stage.order(id, "filled");
      expect(venue.holding().base).toBe("0");
    }));

  test("that fills in part has expired with what it has filled", () =>
    hedging(async (stage, venue) => {
      const { bidTicks, askTicks } = venue;
      const size = { quantityLots: 1_200_000 };
      await stage.order(sent(stage, { side: "buy", type: "market", ...size }), "filled");
      const id = sent(stage, { ...long, ...size });
      await stage.order(id, "open");
      // Of five bids, one is no worse than a tenth below the trigger.
      venue.setTouch(44_100, askTicks);
      venue.setMark(49_000);
      expect(await stage.order(id, "expired")).toMatchObject({ filledLots: 1_000_000 });
      venue.setTouch(bidTicks, askTicks);
    }));

  test("is cancelled by its id, by all, and by the sweep of a desk", () =>
    hedging(async (stage, venue) => {
      const { symbol } = venue;
      await positioned(stage, "buy");
      const stops = [1, 2, 3].map((step) => sent(stage, { ...long, priceTicks: 49_000 - step }));
      for (const id of stops) await stage.order(id, "open");
      const [first = "", second = "", third = ""] = stops;
      stage.call(() => stage.connection.cancel(first));
      await stage.order(first, "canceled");
      expect(await stage.desk.openOrderIds(symbol, OURS)).toEqual([second, third]);
      const swept = await stage.desk.sweep(symbol, OURS, 5000);
      expect(swept).toEqual({ canceled: 2, left: [], problem: null });
      for (const id of [second, third]) await stage.order(id, "canceled");
      const last = sent(stage, long);
      await stage.order(last, "open");
      stage.call(() => stage.connection.cancelAll());
      await stage.order(last, "canceled");
      venue.setMark(40_000);
      expect(venue.holding().base).toBe("0.4");
    }));

  test("that would fire at once is refused, as one that could open a position", () =>
    hedging(async (stage, venue) => {
      await positioned(stage, "buy");
      venue.setMark(48_000);
      const late = sent(stage, long);
      expect(await stage.order(late, "rejected")).toMatchObject({ reason: "would-cross" });
      expect(stage.connection.instrument.canOpenByStop).toBe(false);
      const opening = sent(stage, { ...long, priceTicks: 47_000, reduceOnly: false });
      expect(await stage.order(opening, "rejected")).toMatchObject({ reason: "filter" });
      expect(venue.openOrders()).toEqual([]);
    }));

  test("whose placement has no answer is found where it waits", () =>
    hedging(
      async (stage, venue) => {
        await positioned(stage, "buy");
        venue.arm("lost-answer");
        const id = sent(stage, long);
        await stage.order(id, "unknown");
        expect(await stage.asked(id, "open")).toMatchObject({ filledLots: 0 });
        venue.setMark(49_000);
        await stage.order(id, "filled");
        expect(venue.holding().base).toBe("0");
      },
      { speed: 10 },
    ));
});

describe.concurrent("the venue's word", () => {
  test("of the mark is told as it comes, with the funding that is next", () =>
    hedging(async (stage, venue) => {
      venue.setMark(50_023);
      const mark = await stage.until("the mark", () =>
        stage.events.findLast((event) => event.kind === "mark" && event.priceTicks === 50_023),
      );
      if (mark.kind !== "mark") throw new Error("it is no mark");
      expect(mark.fundingRate).toBe(0.0000125);
      const inMs = mark.nextFundingMs - mark.receivedTimeMs;
      expect(inMs > 0 && inMs <= 3_600_000 && mark.nextFundingMs % 3_600_000 === 0).toBe(true);
    }));

  test("of the margin is nothing where nothing is held, and grows with the position", () =>
    hedging(async (stage, venue) => {
      const ratio = async (): Promise<number | undefined> => {
        await stage.reconciled();
        const last = stage.events.findLast((event) => event.kind === "account");
        return last?.kind === "account" ? last.marginRatio : undefined;
      };
      venue.setMark(50_000);
      expect(await ratio()).toBe(0);
      const id = sent(stage, { side: "sell", type: "market", quantityLots: 1_000_000 });
      await stage.order(id, "filled");
      // 100 ETH at 500: half of a twenty-fifth is 1000, of 10 000 less the taker's fee of 22.5.
      expect(await ratio()).toBeCloseTo(1000 / 9977.5, 9);
    }));
});

test("two legs of one pair on one account know their own orders alone", () =>
  hedging(async (quotes, venue) => {
    const { symbol, second, bidTicks } = venue;
    const hedges = await LiveStage.open(second);
    await hedges.up();
    const resting = async (stage: LiveStage): Promise<string> => {
      const fixed = { side: "buy", type: "limit", timeInForce: "gtc", postOnly: true } as const;
      const id = sent(stage, { ...fixed, priceTicks: bidTicks - 10 });
      await stage.order(id, "open");
      return id;
    };
    const quote = await resting(quotes);
    const hedge = await resting(hedges);
    expect([await quotes.reconciled(), await hedges.reconciled()]).toEqual([[quote], [hedge]]);
    expect(await quotes.desk.openOrderIds(symbol, OURS)).toEqual([quote]);
    expect(await quotes.desk.openOrderIds(second.symbol, OURS)).toEqual([hedge]);

    quotes.call(() => quotes.connection.cancelAll());
    await quotes.order(quote, "canceled");
    expect([await quotes.reconciled(), await hedges.reconciled()]).toEqual([[], [hedge]]);
    const again = await resting(quotes);
    hedges.call(() => hedges.connection.cancelAll());
    await hedges.order(hedge, "canceled");
    expect([await quotes.reconciled(), await hedges.reconciled()]).toEqual([[again], []]);
    const last = await resting(hedges);
    const swept = await quotes.desk.sweep(symbol, OURS, 5000);
    expect(swept).toEqual({ canceled: 1, left: [], problem: null });
    expect(await hedges.reconciled()).toEqual([last]);

    const fill = sent(hedges, { side: "buy", type: "market" });
    await hedges.order(fill, "filled");
    await hedges.until("its fill", () => hedges.fills().length === 1);
    await quotes.reconciled();
    expect(quotes.fills()).toEqual([]);
    const told = (stage: LiveStage): Set<string> =>
      new Set(stage.events.flatMap((e) => (e.kind === "order" ? [e.clientOrderId] : [])));
    expect(told(quotes)).toEqual(new Set([quote, again]));
    expect(told(hedges)).toEqual(new Set([hedge, last, fill]));
    const account = quotes.events.findLast((event) => event.kind === "account");
    expect(account).toMatchObject({ base: "0" });
    expect(hedges.breaches).toEqual([]);
    hedges.call(() => hedges.connection.stop());
  }));
