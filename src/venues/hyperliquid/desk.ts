/**
 * HlDesk: questions about one account of Hyperliquid, checks of its agent wallet, margin and
 * leverage of a perp, and the sweep of orders that nobody looks after any more. For the main
 * thread; asks through HlApi (REST), does no other I/O.
 */

import { InputError, messageOf } from "#domain/errors.ts";
import { isOwnedBy, type OrderOwner } from "#domain/order.ts";
import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { MarketSetup, PerpState, PerpWants, SweepResult, VenueDesk } from "#ports/venue.ts";
import { inTime, LATE, type SweepOutcome, type SweepState, sweepUntilNone } from "../sweep.ts";
import { VenueError } from "../venue.ts";
import type { HlAccess } from "./access.ts";
import { actInTime } from "./act-in-time.ts";
import { cancelAction, MAX_LIGHT_ELEMENTS, updateLeverageAction } from "./actions.ts";
import { canceledVerdicts, plainVerdict, type Verdict } from "./answers.ts";
import type { ActionAnswer, ActionRequest, HlApi, InfoAnswer, InfoRequest } from "./api.ts";
import { readActiveAsset, readClearinghouse } from "./clearinghouse.ts";
import type { HlClock } from "./clock.ts";
import { OwnCloids } from "./cloid.ts";
import { actionError, badKey, resultIn, unreachable } from "./desk-errors.ts";
import { BASE_FEES, type HlFees, type HlMarket, readFees, readMeta } from "./instruments.ts";
import { checkSigner, signerOf } from "./key-check.ts";
import { type OpenOrderId, readOpenOrderIds, tradeIdAt } from "./responses.ts";
import { type HlSetup, readSetup, setupOf } from "./setup.ts";

/** The quickest of so many is believed. */
const CLOCK_SAMPLES = 5;
/** A request that was on its way when its worker ended has arrived after this long. */
const GRACE_MS = 2000;
const EXPIRES_IN_MS = 5000;
/** All pairs of an account stop at once: a list that is hardly older will do for each. */
const ONE_MOMENT_MS = 250;
/** What does not change from one pair to the next is asked for once while they are prepared. */
const REMEMBERED_MS = 60_000;

export interface DeskParts {
  readonly api: HlApi;
  readonly clock: Pick<HlClock, "distrust" | "hasJumped" | "measureBy" | "offsetMs">;
  readonly timers: Timers;
  readonly rng: Rng;
  /** Null: public questions only. */
  readonly access: HlAccess | null;
}

/** Whose orders a sweep is after, and how far it has come. */
interface Sweep {
  readonly symbol: string;
  readonly owner: OrderOwner;
  readonly access: HlAccess;
  readonly state: SweepState;
}

export class HlDesk implements VenueDesk {
  readonly #parts: DeskParts;
  /** The signer is an agent of the account: this was asked, and does not change often. */
  #isSignerKnown = false;
  /** Numbers of perps that were asked for: they never change. */
  readonly #assets = new Map<string, number>();
  /** Of all open orders; null: something was canceled since. */
  #list: { readonly atMs: number; readonly answer: Promise<InfoAnswer> } | null = null;
  /** Answers by what was asked: of two questions at most. */
  readonly #remembered = new Map<
    string,
    { readonly atMs: number; readonly json: Promise<unknown> }
  >();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  async clockOffsetMs(): Promise<number> {
    const { clock, api } = this.#parts;
    let problem: string | null = null;
    clock.distrust(); // what counts is the offset now
    for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
      problem = (await clock.measureBy(api)) ?? problem;
    }
    if (clock.offsetMs !== null && Number.isFinite(clock.offsetMs)) return clock.offsetMs;
    throw unreachable(problem ?? "it does not tell the time");
  }

  async loadMarket(symbol: string): Promise<MarketSetup> {
    const meta = readMeta(await this.#remember({ type: "meta" }));
    const data = setupOf(meta, symbol, await this.#fees());
    const { instrument, isDelisted } = this.#note(data, symbol);
    return { instrument, data, closed: isDelisted ? "delisted" : null };
  }

  async checkKey(): Promise<readonly string[]> {
    const { api } = this.#parts;
    const warnings = await checkSigner(api, this.#access());
    this.#isSignerKnown = true;
    return warnings;
  }

  /** What the account is worth: a perp's margin is in USDC alone. */
  async balances(): Promise<ReadonlyMap<string, string>> {
    const access = this.#access();
    await this.#checkSigner(access);
    const json = await this.#ask({ type: "clearinghouseState", user: access.user });
    return new Map([["USDC", readClearinghouse(json, "").accountValue]]);
  }

  async openOrderIds(symbol: string, owner: OrderOwner): Promise<string[]> {
    const { user } = this.#access();
    const json = resultIn(await this.#openOrders(user));
    return ownedIn(json, symbol, owner).map(({ clientOrderId }) => clientOrderId);
  }

  async sweep(symbol: string, owner: OrderOwner, timeoutMs: number): Promise<SweepResult> {
    const { timers, rng, access } = this.#parts;
    if (access === null) return { canceled: 0, left: [], problem: "this needs an agent wallet" };
    const once = (state: SweepState): Promise<SweepOutcome> =>
      this.#sweepOnce({ symbol, owner, access, state });
    return sweepUntilNone({ timers, rng, timeoutMs, graceMs: GRACE_MS, once });
  }

  async preparePerp(symbol: string, wants: PerpWants | null): Promise<PerpState> {
    const access = this.#access();
    const meta = readMeta(await this.#remember({ type: "meta" }));
    const market = this.#note(setupOf(meta, symbol, BASE_FEES), symbol);
    const { user } = access;
    if (wants !== null) {
      checkWants(wants, market);
      // Also where it is so already: to ask first costs twenty times as much.
      await this.#setLeverage(wants, market);
    }
    const after = readActiveAsset(await this.#ask(activeAsset(user, symbol)), symbol);
    const account = readClearinghouse(
      await this.#ask({ type: "clearinghouseState", user }),
      symbol,
    );
    const isSet = after.mode === wants?.marginMode && after.leverage === wants.leverage;
    if (wants !== null && !isSet) {
      throw new VenueError(
        "leverage-not-set",
        `${symbol} is at ${after.mode} ${after.leverage}x, not at ${textOf(wants)}`,
        { hint: "set it by hand at the venue, or close the position first" },
      );
    }
    return {
      marginMode: after.mode,
      leverage: after.leverage,
      position: account.position,
      entryValue: account.entryValue,
      freeMargin: account.freeMargin,
      markPrice: after.markPrice,
      sinceTradeId: tradeIdAt(account.venueTimeMs, account.position),
      warnings: warningsOf(after.mode, account.otherCoins),
    };
  }

  async #setLeverage(wants: PerpWants, { asset }: HlMarket): Promise<void> {
    const isCross = wants.marginMode === "cross";
    const action = updateLeverageAction(asset, isCross, wants.leverage);
    const bounds = { requests: 1, isCancel: false, expiresInMs: EXPIRES_IN_MS };
    const verdict = plainVerdict(await this.#act({ action, ...bounds }));
    if (verdict.kind === "accepted") return;
    if (verdict.kind === "refused" && verdict.refusal.kind === "order") {
      throw badLeverage(`the venue refuses ${textOf(wants)}: ${verdict.message}`);
    }
    throw actionError(verdict);
  }

  /** Lists, and cancels what is listed. Never throws. */
  async #sweepOnce(sweep: Sweep): Promise<SweepOutcome> {
    const { symbol, owner, access, state } = sweep;
    const { timers } = this.#parts;
    try {
      const asking = this.#openOrders(access.user);
      const late: InfoAnswer = { kind: "unanswered", message: LATE };
      const listing = await inTime(state, timers, asking, late);
      const orders = ownedIn(resultIn(listing), symbol, owner);
      state.left = orders.map(({ clientOrderId }) => clientOrderId);
      state.problem = null;
      if (orders.length === 0) return "empty";
      return await this.#cancelListed(orders, sweep);
    } catch (thrown) {
      state.problem = messageOf(thrown);
      return "again";
    }
  }

  /** @throws {MmError} where the answer cannot be read */
  async #cancelListed(listed: readonly OwnedOrder[], sweep: Sweep): Promise<SweepOutcome> {
    const { state } = sweep;
    // Past the queue, which the venue refuses for what waits for a trigger.
    const quotes = listed.filter(({ isTrigger }) => !isTrigger);
    const isFast = quotes.length > 0;
    const orders = (isFast ? quotes : listed).slice(0, MAX_LIGHT_ELEMENTS);
    let verdicts = await this.#cancel(orders, isFast, sweep);
    // Beyond the account's requests no batch goes any more, but now and then one alone.
    if (orders.length > 1 && verdicts.every(isOverBudget)) {
      verdicts = await this.#cancel(orders.slice(0, 1), isFast, sweep);
    }
    const canceled = verdicts.filter(({ kind }) => kind === "accepted").length;
    state.canceled += canceled;
    // What became of the others the next list tells.
    for (const verdict of verdicts) {
      if (verdict.kind === "accepted") continue;
      state.problem = verdict.message;
      if (isForGood(verdict)) return "never";
    }
    return canceled > 0 ? "progress" : "again";
  }

  /** @throws {MmError} where the answer cannot be read */
  async #cancel(
    orders: readonly OwnedOrder[],
    isFast: boolean,
    sweep: Sweep,
  ): Promise<readonly Verdict<unknown>[]> {
    const asset = await this.#assetOf(sweep);
    const cancels = orders.map(({ oid }) => ({ asset, oid }));
    const request: ActionRequest = {
      action: cancelAction(cancels, isFast),
      requests: orders.length,
      isCancel: true,
      expiresInMs: EXPIRES_IN_MS,
    };
    this.#list = null;
    const late: ActionAnswer = { kind: "unknown", message: LATE };
    const answer = await inTime(sweep.state, this.#parts.timers, this.#act(request), late);
    // Another pair may have listed meanwhile.
    this.#list = null;
    return canceledVerdicts(answer, orders.length);
  }

  #act(request: ActionRequest): Promise<ActionAnswer> {
    const { api, timers, clock } = this.#parts;
    const onTooLate = (): Promise<boolean> => clock.hasJumped(api);
    return actInTime(request, { api, timers, onTooLate, isWanted: () => true });
  }

  async #assetOf({ symbol, state }: Sweep): Promise<number> {
    const known = this.#assets.get(symbol);
    if (known !== undefined) return known;
    const asking = this.#parts.api.info({ type: "meta" });
    const late: InfoAnswer = { kind: "unanswered", message: LATE };
    const meta = readMeta(resultIn(await inTime(state, this.#parts.timers, asking, late)));
    return this.#note(setupOf(meta, symbol, BASE_FEES), symbol).asset;
  }

  #note(setup: HlSetup, symbol: string): HlMarket {
    const market = readSetup(setup, symbol);
    this.#assets.set(symbol, market.asset);
    return market;
  }

  async #fees(): Promise<HlFees> {
    const { access } = this.#parts;
    if (access === null) return BASE_FEES;
    return readFees(await this.#remember({ type: "userFees", user: access.user }));
  }

  async #checkSigner(access: HlAccess): Promise<void> {
    if (this.#isSignerKnown) return;
    await signerOf(this.#parts.api, access);
    this.#isSignerKnown = true;
  }

  /** As `#ask`, but a young answer will do. */
  #remember(request: InfoRequest): Promise<unknown> {
    const nowMs = this.#parts.timers.elapsedMs();
    const known = this.#remembered.get(request.type);
    if (known !== undefined && nowMs - known.atMs < REMEMBERED_MS) return known.json;
    const json = this.#ask(request);
    this.#remembered.set(request.type, { atMs: nowMs, json });
    // The next pair asks anew.
    json.catch(() => this.#remembered.delete(request.type));
    return json;
  }

  #openOrders(user: string): Promise<InfoAnswer> {
    const { api, timers } = this.#parts;
    const atMs = timers.elapsedMs();
    if (this.#list !== null && atMs - this.#list.atMs < ONE_MOMENT_MS) return this.#list.answer;
    const answer = api.info({ type: "frontendOpenOrders", user });
    this.#list = { atMs, answer };
    return answer;
  }

  async #ask(request: InfoRequest): Promise<unknown> {
    return resultIn(await this.#parts.api.info(request));
  }

  #access(): HlAccess {
    const { access } = this.#parts;
    if (access === null) throw badKey("this needs an account and its agent wallet");
    return access;
  }
}

interface OwnedOrder extends OpenOrderId {
  readonly clientOrderId: string;
}

function ownedIn(json: unknown, symbol: string, owner: OrderOwner): OwnedOrder[] {
  const cloids = new OwnCloids(owner.prefix, owner.pairId);
  return readOpenOrderIds(json, symbol).flatMap((order) => {
    const clientOrderId = cloids.clientOrderIdOf(order.cloid);
    const isOwned = clientOrderId !== null && isOwnedBy(owner, clientOrderId);
    return isOwned ? [{ ...order, clientOrderId }] : [];
  });
}

function activeAsset(user: string, coin: string): InfoRequest {
  return { type: "activeAssetData", user, coin };
}

/** @throws {InputError} `bad-leverage` */
function checkWants(wants: PerpWants, { instrument, maxLeverage, onlyIsolated }: HlMarket): void {
  const { symbol } = instrument;
  const { leverage, marginMode } = wants;
  if (!Number.isSafeInteger(leverage) || leverage < 1 || leverage > maxLeverage) {
    throw badLeverage(`${symbol} has leverages from 1 to ${maxLeverage}, not ${leverage}`);
  }
  if (marginMode === "cross" && onlyIsolated) {
    throw badLeverage(`${symbol} has isolated margin only`);
  }
}

function badLeverage(message: string): InputError {
  return new InputError("bad-leverage", message, {
    hint: "change `leverage` or `marginMode` of the pair",
  });
}

function textOf({ marginMode, leverage }: PerpWants): string {
  return `${marginMode} ${leverage}x`;
}

function warningsOf(mode: PerpWants["marginMode"], otherCoins: readonly string[]): string[] {
  if (mode !== "cross" || otherCoins.length === 0) return [];
  return [`Positions in ${otherCoins.join(", ")} share this account's cross margin.`];
}

function isForGood(verdict: Exclude<Verdict<unknown>, { kind: "accepted" }>): boolean {
  return verdict.kind === "refused" && verdict.refusal.kind === "fatal";
}

function isOverBudget(verdict: Verdict<unknown>): boolean {
  return verdict.kind === "unsent" && verdict.why === "budget";
}
