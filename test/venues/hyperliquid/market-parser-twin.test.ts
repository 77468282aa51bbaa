/** The parser by hand against its twin, which is JSON.parse: it agrees, or refuses. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BadMarketMessage } from "#venues/hyperliquid/market-json.ts";
import { MarketParser } from "#venues/hyperliquid/market-parser.ts";
import { bboFrame, bookFrame, contextFrame, perp, plainOf, tradesFrame } from "./market-frames.ts";

const T = 1_790_000_000_123;
const ETH = perp();

/** The twin's answer, or the code of its refusal. */
function twin(text: string): object | string | null {
  try {
    return plainOf(new MarketParser(ETH).parseJson(text));
  } catch (error) {
    if (error instanceof BadMarketMessage) return error.code;
    throw error;
  }
}

const decimals = (digits: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 9_000_000 }),
      fc.integer({ min: 0, max: digits }),
      fc.boolean(),
    )
    .map(([value, places, dotZero]) => {
      const text = (value / 10 ** places).toFixed(places);
      return places === 0 && dotZero ? `${text}.0` : text;
    });
const level = fc.tuple(decimals(3), decimals(5));
const time = fc.integer({ min: 1, max: 2 ** 50 });
const print = fc.record({
  tid: fc.integer({ min: 0, max: 2 ** 50 }),
  time,
  side: fc.constantFrom("A" as const, "B" as const),
  level,
});
const frame: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(time, fc.option(level), fc.option(level))
    .map(([at, bid, ask]) => bboFrame(at, bid, ask)),
  fc
    .tuple(time, fc.array(level, { maxLength: 8 }), fc.array(level, { maxLength: 8 }))
    .map(([at, bids, asks]) => bookFrame(at, bids, asks)),
  fc.array(print, { maxLength: 5 }).map((prints) => tradesFrame(...prints)),
  fc
    .tuple(decimals(6), decimals(6), decimals(6), fc.boolean())
    .map(([oracle, mark, rate, isNegative]) =>
      contextFrame(oracle, mark, `${isNegative ? "-" : ""}${rate}`),
    ),
);

/** What stands in JSON, and what does not. */
const PIECES = [
  ...'0 1 9 . - " , : { } [ ] \\ n e null true "px":"1.0", "sz":"2", "time":5, "fast":true,'.split(
    " ",
  ),
  " ",
  "\u0000",
  "é",
];
const edit = fc.record({
  kind: fc.constantFrom("cut", "insert", "replace", "double", "move"),
  at: fc.nat(),
  from: fc.nat(),
  piece: fc.constantFrom(...PIECES),
});
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

function edited(text: string, { kind, at, from, piece }: Edit): string {
  if (text === "") return piece;
  const place = at % text.length;
  switch (kind) {
    case "cut":
      return text.slice(0, place);
    case "insert":
      return text.slice(0, place) + piece + text.slice(place);
    case "replace":
      return text.slice(0, place) + piece + text.slice(place + piece.length);
    case "double":
      return text.slice(0, place) + text.slice(place >> 1);
    case "move":
      return withTokensMoved(text, at, from);
  }
}

/** Some tokens of the frame stand once more, elsewhere. */
function withTokensMoved(text: string, to: number, from: number): string {
  const tokens = text.match(/"[^"]*"|[\d.]+|[a-z]+|./g) ?? [];
  const start = from % tokens.length;
  const moved = tokens.slice(start, start + 1 + (to % 7));
  return tokens.toSpliced(to % tokens.length, from % 2, ...moved).join("");
}

describe("hand and twin", () => {
  test("agree on every frame", () => {
    let readByHand = 0;
    fc.assert(
      fc.property(frame, (text) => {
        const hand = new MarketParser(ETH).parseByHand(text);
        if (hand === null) return;
        readByHand += 1;
        expect(plainOf(hand) ?? "").toEqual(twin(text) ?? "");
      }),
      { numRuns: 2000 },
    );
    expect(readByHand).toBeGreaterThan(300);
  });

  test("agree on frames that are cut or spoilt, or the hand refuses", () => {
    let readByHand = 0;
    const parser = new MarketParser(ETH);
    fc.assert(
      fc.property(frame, fc.array(edit, { minLength: 1, maxLength: 2 }), (text, edits) => {
        const spoilt = edits.reduce(edited, text);
        const hand = parser.parseByHand(spoilt);
        if (hand === null) return;
        readByHand += 1;
        expect(plainOf(hand) ?? "").toEqual(twin(spoilt) ?? "");
      }),
      { numRuns: 20_000 },
    );
    expect(readByHand).toBeGreaterThan(100);
  });

  test.each([
    ["a level within a level", '"n":3}', '"n":3{"px":"3399.0","sz":"1.0","n":3}'],
    ["a field instead of a time", '"time":', '"time":"fast":true,"time":'],
    ["a field instead of a price", '"px":', '"px":"sz":'],
    ["a field that stands twice", '"n":3', '"sz":"1.0","n":3'],
    ["a side too many", "]]", "],[]]"],
    ["a comma too many", "}]", "},]"],
    ["a number with a leading zero", '"n":3', '"n":03'],
    ["a bare point", '"3400.0"', '"3400."'],
  ])("%s is not read by hand", (_, from, to) => {
    const book = bookFrame(T, [["3400.0", "1.0"]], [["3401.0", "1.0"]]);
    const parser = new MarketParser(ETH);
    expect(parser.parseByHand(book)).not.toBeNull();
    expect(parser.parseByHand(book.replace(from, to))).toBeNull();
  });

  test("a frame that is cut short is not ended by the rest of the one before", () => {
    const parser = new MarketParser(ETH);
    const prints = [{ tid: 1, time: T, side: "B", level: ["3400.0", "1.0"] }] as const;
    for (const text of [
      bboFrame(T, ["3400.0", "1.0"], ["3400.1", "2.0"]),
      bookFrame(T, [["3400.0", "1.0"]], []),
      tradesFrame(...prints),
      contextFrame("3400.5", "3400.6"),
    ]) {
      for (let length = 0; length < text.length; length += 1) {
        expect(parser.parseByHand(text)).not.toBeNull();
        expect(parser.parseByHand(text.slice(0, length))).toBeNull();
      }
    }
  });

  test("a frame of any length is read: the longest by the twin", () => {
    const parser = new MarketParser(ETH);
    const prints = Array.from({ length: 500 }, (_, index) => ({
      tid: index,
      time: T,
      side: "A" as const,
      level: ["3400.0", "1.0"] as const,
    }));
    expect(parser.parseByHand(tradesFrame(...prints))).toBeNull();
    expect(parser.parse(tradesFrame(...prints))?.prints.length).toBe(500);
  });

  test("one message after another leaves nothing of the one before", () => {
    const parser = new MarketParser(ETH);
    fc.assert(
      fc.property(fc.array(frame, { minLength: 2, maxLength: 4 }), (texts) => {
        for (const text of texts) {
          const expected = twin(text);
          if (typeof expected === "string") continue;
          expect(plainOf(parser.parse(text))).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });
});
