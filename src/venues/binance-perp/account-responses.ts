/**
 * Answers of Binance USD-M futures about the account, as domain values: position, margin, settings,
 * funding. Pure; may import domain only.
 */

import * as v from "valibot";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";

const Position = v.object({
  symbol: v.string(),
  positionSide: v.string(),
  positionAmt: Amount,
  entryPrice: Quantity,
  liquidationPrice: Amount,
});

/** One perp's position; plain decimals. */
export interface PerpPosition {
  /** Signed. */
  readonly position: string;
  /** What it cost: negative for a short. */
  readonly entryValue: string;
  /** A float; null: there is none. */
  readonly liquidationPrice: number | null;
}

/**
 * The answer of `positionRisk`: a symbol without a position is not in it. @throws {ProtocolError}
 */
export function readPosition(json: unknown, symbol: string): PerpPosition {
  const all = parsed(v.array(Position), json, "positionRisk");
  const ours = all.filter((entry) => entry.symbol === symbol);
  const both = ours.find(({ positionSide }) => positionSide === "BOTH");
  // In hedge mode there are two of them: what the account holds is their sum.
  if (both === undefined && ours.some(({ positionAmt }) => !isZero(positionAmt))) {
    throw new ProtocolError("the account is in hedge mode", `positionRisk of ${symbol}`);
  }
  if (both === undefined || isZero(both.positionAmt)) {
    return { position: "0", entryValue: "0", liquidationPrice: null };
  }
  const liquidationPrice = Number(both.liquidationPrice);
  const amount = decimal(both.positionAmt);
  return {
    position: plain(amount),
    entryValue: plain(amount.times(both.entryPrice)),
    liquidationPrice: liquidationPrice > 0 ? liquidationPrice : null,
  };
}

const Asset = v.object({
  asset: v.string(),
  walletBalance: Amount,
  marginBalance: Amount,
  maintMargin: Amount,
  availableBalance: Amount,
});
const Account = v.object({
  totalMaintMargin: Amount,
  totalMarginBalance: Amount,
  availableBalance: Amount,
  assets: v.array(Asset),
  positions: v.optional(v.array(v.object({ symbol: v.string(), positionAmt: Amount })), []),
});

/** What backs the positions; plain decimals. */
export interface PerpAccount {
  /** Wallet with what open positions have won or lost: of all assets by what they are worth. */
  readonly total: Margin;
  /** Of each asset alone: what counts unless the account is in multi-assets mode. */
  readonly assets: ReadonlyMap<string, Margin>;
  /** Other symbols that the account holds a position in. */
  readonly symbols: readonly string[];
}

interface Margin {
  readonly value: string;
  readonly free: string;
  /** Maintenance margin over value, a float; 0 where there is no position. */
  readonly ratio: number;
}

/** The answer of `account`. @throws {ProtocolError} */
export function readAccount(json: unknown): PerpAccount {
  const account = parsed(Account, json, "account");
  return {
    total: marginOf(account.totalMarginBalance, account.availableBalance, account.totalMaintMargin),
    assets: new Map(
      account.assets.map(({ asset, marginBalance, availableBalance, maintMargin }) => [
        asset,
        marginOf(marginBalance, availableBalance, maintMargin),
      ]),
    ),
    symbols: account.positions
      .filter(({ positionAmt }) => !isZero(positionAmt))
      .map(({ symbol }) => symbol),
  };
}

/** What backs the positions that are settled in an asset. */
export function marginIn(account: PerpAccount, asset: string, isMultiAssets: boolean): Margin {
  if (isMultiAssets) return account.total;
  return account.assets.get(asset) ?? { value: "0", free: "0", ratio: 0 };
}

function marginOf(value: string, free: string, maintenance: string): Margin {
  const isBacked = decimal(value).gt(ZERO);
  const needed = decimal(maintenance);
  // Nothing that backs a position is the worst there is.
  const unbacked = needed.gt(ZERO) ? 1 : 0;
  return {
    value: plain(decimal(value)),
    free: plain(decimal(free)),
    ratio: isBacked ? Number(maintenance) / Number(value) : unbacked,
  };
}

const AccountConfig = v.object({
  canTrade: v.boolean(),
  dualSidePosition: v.boolean(),
  multiAssetsMargin: v.boolean(),
});

/** The answer of `accountConfig`. @throws {ProtocolError} */
export function readAccountConfig(json: unknown): v.InferOutput<typeof AccountConfig> {
  return parsed(AccountConfig, json, "accountConfig");
}

const SymbolConfig = v.object({ symbol: v.string(), marginType: v.string(), leverage: Count });

/** The answer of `symbolConfig`. @throws {ProtocolError} */
export function readSymbolConfig(
  json: unknown,
  symbol: string,
): { readonly isCross: boolean; readonly leverage: number } {
  const all = parsed(v.array(SymbolConfig), json, "symbolConfig");
  const config = all.find((entry) => entry.symbol === symbol);
  if (config === undefined) throw new ProtocolError(`no word of ${symbol}`, "symbolConfig");
  return { isCross: /^cross/i.test(config.marginType), leverage: config.leverage };
}

/** The answer of `premiumIndex`: the mark price, a plain decimal. @throws {ProtocolError} */
export function readMarkPrice(json: unknown): string {
  const { markPrice } = parsed(v.object({ markPrice: Quantity }), json, "premiumIndex");
  return plain(decimal(markPrice));
}

const Income = v.object({
  symbol: v.string(),
  incomeType: v.string(),
  income: Amount,
  asset: v.string(),
  time: Count,
  tranId: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
});

export interface OwnFunding {
  readonly fundingId: string;
  readonly venueTimeMs: number;
  /** Received, negative where paid; a plain decimal. */
  readonly amount: string;
  readonly asset: string;
}

/** The answer of `income` for funding on one symbol. @throws {ProtocolError} */
export function readFundings(json: unknown, symbol: string): OwnFunding[] {
  return parsed(v.array(Income), json, "income")
    .filter((entry) => entry.symbol === symbol && entry.incomeType === "FUNDING_FEE")
    .map(({ tranId, time, income, asset }) => ({
      fundingId: `${symbol}|${time}|${tranId}`,
      venueTimeMs: time,
      amount: plain(decimal(income)),
      asset,
    }));
}

function isZero(amount: string): boolean {
  const value: Decimal = decimal(amount);
  return value.eq(ZERO);
}
