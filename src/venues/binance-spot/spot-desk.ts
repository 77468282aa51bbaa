/**
 * SpotDesk: questions about one account of Binance Spot, checks of its keys, and the sweep of
 * orders that nobody looks after any more. For the main thread; asks through SpotApi (REST), does
 * no other I/O.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { isOwnedBy, type OrderOwner } from "#domain/order.ts";
import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { MarketSetup, SweepResult, VenueDesk } from "#ports/venue.ts";
import type { ApiAnswer } from "../binance/api.ts";
import type { BinanceClock } from "../binance/clock.ts";
import { resultIn, unreachable } from "../binance/desk-errors.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import { checkPermissions } from "../binance/key-permissions.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import { parsed, Quantity } from "../binance/wire.ts";
import { inTime, LATE, type SweepOutcome, type SweepState, sweepUntilNone } from "../sweep.ts";
import { type OpenOrderId, readOpenOrderIds, verdictOf } from "./answers.ts";
import { type ApiMethod, DIALECT, type SpotApi } from "./api.ts";
import { readExchangeInfo, readFees, readMarket } from "./instruments.ts";
import { readSetup, type SpotSetup, STANDARD_FEES } from "./setup.ts";

/** The quickest of so many is believed. */
const CLOCK_SAMPLES = 5;
/** A request that was on its way when its worker ended has arrived after this long. */
const GRACE_MS = 1000;
/** Cancels under way at a time. */
const MAX_AT_ONCE = 20;

const Account = v.object({
  canTrade: v.boolean(),
  balances: v.array(v.object({ asset: v.string(), free: Quantity, locked: Quantity })),
});

export interface DeskParts {
  readonly api: SpotApi;
  readonly clock: BinanceClock;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly hasKey: boolean;
}

export class SpotDesk implements VenueDesk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  async clockOffsetMs(): Promise<number> {
    const { clock, api } = this.#parts;
    let problem: string | null = null;
    for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
      problem = (await clock.measureBy(api)) ?? problem;
    }
    if (clock.offsetMs !== null && Number.isFinite(clock.offsetMs)) return clock.offsetMs;
    throw unreachable(problem ?? "it does not tell the time");
  }

  async loadMarket(symbol: string): Promise<MarketSetup> {
    const exchangeInfo = await this.#exchangeInfo(symbol);
    const fees = await this.#fees(symbol);
    const data: SpotSetup = { exchangeInfo, fees };
    const { instrument, rules } = readSetup(data, symbol).market;
    const isOpen = rules.trading === "open" && rules.canPostOnly;
    const word = rules.trading === "open" ? "it takes no post-only orders" : rules.statusWord;
    return { instrument, data, closed: isOpen ? null : word };
  }

  async checkKey(): Promise<readonly string[]> {
    this.#needKey();
    const { api } = this.#parts;
    const answer = await api.call("apiRestrictions", {});
    // Testnets have no such question: nothing can be said of their keys.
    if (answer.kind === "answered" && answer.reply.status === 404) return [];
    return checkPermissions(resultIn(answer, api.venueNowMs(), DIALECT), "spot");
  }

  async balances(): Promise<ReadonlyMap<string, string>> {
    this.#needKey();
    const result = await this.#ask("account.status", { omitZeroBalances: true });
    const account = parsed(Account, result, "account.status");
    if (!account.canTrade) {
      throw new InputError("no-permission", "the account behind this API key may not trade", {
        hint: "allow spot trading for the key, or see the venue's notices about the account",
      });
    }
    return new Map(
      account.balances.map(({ asset, free, locked }) => [
        asset,
        plain(decimal(free).plus(decimal(locked))),
      ]),
    );
  }

  async openOrderIds(symbol: string, owner: OrderOwner): Promise<string[]> {
    this.#needKey();
    const result = await this.#ask("openOrders.status", { symbol });
    const ids = readOpenOrderIds(result, symbol).map((order) => order.clientOrderId);
    return ids.filter((id) => isOwnedBy(owner, id));
  }

  async sweep(symbol: string, owner: OrderOwner, timeoutMs: number): Promise<SweepResult> {
    const { timers, rng } = this.#parts;
    const once = (state: SweepState): Promise<SweepOutcome> =>
      this.#sweepOnce(symbol, owner, state);
    return sweepUntilNone({ timers, rng, timeoutMs, graceMs: GRACE_MS, once });
  }

  /** Lists, and cancels what is listed. Never throws. */
  async #sweepOnce(symbol: string, owner: OrderOwner, state: SweepState): Promise<SweepOutcome> {
    const listing = await this.#inTime("openOrders.status", { symbol }, state);
    if (listing.kind !== "accepted") return failed(listing, state);
    let orders: OpenOrderId[];
    try {
      orders = readOpenOrderIds(listing.result, symbol).filter((order) =>
        isOwnedBy(owner, order.clientOrderId),
      );
    } catch (thrown) {
      state.problem = messageOf(thrown);
      return "again";
    }
    state.left = orders.map((order) => order.clientOrderId);
    state.problem = null;
    if (orders.length === 0) return "empty";
    const verdicts = await Promise.all(
      orders
        .slice(0, MAX_AT_ONCE)
        .map(({ orderId }) => this.#inTime("order.cancel", { symbol, orderId }, state)),
    );
    const canceled = verdicts.filter(({ kind }) => kind === "accepted").length;
    state.canceled += canceled;
    // What became of the others the next list tells.
    for (const verdict of verdicts) {
      if (verdict.kind !== "accepted" && failed(verdict, state) === "never") return "never";
    }
    return canceled > 0 ? "progress" : "again";
  }

  /** A call, given up (its outcome unknown) where the time of the sweep is over first. */
  async #inTime(method: ApiMethod, params: RequestParams, state: SweepState): Promise<Verdict> {
    const { api, timers } = this.#parts;
    const answer = await inTime<ApiAnswer>(state, timers, api.call(method, params), {
      kind: "unknown",
      message: LATE,
    });
    return verdictOf(answer, api.venueNowMs());
  }

  async #exchangeInfo(symbol: string): Promise<unknown> {
    const { api } = this.#parts;
    const answer = await api.call("exchangeInfo", { symbol });
    const isKnown = answer.kind !== "answered" || !NO_SUCH_SYMBOL.has(answer.reply.code);
    if (isKnown) return resultIn(answer, api.venueNowMs(), DIALECT);
    // The whole list, for the name that was meant.
    const all = await this.#ask("exchangeInfo", { showPermissionSets: false });
    readMarket(readExchangeInfo(all), symbol, STANDARD_FEES);
    return all;
  }

  async #fees(symbol: string): Promise<FeeRates> {
    if (!this.#parts.hasKey) return STANDARD_FEES;
    return readFees(await this.#ask("account.commission", { symbol }));
  }

  async #ask(method: ApiMethod, params: RequestParams): Promise<unknown> {
    const { api } = this.#parts;
    return resultIn(await api.call(method, params), api.venueNowMs(), DIALECT);
  }

  #needKey(): void {
    if (this.#parts.hasKey) return;
    throw new InputError("bad-key", "this needs an API key", {
      where: "Binance Spot",
      hint: "name the account's key in the config, or run the pair in paper mode",
    });
  }
}

/** No such symbol; characters that no symbol has. */
const NO_SUCH_SYMBOL: ReadonlySet<number> = new Set([-1121, -1100]);

function failed(
  verdict: Exclude<Verdict, { kind: "accepted" }>,
  state: SweepState,
): "again" | "never" {
  state.problem = verdict.message;
  return verdict.kind === "refused" && verdict.isFatal ? "never" : "again";
}
