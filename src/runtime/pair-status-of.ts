/**
 * What can be seen of a pair, gathered from its decision core and its connection: plain data, money
 * as plain decimals. Cheap enough for several times a second. Reads, and decides nothing.
 */

import type { PairConfig } from "#config/schema.ts";
import { plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PairEngine } from "#engine/pair-engine.ts";
import type { PairState } from "#engine/pair-state.ts";
import type { GuardReading } from "#engine/risk-guards.ts";
import type { ConnectionStatus } from "#ports/venue.ts";
import { hedgeStatusOf, midOf } from "./hedge-status-of.ts";
import { ordersOf } from "./order-views.ts";
import type { GuardView, PairStatus } from "./pair-status.ts";

export interface StatusSource {
  readonly pair: PairConfig;
  readonly instrument: Instrument;
  readonly engine: PairEngine;
  readonly epoch: number;
  readonly timeMs: number;
  /** How its run ended; null: it goes on. */
  readonly end: "stopped" | "failed" | null;
  /** What failed, as one sentence. */
  readonly failure: string | null;
  readonly connection: ConnectionStatus | null;
  /** Of the hedge leg; null also where there is none. */
  readonly hedgeConnection: ConnectionStatus | null;
}

/** @returns with `restarts` 0: a run knows nothing of those before it */
export function pairStatusOf(source: StatusSource): PairStatus {
  const { pair, instrument, engine, epoch, timeMs, connection, hedgeConnection } = source;
  const { midHalfTicks, volatilityPct } = engine.market;
  const mid = midOf(instrument, midHalfTicks);
  return {
    id: pair.id,
    mode: pair.mode,
    venue: instrument.venue,
    symbol: instrument.symbol,
    state: source.end ?? engine.state,
    reasons: reasonsOf(source),
    timeMs,
    epoch,
    restarts: 0,
    mid: mid === null ? null : plain(mid),
    orders: ordersOf(engine.orders, instrument),
    inventory: inventoryOf(engine, instrument),
    netDelta: engine.netDelta,
    hedge: engine.hedge === null ? null : hedgeStatusOf(engine.hedge, hedgeConnection),
    equity: engine.ledger.isMarked ? plain(engine.equity()) : null,
    shape: engine.ladder.shape,
    volatilityPct: volatilityPct < 0 ? null : volatilityPct,
    pnl: pnlOf(engine),
    fills: engine.orders.bookedFills,
    actions: { ...engine.counts },
    guards: guardsOf(engine),
    connection,
  };
}

/** What each state but quoting means for somebody who expects quotes. */
const STATE_REASONS: Readonly<Record<PairState, string | null>> = {
  starting: "starting: the venue and we have not been compared yet",
  quoting: null,
  paused: "paused by an operator",
  flattened: "flattened by an operator: quotes off",
  reducing: "reducing: only orders that bring inventory back, after an equity guard",
  halted: "halted: until an operator re-arms it",
  stopping: "stopping",
};

function reasonsOf({ engine, end, failure }: StatusSource): string[] {
  if (end !== null) return [failure === null ? end : `${end}: ${failure}`];
  const reason = STATE_REASONS[engine.state];
  const reasons = reason === null ? [] : [`${reason}${closingOf(engine)}`];
  for (const guard of engine.guards()) {
    // Quotes of one side go on where a hedge is missing; who leans on the hedge must know.
    const isTold = guard.effect === "pull-quotes" || guard.id === "unhedged";
    if (!guard.tripped || !isTold) continue;
    // A limit of 0 is of a guard that is either well or not.
    const figures = guard.limit === 0 ? "" : `: ${valueOf(guard)}, its limit ${limitOf(guard)}`;
    reasons.push(`${guard.id}${figures}`);
  }
  if (engine.market.midHalfTicks === 0) reasons.push("no price yet");
  return reasons;
}

/** How far a flatten has come with the hedge: the venue may be down, or refuse. */
function closingOf({ state, hedge }: PairEngine): string {
  if (state !== "flattened" || hedge === null) return "";
  const { book, instrument, orders } = hedge;
  if (book.positionLots === 0)
    return orders.isOpen ? ", hedge closed, its orders not gone yet" : ", hedge closed";
  const position = plain(instrument.size(book.positionLots));
  return `, hedge of ${position} ${instrument.base} not closed yet`;
}

function inventoryOf(engine: PairEngine, instrument: Instrument): PairStatus["inventory"] {
  const { ledger } = engine;
  // Marking more often changes no figure: what it is worth is the same sum in other parts.
  if (ledger.isMarked) ledger.mark(engine.market.midHalfTicks);
  return {
    base: plain(ledger.base()),
    quote: plain(ledger.quote()),
    baseAsset: instrument.base,
    quoteAsset: instrument.quote,
    position: instrument.kind === "perp" ? plain(ledger.base()) : null,
    equity: ledger.isMarked ? plain(ledger.equity()) : null,
    iqvRatio: engine.iqvRatio,
    targetIqvRatio: engine.targetIqvRatio,
    iqvMoveRatio: engine.iqvMoveRatio,
  };
}

function pnlOf(engine: PairEngine): Readonly<Record<string, string>> | null {
  if (!engine.ledger.isMarked) return null;
  const pnl = engine.pnl();
  const hedged = {
    hedgeExecution: plain(pnl.hedgeExecution),
    hedgeRevaluation: plain(pnl.hedgeRevaluation),
  };
  return {
    equityChange: plain(pnl.equityChange),
    spreadCapture: plain(pnl.spreadCapture),
    inventoryRevaluation: plain(pnl.inventoryRevaluation),
    ...(engine.hedge === null ? {} : hedged),
    fees: plain(pnl.fees),
    funding: plain(pnl.funding),
    transfers: plain(pnl.transfers),
    residual: plain(pnl.residual),
  };
}

function guardsOf(engine: PairEngine): GuardView[] {
  const guards: GuardView[] = engine.guards().map((guard) => ({
    id: guard.id,
    effect: guard.effect,
    tripped: guard.tripped,
    value: valueOf(guard),
    limit: limitOf(guard),
  }));
  for (const { id, valuePct, limitPct, verdict } of engine.equityGuards()) {
    const tripped = verdict !== "fine";
    guards.push({ id, effect: "reduce-then-halt", tripped, value: valuePct, limit: limitPct });
  }
  return guards;
}

/** JSON has no infinity: as the age of a book it means that there was none. */
function valueOf({ value }: GuardReading): number | string {
  return Number.isFinite(value) ? Number(value.toFixed(3)) : "none yet";
}

function limitOf({ limit }: GuardReading): number | string {
  return Number.isFinite(limit) ? limit : "off";
}
