/** What the tests of the simulated exchange share: instruments, requests, events as short lines. */

import { Instrument, type InstrumentSpec, type Side } from "#domain/instrument.ts";
import type { OrderRequest } from "#domain/order.ts";
import type { ExchangeEvent } from "#sim/order-reports.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { SimExchange, type SimExchangeOptions } from "#sim/sim-exchange.ts";

const SPEC: InstrumentSpec = {
  venue: "binance-spot",
  symbol: "ETHUSDT",
  base: "ETH",
  quote: "USDT",
  kind: "spot",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.01",
  lotSize: "0.1",
  minNotional: "0",
  makerFeeRate: "0.001",
  takerFeeRate: "0.002",
  maxOpenOrders: 10,
};

/** One tick is 0.01 USDT and one lot 0.1 ETH, so a tick times a lot is 0.001 USDT. */
export function spotInstrument(changes: Partial<InstrumentSpec> = {}): Instrument {
  return new Instrument({ ...SPEC, ...changes });
}

export function perpInstrument(changes: Partial<InstrumentSpec> = {}): Instrument {
  return new Instrument({ ...SPEC, venue: "binance-perp", kind: "perp", ...changes });
}

type Changes = Partial<OrderRequest>;

export function limit(
  id: string,
  side: Side,
  priceTicks: number,
  quantityLots: number,
): OrderRequest {
  return request(id, side, quantityLots, { priceTicks });
}
export function postOnly(id: string, side: Side, priceTicks: number, lots: number): OrderRequest {
  return request(id, side, lots, { priceTicks, postOnly: true });
}
export function ioc(id: string, side: Side, priceTicks: number, lots: number): OrderRequest {
  return request(id, side, lots, { priceTicks, timeInForce: "ioc" });
}
export function market(id: string, side: Side, lots: number, changes: Changes = {}): OrderRequest {
  return request(id, side, lots, { type: "market", priceTicks: 0, ...changes });
}
export function stop(id: string, side: Side, priceTicks: number, lots: number): OrderRequest {
  return request(id, side, lots, { type: "stop-market", priceTicks });
}

function request(id: string, side: Side, quantityLots: number, changes: Changes): OrderRequest {
  return {
    clientOrderId: id,
    side,
    type: "limit",
    timeInForce: "gtc",
    postOnly: false,
    reduceOnly: false,
    priceTicks: 0,
    quantityLots,
    ...changes,
  };
}

/** An exchange with plenty of money, whose events are kept. */
export class Bench {
  readonly events: ExchangeEvent[] = [];
  readonly exchange: SimExchange;

  constructor(options: Partial<SimExchangeOptions> = {}) {
    this.exchange = new SimExchange({
      instrument: spotInstrument(),
      queueModel: parseQueueModel("risk-averse"),
      account: { base: "1000", quote: "1000000" },
      fees: { kind: "received" },
      emit: (event) => this.events.push(event),
      ...options,
    });
  }

  /** Sets recorded levels: `[ticks, lots]`. */
  book(bids: readonly [number, number][], asks: readonly [number, number][]): void {
    for (const [ticks, lots] of bids) this.exchange.onLevel(true, ticks, lots, 1);
    for (const [ticks, lots] of asks) this.exchange.onLevel(false, ticks, lots, 1);
  }

  /** The orders' and fills' events since the last call, one short line each. */
  lines(): string[] {
    return this.events.splice(0).flatMap((event) => lineOf(event));
  }
}

/** `fill a buy 100 x3 maker`, `filled a 3/3`, `rejected a would-cross`; balances give no line. */
export function lineOf(event: ExchangeEvent): string[] {
  switch (event.kind) {
    case "account":
      return [];
    case "fill": {
      const { clientOrderId, side, priceTicks, quantityLots, liquidity } = event.fill;
      return [`fill ${clientOrderId} ${side} ${priceTicks} x${quantityLots} ${liquidity}`];
    }
    case "order": {
      const { change, clientOrderId, filledLots, quantityLots, reason } = event;
      const quantities = quantityLots === -1 ? "" : ` ${filledLots}/${quantityLots}`;
      return [`${change} ${clientOrderId}${quantities}${reason === null ? "" : ` ${reason}`}`];
    }
  }
}

/** Bids 100 x5, 99 x8; asks 102 x4, 103 x6, 105 x9. */
export function benchWithBook(options: Partial<SimExchangeOptions> = {}): Bench {
  const bench = new Bench(options);
  bench.book(
    [
      [100, 5],
      [99, 8],
    ],
    [
      [102, 4],
      [103, 6],
      [105, 9],
    ],
  );
  return bench;
}

export function sellPrint(bench: Bench, ticks: number, lots: number): void {
  bench.exchange.onTrade(false, ticks, lots, 10);
}
export function buyPrint(bench: Bench, ticks: number, lots: number): void {
  bench.exchange.onTrade(true, ticks, lots, 10);
}
