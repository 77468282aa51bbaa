/**
 * The preflight: all that can be found wrong before a worker starts, found before one starts. It
 * asks venues, places nothing, and leaves nothing behind but a perp's margin mode and leverage.
 * Every failure is an InputError that says what, where and what to do.
 */

import { engineParams, type StartPosition } from "#config/engine-params.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import type { PerpWants } from "#ports/venue.ts";
import type { VenueLink } from "#venues/venue.ts";
import type { Holding, PairPlan } from "./pair-plan.ts";
import { allOrFirstError, type Patience, patiently } from "./patience.ts";
import { askPerp, perpWants, perpWarnings, requireMargin } from "./perp-margin.ts";
import {
  asInputError,
  tradedAccount,
  type VenueAccess,
  type VenueAccesses,
} from "./venue-access.ts";

export interface PreflightOptions {
  /** The whole of it, checked by its schema. */
  readonly config: Config;
  /** Of it, the pairs that will be started. */
  readonly starting: readonly PairConfig[];
  readonly configDir: string;
  readonly accesses: VenueAccesses;
  /** Pairs that are running already. */
  readonly running: ReadonlyMap<string, PairPlan>;
  /** What a live pair has now; undefined for one that will begin with its configured capital. */
  readonly holdingOf: (plan: PairPlan) => Holding | undefined;
  readonly patience: Patience;
}

export interface Preflight {
  /** Of the pairs that are to start, in their order. */
  readonly plans: readonly PairPlan[];
  /** What does not keep them from starting, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * @throws {InputError} `same-market`, `no-key`, `bad-key`, `key-may-withdraw`, `no-permission`,
 *   `venue-unreachable`, `clock-offset`, `unknown-symbol`, `market-closed`,
 *   `insufficient-balance`, `bad-leverage`, `insufficient-margin`, `bad-config`, and those of a
 *   user's strategy
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { config, starting, accesses, configDir } = options;
  const ask = askWith(options.patience);
  requireDistinctMarkets(config);
  // What needs no venue comes first; it throws before anything is sent.
  for (const pair of starting) await requireStrategy(pair, configDir);
  const opened = await allOrFirstError(starting, async (pair) => ({
    pair,
    access: await accesses.of(pair, config),
  }));
  const byKey = new Map(opened.map(({ access }) => [access.key, access]));
  const warnings = new Array<string>();
  for (const access of byKey.values()) {
    await requireClock(
      ask,
      access,
      opened.filter((other) => other.access === access).map(({ pair }) => pair),
    );
    warnings.push(...(await requireSafeKey(ask, access)));
  }
  const { busyPoll } = config.runtime;
  const loaded = await allOrFirstError(opened, ({ pair, access }) =>
    planOf(ask, pair, access, busyPoll),
  );
  for (const access of byKey.values()) await requireBalances(ask, access, loaded, options);
  const plans = await perpsReady(ask, [...byKey.values()], loaded, options);
  for (const plan of plans) {
    warnings.push(...perpWarnings(plan, options.holdingOf(plan) === undefined));
  }
  return { plans, warnings };
}

/** The last of all: it is what changes something. */
async function perpsReady(
  ask: Ask,
  accesses: readonly VenueAccess[],
  loaded: readonly PairPlan[],
  options: PreflightOptions,
): Promise<PairPlan[]> {
  // One that runs goes on as it is where this is refused: it is only looked at yet.
  const wantsNow = ({ pair }: PairPlan): PerpWants | null =>
    options.running.has(pair.id) ? null : perpWants(pair);
  const plans = await allOrFirstError(loaded, (plan) => withPerp(ask, plan, wantsNow(plan)));
  for (const access of accesses) {
    const all = plansOf(access, plans, options);
    const others = all.filter((plan) => !plans.includes(plan));
    // How much margin those hold that run already: their own state is of their start.
    const fresh = await allOrFirstError(others, (plan) => withPerp(ask, plan, null));
    requireMargin(access, [...all.filter((plan) => plans.includes(plan)), ...fresh]);
  }
  return allOrFirstError(plans, (plan) => {
    const wants = perpWants(plan.pair);
    const isSet = wants === null || wantsNow(plan) !== null;
    return isSet ? Promise.resolve(plan) : withPerp(ask, plan, wants);
  });
}

/** All pairs that trade an access's account once these plans run, in the config's order. */
function plansOf(
  access: VenueAccess,
  plans: readonly PairPlan[],
  { running, config }: PreflightOptions,
): PairPlan[] {
  const all = new Map([...running, ...plans.map((plan) => [plan.pair.id, plan] as const)]);
  return config.pairs.flatMap(({ id }) => {
    const plan = all.get(id);
    return plan?.access.account === access.account ? [plan] : [];
  });
}

/** Sets what is wanted of a live perp, and reads where it stands. */
async function withPerp(ask: Ask, plan: PairPlan, wants: PerpWants | null): Promise<PairPlan> {
  const { pair, access, market } = plan;
  if (market.instrument.kind === "spot" || access.credentials === null) return plan;
  const { symbol } = market.instrument;
  const where = `pair ${pair.id}, quote`;
  return { ...plan, perp: await ask(access, where, () => askPerp(access, symbol, wants)) };
}

/**
 * The plan of a running pair with other parameters.
 * @throws {InputError} where they do not fit its instrument, or their strategy does not load
 */
export async function replan(
  plan: PairPlan,
  pair: PairConfig,
  configDir: string,
): Promise<PairPlan> {
  await requireStrategy(pair, configDir);
  engineParams(pair, plan.market.instrument, 0);
  return { ...plan, pair };
}

/**
 * What the worker of a pair needs to reach its venue. Holds secrets.
 * @param newestTradeId the last fill that a worker before it was told of; null: there was none
 */
export function linkOf(
  { pair, access, market, orderPrefix, perp }: PairPlan,
  newestTradeId: string | null,
): VenueLink {
  return {
    venue: access.venue,
    symbol: market.instrument.symbol,
    urls: access.urls,
    credentials: access.credentials,
    market: market.data,
    budgets: access.budgets,
    orderPrefix,
    pairId: pair.id,
    // A perp's first worker begins with the position of one moment: fills since then belong to it.
    sinceTradeId: newestTradeId ?? perp?.sinceTradeId ?? null,
  };
}

/** The position that a pair's first worker takes over; null: spot, or paper. */
export function firstPosition({ perp }: PairPlan): StartPosition | null {
  if (perp === null) return null;
  return { base: perp.position, quote: plain(decimal(perp.entryValue).times("-1")) };
}

/** Two pairs on one market of one account would fill against and cancel one another's quotes. */
function requireDistinctMarkets({ pairs, accounts }: Config): void {
  const byMarket = new Map<string, string>();
  for (const { id, mode, quote } of pairs) {
    if (mode === "paper") continue;
    const { account = "", symbol, venue } = quote;
    // One account may have two names.
    const traded = accounts[account];
    const key = JSON.stringify([venue, symbol, traded && tradedAccount(traded)]);
    const other = byMarket.get(key);
    byMarket.set(key, id);
    if (other === undefined) continue;
    const market = `${symbol} on ${venue} with account ${account}`;
    throw new InputError("same-market", `pairs ${other} and ${id} both quote ${market}`, {
      where: `pair ${id}, quote`,
      hint: "make one pair of the two, or give them two accounts",
    });
  }
}

/** Loads and makes it once, as its worker will: a mistake in it is told now. */
async function requireStrategy(pair: PairConfig, configDir: string): Promise<void> {
  const source = await loadStrategy(pair, configDir);
  source();
}

async function requireClock(
  ask: Ask,
  access: VenueAccess,
  pairs: readonly PairConfig[],
): Promise<void> {
  const limitMs = Math.min(...pairs.map(({ risk }) => risk.clockOffsetRefuseMs));
  const offsetMs = await ask(access, access.name, () => access.desk.clockOffsetMs());
  if (Math.abs(offsetMs) <= limitMs) return;
  const off = `${Math.round(Math.abs(offsetMs))} ms ${offsetMs > 0 ? "behind" : "ahead of"}`;
  throw new InputError(
    "clock-offset",
    `this machine's clock is ${off} the venue's; at most ${limitMs} ms are allowed`,
    {
      where: `${access.name}, ${access.urls.restUrl}`,
      hint: "set the clock by NTP (timedatectl set-ntp true, or chrony) and start again",
    },
  );
}

/** @returns warnings */
async function requireSafeKey(ask: Ask, access: VenueAccess): Promise<string[]> {
  if (access.credentials === null) return [];
  const warnings = await ask(access, access.name, () => access.desk.checkKey());
  return warnings.map((warning) => `${access.name}: ${warning}`);
}

async function planOf(
  ask: Ask,
  pair: PairConfig,
  access: VenueAccess,
  busyPoll: boolean,
): Promise<PairPlan> {
  const { symbol, venue } = pair.quote;
  const where = `pair ${pair.id}, quote.symbol`;
  const market = await ask(access, where, () => access.desk.loadMarket(symbol));
  if (market.closed !== null) {
    throw new InputError(
      "market-closed",
      `${symbol} takes no orders on ${venue}: ${market.closed}`,
      {
        where,
        hint: "wait until the venue opens it, or take the pair out of the config",
      },
    );
  }
  const { orderPrefix } = engineParams(pair, market.instrument, 0);
  return { pair, access, market, perp: null, orderPrefix, busyPoll };
}

/** The account covers what its spot pairs may trade with, all of them together. */
async function requireBalances(
  ask: Ask,
  access: VenueAccess,
  plans: readonly PairPlan[],
  options: PreflightOptions,
): Promise<void> {
  if (access.credentials === null) return;
  // Asks for them even where nothing is needed: it is how an account is found to be open.
  const balances = await ask(access, access.name, () => access.desk.balances());
  const needs = new Map<string, { amount: Decimal; pairs: string[] }>();
  for (const plan of plansOf(access, plans, options)) {
    const { pair, market } = plan;
    // A perp's amounts are an allotment: what they need is margin.
    if (market.instrument.kind === "perp") continue;
    const { initInventoryAmount: base, initQuoteAmount: quote } = pair.capital;
    const holding = options.holdingOf(plan) ?? { base, quote };
    addNeed(needs, market.instrument.base, holding.base, pair.id);
    addNeed(needs, market.instrument.quote, holding.quote, pair.id);
  }
  const missing = [...needs].flatMap(([asset, { amount, pairs }]) => {
    const there = decimal(balances.get(asset) ?? "0");
    if (there.gte(amount)) return [];
    const who = pairs.length === 1 ? `pair ${pairs[0]} needs` : `pairs ${pairs.join(", ")} need`;
    return [`${who} ${plain(amount)} ${asset}, there are ${plain(there)}`];
  });
  if (missing.length === 0) return;
  throw new InputError("insufficient-balance", `insufficient balance: ${missing.join("; ")}`, {
    where: `${access.name}, capital`,
    hint: "fund the account, or lower initInventoryAmount and initQuoteAmount of its pairs",
  });
}

function addNeed(
  needs: Map<string, { amount: Decimal; pairs: string[] }>,
  asset: string,
  amount: string,
  pairId: string,
): void {
  const need = needs.get(asset) ?? { amount: ZERO, pairs: [] };
  need.amount = need.amount.plus(decimal(amount));
  if (decimal(amount).gt(ZERO)) need.pairs.push(pairId);
  needs.set(asset, need);
}

/** Puts a question to a venue, with patience; what fails is told with its place. */
type Ask = <Answer>(
  access: VenueAccess,
  where: string,
  question: () => Promise<Answer>,
) => Promise<Answer>;

function askWith(patience: Patience): Ask {
  return async (access, where, question) => {
    try {
      return await patiently(patience, question);
    } catch (thrown) {
      throw asInputError(thrown, `${where}, ${access.urls.restUrl}`);
    }
  };
}
