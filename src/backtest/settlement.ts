/**
 * What a run's accounts say by themselves: the equity change by the simulated venues' balances,
 * against the causes that the core found for it. The two sides share no arithmetic. Pure.
 */

import type { PairConfig } from "#config/schema.ts";
import { type SimulatedAccount, thirdFeeAsset } from "#config/simulated-account.ts";
import { type Decimal, decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PairPnl } from "#engine/pair-books.ts";
import type { PairEngine } from "#engine/pair-engine.ts";
import type { SimExchange } from "#sim/sim-exchange.ts";

/** One leg at the end: its venue, and with what it began there. */
export interface SettledLeg {
  readonly instrument: Instrument;
  readonly exchange: SimExchange;
  readonly account: SimulatedAccount["setup"];
}

export interface Settled {
  readonly pair: PairConfig;
  readonly engine: PairEngine;
  readonly quoting: SettledLeg;
  readonly hedge: SettledLeg | null;
}

/** What the venues' balances say and the causes do not explain. */
export function residualOf({ pair, engine, quoting, hedge }: Settled, pnl: PairPnl): Decimal {
  return quotingEquity(pair, engine, quoting)
    .plus(hedge === null ? ZERO : hedgeGain(engine, hedge))
    .minus(engine.ledger.openingEquity)
    .minus(pnl.spreadCapture)
    .minus(pnl.inventoryRevaluation)
    .minus(pnl.hedgeExecution)
    .minus(pnl.hedgeRevaluation)
    .minus(pnl.fees)
    .minus(pnl.funding)
    .minus(pnl.transfers);
}

/** The pair's part of what its quoting account is worth. */
function quotingEquity(pair: PairConfig, engine: PairEngine, leg: SettledLeg): Decimal {
  const { instrument, exchange, account } = leg;
  const { initInventoryAmount, initQuoteAmount } = pair.capital;
  // A perp's base is its position, flat at first.
  const held = instrument.kind === "perp" ? "0" : initInventoryAmount;
  const base = gained(exchange.account.base, account.base, held);
  const quote = gained(cashOf(leg), account.quote, initQuoteAmount);
  const fee = thirdFeeAsset(pair);
  const feeAsset =
    fee === null
      ? ZERO
      : gained(exchange.account.feeAssetBalance, account.feeAsset ?? "0", "0").times(
          decimal(fee.price),
        );
  const value = base.times(midOf(instrument, engine.market.midHalfTicks));
  return value.plus(quote).plus(feeAsset).plus(engine.ledger.allotmentValue);
}

/** By how much what backs the hedge is worth more; it begins flat. */
function hedgeGain({ hedge }: PairEngine, leg: SettledLeg): Decimal {
  const { instrument, exchange, account } = leg;
  const mid = midOf(instrument, hedge?.market.midHalfTicks ?? 0);
  return exchange.account.base.times(mid).plus(gained(cashOf(leg), account.quote, "0"));
}

/** The account may hold more than the pair's allocation: what counts is how it changed. */
function gained(now: Decimal, before: string, allocation: string): Decimal {
  return now.minus(decimal(before)).plus(decimal(allocation));
}

/** A perp's quote has what the position cost in it. */
function cashOf({ exchange: { account } }: SettledLeg): Decimal {
  return account.quote.minus(account.entryValue);
}

function midOf({ tickSize }: Instrument, midHalfTicks: number): Decimal {
  return tickSize.times(decimal("0.5")).times(decimalOfInteger(midHalfTicks));
}
