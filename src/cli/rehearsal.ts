/** What `mm demo` and `mm mock-venue` make a mock venue of: its symbols, and a port in use. */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import type { SymbolParts } from "#mock-venues/binance-spot/server.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { parseQueueModel } from "#sim/queue-model.ts";

const QUEUE = "power:3";

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
    queueModel: parseQueueModel(QUEUE),
    emit,
    nowMs,
    timers,
    rng,
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
