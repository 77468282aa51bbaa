/**
 * The judge's scenario on market streams through the SDK: every kind that the mock venue has, the
 * book kept from diffs, and the end of a subscription.
 */

import { expect } from "bun:test";
import { SpotWebsocketStreams } from "@binance/spot";
import { RowKind } from "#sim/market-tape.ts";
import { Inbox } from "../net/support.ts";
import { isRecord } from "./samples.ts";
import { type SdkBench } from "./sdk-bench.ts";
import { collected, nextOf, until } from "./waiting.ts";

const {
  DiffBookDepthUpdateSpeedEnum: DiffSpeed,
  KlineIntervalEnum: Interval,
  PartialBookDepthLevelsEnum: Levels,
  PartialBookDepthUpdateSpeedEnum: PartialSpeed,
} = SpotWebsocketStreams;

const symbol = "ETHUSDT";
/** In one message: the venue cuts clients that send more than five a second. */
const STREAMS = ["bookTicker", "depth@100ms", "depth5@100ms", "trade", "aggTrade", "kline_1s"];

export async function runStreamScenario(bench: SdkBench): Promise<void> {
  const streams = await bench.streams();
  const control = controlAnswers(streams);
  streams.subscribe(STREAMS.map((suffix) => `ethusdt@${suffix}`));
  expect((await nextOf(control, 1))[0]).toMatchObject({ result: null });

  const keep = (method: string) => (value: unknown) => bench.samples.addStreamed(method, value);
  const touch = collected(streams.bookTicker({ symbol }), keep("bookTicker"));
  const diffs = collected(
    streams.diffBookDepth({ symbol, updateSpeed: DiffSpeed.UPDATE_SPEED_100ms }),
    keep("diffBookDepth"),
  );
  const partial = { symbol, levels: Levels.LEVELS_5, updateSpeed: PartialSpeed.UPDATE_SPEED_100ms };
  const tops = collected(streams.partialBookDepth(partial), keep("partialBookDepth"));
  const tradeStream = streams.trade({ symbol });
  const trades = collected(tradeStream, keep("trade"));
  const aggregates = collected(streams.aggTrade({ symbol }), keep("aggTrade"));
  const kline = { symbol, interval: Interval.INTERVAL_1s };
  const candles = collected(streams.kline(kline), keep("kline"));

  // The better bid, then a seller that takes two bites of it.
  bench.move([RowKind.bidLevel, 200_000, 70]);
  const [better] = await nextOf(touch, 1);
  expect(better).toMatchObject({ s: symbol, b: "2000.00000000", B: "0.00700000" });
  const first = await until(diffs, ({ b }) => bidAt2000(b) === "0.00700000");
  bench.move(
    [RowKind.sellTrade, 200_000, 40],
    [RowKind.sellTrade, 200_000, 20],
    [RowKind.bidLevel, 200_000, 10],
  );
  const [second] = await nextOf(diffs, 1);
  expect(second).toMatchObject({ b: [["2000.00000000", "0.00100000"]], a: [] });
  expect(second?.U).toBe(Number(first.u) + 1);
  const bites = await nextOf(trades, 2);
  expect(bites.map(({ p, q, m }) => [p, q, m])).toEqual([
    ["2000.00000000", "0.00400000", true],
    ["2000.00000000", "0.00200000", true],
  ]);
  const [whole] = await nextOf(aggregates, 1);
  expect(whole).toMatchObject({ q: "0.00600000", f: bites[0]?.t, l: bites[1]?.t });
  const top = await until(tops, ({ bids }) => bidAt2000(bids) === "0.00100000");
  expect(top.bids).toHaveLength(5);
  const [candle] = await nextOf(candles, 1);
  expect(candle).toMatchObject({ s: symbol, k: { i: "1s" } });

  // Unsubscribed from one of them, the other still comes.
  tradeStream.unsubscribe();
  expect((await nextOf(control, 1))[0]).toMatchObject({ result: null });
  bench.move([RowKind.buyTrade, 200_001, 30]);
  expect((await nextOf(aggregates, 1))[0]).toMatchObject({ q: "0.00300000", m: false });
  expect(trades.size).toBe(0);
}

function bidAt2000(levels: readonly (readonly string[])[] | undefined): string | undefined {
  return levels?.find(([price]) => price === "2000.00000000")?.[1];
}

/** Answers to control messages, which the SDK itself does not look at. */
function controlAnswers(streams: SpotWebsocketStreams.WebsocketStreamsConnection) {
  const answers = new Inbox<unknown>();
  streams.on("message", (text: unknown) => {
    const json: unknown = JSON.parse(String(text));
    if (isRecord(json) && "result" in json) answers.push(json);
  });
  return answers;
}
