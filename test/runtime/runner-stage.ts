/** A PairRunner on a fake connection and a clock turned by hand, with all that it told. */

import { strategyParams } from "#config/engine-params.ts";
import { hedgeInstrumentFor, instrumentFor } from "#config/instrument-override.ts";
import type { StrategySource } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import type { Alert, AuditRecord } from "#ports/sink.ts";
import { PairRunner } from "#runtime/pair-runner.ts";
import { strategyFactory } from "#strategies/registry.ts";
import { type PairChanges, pairOf } from "../backtest/support.ts";
import { FakeConnection, ManualWorld } from "./fake-connection.ts";

/** 5 ETH and 10 000 USDT at 2000; three bins of 10 basis points a side. */
const QUOTING = {
  strategy: "spot",
  binStep: 10,
  priceUpPctLimit: 0.003,
  priceDownPctLimit: 0.003,
  liveOrderNums: 6,
  keepPriceBinFraction: 0.25,
};

export function pairWith(changes: PairChanges = {}): PairConfig {
  return pairOf({ ...changes, quoting: { ...QUOTING, ...changes.quoting } });
}

export function spot(pair: PairConfig): StrategySource {
  return () => strategyFactory("spot")(strategyParams(pair));
}

/**
 * A hedge on a perp of the same tick, lots of 0.001: triggers 2 % away for half of the inventory,
 * and an active one that brings a move of 20 % or more back to 10 %.
 */
export const HEDGED = {
  hedgeOn: {
    venue: "binance-perp",
    symbol: "ETHUSDT",
    instrumentOverride: { tickSize: "0.01", lotSize: "0.001", minNotional: "5" },
  },
  hedge: {
    passiveHedgeRatio: 0.02,
    passiveHedgeSpRatio: 0.005,
    activeHedgeIqvRatio: 0.2,
    minHedgeOrderSize: "0.01",
  },
} as const;

/** A runner on fake connections, with what it told. */
export class Stage {
  readonly world = new ManualWorld();
  readonly pair: PairConfig;
  readonly connection: FakeConnection;
  /** Undefined: the pair does not hedge. */
  readonly hedge: FakeConnection | undefined;
  readonly runner: PairRunner;
  readonly alerts: Alert[] = [];
  readonly audits: AuditRecord[] = [];
  readonly failures: unknown[] = [];
  onAlert: (alert: Alert) => void = (alert) => this.alerts.push(alert);

  constructor(changes: PairChanges = {}, warmUpMs = 0, mode: PairConfig["mode"] = "paper") {
    this.pair = { ...pairWith(changes), mode };
    this.connection = new FakeConnection(instrumentFor(this.pair), this.world);
    const hedged = hedgeInstrumentFor(this.pair);
    if (hedged !== null) {
      this.hedge = new FakeConnection(hedged, this.world);
      this.hedge.account = { base: "0", quote: "10000" };
    }
    this.runner = new PairRunner({
      pair: this.pair,
      strategy: spot(this.pair),
      connection: this.connection,
      hedge: this.hedge === undefined ? null : { connection: this.hedge },
      epoch: 3,
      listener: {
        onAlert: (alert) => this.onAlert(alert),
        onAudit: (record) => this.audits.push(record),
        onFailure: (error) => this.failures.push(error),
      },
      world: this.world,
      warmUpMs,
    });
  }

  /** Started, connected, and with all its orders at the venue. */
  async quoting(): Promise<void> {
    await this.runner.start();
    for (const connection of this.#connections) {
      connection.up();
      connection.book(200_000);
    }
    this.settle();
  }

  /** Lets time pass with answers in between. */
  settle(ms = 500, midTicks = 200_000): void {
    for (let left = ms; left > 0; left -= 100) {
      this.#answer();
      this.world.timers.advance(100);
      for (const connection of this.#connections) connection.book(midTicks);
    }
    this.#answer();
  }

  get #connections(): FakeConnection[] {
    return this.hedge === undefined ? [this.connection] : [this.connection, this.hedge];
  }

  #answer(): void {
    for (const connection of this.#connections) connection.answer();
  }

  prices(): string[] {
    return this.runner.status().orders.map(({ side, price }) => `${side} ${price}`);
  }

  ids(): string[] {
    return this.runner.status().orders.map(({ clientOrderId }) => clientOrderId);
  }

  /** What the connection was asked since the last look, without ids. */
  asked(): string[] {
    return this.connection.calls.splice(0).map((call) => call.split(" ")[0] ?? "");
  }
}
