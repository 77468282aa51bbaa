import { expect, test } from "bun:test";
import { ADVICE } from "#config/warnings.ts";
import { checkedConfig, checkedPair, type Json, pairObject, parsePairs } from "./support.ts";

const advice = (changes: Json): string[] => {
  const pair = checkedPair(changes);
  return ADVICE.flatMap((rule) => rule.check(pair, checkedConfig(pair))).map(({ path }) => path);
};

test("a usual pair draws no warning", () => {
  expect(advice({})).toEqual([]);
});

test("the original's thresholds, 5 and 25, are noticed", () => {
  const seed = { volLowerThreshold: 5, volUpperThreshold: 25 };
  expect(advice({ quoting: seed })).toEqual(["quoting.volUpperThreshold"]);
  expect(advice({ quoting: { ...seed, strategy: "curve" } })).toEqual([]);
  // Per cent an hour: 25 is a sensible figure there.
  expect(advice({ quoting: seed, volatility: { horizonSeconds: 3600 } })).toEqual([]);
});

test("a limit of 200 % is noticed", () => {
  expect(advice({ quoting: { priceUpPctLimit: 2 } })).toEqual(["quoting.priceUpPctLimit"]);
});

test("more orders than bins are noticed", () => {
  // 0.02 at 40 basis points: 5 bins a side.
  expect(advice({ quoting: { liveOrderNums: 11 } })).toEqual([]);
  expect(advice({ quoting: { liveOrderNums: 12 } })).toEqual(["quoting.liveOrderNums"]);
  // A bin step next to nothing is refused by a rule; the advice must survive it.
  expect(advice({ quoting: { binStep: 5e-324 } })).toEqual([]);
});

test("a risk limit that cuts the ladder off is noticed", () => {
  expect(advice({ risk: { maxOpenOrders: 10 } })).toEqual([]);
  expect(advice({ risk: { maxOpenOrders: 9 } })).toEqual(["risk.maxOpenOrders"]);
});

test("fees that a spot buy pays in quote on top, with nothing kept back for them", () => {
  const fees = { simulation: { feeAsset: "quote" }, instrumentOverride: { makerFeeRate: "0.001" } };
  expect(advice(fees)).toEqual(["capital.reservePct"]);
  expect(advice({ ...fees, capital: { reservePct: 0.1 } })).toEqual([]); // 0.001 is 0.1 %
  expect(advice({ simulation: { feeAsset: "received" } })).toEqual([]);
});

test("a hedge without a venue is noticed", () => {
  expect(advice({ hedge: { activeHedgeIqvRatio: 0.5 } })).toEqual(["hedge"]);
});

test("warnings come with their place and stop nothing", () => {
  const { config, warnings } = parsePairs(
    pairObject({
      capital: { targetIqvRatio: 0.7 },
      quoting: { compat: "seed", volLowerThreshold: 5, volUpperThreshold: 25 },
    }),
  );
  expect(config.pairs).toHaveLength(1);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(
    /^x\.jsonc:1:\d+ pairs\[0\]\.quoting\.iqvUpLimit: is 0\.6; cannot be/,
  );
  expect(warnings[1]).toMatch(
    /^x\.jsonc:1:\d+ pairs\[0\]\.quoting\.volUpperThreshold: is 25; looks/,
  );
});
