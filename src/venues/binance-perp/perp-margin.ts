/**
 * Margin of a perpetual: position mode, margin type and leverage are set and read back, together
 * with the position of that moment. For the desk; asks through what it is handed.
 */

import { InputError } from "#domain/errors.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { PerpState, PerpWants } from "#ports/venue.ts";
import type { ApiAnswer } from "../binance/api.ts";
import { deskError } from "../binance/desk-errors.ts";
import type { RequestParams } from "../binance/signing.ts";
import { VenueError } from "../venue.ts";
import {
  marginIn,
  readAccount,
  readAccountConfig,
  readMarkPrice,
  readPosition,
  readSymbolConfig,
} from "./account-responses.ts";
import { verdictOf } from "./answers.ts";
import { type ApiMethod, DIALECT } from "./api.ts";
import { SAME_MARGIN_TYPE } from "./errors.ts";
import { momentOf } from "./trade-log.ts";

/** While fills keep coming there may be no moment; then it is an error. */
const MAX_MOMENTS = 5;

/** @throws {MmError} for whatever is no success */
export type Ask = (method: ApiMethod, params: RequestParams) => Promise<unknown>;

export interface MarginParts {
  readonly instrument: Instrument;
  readonly ask: Ask;
  readonly call: (method: ApiMethod, params: RequestParams) => Promise<ApiAnswer>;
  readonly venueNowMs: () => number;
}

/** See VenueDesk. @throws {InputError} `bad-leverage`, `bad-position-mode`; {MmError} */
export async function preparePerp(parts: MarginParts, wants: PerpWants | null): Promise<PerpState> {
  const { instrument, ask } = parts;
  const { symbol, quote } = instrument;
  const config = await readConfig(ask);
  if (config.dualSidePosition) throw hedgeMode();
  if (wants !== null) await setMargin(parts, wants);
  const { marginMode, leverage } = await readSetting(parts);
  if (wants !== null) checkSetting(symbol, { marginMode, leverage }, wants);
  const { sinceTradeId, risk } = await momentAndRisk(parts);
  const { position, entryValue } = readPosition(risk, symbol);
  const account = readAccount(await ask("account", {}));
  return {
    marginMode,
    leverage,
    position,
    entryValue,
    freeMargin: marginIn(account, quote, config.multiAssetsMargin).free,
    markPrice: readMarkPrice(await ask("premiumIndex", { symbol })),
    sinceTradeId,
    warnings: warningsOf(marginMode, {
      isMultiAssets: config.multiAssetsMargin,
      others: account.symbols.filter((other) => other !== symbol),
    }),
  };
}

/** The account's settings. @throws {MmError} */
export async function readConfig(ask: Ask): Promise<ReturnType<typeof readAccountConfig>> {
  return readAccountConfig(await ask("accountConfig", {}));
}

/** The position, and the trade up to which it goes: none may come in between. */
async function momentAndRisk({
  instrument,
  ask,
  venueNowMs,
}: MarginParts): Promise<{ readonly sinceTradeId: string; readonly risk: unknown }> {
  const { symbol } = instrument;
  const moment = async (askedMs: number): Promise<string> =>
    momentOf(
      await ask("userTrades", { symbol, limit: 1 }),
      { instrument, receivedTimeMs: askedMs },
      askedMs,
    );
  const askedMs = venueNowMs();
  let before = await moment(askedMs);
  for (let round = 0; round < MAX_MOMENTS; round += 1) {
    const risk = await ask("positionRisk", { symbol });
    const after = await moment(askedMs);
    if (after === before) return { sinceTradeId: after, risk };
    before = after;
  }
  throw new VenueError("position-moves", `${symbol} is being traded while its position is read`, {
    hint: "stop whatever else trades this account, then start again",
  });
}

/**
 * Changes what is otherwise, and no more: where the venue refuses one of the two, the other is as
 * it was before.
 */
async function setMargin(parts: MarginParts, wants: PerpWants): Promise<void> {
  const { symbol } = parts.instrument;
  const { leverage, marginMode } = wants;
  if (!Number.isSafeInteger(leverage) || leverage < 1) {
    throw badLeverage(`a leverage is a whole number from 1, not ${leverage}`);
  }
  const before = await readSetting(parts);
  const isOtherMode = before.marginMode !== marginMode;
  if (isOtherMode) {
    const refusal = await change(parts, "marginType", { symbol, marginType: wordOf(marginMode) });
    // Some refusals are no true ones: what is read back decides.
    if (refusal !== null) checkSetting(symbol, await readSetting(parts), { ...before, marginMode });
  }
  if (before.leverage === leverage) return;
  const refusal = await change(parts, "leverage", { symbol, leverage });
  if (refusal === null) return;
  if (isOtherMode) {
    // What comes of it is read back at the next start.
    await parts.call("marginType", { symbol, marginType: wordOf(before.marginMode) });
  }
  throw badLeverage(`the venue refuses ${textOf(wants)}: ${refusal}`);
}

/** @returns null where it is done, else why the venue refuses it. @throws {MmError} */
async function change(
  { call, venueNowMs }: MarginParts,
  method: "marginType" | "leverage",
  params: RequestParams,
): Promise<string | null> {
  const answer = await call(method, params);
  const isSame = answer.kind === "answered" && answer.reply.code === SAME_MARGIN_TYPE;
  const verdict = verdictOf(answer, venueNowMs());
  if (verdict.kind === "accepted" || isSame) return null;
  if (verdict.kind === "refused" && answer.kind === "answered" && !verdict.isFatal) {
    return verdict.message;
  }
  throw deskError(answer, venueNowMs(), DIALECT) ?? badLeverage(verdict.message);
}

async function readSetting({ instrument, ask }: MarginParts): Promise<PerpWants> {
  const { symbol } = instrument;
  const { isCross, leverage } = readSymbolConfig(await ask("symbolConfig", { symbol }), symbol);
  return { marginMode: isCross ? "cross" : "isolated", leverage };
}

/** @throws {VenueError} `leverage-not-set` */
function checkSetting(symbol: string, is: PerpWants, wants: PerpWants): void {
  if (is.marginMode === wants.marginMode && is.leverage === wants.leverage) return;
  throw new VenueError(
    "leverage-not-set",
    `${symbol} is at ${textOf(is)}, not at ${textOf(wants)}`,
    { hint: "set it by hand at the venue, or close the position first" },
  );
}

function wordOf(mode: PerpWants["marginMode"]): string {
  return mode === "cross" ? "CROSSED" : "ISOLATED";
}

function hedgeMode(): InputError {
  const message = "the account is in hedge mode, with a long and a short position of each symbol";
  return new InputError("bad-position-mode", message, {
    hint:
      "switch it to one-way mode at the venue (Preferences, Position Mode), once it has no " +
      "position and no open order; the mode is the account's, and counts for COIN-M as well",
  });
}

function badLeverage(message: string): InputError {
  return new InputError("bad-leverage", message, {
    hint: "change `leverage` or `marginMode` of the pair",
  });
}

function textOf({ marginMode, leverage }: PerpWants): string {
  return `${marginMode} ${leverage}x`;
}

function warningsOf(
  mode: PerpWants["marginMode"],
  {
    isMultiAssets,
    others,
  }: { readonly isMultiAssets: boolean; readonly others: readonly string[] },
): string[] {
  const warnings: string[] = [];
  if (isMultiAssets) {
    warnings.push("The account is in multi-assets mode: all its assets back each position.");
  }
  if (mode === "cross" && others.length > 0) {
    warnings.push(`Positions in ${others.join(", ")} share this account's cross margin.`);
  }
  return warnings;
}
