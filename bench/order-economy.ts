/**
 * `bun bench/order-economy.ts`: what the planner spends on a recorded market, beside a bot that
 * cancels and places everything at each re-quote: same tape, ladder, capital and moments.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { BacktestDriver } from "#backtest/backtest-driver.ts";
import { runBacktest } from "#backtest/run-backtest.ts";
import { engineParams } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import { simulatedAccount } from "#config/simulated-account.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { constantLatency } from "#sim/latency-model.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange } from "#sim/sim-exchange.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";
import { CancelAllBot } from "./cancel-all-bot.ts";

const ROOT = join(import.meta.dir, "..");
const LATENCY_MS = 5;
const HOUR_MS = 3_600_000;

/** A Markdown table; empty where the recording is absent. */
export async function orderEconomy(asset: "eth" | "btc"): Promise<string> {
  const path = join(ROOT, "..", "shared", "data", "captures", `spot_${asset}usdt_20240808.gz`);
  if (!existsSync(path)) return "";
  const { config } = await loadConfig(join(ROOT, "configs", `${asset}-spot-tape.jsonc`));
  const [pair] = config.pairs;
  if (pair === undefined) return "";
  const instrument = instrumentFor(pair);
  const { tape } = await loadRawCapture({ path, instrument, minFeedLatencyMs: LATENCY_MS });
  const createStrategy = await loadStrategy(pair, ROOT);
  const queueModel = parseQueueModel("power:3");
  const latency = constantLatency(LATENCY_MS, LATENCY_MS);
  const result = runBacktest({
    pair,
    instrument,
    tape,
    strategy: createStrategy(),
    queueModel,
    latency,
  });

  const params = engineParams(pair, instrument, 1);
  const link = new SimulatedLink(latency, `${params.orderPrefix}-${params.pairId}`);
  const { setup, fees } = simulatedAccount(pair, instrument);
  const exchange: SimExchange = new SimExchange({
    instrument,
    queueModel,
    account: setup,
    fees,
    emit: (event) => {
      link.onVenueEvent(event);
      exchange.interrupt();
    },
  });
  const bot = new CancelAllBot(instrument, params, createStrategy(), link);
  const listener = { onVenueEvent: () => {}, onTime: () => {} };
  const driver = new BacktestDriver({ tape, engine: bot, exchange, link, listener });
  driver.start();
  driver.play(Infinity);
  driver.finish();

  const hours = (result.endMs - result.startMs) / HOUR_MS;
  const { placed, replaced, amended, canceled } = result.engine.counts;
  // A replacement is one message, and one unfilled order by the venue's count.
  const ours = { place: placed, replace: replaced, amend: amended, cancel: canceled };
  const theirs = { place: bot.counts.placed, replace: 0, amend: 0, cancel: bot.counts.canceled };
  const row = (name: string, counts: typeof ours, fills: number): string => {
    const all = counts.place + counts.replace + counts.amend + counts.cancel;
    const orders = counts.place + counts.replace;
    const { place, replace, amend, cancel } = counts;
    const perHour = [all, orders, place, replace, amend, cancel].map((count) =>
      (count / hours).toFixed(0),
    );
    return `| ${[name, ...perHour, fills].join(" | ")} |`;
  };
  return [
    `| ${asset} tape, an hour | actions | new orders | place | replace | amend | cancel | fills |`,
    "|---|---|---|---|---|---|---|---|",
    row("planner", ours, result.log.fills.length),
    row("cancel all, place all", theirs, bot.counts.fills),
  ].join("\n");
}

if (import.meta.main) {
  for (const asset of ["eth", "btc"] as const) console.log(await orderEconomy(asset), "\n");
}
