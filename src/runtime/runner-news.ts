/** What a runner has to tell people by itself, beside what its core and its connections tell. */

import { plain } from "#domain/decimal.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { HedgeDesk } from "#engine/hedge-desk.ts";
import type { Alert } from "#ports/sink.ts";

export class RunnerNews {
  readonly #alert: (alert: Alert) => void;
  readonly #nowMs: () => number;
  /** Told already. */
  readonly #unpriced = new Set<string>();

  constructor(alert: (alert: Alert) => void, nowMs: () => number) {
    this.#alert = alert;
    this.#nowMs = nowMs;
  }

  warn(code: string, message: string): void {
    this.#alert({ timeMs: this.#nowMs(), level: "warning", code, message });
  }

  /** Live, nobody knows a price of a third asset that fees are paid in: told once for each. */
  fees(asset: string, { base, quote }: Instrument): void {
    if (asset === base || asset === quote || this.#unpriced.has(asset)) return;
    this.#unpriced.add(asset);
    const message = `fees are charged in ${asset} and count as 0 in the PnL; balances are right`;
    this.warn("unpriced-fees", message);
  }

  /** A stop closes no hedge: whoever stops must know that it is there. */
  hedgeLeft(desk: HedgeDesk): void {
    const { book, instrument, isConnected } = desk;
    const isDisputed = desk.guards().some(({ id, tripped }) => id === "hedge-mismatch" && tripped);
    if (book.positionLots === 0 && !isDisputed) return;
    const size = `${plain(instrument.size(book.positionLots))} ${instrument.base}`;
    const message = `stopped with a hedge of ${size} open on ${instrument.id}`;
    const doubt = isDisputed ? "the venue tells another" : "the venue was not heard at the end";
    const isSure = isConnected && !isDisputed;
    this.warn("hedge-left", isSure ? message : `${message} by our fills; ${doubt}: look there`);
  }
}
