/** What `mm demo` and `mm mock-venue` make mock venues of: their markets, and a port in use. */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { Rng } from "#domain/rng.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import type { SymbolParts } from "#mock-venues/binance-spot/server.ts";
import type { HlCoinSpec } from "#mock-venues/hyperliquid/coin.ts";
import {
  type DelistedCoin,
  perpInstrument,
  universeAround,
} from "#mock-venues/hyperliquid/universe.ts";
import { type MarketSource, syntheticSource } from "#mock-venues/market-source.ts";
import type { Timers } from "#net/timers.ts";
import { systemWorld } from "#runtime/world.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";

/** How our orders move forward in generated and recorded queues. */
export const REHEARSAL_QUEUE = "power:3";

interface RehearsalMarket {
  readonly instrument: Instrument;
  readonly source: MarketSource;
  /** Market time per time. Default: 1 */
  readonly speed?: number;
}

/** A symbol whose fees come out of what is received, as at the venue without BNB. */
export function rehearsalSymbol(parts: SymbolParts, market: RehearsalMarket): MockSymbol {
  const { wallet, emit, nowMs, timers, rng } = parts;
  return new MockSymbol({
    ...market,
    account: wallet,
    fees: { kind: "received" },
    queueModel: parseQueueModel(REHEARSAL_QUEUE),
    emit,
    nowMs,
    timers,
    rng,
  });
}

/** Time, and chance by a seed, as mock venues take them. */
export interface RehearsalWorld {
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly rng: Rng;
}

export function rehearsalWorld(seed: number): RehearsalWorld {
  const world = systemWorld();
  return { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(seed) };
}

export interface RehearsalMarkets {
  /** Of the first coin; the others' follow. */
  readonly seed: number;
  readonly speed: number;
  /** Epoch milliseconds. */
  readonly startMs: number;
  /** Of every coin, quote currency; null: what is usual for each. */
  readonly startPrice: string | null;
  /** Told of each market, by its coin: others may follow it. */
  readonly onMarket?: (coin: string, market: SyntheticMarket) => void;
}

/**
 * Hyperliquid's universe with these coins listed, their markets generated.
 * @throws {InputError} `unknown-symbol`
 */
export function rehearsalUniverse(
  coins: readonly string[],
  { seed, speed, startMs, startPrice, onMarket }: RehearsalMarkets,
): (HlCoinSpec | DelistedCoin)[] {
  return universeAround(coins, ({ name, szDecimals, maxLeverage, startPrice: usual }, index) => {
    const instrument = perpInstrument({ coin: name, szDecimals });
    const market = new SyntheticMarket({
      seed: seed + index,
      instrument,
      startPrice: startPrice ?? usual,
      startMs,
    });
    onMarket?.(name, market);
    const queueModel = parseQueueModel(REHEARSAL_QUEUE);
    return { instrument, maxLeverage, source: syntheticSource(market), speed, queueModel };
  });
}

/** What a failed start means to the user where the port is taken; undefined: something else. */
export function portInUse(thrown: unknown, port: number, where: string): InputError | undefined {
  const isTaken = thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
  if (!isTaken) return undefined;
  return new InputError("port-in-use", `port ${port} is in use`, {
    where,
    hint: "end what listens there, or choose another; 0 takes a free one",
    cause: thrown,
  });
}
