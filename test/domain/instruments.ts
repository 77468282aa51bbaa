/** Instruments for the tests of the domain. */

import { Instrument, type InstrumentSpec } from "#domain/instrument.ts";

const SPOT: InstrumentSpec = {
  venue: "binance-spot",
  symbol: "ETHUSDT",
  base: "ETH",
  quote: "USDT",
  kind: "spot",
  priceRule: { kind: "fixed-tick" },
  tickSize: "0.01",
  lotSize: "0.001",
  minNotional: "5",
  makerFeeRate: "0.001",
  takerFeeRate: "0.001",
  maxOpenOrders: 200,
};

/** ETHUSDT with a tick of 0.01 and a lot of 0.001, or what `changes` make of it. */
export function spotInstrument(changes: Partial<InstrumentSpec> = {}): Instrument {
  return new Instrument({ ...SPOT, ...changes });
}

/** SUI of Hyperliquid, with a lot of 0.1, or what `changes` make of it. */
export function perpInstrument(changes: Partial<InstrumentSpec> = {}): Instrument {
  return new Instrument({
    ...SPOT,
    venue: "hyperliquid",
    symbol: "SUI",
    base: "SUI",
    quote: "USDC",
    kind: "perp",
    priceRule: { kind: "significant-figures", figures: 5 },
    tickSize: "0.00001",
    lotSize: "0.1",
    minNotional: "10",
    ...changes,
  });
}

/** A Hyperliquid perp: five significant figures, at most 6 − szDecimals decimals. */
export function hyperliquidPerp(szDecimals: number): Instrument {
  return new Instrument({
    ...SPOT,
    venue: "hyperliquid",
    symbol: "COIN",
    base: "COIN",
    quote: "USDC",
    kind: "perp",
    priceRule: { kind: "significant-figures", figures: 5 },
    tickSize: powerOfTen(6 - szDecimals),
    lotSize: powerOfTen(szDecimals),
    minNotional: "10",
  });
}

/** 10^-decimals as a plain decimal. */
export function powerOfTen(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"1".padStart(decimals, "0")}`;
}
