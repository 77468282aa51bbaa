/**
 * Income: every change of the account's money, by kind, as the venue lists it: with what was paid
 * in, all of it adds up to the wallet. Bounded. May import domain and this folder.
 */

import type { Decimal } from "#domain/decimal.ts";
import type { JsonObject } from "../json.ts";
import { moneyText } from "./texts.ts";

export const INCOME_TYPES = ["TRANSFER", "REALIZED_PNL", "FUNDING_FEE", "COMMISSION"] as const;

interface IncomeRecord {
  readonly symbol: string;
  readonly incomeType: (typeof INCOME_TYPES)[number];
  /** Received; negative where it was paid. */
  readonly income: Decimal;
  readonly asset: string;
  readonly info: string;
  readonly timeMs: number;
  /** Empty where it is of no trade. */
  readonly tradeId: string;
}

interface Kept extends IncomeRecord {
  readonly tranId: number;
}

const MAX_KEPT = 20_000;
const FIRST_ID = 9_689_322_000;

export class Income {
  #records: Kept[] = [];
  #lastId = FIRST_ID;

  add(record: IncomeRecord): void {
    this.#lastId += 1;
    this.#records.push({ ...record, tranId: this.#lastId });
    if (this.#records.length > 2 * MAX_KEPT) this.#records = this.#records.slice(-MAX_KEPT);
  }

  /** Oldest first. */
  get all(): readonly Kept[] {
    return this.#records;
  }
}

export function incomeJson(record: Kept): JsonObject {
  return {
    symbol: record.symbol,
    incomeType: record.incomeType,
    income: moneyText(record.income),
    asset: record.asset,
    info: record.info,
    time: record.timeMs,
    tranId: record.tranId,
    tradeId: record.tradeId,
  };
}
