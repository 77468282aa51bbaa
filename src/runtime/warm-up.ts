/**
 * Warm-up: the first call of a cold path takes hundreds of microseconds, and it is settled only
 * after thousands. So before a pair sends its first order, a throw-away core of the same parameters
 * quotes a made-up market, with a venue that takes every order, and nothing of it is kept.
 */

import { plain } from "#domain/decimal.ts";
import type { BookEvent, OrderChange, OrderEvent } from "#domain/events.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import { PairEngine } from "#engine/pair-engine.ts";
import { type EngineParams, ladderRange } from "#engine/params.ts";
import type { Sink } from "#ports/sink.ts";
import type { Strategy } from "#strategies/strategy.ts";

export interface WarmUpOptions {
  readonly params: EngineParams;
  readonly instrument: Instrument;
  /** One that is used for nothing else: it may keep state. */
  readonly strategy: Strategy;
  /** About where the market is, quote currency; null: not known. */
  readonly lastPrice: number | null;
  /** Stops after so much time … */
  readonly limitMs: number;
  /** … measured by this. */
  readonly elapsedMs: () => number;
}

/** … or after so many ladders, whichever comes first. */
const MOST_REQUOTES = 3_000;
/** Where nothing tells of a price: any will do. */
const SOME_TICKS = 100_000;
/** One order is filled now and then, so that this is not done for the first time with money. */
const FILL_EVERY = 50;

interface Answer {
  readonly clientOrderId: string;
  readonly change: OrderChange;
  /** -1: not said. */
  readonly quantityLots: number;
}

/** Takes every request, and answers when it is asked to. */
class AgreeableVenue implements Sink {
  readonly #answers: Answer[] = [];
  #lastRequest: OrderRequest | null = null;

  place(request: OrderRequest): void {
    this.#lastRequest = request;
    this.#answer(request.clientOrderId, "open");
  }
  amend(clientOrderId: string, quantityLots: number): void {
    this.#answer(clientOrderId, "open", quantityLots);
  }
  replace(clientOrderId: string, request: OrderRequest): void {
    this.#answer(clientOrderId, "canceled");
    this.place(request);
  }
  cancel(clientOrderId: string): void {
    this.#answer(clientOrderId, "canceled");
  }
  cancelAll(): void {}
  query(): void {}
  reconcile(): void {}
  alert(): void {}
  audit(): void {}

  #answer(clientOrderId: string, change: OrderChange, quantityLots = -1): void {
    this.#answers.push({ clientOrderId, change, quantityLots });
  }

  deliver(engine: PairEngine, timeMs: number): void {
    for (const { clientOrderId, change, quantityLots } of this.#answers.splice(0)) {
      const event: OrderEvent = {
        kind: "order",
        venueTimeMs: timeMs,
        receivedTimeMs: timeMs,
        clientOrderId,
        venueOrderId: null,
        change,
        quantityLots,
        filledLots: -1,
        reason: null,
        message: "",
      };
      engine.apply(event);
    }
  }

  /** Fills one lot of the newest order. */
  fillOne(engine: PairEngine, feeAsset: string, timeMs: number): void {
    if (this.#lastRequest === null) return;
    const { clientOrderId, side, priceTicks } = this.#lastRequest;
    engine.apply({
      kind: "fill",
      venueTimeMs: timeMs,
      receivedTimeMs: timeMs,
      fill: {
        tradeId: String(timeMs),
        clientOrderId,
        side,
        priceTicks,
        quantityLots: 1,
        fee: "0",
        feeAsset,
        liquidity: "maker",
        venueTimeMs: timeMs,
      },
    });
  }
}

/** Quotes a made-up market until the time is over. @returns ladders that were made */
export function warmUp(options: WarmUpOptions): number {
  const { instrument, limitMs, elapsedMs } = options;
  if (!(limitMs > 0)) return 0;
  const params = unhurried(options.params);
  const venue = new AgreeableVenue();
  const engine = new PairEngine(instrument, params, options.strategy, venue);
  const startMs = elapsedMs();
  const midTicks = middleTicks(options);
  const stepMs = Math.max(100, params.requote.minRequoteIntervalMs);
  // Beyond the whole ladder, so that every order has to move; and back, so as not to wander off.
  const moveTicks = Math.ceil(midTicks * ladderRange(params)) + 2;
  connect(engine, midTicks);
  let requotes = 0;
  while (requotes < MOST_REQUOTES && elapsedMs() - startMs < limitMs) {
    requotes += 1;
    const timeMs = requotes * stepMs;
    const move = requotes % 2 === 0 ? moveTicks : 0;
    engine.apply(bookAt(midTicks + move, timeMs));
    venue.deliver(engine, timeMs);
    if (requotes % FILL_EVERY === 0) venue.fillOne(engine, instrument.quote, timeMs);
    // A strategy that fails will do so again, where somebody hears of it.
    if (engine.state === "halted") break;
  }
  return requotes;
}

/**
 * The same pair without the limits that a made-up market would run into, and without its hedge: a
 * hedge is no matter of microseconds.
 */
function unhurried(params: EngineParams): EngineParams {
  const risk = {
    ...params.risk,
    actionsPer10s: Number.MAX_SAFE_INTEGER,
    fillRateLimit: null,
    maxDrawdownPct: null,
    maxDailyLossPct: null,
  };
  return { ...params, risk, hedge: null };
}

function connect(engine: PairEngine, midTicks: number): void {
  const now = { venueTimeMs: 0, receivedTimeMs: 0 };
  engine.apply({ kind: "connection", ...now, state: "up" });
  engine.apply(bookAt(midTicks, 0));
  const [base, quote] = [plain(engine.ledger.base()), plain(engine.ledger.quote())];
  engine.apply({ kind: "account", ...now, base, quote, openOrderIds: [] });
}

function bookAt(midTicks: number, timeMs: number): BookEvent {
  return {
    kind: "book",
    venueTimeMs: timeMs,
    receivedTimeMs: timeMs,
    bidTicks: midTicks - 1,
    bidLots: 1_000,
    askTicks: midTicks + 1,
    askLots: 1_000,
  };
}

/** The last price; else the one at which the pair's two amounts are in balance. */
function middleTicks({ params, instrument, lastPrice }: WarmUpOptions): number {
  const ratio = params.capital.targetIqvRatio ?? 0.5;
  const balanced =
    (Number(params.capital.quote) / Number(params.capital.base)) * (ratio / (1 - ratio));
  const ticks = Math.round((lastPrice ?? balanced) / instrument.tickValue);
  return ticks > 1 && ticks < Number.MAX_SAFE_INTEGER / 4 ? ticks : SOME_TICKS;
}
