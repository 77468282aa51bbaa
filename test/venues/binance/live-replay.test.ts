import { expect, test } from "bun:test";
import { readLines } from "#data/line-reader.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { BookUpdate, FusedBook } from "#domain/fused-book.ts";
import { FeedKind } from "#sim/market-tape.ts";
import { DepthSync } from "#venues/binance/depth-sync.ts";
import { MarketKind, type MarketMessage } from "#venues/binance/market-message.ts";
import { MarketParser as PerpParser } from "#venues/binance-perp/market-parser.ts";
import { MarketParser as SpotParser } from "#venues/binance-spot/market-parser.ts";
import { perpInstrument } from "../../data/perp-recording.ts";
import { spotInstrument } from "../../data/spot-recording.ts";
import { sharedPath } from "../../shared.ts";

/** Before the message, a line has 19 digits and a space. */
const PREFIX = 20;

function pointTo({ levels, lastId }: MarketMessage, update: BookUpdate): BookUpdate {
  update.lastId = lastId;
  update.ticks = levels.ticks;
  update.lots = levels.lots;
  update.bidEnd = levels.bidCount;
  update.end = levels.length;
  return update;
}

const SPOT = spotInstrument("ETHUSDT", "0.0001");
const PERP = perpInstrument("ETHUSDT", "0.001");

for (const [name, instrument, parser, messages] of [
  ["spot", SPOT, new SpotParser({ instrument: SPOT, name: "the feed" }), 30_000],
  ["usdm", PERP, new PerpParser({ instrument: PERP, name: "the feed" }), 70_000],
] as const) {
  const path = sharedPath("data", "captures", `${name}_ethusdt_20240808.gz`);
  test.skipIf(path === null)(`a real recording heard live shows its tape: ${name}`, async () => {
    const { tape } = await loadRawCapture({ path: path ?? "", instrument, minFeedLatencyMs: 2 });
    const { feed } = tape;
    const fused = new FusedBook(() => undefined);
    const sync = new DepthSync(fused);
    const update = new BookUpdate();
    const decoder = new TextDecoder();
    const differences: number[] = [];
    let at = 0;
    const expectNext = (kind: number, fields: readonly number[]) => {
      const columns = [feed.bidTicks, feed.bidLots, feed.askTicks, feed.askLots];
      const isSame = fields.every((field, index) => columns[index]?.[at] === field);
      if (feed.kind[at] !== kind || !isSame) differences.push(at);
      at += 1;
    };
    await readLines(path ?? "", (bytes, start, end) => {
      const message = parser.parseText(decoder.decode(bytes.subarray(start + PREFIX, end)));
      pointTo(message, update);
      if (message.kind === MarketKind.snapshot) {
        if (!sync.isJoined) expect(sync.join(update)).toBe(true);
        return;
      }
      if (message.kind === MarketKind.depth) {
        expect(sync.takeDepth(message.firstId, update)).not.toBe("gap");
      } else if (message.kind === MarketKind.ticker) {
        fused.applyTicker(update);
      }
      if (!sync.isJoined) return;
      if (message.kind === MarketKind.trade) {
        const { ticks, lots } = message.levels;
        const kind = message.sellerTook ? FeedKind.sellTrade : FeedKind.buyTrade;
        expectNext(kind, [ticks[0] ?? 0, lots[0] ?? 0]);
        return;
      }
      const { bestBid, bestAsk } = fused.book;
      const sizes = [fused.book.bidLotsAt(bestBid), fused.book.askLotsAt(bestAsk)] as const;
      expectNext(FeedKind.book, [bestBid, sizes[0], bestAsk, sizes[1]]);
    });
    expect(differences).toEqual([]);
    expect(at).toBe(feed.length);
    expect(at).toBeGreaterThan(messages);
  });
}
