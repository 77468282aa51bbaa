/**
 * PerpDesk: questions about one account of Binance USD-M futures, checks of its key, margin and
 * leverage of a perpetual, and the sweep of orders that nobody looks after any more, stops among
 * them. For the main thread; asks through PerpApi (REST), does no other I/O.
 */

import { InputError, messageOf } from "#domain/errors.ts";
import { isOwnedBy, type OrderOwner } from "#domain/order.ts";
import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { MarketSetup, PerpState, PerpWants, SweepResult, VenueDesk } from "#ports/venue.ts";
import type { ApiAnswer } from "../binance/api.ts";
import type { BinanceClock } from "../binance/clock.ts";
import { resultIn, unreachable } from "../binance/desk-errors.ts";
import type { FeeRates } from "../binance/exchange-info.ts";
import { idParam } from "../binance/json.ts";
import { checkPermissions } from "../binance/key-permissions.ts";
import type { RequestParams } from "../binance/signing.ts";
import type { Verdict } from "../binance/verdicts.ts";
import { inTime, LATE, type SweepOutcome, type SweepState, sweepUntilNone } from "../sweep.ts";
import { readAccount } from "./account-responses.ts";
import { verdictOf } from "./answers.ts";
import { type ApiMethod, DIALECT, type PerpApi } from "./api.ts";
import { type ExchangeInfo, readExchangeInfo, readFees, STANDARD_FEES } from "./instruments.ts";
import { preparePerp, readConfig } from "./perp-margin.ts";
import { readAlgos, readOpenOrderNames } from "./responses.ts";
import { makeSetup } from "./setup.ts";

/** The quickest of so many is believed. */
const CLOCK_SAMPLES = 5;
/** A request that was on its way when its worker ended has arrived after this long. */
const GRACE_MS = 1000;
/** Cancels under way at a time. */
const MAX_AT_ONCE = 20;
/** All symbols come in one answer: pairs that are prepared together read it once. */
const REMEMBERED_MS = 60_000;

export interface DeskParts {
  readonly api: PerpApi;
  /** For what the key may do: the wallet API has an address of its own. */
  readonly wallet: PerpApi;
  readonly clock: BinanceClock;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly hasKey: boolean;
}

/** An open order of an owner, and how it is cancelled. */
interface Listed {
  readonly clientOrderId: string;
  readonly method: ApiMethod;
  readonly params: RequestParams;
}

export class PerpDesk implements VenueDesk {
  readonly #parts: DeskParts;
  #info: { readonly atMs: number; readonly info: Promise<ExchangeInfo> } | null = null;

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
    const info = await this.#exchangeInfo();
    // An unknown symbol is told before its fees are asked for.
    makeSetup(info, symbol, STANDARD_FEES);
    const { description, fees, market } = makeSetup(info, symbol, await this.#fees(symbol));
    const { instrument, rules } = market;
    const data = { description, fees };
    const word = rules.trading === "open" ? "it takes no post-only orders" : rules.statusWord;
    const isOpen = rules.trading === "open" && rules.canPostOnly;
    return { instrument, data, closed: isOpen ? null : word };
  }

  async checkKey(): Promise<readonly string[]> {
    this.#needKey();
    const { wallet } = this.#parts;
    const answer = await wallet.call("apiRestrictions", {});
    if (answer.kind === "answered" && answer.reply.status === 404) {
      return [
        "Binance's futures do not tell here whether the API key may withdraw: make sure at the " +
          "venue's API management that it may not, and bind it to this machine's address",
      ];
    }
    return checkPermissions(resultIn(answer, wallet.venueNowMs(), DIALECT), "futures");
  }

  async balances(): Promise<ReadonlyMap<string, string>> {
    this.#needKey();
    const { canTrade } = await readConfig((method, params) => this.#ask(method, params));
    if (!canTrade) {
      throw new InputError("no-permission", "the account behind this API key may not trade", {
        hint: "allow futures trading for the key, or see the venue's notices about the account",
      });
    }
    const account = readAccount(await this.#ask("account", {}));
    return new Map([...account.assets].map(([asset, { value }]) => [asset, value]));
  }

  async openOrderIds(symbol: string, owner: OrderOwner): Promise<string[]> {
    this.#needKey();
    const listed = await Promise.all([
      this.#ask("openOrders", { symbol }),
      this.#ask("openAlgoOrders", { symbol }),
    ]);
    return listedIn(listed, symbol, owner).map(({ clientOrderId }) => clientOrderId);
  }

  async sweep(symbol: string, owner: OrderOwner, timeoutMs: number): Promise<SweepResult> {
    const { timers, rng } = this.#parts;
    const once = (state: SweepState): Promise<SweepOutcome> =>
      this.#sweepOnce(symbol, owner, state);
    return sweepUntilNone({ timers, rng, timeoutMs, graceMs: GRACE_MS, once });
  }

  async preparePerp(symbol: string, wants: PerpWants | null): Promise<PerpState> {
    this.#needKey();
    const { market } = makeSetup(await this.#exchangeInfo(), symbol, STANDARD_FEES);
    const { api } = this.#parts;
    return preparePerp(
      {
        instrument: market.instrument,
        call: (method, params) => api.call(method, params),
        ask: (method, params) => this.#ask(method, params),
        venueNowMs: () => api.venueNowMs(),
      },
      wants,
    );
  }

  /** Lists, and cancels what is listed. Never throws. */
  async #sweepOnce(symbol: string, owner: OrderOwner, state: SweepState): Promise<SweepOutcome> {
    // Stops first: one that becomes an order meanwhile is then in the second list.
    const stops = await this.#inTime("openAlgoOrders", { symbol }, state);
    if (stops.kind !== "accepted") return failed(stops, state);
    const orders = await this.#inTime("openOrders", { symbol }, state);
    if (orders.kind !== "accepted") return failed(orders, state);
    let listed: Listed[];
    try {
      listed = listedIn([orders.result, stops.result], symbol, owner);
    } catch (thrown) {
      state.problem = messageOf(thrown);
      return "again";
    }
    state.left = listed.map(({ clientOrderId }) => clientOrderId);
    state.problem = null;
    if (listed.length === 0) return "empty";
    const verdicts = await Promise.all(
      listed.slice(0, MAX_AT_ONCE).map(({ method, params }) => this.#inTime(method, params, state)),
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

  #exchangeInfo(): Promise<ExchangeInfo> {
    const { timers } = this.#parts;
    const nowMs = timers.elapsedMs();
    if (this.#info !== null && nowMs - this.#info.atMs < REMEMBERED_MS) return this.#info.info;
    const info = this.#ask("exchangeInfo", {}).then(readExchangeInfo);
    this.#info = { atMs: nowMs, info };
    // The next pair asks anew.
    info.catch(() => {
      this.#info = null;
    });
    return info;
  }

  async #fees(symbol: string): Promise<FeeRates> {
    if (!this.#parts.hasKey) return STANDARD_FEES;
    return readFees(await this.#ask("commissionRate", { symbol }));
  }

  async #ask(method: ApiMethod, params: RequestParams): Promise<unknown> {
    const { api } = this.#parts;
    return resultIn(await api.call(method, params), api.venueNowMs(), DIALECT);
  }

  #needKey(): void {
    if (this.#parts.hasKey) return;
    throw new InputError("bad-key", "this needs an API key", {
      where: "Binance USD-M",
      hint: "name the account's key in the config, or run the pair in paper mode",
    });
  }
}

/** @param lists of `openOrders` and `openAlgoOrders`, unread. @throws {ProtocolError} */
function listedIn(lists: readonly unknown[], symbol: string, owner: OrderOwner): Listed[] {
  const [orders, stops] = lists;
  const listed: Listed[] = [
    ...readOpenOrderNames(orders, symbol).map(({ clientOrderId, id }): Listed => {
      return { clientOrderId, method: "order.cancel", params: { symbol, orderId: idParam(id) } };
    }),
    ...readAlgos(stops, symbol, "openAlgoOrders").map(({ clientOrderId, algoId }): Listed => {
      return { clientOrderId, method: "algoOrder.cancel", params: { algoId } };
    }),
  ];
  return listed.filter(({ clientOrderId }) => isOwnedBy(owner, clientOrderId));
}

function failed(
  verdict: Exclude<Verdict, { kind: "accepted" }>,
  state: SweepState,
): "again" | "never" {
  state.problem = verdict.message;
  return verdict.kind === "refused" && verdict.isFatal ? "never" : "again";
}
