/**
 * Actions: executes one action of a block and makes the body of its answer. May import domain and
 * this folder.
 */

import { type Decimal, decimal, decimalOfInteger, ZERO } from "#domain/decimal.ts";
import type { HlAccount } from "./account.ts";
import type { HlMockAction } from "./action-schemas.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { HlCoin } from "./coin.ts";
import type { DeadMansSwitch } from "./dead-mans-switch.ts";
import type { BatchResult, OrderDesk, Status } from "./order-desk.ts";
import type { HlRules } from "./rules.ts";
import { TEXTS } from "./texts.ts";

export type ActionBody =
  | { readonly status: "ok"; readonly response: unknown }
  | { readonly status: "err"; readonly response: string };

interface ActionsParts {
  readonly desk: OrderDesk;
  readonly account: HlAccount;
  readonly limits: AddressLimits;
  readonly deadMansSwitch: DeadMansSwitch;
  readonly rules: Pick<HlRules, "batchErrors">;
}

type Of<Type extends HlMockAction["type"]> = Extract<HlMockAction, { readonly type: Type }>;

const DONE: ActionBody = { status: "ok", response: { type: "default" } };
/** USDC for each request reserved. */
const WEIGHT_PRICE = decimal("0.0005");
const NTLI_UNIT = decimal("0.000001");

export class Actions {
  readonly #parts: ActionsParts;

  constructor(parts: ActionsParts) {
    this.#parts = parts;
  }

  execute(action: HlMockAction): ActionBody {
    const { desk, deadMansSwitch } = this.#parts;
    switch (action.type) {
      case "order":
        return this.#batch("order", desk.place(action.orders, action.grouping));
      case "cancel": {
        const cancels = action.cancels.map(({ a, o }) => ({ asset: a, id: o }));
        return this.#batch("cancel", desk.cancel(cancels, action.f === true));
      }
      case "cancelByCloid": {
        const cancels = action.cancels.map(({ asset, cloid }) => ({ asset, id: cloid }));
        return this.#batch("cancel", desk.cancel(cancels, action.f === true));
      }
      case "modify":
        return modified(desk.modify([action], action.a === true));
      case "batchModify":
        return this.#batch("order", desk.modify(action.modifies, action.a === true));
      case "scheduleCancel":
        return doneOr(deadMansSwitch.schedule(action.time ?? null));
      case "updateLeverage":
        return doneOr(this.#updateLeverage(action));
      case "updateIsolatedMargin":
        return doneOr(this.#updateIsolatedMargin(action));
      case "reserveRequestWeight":
        return doneOr(this.#reserve(action));
      case "noop":
        return DONE;
    }
  }

  #batch(type: "order" | "cancel", result: BatchResult): ActionBody {
    if ("statuses" in result) return batchAnswer(type, result.statuses);
    return this.#parts.rules.batchErrors === "action"
      ? { status: "err", response: result.batchError }
      : batchAnswer(type, [{ error: result.batchError }]);
  }

  #updateLeverage({ asset, isCross, leverage }: Of<"updateLeverage">): string | null {
    const { desk, account } = this.#parts;
    const coin = desk.coinOf(asset);
    if (coin === undefined) return TEXTS.invalidAsset(asset);
    if (leverage < 1 || leverage > coin.maxLeverage) return TEXTS.leverage(asset);
    if (isCross && coin.onlyIsolated) return TEXTS.crossRefused(asset);
    const terms = account.margins.terms(coin);
    const before = terms.leverage;
    if (hasPosition(coin) && before.isCross !== isCross) return TEXTS.leverageKind;
    terms.leverage = { isCross, value: leverage };
    if (leverage >= before.value || account.margins.isCovered()) return null;
    terms.leverage = before;
    return TEXTS.leverageMargin;
  }

  #updateIsolatedMargin({ asset, ntli }: Of<"updateIsolatedMargin">): string | null {
    const { desk, account } = this.#parts;
    const coin = desk.coinOf(asset);
    if (coin === undefined) return TEXTS.invalidAsset(asset);
    const terms = account.margins.terms(coin);
    if (terms.leverage.isCross || !hasPosition(coin)) return TEXTS.noIsolated;
    const added = NTLI_UNIT.times(decimalOfInteger(ntli));
    const then = terms.isolatedExtra.plus(added);
    if (then.lt(ZERO) || added.gt(account.margins.free())) return TEXTS.isolatedMargin;
    terms.isolatedExtra = then;
    return null;
  }

  #reserve({ weight }: Of<"reserveRequestWeight">): string | null {
    const { account, limits } = this.#parts;
    const cost: Decimal = WEIGHT_PRICE.times(decimalOfInteger(weight));
    if (cost.gt(account.margins.free())) return TEXTS.weightCost;
    account.charge(cost);
    limits.reserve(weight);
    return null;
  }
}

function batchAnswer(type: "order" | "cancel", statuses: readonly Status[]): ActionBody {
  return { status: "ok", response: { type, data: { statuses } } };
}

/** A single modification has no statuses: it is done, or refused as a whole. */
function modified(result: BatchResult): ActionBody {
  if ("batchError" in result) return { status: "err", response: result.batchError };
  const [status] = result.statuses;
  if (typeof status !== "object" || typeof status["error"] !== "string") return DONE;
  return { status: "err", response: status["error"] };
}

function doneOr(refusal: string | null): ActionBody {
  return refusal === null ? DONE : { status: "err", response: refusal };
}

function hasPosition({ exchange }: HlCoin): boolean {
  return exchange.account.positionLots !== 0;
}
