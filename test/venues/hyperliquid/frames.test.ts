import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  acknowledgedKey,
  type Frame,
  frameOf,
  keyOf,
  marketSubscriptions,
  subscriptionIn,
} from "#venues/hyperliquid/frames.ts";
import { bboFrame, fillsFrame } from "./hl-wire.ts";

describe("a frame's matter", () => {
  test.each<[string, string, Frame]>([
    ["bbo", bboFrame("BTC"), { kind: "market", coin: "BTC" }],
    [
      "l2Book",
      '{"channel":"l2Book","data":{"coin":"kPEPE","time":1,"levels":[[],[]],"fast":true}}',
      { kind: "market", coin: "kPEPE" },
    ],
    [
      "trades",
      '{"channel":"trades","data":[{"coin":"xyz:TSLA","side":"B","px":"1","sz":"2","tid":7}]}',
      { kind: "market", coin: "xyz:TSLA" },
    ],
    [
      "activeAssetCtx",
      '{"channel":"activeAssetCtx","data":{"coin":"ETH","ctx":{"funding":"0.1"}}}',
      { kind: "market", coin: "ETH" },
    ],
    ["no trades", '{"channel":"trades","data":[]}', { kind: "nothing" }],
    ["userFills", fillsFrame("0xaa", 1), { kind: "user" }],
    ["orderUpdates", '{"channel":"orderUpdates","data":[]}', { kind: "user" }],
    ["userEvents", '{"channel":"user","data":{"funding":{}}}', { kind: "user" }],
    ["pong", '{"channel":"pong"}', { kind: "other", channel: "pong", data: undefined }],
    [
      "error",
      '{"channel":"error","data":"no \\"coin\\":\\"BTC\\""}',
      { kind: "other", channel: "error", data: 'no "coin":"BTC"' },
    ],
    ["another order", '{"data":{"coin":"SOL"},"channel":"bbo"}', { kind: "market", coin: "SOL" }],
    ["spaces", '{ "channel": "bbo", "data": { "coin": "SOL" } }', { kind: "market", coin: "SOL" }],
    ["no coin", '{"channel":"bbo","data":{}}', { kind: "unreadable" }],
    ["no JSON", "Websocket connection established.", { kind: "unreadable" }],
    ["an array", "[1]", { kind: "unreadable" }],
    ["null", "null", { kind: "unreadable" }],
  ])("%s", (_name, text, frame) => {
    expect(frameOf(text)).toEqual(frame);
  });

  test("garbage never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.nat(60), (text, cut) => {
        frameOf(text);
        frameOf(`{"channel":"bbo"${text}`);
        frameOf(bboFrame("BTC").slice(0, cut));
      }),
    );
  });
});

describe("a subscription's name", () => {
  test("is the same with the venue's defaults", () => {
    const [, book] = marketSubscriptions("BTC");
    const echo = { type: "l2Book", coin: "BTC", nSigFigs: null, mantissa: null, fast: true };
    expect(keyOf(book)).toBe(keyOf(echo));
    expect(acknowledgedKey({ method: "subscribe", subscription: echo })).toBe(keyOf(echo));
    expect(acknowledgedKey({ method: "unsubscribe", subscription: echo })).toBeNull();
    expect(keyOf({ type: "userFills", user: "0xAA" })).toBe(
      keyOf({ type: "userFills", user: "0xaa" }),
    );
  });

  test.each([[null], ["bbo"], [{}], [{ type: "bbo" }], [{ coin: "BTC" }]])(
    "is none: %j",
    (json) => {
      expect(keyOf(json)).toBeNull();
      expect(acknowledgedKey(json)).toBeNull();
    },
  );

  const keys = ["bbo BTC", "bbo ETH", "trades BTC", "userFills 0xaa"];
  test.each([
    ['Already subscribed: {"type":"bbo","coin":"ETH"}', "bbo ETH"],
    [
      'Error parsing: {"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}',
      "trades BTC",
    ],
    ['Already subscribed: Bbo { coin: "BTC" }', "bbo BTC"],
    ["Already subscribed: UserFills { user: 0xAA }", "userFills 0xaa"],
    ['Already subscribed: {"type":"bbo","coin":"SOL"}', null],
    ["Cannot track more than 10 total users.", null],
  ])("is found in %s", (message, key) => {
    expect(subscriptionIn(message, keys)).toBe(key);
  });
});
