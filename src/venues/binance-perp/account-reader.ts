/**
 * AccountReader: asks for what the account holds, and which orders of ours are open. Asks through
 * PerpApi; does no other I/O.
 */

import type { OrderEvent } from "#domain/events.ts";
import { marginIn, readAccount, readAccountConfig, readPosition } from "./account-responses.ts";
import { verdictOf } from "./answers.ts";
import type { ApiMethod } from "./api.ts";
import type { OwnerParts } from "./order-owners.ts";
import { type AlgoReport, readAlgos, readOpenOrders } from "./responses.ts";

/** Position and worth. */
export interface AccountState {
  /** Signed, base currency, a plain decimal. */
  readonly position: string;
  /** Of what backs the position, quote currency, a plain decimal. */
  readonly value: string;
  readonly marginRatio: number;
  readonly liquidationPrice: number | null;
}

/** Of our pair, whatever run sent them. */
export interface OpenOrders {
  readonly orders: readonly OrderEvent[];
  readonly stops: readonly AlgoReport[];
}

export class AccountReader {
  /** All assets back each position, and not only its own. */
  isMultiAssets = false;
  readonly #parts: OwnerParts;
  #hasBegun = false;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  /**
   * Reads the account's settings, once.
   * @returns null, or why the venue did not say
   * @throws {ProtocolError}
   */
  async begin(): Promise<string | null> {
    if (this.#hasBegun) return null;
    const config = await this.#ask("accountConfig", {});
    if (typeof config === "string") return config;
    const { multiAssetsMargin, dualSidePosition } = readAccountConfig(config.result);
    this.isMultiAssets = multiAssetsMargin;
    this.#hasBegun = true;
    if (dualSidePosition) {
      const message =
        "the account is in hedge mode: orders are refused until it is in one-way mode";
      this.#parts.news.alertOnce("critical", "bad-position-mode", message);
    }
    return null;
  }

  /** Or why there is no answer. @throws {ProtocolError}, {InputError} `off-grid` */
  async openOrders(): Promise<OpenOrders | string> {
    const { instrument, orders, news } = this.#parts;
    const { symbol } = instrument;
    const [open, stops] = await Promise.all([
      this.#ask("openOrders", { symbol }),
      this.#ask("openAlgoOrders", { symbol }),
    ]);
    if (typeof open === "string") return open;
    if (typeof stops === "string") return stops;
    const context = { instrument, receivedTimeMs: news.clocks.nowMs() };
    const isOurs = (id: string): boolean => orders.isOurs(id);
    return {
      orders: readOpenOrders(open.result, context, isOurs),
      stops: readAlgos(stops.result, symbol, "openAlgoOrders").filter(({ clientOrderId }) =>
        isOurs(clientOrderId),
      ),
    };
  }

  /** Or why there is no answer. @throws {ProtocolError} */
  async state(): Promise<AccountState | string> {
    const { symbol, quote } = this.#parts.instrument;
    const [risk, account] = await Promise.all([
      this.#ask("positionRisk", { symbol }),
      this.#ask("account", {}),
    ]);
    if (typeof risk === "string") return risk;
    if (typeof account === "string") return account;
    const { position, liquidationPrice } = readPosition(risk.result, symbol);
    const { value, ratio } = marginIn(readAccount(account.result), quote, this.isMultiAssets);
    return { position, value, marginRatio: ratio, liquidationPrice };
  }

  async #ask(
    method: ApiMethod,
    params: Readonly<Record<string, string>>,
  ): Promise<{ readonly result: unknown } | string> {
    const { api, news } = this.#parts;
    const verdict = verdictOf(await api.call(method, params), news.clocks.venueNowMs());
    if (verdict.kind === "accepted") return verdict;
    if (verdict.kind === "refused" && verdict.isFatal) {
      news.alertOnce("critical", "venue-refuses", verdict.message);
    }
    return verdict.message;
  }
}
