/** `mm preview`: prints the ladder that a config gives for a price and an inventory. No network. */

import { dirname } from "node:path";
import { Command, Option } from "commander";
import { ladderParams } from "#config/engine-params.ts";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, decimalOfNumber, plain, ZERO } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { iqvRatio } from "#domain/iqv.ts";
import { PositionLimits } from "#engine/position-limits.ts";
import { clampNames, Ladder, type LadderSide } from "#strategies/ladder.ts";
import { LadderBuilder, type LadderInput, type SideRoom } from "#strategies/ladder-builder.ts";
import { amountOption, choosePair } from "./options.ts";
import { figures, percent, table, warn } from "./output.ts";
import { type HedgePreview, hedgeFigures, hedgePreview } from "./preview-hedge.ts";

interface PreviewOptions {
  readonly config: string;
  readonly pair?: string;
  readonly price: string;
  readonly inventory: string;
  readonly quote: string;
  readonly volatility?: string;
  readonly compat?: "none" | "seed";
  readonly minOrderSize?: string;
  readonly json?: true;
  readonly raw?: true;
}

export function previewCommand(): Command {
  return new Command("preview")
    .description("print the ladder for a price and an inventory, without a network")
    .requiredOption("-c, --config <file>", "the config file")
    .option("--pair <id>", "the pair, where the config has several")
    .requiredOption("--price <price>", "mid of the quoting venue, quote currency")
    .requiredOption("--inventory <amount>", "what the pair holds, base currency")
    .requiredOption("--quote <amount>", "what the pair holds, quote currency")
    .option("--volatility <pct>", "effective volatility, per cent a year (absent: warming up)")
    .addOption(
      new Option("--compat <mode>", "arithmetic, in place of quoting.compat").choices([
        "none",
        "seed",
      ]),
    )
    .option("--min-order-size <size>", "in place of quoting.minOrderSize, base currency")
    .option("--json", "print JSON")
    .option("--raw", "do not round to ticks and lots (to compare with figures of others)")
    .action(preview);
}

async function preview(options: PreviewOptions): Promise<void> {
  const minOrderSize =
    options.minOrderSize === undefined
      ? undefined
      : amountOption(options.minOrderSize, "--min-order-size");
  const { config, warnings, path } = await loadConfig(options.config, {
    ...(options.compat === undefined ? {} : { compat: options.compat }),
    ...(minOrderSize === undefined ? {} : { minOrderSize }),
  });
  warn(warnings);
  const pair = choosePair(config, options.pair, options.config);
  const instrument = instrumentFor(pair);
  const createStrategy = await loadStrategy(pair, dirname(path));
  const isRaw = options.raw === true;
  const params = ladderParams(pair, instrument, isRaw);
  const input = inputOf(options, pair, instrument);
  const ladder = new Ladder(LadderBuilder.capacity(params));
  // Figures of others know no limits of ours.
  const isComparison = isRaw || params.compat === "seed";
  const room = isComparison ? null : roomOf(pair, instrument, input);
  new LadderBuilder(instrument, params, createStrategy(), isRaw).build(
    input,
    ladder,
    room ?? undefined,
  );
  const hedge = isComparison ? null : hedgeOf(pair, instrument, input);
  const view: LadderView = { pair, instrument, ladder, input, isRaw, room, hedge };
  process.stdout.write(
    options.json === true ? `${JSON.stringify(asJson(view))}\n` : `${asText(view)}\n`,
  );
}

/** A ladder is shown all the same where the config has no rules of the hedge's instrument. */
function hedgeOf(
  pair: PairConfig,
  instrument: Instrument,
  input: LadderInput,
): HedgePreview | null {
  try {
    return hedgePreview(pair, instrument, input);
  } catch (thrown) {
    if (!(thrown instanceof InputError) || thrown.code !== "no-instrument") throw thrown;
    warn([`the hedge is not shown: ${messageOf(thrown)}`]);
    return null;
  }
}

/** What the position limits leave to each side, as they will when the pair trades. */
function roomOf(pair: PairConfig, instrument: Instrument, input: LadderInput): SideRoom {
  // A perp's position is what its inventory has beside the allotment.
  const allotted = instrument.kind === "perp" ? decimal(pair.capital.initInventoryAmount) : ZERO;
  const positionLots = input.inventoryLots - instrument.wholeLots(allotted);
  return new PositionLimits(instrument, {
    maxPositionNotional: pair.risk.maxPositionNotional ?? null,
    maxNetDelta: pair.risk.maxNetDelta ?? null,
  }).room({ ...input, positionLots, hedgeLots: 0, hedgeUnits: 0 });
}

interface LadderView {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly ladder: Ladder;
  readonly input: LadderInput;
  readonly isRaw: boolean;
  readonly room: SideRoom | null;
  /** Null: the pair does not hedge. */
  readonly hedge: HedgePreview | null;
}

function inputOf(options: PreviewOptions, pair: PairConfig, instrument: Instrument): LadderInput {
  const amount = (text: string, option: string): number => Number(amountOption(text, option));
  const price = amount(options.price, "--price");
  if (!(price > 0)) throw new InputError("bad-option", "must be above 0", { where: "--price" });
  const halfTicks = decimal(options.price).times("2").div(instrument.tickSize);
  const exact = Number(halfTicks.toFixed());
  const midHalfTicks = options.raw === true ? exact : Math.round(exact);
  if (midHalfTicks === 0) {
    const tick = plain(instrument.tickSize);
    throw new InputError("bad-option", `is nothing in ticks of ${tick}`, { where: "--price" });
  }
  const inventory = amount(options.inventory, "--inventory");
  const quote = amount(options.quote, "--quote");
  if (inventory === 0 && quote === 0) {
    throw new InputError("bad-option", "there is nothing to quote with", {
      where: "--inventory, --quote",
      hint: "give at least one of them",
    });
  }
  const { initInventoryAmount, initQuoteAmount, targetIqvRatio } = pair.capital;
  const volatility = options.volatility;
  const units = instrument.tickSize.times(instrument.lotSize);
  return {
    timeMs: 0,
    midHalfTicks,
    inventoryLots: quotient(options.inventory, instrument.lotSize, "--inventory"),
    quoteUnits: quotient(options.quote, units, "--quote"),
    targetIqvRatio:
      targetIqvRatio ?? iqvRatio(Number(initInventoryAmount), price, Number(initQuoteAmount)),
    volatilityPct: volatility === undefined ? -1 : amount(volatility, "--volatility"),
    bestBidTicks: 0,
    bestAskTicks: 0,
  };
}

/** Divided in decimals: 2.4 in lots of 0.0001 is 24000, not a hair less. */
function quotient(amount: string, unit: Decimal, option: string): number {
  const value = Number(decimal(amount).div(unit).toFixed());
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw new InputError("too-large", `${amount} is beyond what is counted exactly`, {
    where: option,
    hint: "give less, or check tickSize and lotSize in instrumentOverride",
  });
}

/** Prices and sizes as numbers; whole ticks and lots go through their exact strings. */
function levels(side: LadderSide, { instrument, isRaw }: LadderView): [number, number][] {
  return Array.from({ length: side.count }, (_, index) => {
    const ticks = side.priceTicks[index] ?? 0;
    const lots = side.quantityLots[index] ?? 0;
    return isRaw
      ? [ticks * instrument.tickValue, lots * instrument.lotValue]
      : [Number(instrument.priceString(ticks)), Number(instrument.sizeString(lots))];
  });
}

/** Part of the pair's whole value that the ladder's orders add up to. */
function deployedShare({ ladder, input }: LadderView): number {
  let units = 0;
  for (let index = 0; index < ladder.bids.count; index += 1) {
    units += (ladder.bids.priceTicks[index] ?? 0) * (ladder.bids.quantityLots[index] ?? 0);
  }
  const midTicks = input.midHalfTicks / 2;
  for (let index = 0; index < ladder.asks.count; index += 1) {
    units += midTicks * (ladder.asks.quantityLots[index] ?? 0);
  }
  return units / (input.quoteUnits + input.inventoryLots * midTicks);
}

function asJson(view: LadderView): object {
  const { ladder, hedge } = view;
  return {
    iqvRatio: ladder.iqvRatio,
    iqvMoveRatio: ladder.iqvMoveRatio,
    buyMultiplier: ladder.bids.multiplier,
    sellMultiplier: ladder.asks.multiplier,
    shape: ladder.shape,
    deployedShare: deployedShare(view),
    bids: levels(ladder.bids, view),
    asks: levels(ladder.asks, view),
    ...(hedge === null
      ? {}
      : { hedge: { market: hedge.market, active: hedge.active, triggers: hedge.triggers } }),
  };
}

function asText(view: LadderView): string {
  const { pair, instrument, ladder } = view;
  const head = figures([
    ["pair", `${pair.id}, ${instrument.id}`],
    ["shape", ladder.shape],
    ["inventory ratio", `${percent(ladder.iqvRatio, 2)}, moved ${percent(ladder.iqvMoveRatio, 2)}`],
    ["buy multiplier", ladder.bids.multiplier.toFixed(4)],
    ["sell multiplier", ladder.asks.multiplier.toFixed(4)],
    ["deployed", percent(deployedShare(view), 2)],
    ...limitLines(view),
    ...hedgeFigures(view.hedge),
  ]);
  const rows = [
    ...sideRows("sell", ladder.asks, view).toReversed(),
    ...sideRows("buy", ladder.bids, view),
  ];
  const header = ["side", "level", `price ${instrument.quote}`, `size ${instrument.base}`];
  const all = [...header, `notional ${instrument.quote}`, "of capital", "clamped"];
  return `${head}\n\n${table(all, rows)}`;
}

/** An order that the guards would not let through. */
function denialOf({ pair, instrument, room }: LadderView, ticks: number, lots: number): string[] {
  const { maxOrderNotional } = pair.risk;
  if (room === null || maxOrderNotional === undefined) return [];
  const isTooLarge = instrument.notional(ticks, lots).gt(decimal(maxOrderNotional));
  return isTooLarge ? ["denied: max-order-notional"] : [];
}

/** What the position limits leave, where they leave less than there is. */
function limitLines({ instrument, input, room }: LadderView): [string, string][] {
  const lines: [string, string][] = [];
  if (room !== null && room.buyUnits < input.quoteUnits) {
    const value = instrument.notional(1, room.buyUnits).toFixed(2);
    lines.push(["limits leave bids", `${value} ${instrument.quote}`]);
  }
  if (room !== null && room.sellLots < input.inventoryLots) {
    lines.push(["limits leave asks", `${instrument.sizeString(room.sellLots)} ${instrument.base}`]);
  }
  return lines;
}

function sideRows(name: string, side: LadderSide, view: LadderView): string[][] {
  const { input, instrument, isRaw } = view;
  return levels(side, view).map(([price, size], index) => {
    const ticks = side.priceTicks[index] ?? 0;
    const lots = side.quantityLots[index] ?? 0;
    const used = name === "buy" ? (ticks * lots) / input.quoteUnits : lots / input.inventoryLots;
    const notional = isRaw ? unrounded(price * size) : instrument.notional(ticks, lots).toFixed(2);
    return [
      name,
      String(side.level[index] ?? 0),
      isRaw ? unrounded(price) : instrument.priceString(ticks),
      isRaw ? unrounded(size) : instrument.sizeString(lots),
      notional,
      percent(used, 2),
      [...clampNames(side.clamps[index] ?? 0), ...denialOf(view, ticks, lots)].join(", "),
    ];
  });
}

/** All digits of a float, without an exponent. */
function unrounded(value: number): string {
  return plain(decimalOfNumber(value));
}
