/** A TradingDesk without pairs behind it: remembers what it was told. */

import type { OperatorCommand } from "#domain/events.ts";
import type { ConnectionStatus } from "#ports/venue.ts";
import type { Readiness, ReloadReport, TradingDesk } from "#runtime/desk.ts";
import type { LogEntry } from "#runtime/log.ts";
import type { HedgeStatus, OrderView, PairRunState, PairStatus } from "#runtime/pair-status.ts";

export function order(side: "buy" | "sell", price: string): OrderView {
  const clientOrderId = `mm-ETH-q1-${price}`;
  return { clientOrderId, side, price, size: "0.5", filled: "0", status: "open" };
}

export function pairStatus(id: string, changes: Partial<PairStatus> = {}): PairStatus {
  return {
    id,
    mode: "live",
    venue: "binance-spot",
    symbol: `${id}USDT`,
    state: "quoting",
    reasons: [],
    timeMs: 1_000,
    epoch: 1,
    restarts: 0,
    mid: "2000.005",
    orders: [order("buy", "1999"), order("buy", "1998"), order("sell", "2001")],
    inventory: {
      base: "5.1",
      quote: "9800",
      baseAsset: id,
      quoteAsset: "USDT",
      position: null,
      equity: "20000.02",
      iqvRatio: 0.51,
      targetIqvRatio: 0.5,
      iqvMoveRatio: 0.02,
    },
    netDelta: 0.1,
    hedge: null,
    equity: "20000.02",
    shape: "curve",
    volatilityPct: 40,
    pnl: null,
    fills: 7,
    actions: { placed: 3, replaced: 0, amended: 0, canceled: 0, denied: 0 },
    guards: [{ id: "stale-book", effect: "pull", tripped: false, value: 10, limit: 3000 }],
    connection: null,
    ...changes,
  };
}

/** A connection of a perp, with a budget of each kind. */
const connection: ConnectionStatus = {
  feed: { state: "live", messages: 1, resyncs: 0, reconnects: 0 },
  trading: "ready",
  reconnects: 0,
  clockOffsetMs: 2,
  inFlight: 0,
  roundTripMs: null,
  budgets: [
    { name: "address", used: 120, limit: 10_000, windowMs: null },
    { name: "weight", used: 3, limit: 1_200, windowMs: 60_000 },
  ],
  deadMansSwitch: { by: "venue", afterMs: 60_000 },
  newestTradeId: null,
};

/** SUI of Hyperliquid, short and near its liquidation price. */
export function perpStatus(): PairStatus {
  const { inventory } = pairStatus("SUI");
  const held = { base: "-12.5", quote: "87.5", quoteAsset: "USDC", position: "-12.5" };
  return pairStatus("SUI", {
    venue: "hyperliquid",
    symbol: "SUI",
    inventory: { ...inventory, ...held },
    pnl: { equityChange: "1.5", funding: "-0.02" },
    guards: [
      { id: "liquidation-distance", effect: "side-off", tripped: true, value: 8.5, limit: 10 },
    ],
    connection,
  });
}

/** ETH with a hedge that is on and one that is armed. */
export function hedgedStatus(changes: Partial<HedgeStatus> = {}): PairStatus {
  return pairStatus("ETH", {
    timeMs: 21_000,
    netDelta: 0.123_456_789,
    pnl: { equityChange: "1.5", hedgeExecution: "0.25", hedgeRevaluation: "-1" },
    hedge: {
      venue: "binance-perp",
      symbol: "ETHUSDT",
      baseAsset: "ETH",
      quoteAsset: "USDT",
      isConnected: true,
      mid: "2001.5",
      markPrice: "2001.25",
      fundingRate: 0.0001,
      nextFundingMs: 28_800_000,
      position: "-0.5",
      activePosition: "-0.5",
      passivePosition: "0",
      quote: "1000.5",
      equity: "-0.25",
      active: { state: "hedging", open: "-0.2", isNeeded: true },
      passive: {
        state: "armed",
        anchorPrice: "2000",
        entryPrice: null,
        triggers: [
          { side: "sell", triggerPrice: "1960", size: "2.5", isWorking: true },
          { side: "buy", triggerPrice: "2040", size: "2.5", isWorking: false },
        ],
        stop: null,
        open: "0",
        isCovered: false,
      },
      unhedgedSinceMs: 9_000,
      orders: [{ ...order("sell", "1960"), clientOrderId: "mm-ETH-p1-1" }],
      connection: {
        ...connection,
        budgets: [{ name: "orders", used: 2, limit: 300, windowMs: 10_000 }],
      },
      ...changes,
    },
  });
}

const AFTER: Readonly<Record<OperatorCommand, PairRunState>> = {
  pause: "paused",
  resume: "quoting",
  cancel: "quoting",
  flatten: "flattened",
  halt: "halted",
  rearm: "quoting",
  stop: "stopped",
};

export class FakeDesk implements TradingDesk {
  readonly startedMs = Date.now() - 90_500;
  readonly told: [id: string, command: OperatorCommand][] = [];
  readonly logged: LogEntry[] = [];
  reloads = 0;
  ready: Readiness = { ready: true, reasons: [] };
  report: ReloadReport = {
    added: [],
    removed: [],
    updated: ["ETH"],
    restarted: [],
    unchanged: ["BTC"],
    warnings: [],
  };
  /** Thrown by the next command or reload. */
  failure: Error | null = null;
  readonly #pairs = new Map([
    ["ETH", pairStatus("ETH")],
    ["BTC", pairStatus("BTC", { mode: "paper", reasons: ["stale-book"], orders: [] })],
  ]);

  add(status: PairStatus): void {
    this.#pairs.set(status.id, status);
  }

  pairs(): readonly PairStatus[] {
    return [...this.#pairs.values()];
  }

  pair(id: string): PairStatus | undefined {
    return this.#pairs.get(id);
  }

  readiness(): Readiness {
    return this.ready;
  }

  async command(id: string, command: OperatorCommand): Promise<PairStatus> {
    if (this.failure !== null) throw this.failure;
    this.told.push([id, command]);
    const status = pairStatus(id, { state: AFTER[command] });
    this.#pairs.set(id, status);
    return status;
  }

  async reload(): Promise<ReloadReport> {
    if (this.failure !== null) throw this.failure;
    this.reloads += 1;
    return this.report;
  }
}
