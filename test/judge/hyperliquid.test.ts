/**
 * The judge of the mock Hyperliquid: the SDK that most TypeScript clients of the venue use trades
 * on it, over REST, posts and streams, signing by viem; and the SDK's own type declarations judge
 * every answer and event that it was handed. It is independent of our adapter and its signer.
 */

import { afterAll, describe, expect, test } from "bun:test";
import { HttpRequestError, WebSocketRequestError } from "@nktkas/hyperliquid";
import { compileLines, type Line, literalOf, refused, tainted } from "./compiled-lines.ts";
import { HyperliquidBench, type TransportKind } from "./hyperliquid-bench.ts";
import {
  accountScenario,
  infoScenario,
  streamScenario,
  tradeScenario,
} from "./hyperliquid-scenarios.ts";
import type { Sample } from "./samples.ts";
import { refusalOf } from "./waiting.ts";

/** What the SDK declares, by the type of request or subscription. */
const PRELUDE = `import type * as exchange from "@nktkas/hyperliquid/api/exchange";
import type * as info from "@nktkas/hyperliquid/api/info";
import type * as subscription from "@nktkas/hyperliquid/api/subscription";

type Refused = { status: "err"; response: string };
`;

/** Types of actions and questions, each over REST and by posts. */
const PER_WAY = words(`
  order cancel cancelByCloid modify batchModify refused updateLeverage
  updateIsolatedMargin scheduleCancel reserveRequestWeight noop meta
  metaAndAssetCtxs allMids exchangeStatus perpsAtOpenInterestCap l2Book
  recentTrades candleSnapshot fundingHistory userFills userFillsByTime openOrders
  frontendOpenOrders historicalOrders orderStatus userFunding clearinghouseState
  activeAssetData userFees userRateLimit userRole extraAgents subAccounts
`);
const STREAMS = words(`
  l2Book bbo trades activeAssetCtx allMids candle orderUpdates userFills
  userFundings userEvents openOrders clearinghouseState activeAssetData
`);
/** Everything that must have been judged. */
const LABELS = [
  ...["REST", "post"].flatMap((way) => PER_WAY.map((name) => `${way} ${name}`)),
  ...STREAMS.map((name) => `stream ${name}`),
];

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** All scenarios and a compiler, on a busy machine. */
const TIMEOUT_MS = 60_000;
const samples: Sample[] = [];
const benches: HyperliquidBench[] = [];

async function bench(
  options?: Parameters<typeof HyperliquidBench.start>[1],
): Promise<HyperliquidBench> {
  const started = await HyperliquidBench.start(samples, options);
  benches.push(started);
  return started;
}

afterAll(async () => {
  await Promise.all(benches.map((each) => each.stop()));
});

const scenarios = new Map<string, () => Promise<void>>([
  ["trading over REST", async () => tradeScenario(await bench(), "HTTP")],
  ["trading by posts", async () => tradeScenario(await bench(), "WebSocket")],
  ["the account over REST", async () => accountScenario(await bench(), "HTTP")],
  ["the account by posts", async () => accountScenario(await bench(), "WebSocket")],
  ["questions over REST", async () => infoScenario(await bench(), "HTTP")],
  ["questions by posts", async () => infoScenario(await bench(), "WebSocket")],
  ["streams", async () => streamScenario(await bench())],
]);
const runs = new Map<string, Promise<void>>();

/** Runs a scenario unless it has run: tests come in any order. */
function run(name: string): Promise<void> {
  const ran = runs.get(name) ?? scenarios.get(name)?.();
  if (ran === undefined) throw new Error(`there is no scenario ${name}`);
  runs.set(name, ran);
  return ran;
}

describe("the SDK trades on the mock venue", () => {
  test.each([...scenarios.keys()])("%s", (name) => run(name), TIMEOUT_MS);
});

test(
  "everything that the SDK was handed is as its types say",
  async () => {
    // A scenario that fails says so in its own test; what it got until then is judged all the same.
    for (const name of scenarios.keys()) await run(name).catch(() => undefined);
    expect(await judge(samples)).toEqual([]);
    const seen = new Set(samples.map(({ label }) => label));
    expect(LABELS.filter((label) => !seen.has(label))).toEqual([]);
    expect([...seen].filter((label) => !LABELS.includes(label))).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "the judge sees a field too many, a field too few and a wrong type",
  async () => {
    const label = "stream bbo";
    const type = 'Event<"bbo">';
    const level = { px: "1.0", sz: "1.0", n: 1 };
    const touch = { coin: "ETH", time: 1, bbo: [level, null] };
    const { time: _, ...short } = touch;
    const problems = await judge([
      { label, type, value: touch },
      { label, type, value: { ...touch, seq: 1 } },
      { label, type, value: { ...touch, bbo: [{ ...level, n: "1" }, null] } },
      { label, type, value: short },
    ]);
    expect(problems).toEqual([
      expect.stringContaining("'\"seq\"' does not exist in type 'BboEvent'"),
      expect.stringContaining("Type 'string' is not assignable to type 'number'"),
      expect.stringContaining("Property 'time' is missing"),
    ]);
  },
  TIMEOUT_MS,
);

/** The compiler must accept every sample, and one of each label not with a field too many. */
function judge(all: readonly Sample[]): Promise<readonly string[]> {
  const lines: Line[] = all.map(({ label, type, value }) => {
    return { label, type: declared(type), literal: literalOf(value), isRefused: false };
  });
  const fullest = [...Map.groupBy(all, ({ label }) => label).values()].flatMap((alike) =>
    alike.toSorted((a, b) => literalOf(b.value).length - literalOf(a.value).length).slice(0, 1),
  );
  const controls = fullest.map(({ label, type, value }) =>
    refused(label, declared(type), literalOf(tainted(value))),
  );
  return compileLines(PRELUDE, [...lines, ...controls]);
}

/** `Info<"userFees">` is `info.UserFeesResponse`, as the SDK names its types. */
function declared(type: string): string {
  const [, kind, first, rest] = /^(\w+)<"(\w)(\w*)">$/.exec(type) ?? [];
  if (kind === undefined || first === undefined) return type;
  const name = `${first.toUpperCase()}${rest ?? ""}`;
  if (kind === "Event") return `subscription.${name}Event`;
  return `${kind === "Info" ? "info" : "exchange"}.${name}Response`;
}

describe("the SDK's error classes", () => {
  test("a limit passed is 429, over REST and by posts", async () => {
    const venue = await bench({ limits: { weightPerMinute: 30 }, postsWeigh: true });
    await venue.info("HTTP").meta();
    const rest = await refusalOf(venue.info("HTTP").meta());
    expect(rest).toBeInstanceOf(HttpRequestError);
    expect(rest instanceof HttpRequestError ? rest.response?.status : 0).toBe(429);
    const post = await refusalOf(venue.info("WebSocket").meta());
    expect(post).toBeInstanceOf(WebSocketRequestError);
    expect(post).toMatchObject({ message: "429 Too Many Requests" });
  });

  test("an unknown outcome is a 5xx, and the order may be there", async () => {
    const venue = await bench();
    venue.mock.faults.arm({ faults: [{ kind: "error-5xx-accepted", count: 2 }] }, "test");
    const t = { limit: { tif: "Alo" as const } };
    const order = { a: 1, b: true, p: "1990", s: "0.02", r: false, t };
    const place = (kind: TransportKind) => venue.exchange(kind).order({ orders: [order] });
    expect(await refusalOf(place("HTTP"))).toBeInstanceOf(HttpRequestError);
    expect(await refusalOf(place("WebSocket"))).toMatchObject({
      message: "500 Internal Server Error",
    });
    expect(venue.mock.venue.openOrders()).toHaveLength(2);
  });

  test("a coin that is none closes the socket, and with it what was asked on it", async () => {
    const venue = await bench();
    const client = venue.subscriptions();
    const error = await refusalOf(client.bbo({ coin: "NOCOIN" }, () => undefined));
    expect(error).toBeInstanceOf(WebSocketRequestError);
    expect(error).toMatchObject({ message: "WebSocket connection closed" });
  });

  test("a subscription that the venue does not know is told by an error", async () => {
    const venue = await bench();
    const client = venue.subscriptions();
    const error = await refusalOf(
      client.spotState({ user: `0x${"5".repeat(40)}` }, () => undefined),
    );
    expect(error).toBeInstanceOf(WebSocketRequestError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^Error parsing JSON into/) });
  });
});
