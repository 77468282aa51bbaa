/**
 * `bun bench/hedge-crash.ts [--write]`: a crash of 15 % in 30 s on generated markets whose books
 * thin out, while the hedge venue refuses what is not reduce-only for ten of those seconds; without
 * a hedge, with either half of it and with both. A table for docs/hedging.md.
 */

import { TIME_STEP_MS } from "#backtest/backtest-driver.ts";
import { type BacktestResult, runBacktest } from "#backtest/run-backtest.ts";
import { strategyParams } from "#config/engine-params.ts";
import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import { parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { Outages } from "#sim/outages.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { syntheticTapes } from "#sim/synthetic-tape.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { markdown, VARIANTS, type Variant, withHedge, writeSection } from "./hedge-variants.ts";

const SEEDS = [1, 2, 3, 4, 5];
const START_MS = Date.UTC(2026, 0, 1, 1);
const CRASH_MS = START_MS + 60_000;
const SHOCK = { afterMs: 60_000, durationMs: 30_000, movePct: -15, depth: 0.15 };
const DURATION_MS = 180_000;
/** Before anything that is decided here can be traded: a move of 20 % takes some two seconds. */
const OVERLOADED = { fromMs: CRASH_MS + 1_000, toMs: CRASH_MS + 11_000 };
const LATENCY = constantLatency(5, 5);
/** What is within the band for so long is back. */
const WITHIN_MS = 1_000;
/** What is sold later is not sold because of the crash. */
const SOLD_UNTIL_MS = CRASH_MS + 60_000;

/** 5 ETH and 10 000 USDT at 2 000. */
const CONFIG = {
  pairs: [
    {
      id: "ETH",
      mode: "paper",
      quote: { venue: "binance-spot", symbol: "ETHUSDT" },
      hedgeOn: {
        venue: "binance-perp",
        symbol: "ETHUSDT",
        leverage: 5,
        instrumentOverride: { tickSize: "0.01", lotSize: "0.001", minNotional: "20" },
      },
      capital: { initInventoryAmount: "5", initQuoteAmount: "10000", targetIqvRatio: 0.5 },
      quoting: {
        strategy: "spot",
        priceUpPctLimit: 0.004,
        priceDownPctLimit: 0.004,
        binStep: 4,
        liveOrderNums: 20,
        minOrderSize: "0.001",
        inventoryRbIqvRatio: 0.2,
        iqvUpLimit: 0.6,
        quoteRbIqvRatio: -0.2,
        iqvDownLimit: -0.6,
        updateIntervalSeconds: 10,
      },
      volatility: { shortWindow: 5, longWindow: 20 },
      hedge: {
        activeHedgeIqvRatio: 0.2,
        makerDeadlineSeconds: 5,
        repegSeconds: 1,
        maxSlippagePct: 0.5,
        passiveHedgeRatio: 0.01,
        passiveHedgeSpRatio: 0.005,
        passiveHedgeProportion: 0.35,
        minHedgeOrderSize: "0.02",
      },
      instrumentOverride: {
        tickSize: "0.01",
        lotSize: "0.0001",
        minNotional: "5",
        makerFeeRate: "0",
        takerFeeRate: "0.001",
      },
    },
  ],
};

const ABOUT = `Generated markets (spot and perp at 2 000 USDT, the book a seventh of its usual
size during the crash); 5 ETH and 10 000 USDT, ladder of 0.4 %, both sides stop at a move of 60
%. From the second to the eleventh second the hedge venue refuses everything that is not
reduce-only (Binance's −1008), before the active hedge can have traded. Active: beyond a move of
20 %, maker for 5 s, then at most 0.5 % beyond the touch. Passive: 35 % of the inventory at −1 %,
stop-loss at 0.5 %. *Back within the band*: the net move is within 20 %, counted from the start
of the crash. *Sold* in the first minute of it. *Slippage*: against the price when the sale was
decided, a stop's trigger price or the perp's mid when the active hedge went beyond its band.
*Equity change*: from the start of the crash; 1 500 of it are the 5 ETH of the target, which
nothing hedges. Stops that wait at the venue fire in its overload too; what is decided here waits
it out, at prices some 6 % lower.`;

interface Crash {
  /** From its start until the net move was back within the band; null: not within the run. */
  readonly hedgedMs: number | null;
  /** How long the net move was beyond the band, in the two minutes from its start. */
  readonly outsideMs: number;
  readonly maxNetDelta: number;
  /** Of what was sold to hedge, against the price when that was decided; NaN: nothing was. */
  readonly slippageBps: number;
  readonly soldLots: number;
  /** Equity from the start of the crash to the end of the run, quote currency. */
  readonly change: number;
  readonly residual: string;
  readonly refusals: number;
}

function crash(config: PairConfig, variant: Variant, seed: number): Crash {
  const instrument = instrumentFor(config);
  const hedgeInstrument = hedgeInstrumentFor(config);
  if (hedgeInstrument === null) throw new Error("the pair has no hedge");
  const tapes = syntheticTapes(
    {
      seed,
      durationMs: DURATION_MS,
      startMs: START_MS,
      instrument,
      startPrice: "2000",
      shock: SHOCK,
      minFeedLatencyMs: LATENCY.leastResponseMs,
    },
    { instrument: hedgeInstrument },
  );
  const pair = withHedge(config, variant === "no hedge" ? "both" : variant);
  const band = config.hedge?.activeHedgeIqvRatio ?? 0;
  let before: number | null = null;
  let outsideMs = 0;
  let lastOutsideMs: number | null = null;
  let hedgedMs: number | null = null;
  let maxNetDelta = 0;
  const result = runBacktest({
    pair,
    instrument,
    tape: tapes.quoting,
    strategy: strategyFactory("spot")(strategyParams(pair)),
    queueModel: parseQueueModel("power:3"),
    latency: LATENCY,
    ...(variant === "no hedge"
      ? {}
      : {
          hedge: {
            instrument: hedgeInstrument,
            tape: tapes.hedge,
            latency: LATENCY,
            fundingRate: "0.0001",
            outages: new Outages([OVERLOADED], []),
          },
        }),
    onTime: (nowMs, engine) => {
      if (nowMs < CRASH_MS) return;
      before ??= Number(engine.equity().toFixed());
      maxNetDelta = Math.max(maxNetDelta, Math.abs(engine.netDelta));
      const move = engine.hedge?.netMoveRatio ?? engine.iqvMoveRatio;
      if (Math.abs(move) > band) {
        outsideMs += TIME_STEP_MS;
        lastOutsideMs = nowMs;
      } else if (lastOutsideMs !== null && nowMs - lastOutsideMs >= WITHIN_MS) {
        // Back for a while; what comes later is another story.
        hedgedMs ??= lastOutsideMs - CRASH_MS;
      }
    },
  });
  const after = Number(result.engine.equity().toFixed());
  return {
    hedgedMs,
    outsideMs,
    maxNetDelta,
    ...slippageOf(result),
    change: after - (before ?? after),
    residual: result.residual.toFixed(),
    refusals: refusalsOf(result),
  };
}

/** A stop is decided at its trigger price, what the active hedge trades at the mid of its step. */
function slippageOf({ hedge }: BacktestResult): Pick<Crash, "slippageBps" | "soldLots"> {
  let lots = 0;
  let weighted = 0;
  for (const { fill, receivedMs, order } of hedge?.log.fills ?? []) {
    const isInCrash = receivedMs >= CRASH_MS && receivedMs < SOLD_UNTIL_MS;
    if (order === undefined || fill.side !== "sell" || !isInCrash) continue;
    const { sent } = order;
    const steps = hedge?.log.steps.filter(
      (step) => step.hedger === "active" && step.to === "hedging" && step.timeMs <= sent.timeMs,
    );
    const decided = steps?.at(-1)?.figures;
    const mid = (Number(decided?.["bidTicks"]) + Number(decided?.["askTicks"])) / 2;
    const price = sent.type === "stop-market" ? sent.priceTicks : mid;
    if (!(price > 0)) continue;
    lots += fill.quantityLots;
    weighted += ((price - fill.priceTicks) / price) * 10_000 * fill.quantityLots;
  }
  return { slippageBps: weighted / lots, soldLots: lots };
}

function refusalsOf({ hedge }: BacktestResult): number {
  const orders = [...(hedge?.log.orders.values() ?? [])];
  return orders.filter(({ endReason }) => endReason === "throttled").length;
}

const [pair] = parseConfig(JSON.stringify(CONFIG), "hedge-crash").config.pairs;
if (pair === undefined) throw new Error("the config has no pair");
const hedgeInstrument = hedgeInstrumentFor(pair);

const rows = VARIANTS.flatMap((variant) => {
  const runs = SEEDS.map((seed) => crash(pair, variant, seed));
  const each = (value: (run: Crash) => string): string => runs.map(value).join(" / ");
  const isHedging = variant !== "no hedge";
  const seconds = (ms: number | null): string => (ms === null ? "never" : (ms / 1000).toFixed(1));
  return [
    [
      variant,
      each(({ hedgedMs }) => seconds(hedgedMs)),
      each(({ outsideMs }) => (outsideMs / 1000).toFixed(1)),
      each(({ maxNetDelta }) => maxNetDelta.toFixed(2)),
      isHedging ? each(({ soldLots }) => hedgeInstrument?.sizeString(soldLots) ?? "") : "",
      isHedging ? each(({ slippageBps }) => slippageBps.toFixed(0)) : "",
      isHedging ? each(({ refusals }) => String(refusals)) : "",
      each(({ change }) => change.toFixed(0)),
      (runs.reduce((sum, { change }) => sum + change, 0) / runs.length).toFixed(0),
      [...new Set(runs.map(({ residual }) => residual))].join(" / "),
    ],
  ];
});
const header = [
  `seeds ${SEEDS.join(" / ")}`,
  "seconds until back within the band",
  "seconds beyond it, of 120",
  "max net delta, ETH",
  "sold to hedge, ETH",
  "slippage, bps",
  "refused (−1008)",
  "equity change, USDT",
  "mean",
  "residual",
];
const text = markdown(header, rows);
console.log(text);
if (process.argv.includes("--write")) {
  await writeSection("hedge-crash", ["## A crash of 15 % in 30 seconds", ABOUT, text]);
}
