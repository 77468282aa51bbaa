/** What can be seen of a pair's hedge leg, from its desk and its connection. Decides nothing. */

import {
  type Decimal,
  decimal,
  decimalOfInteger,
  decimalOfNumber,
  plain,
} from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { HedgeDesk } from "#engine/hedge-desk.ts";
import type { PassiveHedger } from "#hedge/passive-hedger.ts";
import type { ConnectionStatus } from "#ports/venue.ts";
import { ordersOf } from "./order-views.ts";
import type { HedgeStatus, PassiveHedgeStatus, StandingOrderView } from "./pair-status.ts";

/** Places of prices that lie between ticks: marks and means. */
const PRICE_PLACES = 8;
const HALF = decimal("0.5");

/** @param connection null: it was not started, or has ended */
export function hedgeStatusOf(desk: HedgeDesk, connection: ConnectionStatus | null): HedgeStatus {
  const { instrument, book, market, active, passive, orders, unhedgedSinceMs } = desk;
  const size = (lots: number): string => plain(instrument.size(lots));
  const mid = midOf(instrument, market.midHalfTicks);
  const { ledger } = book;
  return {
    venue: instrument.venue,
    symbol: instrument.symbol,
    baseAsset: instrument.base,
    quoteAsset: instrument.quote,
    isConnected: desk.isConnected,
    mid: mid === null ? null : plain(mid),
    markPrice: priceAt(instrument, market.markTicks),
    fundingRate: market.markTicks > 0 ? market.fundingRate : null,
    nextFundingMs: market.nextFundingMs > 0 ? market.nextFundingMs : null,
    position: size(book.positionLots),
    activePosition: size(book.activeLots),
    passivePosition: size(book.passiveLots),
    quote: plain(ledger.quote()),
    equity: mid === null ? null : plain(ledger.quote().plus(ledger.base().times(mid))),
    active:
      active === null
        ? null
        : { state: active.state, open: size(active.openLots), isNeeded: active.isNeeded },
    passive: passive === null ? null : passiveStatusOf(passive, instrument),
    unhedgedSinceMs: unhedgedSinceMs < 0 ? null : unhedgedSinceMs,
    orders: ordersOf(orders, instrument),
    connection,
  };
}

function passiveStatusOf(passive: PassiveHedger, instrument: Instrument): PassiveHedgeStatus {
  type Standing = PassiveHedger["triggers"][number];
  const standing = ({ side, triggerTicks, lots, isWorking }: Standing): StandingOrderView => ({
    side,
    triggerPrice: instrument.priceString(triggerTicks),
    size: instrument.sizeString(lots),
    isWorking,
  });
  const { state, anchorTicks, entryTicks, triggers, stop, openLots, isCovered } = passive;
  return {
    state,
    anchorPrice: priceAt(instrument, anchorTicks),
    entryPrice: priceAt(instrument, entryTicks),
    triggers: triggers.map(standing),
    stop: stop === null ? null : standing(stop),
    open: plain(instrument.size(openLots)),
    isCovered,
  };
}

/** @param midHalfTicks bid plus ask in ticks; 0: not known */
export function midOf({ tickSize }: Instrument, midHalfTicks: number): Decimal | null {
  return midHalfTicks > 0 ? tickSize.times(HALF).times(decimalOfInteger(midHalfTicks)) : null;
}

/** @param ticks may be fractional; 0: there is none */
function priceAt({ tickSize }: Instrument, ticks: number): string | null {
  if (!(ticks > 0)) return null;
  return plain(tickSize.times(decimalOfNumber(ticks)).round(PRICE_PLACES));
}
