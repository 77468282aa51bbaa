/**
 * What the account has, in the shapes of the venue: balances, positions, margins, and the event of
 * their change. May import domain and this folder.
 */

import { type Decimal, decimalOfInteger, plain, ZERO } from "#domain/decimal.ts";
import type { JsonObject } from "../json.ts";
import type { Listing } from "./listing.ts";
import type { Margins } from "./margins.ts";
import { averagePrice, markText, moneyText, perpTexts } from "./texts.ts";

/** What is told of an account. */
interface AccountView {
  readonly assets: readonly string[];
  readonly updateTimeMs: number;
  readonly margins: Margins;
  wallet(asset: string): Decimal;
  booksOf(listing: Listing): PositionBooks;
}

/** What a symbol's position has brought and cost. */
export interface PositionBooks {
  /** Realised in all, commissions apart. */
  realized: Decimal;
  /** Commissions less realised profit, since it was opened. */
  carried: Decimal;
  /** The symbol's wallet when it was last looked at: realised, less commissions and funding. */
  wallet: Decimal;
  updateTimeMs: number;
}

interface AccountChange {
  readonly reason: "ORDER" | "FUNDING_FEE";
  /** Of the balance, but for profits and commissions. */
  readonly change: Decimal;
  /** The symbol whose position moved; null where none did. */
  readonly position: Listing | null;
}

const PRICE_DECIMALS = 8;
/** Where everything is told in one currency, the venue takes this one's. */
const TOTALS_ASSET = "USDT";

export function accountUpdate(
  account: AccountView,
  asset: string,
  { reason, change, position }: AccountChange,
  eventMs: number,
): JsonObject {
  const wallet = moneyText(account.wallet(asset));
  const balance = { a: asset, wb: wallet, cw: wallet, bc: moneyText(change) };
  const P = position === null ? {} : { P: [positionUpdate(account, position)] };
  const a = { m: reason, B: [balance], ...P };
  return { e: "ACCOUNT_UPDATE", E: eventMs, T: account.updateTimeMs, a };
}

/** A row of `balance`, v3 and v2 alike. */
export function balanceJson(account: AccountView, asset: string): JsonObject {
  const wallet = moneyText(account.wallet(asset));
  return {
    accountAlias: "mock",
    asset,
    balance: wallet,
    crossWalletBalance: wallet,
    crossUnPnl: moneyText(unrealizedOf(account, asset)),
    availableBalance: moneyText(account.margins.available(asset)),
    maxWithdrawAmount: moneyText(withdrawable(account, asset)),
    marginAvailable: true,
    updateTime: account.updateTimeMs,
  };
}

/** `account` v3: positions and orders only of symbols that have some. */
export function accountJson(account: AccountView, listings: readonly Listing[]): JsonObject {
  return {
    ...totalsJson(account),
    assets: account.assets.map((asset) => assetJson(account, asset)),
    positions: listings.filter((each) => isHeld(each)).map((each) => heldJson(account, each)),
  };
}

/** `account` v2: with permissions, and every symbol with its leverage. */
export function accountJsonV2(account: AccountView, listings: readonly Listing[]): JsonObject {
  return {
    feeTier: 0,
    feeBurn: false,
    canTrade: true,
    canDeposit: false,
    canWithdraw: false,
    updateTime: 0,
    multiAssetsMargin: false,
    tradeGroupId: -1,
    ...totalsJson(account),
    assets: account.assets.map((asset) => {
      return { ...assetJson(account, asset), marginAvailable: true };
    }),
    positions: listings.map((listing) => positionJsonV2(account, listing)),
  };
}

/** A row of `positionRisk` v3. */
export function positionRiskJson(account: AccountView, listing: Listing): JsonObject {
  const { margins } = account;
  return {
    ...riskJson(account, listing),
    marginAsset: listing.market.instrument.quote,
    initialMargin: moneyText(margins.initial(listing)),
    maintMargin: moneyText(margins.maintenance(listing)),
    positionInitialMargin: moneyText(margins.positionInitial(listing)),
    openOrderInitialMargin: moneyText(ordersInitial(account, listing)),
    adl: 1,
    ...openValues(listing),
  };
}

/** A row of `positionRisk` v2. */
export function positionRiskJsonV2(account: AccountView, listing: Listing): JsonObject {
  const { leverage, isIsolated } = account.margins.terms(listing);
  return {
    ...riskJson(account, listing),
    leverage: leverage.toString(),
    maxNotionalValue: account.margins.maxNotional(listing).toString(),
    marginType: isIsolated ? "isolated" : "cross",
    isAutoAddMargin: "false",
  };
}

/** Whether a symbol has a position or open orders. */
export function isHeld({ market, records }: Listing): boolean {
  return market.exchange.account.positionLots !== 0 || records.openOrders().length > 0;
}

function positionUpdate(account: AccountView, listing: Listing): JsonObject {
  const { market } = listing;
  const { positionLots } = market.exchange.account;
  const { isIsolated } = account.margins.terms(listing);
  return {
    s: market.instrument.symbol,
    pa: perpTexts(market.instrument).size(positionLots),
    ep: entryPrice(listing),
    bep: breakEvenPrice(account, listing),
    cr: moneyText(account.booksOf(listing).realized),
    up: moneyText(account.margins.unrealized(listing)),
    mt: isIsolated ? "isolated" : "cross",
    iw: "0",
    ps: "BOTH",
  };
}

function riskJson(account: AccountView, listing: Listing): JsonObject {
  const { market } = listing;
  const { margins } = account;
  const liquidation = margins.liquidationPrice(listing);
  return {
    symbol: market.instrument.symbol,
    positionSide: "BOTH",
    positionAmt: perpTexts(market.instrument).size(market.exchange.account.positionLots),
    entryPrice: entryPrice(listing),
    breakEvenPrice: breakEvenPrice(account, listing),
    markPrice: markText(market.mark),
    unRealizedProfit: moneyText(margins.unrealized(listing)),
    liquidationPrice: liquidation === null ? "0" : liquidation.toFixed(PRICE_DECIMALS),
    isolatedMargin: "0",
    notional: moneyText(margins.notional(listing)),
    isolatedWallet: "0",
    updateTime: account.booksOf(listing).updateTimeMs,
  };
}

function totalsJson(account: AccountView): JsonObject {
  const totals = Object.entries(assetAmounts(account, TOTALS_ASSET)).map(([name, amount]) => {
    return [
      name === "availableBalance" || name === "maxWithdrawAmount" ? name : total(name),
      amount,
    ];
  });
  return Object.fromEntries(totals);
}

function total(name: string): string {
  return `total${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function assetJson(account: AccountView, asset: string): JsonObject {
  return { asset, ...assetAmounts(account, asset), updateTime: account.updateTimeMs };
}

function assetAmounts(account: AccountView, asset: string) {
  const { margins } = account;
  const listings = margins.of(asset);
  const sum = (amountOf: (listing: Listing) => Decimal): string =>
    moneyText(listings.reduce((all, listing) => all.plus(amountOf(listing)), ZERO));
  const wallet = moneyText(account.wallet(asset));
  const unrealized = moneyText(unrealizedOf(account, asset));
  return {
    walletBalance: wallet,
    unrealizedProfit: unrealized,
    marginBalance: moneyText(margins.equity(asset)),
    maintMargin: sum((listing) => margins.maintenance(listing)),
    initialMargin: sum((listing) => margins.initial(listing)),
    positionInitialMargin: sum((listing) => margins.positionInitial(listing)),
    openOrderInitialMargin: sum((listing) => ordersInitial(account, listing)),
    crossWalletBalance: wallet,
    crossUnPnl: unrealized,
    availableBalance: moneyText(margins.available(asset)),
    maxWithdrawAmount: moneyText(withdrawable(account, asset)),
  };
}

function heldJson(account: AccountView, listing: Listing): JsonObject {
  const { market } = listing;
  const { margins } = account;
  return {
    symbol: market.instrument.symbol,
    positionSide: "BOTH",
    positionAmt: perpTexts(market.instrument).size(market.exchange.account.positionLots),
    unrealizedProfit: moneyText(margins.unrealized(listing)),
    isolatedMargin: "0",
    notional: moneyText(margins.notional(listing)),
    isolatedWallet: "0",
    initialMargin: moneyText(margins.initial(listing)),
    maintMargin: moneyText(margins.maintenance(listing)),
    updateTime: account.booksOf(listing).updateTimeMs,
  };
}

function positionJsonV2(account: AccountView, listing: Listing): JsonObject {
  const { market } = listing;
  const { margins } = account;
  const { leverage, isIsolated } = margins.terms(listing);
  return {
    symbol: market.instrument.symbol,
    initialMargin: moneyText(margins.initial(listing)),
    maintMargin: moneyText(margins.maintenance(listing)),
    unrealizedProfit: moneyText(margins.unrealized(listing)),
    positionInitialMargin: moneyText(margins.positionInitial(listing)),
    openOrderInitialMargin: moneyText(ordersInitial(account, listing)),
    leverage: leverage.toString(),
    isolated: isIsolated,
    entryPrice: entryPrice(listing),
    maxNotional: margins.maxNotional(listing).toString(),
    ...openValues(listing),
    positionSide: "BOTH",
    positionAmt: perpTexts(market.instrument).size(market.exchange.account.positionLots),
    updateTime: account.booksOf(listing).updateTimeMs,
  };
}

function unrealizedOf({ margins }: AccountView, asset: string): Decimal {
  return margins.of(asset).reduce((sum, each) => sum.plus(margins.unrealized(each)), ZERO);
}

/** Unrealised profit cannot be taken out. */
function withdrawable(account: AccountView, asset: string): Decimal {
  const available = account.margins.available(asset);
  const wallet = account.wallet(asset);
  const least = available.lt(wallet) ? available : wallet;
  return least.gt(ZERO) ? least : ZERO;
}

function ordersInitial({ margins }: AccountView, listing: Listing): Decimal {
  const orders = margins.initial(listing).minus(margins.positionInitial(listing));
  return orders.gt(ZERO) ? orders : ZERO;
}

/** What the open orders of each side are worth. */
function openValues({ records, market }: Listing): JsonObject {
  const valueOf = (side: "BUY" | "SELL"): string => {
    const orders = records.openOrders().filter((order) => order.side === side);
    return plain(
      orders.reduce((sum, { priceTicks, quantityLots, filledLots }) => {
        return sum.plus(market.instrument.notional(priceTicks, quantityLots - filledLots));
      }, ZERO),
    );
  };
  return { bidNotional: valueOf("BUY"), askNotional: valueOf("SELL") };
}

function entryPrice({ market }: Listing): string {
  const { entryValue, positionLots } = market.exchange.account;
  return plain(averagePrice(market.instrument, entryValue, positionLots));
}

/** The price at which closing brings back what the position has cost in all so far. */
function breakEvenPrice(account: AccountView, listing: Listing): string {
  const { instrument, exchange } = listing.market;
  const { entryValue, positionLots } = exchange.account;
  if (positionLots === 0) return "0";
  const cost = entryValue.plus(account.booksOf(listing).carried);
  const size = instrument.lotSize.times(decimalOfInteger(positionLots));
  return plain(cost.div(size).round(PRICE_DECIMALS, 1));
}
