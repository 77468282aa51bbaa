/**
 * EquityGuard: drawdown from the equity's peak and loss of the day (UTC), net of transfers. At its
 * limit a guard makes the pair reduce; at 120 % of it, the pair halts. Both stay until an operator
 * re-arms. Compared in decimals. Pure.
 */

import { type Decimal, decimal, decimalOfNumber, plain, ZERO } from "#domain/decimal.ts";

const DAY_MS = 86_400_000;
/** Where reducing was not enough: this many times the limit. */
const HALT_FACTOR = decimal("1.2");
const HUNDRED = decimal("100");
const HUNDREDTH = decimal("0.01");

export type EquityVerdict = "fine" | "reduce" | "halt";

export interface EquityReading {
  readonly id: string;
  readonly valuePct: string;
  readonly limitPct: string;
  readonly verdict: EquityVerdict;
}

/** One limit on the loss from some equity. */
class LossLimit {
  readonly #id: string;
  #limitPct: Decimal | null;
  /** What the loss is counted from; the bounds under it are worked out when they are needed. */
  #from: Decimal | null = null;
  #reduceAt: Decimal | null = null;
  #haltAt: Decimal = ZERO;

  constructor(id: string, limitPct: number | null) {
    this.#id = id;
    this.#limitPct = limitPct === null ? null : decimalOfNumber(limitPct);
  }

  /** Another limit on the loss from the same equity. */
  setLimit(limitPct: number | null): void {
    this.#limitPct = limitPct === null ? null : decimalOfNumber(limitPct);
    this.#reduceAt = null;
  }

  get isOff(): boolean {
    return this.#limitPct === null;
  }

  get from(): Decimal | null {
    return this.#from;
  }

  countFrom(equity: Decimal): void {
    this.#from = equity;
    this.#reduceAt = null;
  }

  verdict(equity: Decimal): EquityVerdict {
    if (this.#limitPct === null || this.#from === null || equity.gte(this.#from)) return "fine";
    if (this.#reduceAt === null) {
      const loss = this.#from.times(this.#limitPct).times(HUNDREDTH);
      this.#reduceAt = this.#from.minus(loss);
      this.#haltAt = this.#from.minus(loss.times(HALT_FACTOR));
    }
    if (equity.lte(this.#haltAt)) return "halt";
    return equity.lte(this.#reduceAt) ? "reduce" : "fine";
  }

  reading(equity: Decimal): EquityReading {
    return {
      id: this.#id,
      valuePct: lossPct(this.#from, equity),
      limitPct: this.#limitPct === null ? "off" : plain(this.#limitPct),
      verdict: this.verdict(equity),
    };
  }
}

export class EquityGuard {
  readonly #drawdown: LossLimit;
  readonly #dailyLoss: LossLimit;
  #day = -1;
  #equity: Decimal = ZERO;

  /** @param maxDrawdownPct, maxDailyLossPct per cent of the peak, of the day's start; null: off */
  constructor(maxDrawdownPct: number | null, maxDailyLossPct: number | null) {
    this.#drawdown = new LossLimit("drawdown", maxDrawdownPct);
    this.#dailyLoss = new LossLimit("daily-loss", maxDailyLossPct);
  }

  /** Other limits; peak and day's start stay. */
  setLimits(maxDrawdownPct: number | null, maxDailyLossPct: number | null): void {
    this.#drawdown.setLimit(maxDrawdownPct);
    this.#dailyLoss.setLimit(maxDailyLossPct);
  }

  get isOff(): boolean {
    return this.#drawdown.isOff && this.#dailyLoss.isOff;
  }

  /** @param equity marked to the mid, transfers taken out */
  update(timeMs: number, equity: Decimal): EquityVerdict {
    this.#equity = equity;
    const day = Math.floor(timeMs / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#dailyLoss.countFrom(equity);
    }
    const peak = this.#drawdown.from;
    if (peak === null || equity.gt(peak)) this.#drawdown.countFrom(equity);
    return worse(this.#drawdown.verdict(equity), this.#dailyLoss.verdict(equity));
  }

  /** Counts losses from here on. */
  rearm(): void {
    this.#drawdown.countFrom(this.#equity);
    this.#dailyLoss.countFrom(this.#equity);
  }

  /** The losses that have a limit, for people. */
  describe(): string {
    return [this.#drawdown, this.#dailyLoss]
      .filter((limit) => !limit.isOff)
      .map((limit) => limit.reading(this.#equity))
      .map(({ id, valuePct, limitPct }) => `${id} ${valuePct} % of ${limitPct} %`)
      .join(", ");
  }

  readings(): EquityReading[] {
    return [this.#drawdown.reading(this.#equity), this.#dailyLoss.reading(this.#equity)];
  }
}

function worse(a: EquityVerdict, b: EquityVerdict): EquityVerdict {
  if (a === "halt" || b === "halt") return "halt";
  return a === "reduce" || b === "reduce" ? "reduce" : "fine";
}

/** For display only: a float is enough. */
function lossPct(from: Decimal | null, equity: Decimal): string {
  if (from === null || from.lte(ZERO)) return "0";
  return from.minus(equity).times(HUNDRED).div(from).toFixed(4);
}
