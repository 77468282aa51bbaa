/**
 * The preflight: all that can be found wrong before a worker starts, found before one starts. It
 * asks venues, places nothing, and leaves nothing behind but a perp's margin mode and leverage.
 * Every failure is an InputError that says what, where and what to do.
 */

import { engineParams, NO_POSITION } from "#config/engine-params.ts";
import { loadStrategy } from "#config/load-strategy.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { type Decimal, decimal, plain, ZERO } from "#domain/decimal.ts";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { EngineParams } from "#engine/params.ts";
import type { PerpWants } from "#ports/venue.ts";
import { type LegName, legConfig, legNames } from "./legs.ts";
import { type Holding, type LegPlan, legsOf, marketName, type PairPlan } from "./pair-plan.ts";
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
  /** Whether a leg goes on with what a worker before it had there. */
  readonly goesOn: (plan: PairPlan, leg: LegName) => boolean;
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
 *   `venue-unreachable`, `clock-offset`, `unknown-symbol`, `market-closed`, `hedge-mismatch`,
 *   `insufficient-balance`, `bad-leverage`, `insufficient-margin`, `bad-config`, and those of a
 *   user's strategy
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { config, starting, accesses, configDir } = options;
  const ask = askWith(options.patience);
  requireDistinctMarkets(config);
  // What needs no venue comes first; it throws before anything is sent.
  for (const pair of starting) await requireStrategy(pair, configDir);
  const wanted = starting.flatMap((pair) => legNames(pair).map((name) => ({ pair, name })));
  const opened = await allOrFirstError(wanted, async (leg) => ({
    ...leg,
    access: await accesses.of(leg.pair, leg.name, config),
  }));
  const used = [...new Map(opened.map(({ access }) => [access.key, access])).values()];
  // One account has several accesses, and a key says the same of itself at each.
  const warnings = new Set<string>();
  for (const access of used) {
    await requireClock(
      ask,
      access,
      opened.filter((other) => other.access === access).map(({ pair }) => pair),
    );
    for (const warning of await requireSafeKey(ask, access)) warnings.add(warning);
  }
  const legs = await allOrFirstError(opened, (leg) => loadLeg(ask, leg));
  const loaded = starting.map((pair) => planOf(pair, legs, config.runtime.busyPoll));
  for (const access of used) await requireBalances(ask, access, loaded, options);
  const plans = await perpsReady(ask, used, loaded, options);
  for (const plan of plans) {
    const more = [
      ...hedgeWarnings(plan),
      ...perpWarnings(plan, (leg) => !options.goesOn(plan, leg.name)),
    ];
    for (const warning of more) warnings.add(warning);
  }
  return { plans, warnings: [...warnings] };
}

/** The last of all: it is what changes something. */
async function perpsReady(
  ask: Ask,
  accesses: readonly VenueAccess[],
  loaded: readonly PairPlan[],
  options: PreflightOptions,
): Promise<PairPlan[]> {
  // One that runs goes on as it is where this is refused: it is only looked at yet.
  const isSetNow = ({ pair }: PairPlan): boolean => !options.running.has(pair.id);
  const plans = await withPerps(ask, loaded, isSetNow);
  for (const access of accesses) {
    const all = plansAfter(plans, options);
    const others = all.filter((plan) => !plans.includes(plan) && legsAt(access, plan).length > 0);
    // How much margin those hold that run already: their own state is of their start.
    const fresh = await withPerps(ask, others, () => false);
    const known = [...all.filter((plan) => plans.includes(plan)), ...fresh];
    requireMargin(
      access,
      known.flatMap((plan) => legsAt(access, plan).map((leg) => ({ pair: plan.pair, leg }))),
    );
  }
  const later = await withPerps(
    ask,
    plans.filter((plan) => !isSetNow(plan)),
    () => true,
  );
  const byId = new Map([...plans, ...later].map((plan) => [plan.pair.id, plan]));
  return [...byId.values()];
}

/** All pairs that there will be once these plans run, in the config's order. */
function plansAfter(
  plans: readonly PairPlan[],
  { running, config }: PreflightOptions,
): readonly PairPlan[] {
  const all = new Map([...running, ...plans.map((plan) => [plan.pair.id, plan] as const)]);
  return config.pairs.flatMap(({ id }) => all.get(id) ?? []);
}

/** The legs of a plan that trade an access's account. */
function legsAt(access: VenueAccess, plan: PairPlan): LegPlan[] {
  return legsOf(plan).filter((leg) => leg.access.account === access.account);
}

/** Reads where the live perps of plans stand; sets first what the config wants of those named. */
async function withPerps(
  ask: Ask,
  plans: readonly PairPlan[],
  isSet: (plan: PairPlan) => boolean,
): Promise<PairPlan[]> {
  return allOrFirstError(plans, async (plan) => {
    const { quote, hedge } = plan;
    const wants = (leg: LegPlan): PerpWants | null =>
      isSet(plan) ? perpWants(plan.pair, leg.name) : null;
    return {
      ...plan,
      quote: await withPerp(ask, plan, quote, wants(quote)),
      hedge: hedge === null ? null : await withPerp(ask, plan, hedge, wants(hedge)),
    };
  });
}

async function withPerp(
  ask: Ask,
  { pair }: PairPlan,
  leg: LegPlan,
  wants: PerpWants | null,
): Promise<LegPlan> {
  const { access, market, name } = leg;
  if (market.instrument.kind === "spot" || access.credentials === null) return leg;
  const { symbol } = market.instrument;
  const where = `pair ${pair.id}, ${name}`;
  return { ...leg, perp: await ask(access, where, () => askPerp(access, symbol, wants)) };
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
  requireParams(pair, plan.quote, plan.hedge);
  return { ...plan, pair };
}

/**
 * Two pairs on one market of one account would fill against and cancel one another's orders, and
 * take one another's position for their own.
 */
function requireDistinctMarkets(config: Config): void {
  const byMarket = new Map<string, { id: string; leg: LegName }>();
  for (const pair of config.pairs) {
    for (const leg of pair.mode === "paper" ? [] : legNames(pair)) {
      const { account = "", symbol, venue } = legConfig(pair, leg);
      // One account may have two names.
      const traded = config.accounts[account];
      const key = JSON.stringify([venue, symbol, traded && tradedAccount(traded)]);
      const other = byMarket.get(key);
      byMarket.set(key, { id: pair.id, leg });
      if (other === undefined) continue;
      const market = `${symbol} on ${venue} with account ${account}`;
      const what = leg === "quote" && other.leg === "quote" ? "quote" : "trade";
      const message = `pairs ${other.id} and ${pair.id} both ${what} ${market}`;
      throw new InputError("same-market", message, {
        where: `pair ${pair.id}, ${leg}`,
        hint: "make one pair of the two, or give them two accounts",
      });
    }
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

async function loadLeg(
  ask: Ask,
  { pair, name, access }: { pair: PairConfig; name: LegName; access: VenueAccess },
): Promise<LegPlan & { pair: PairConfig }> {
  const { symbol, venue } = legConfig(pair, name);
  const where = `pair ${pair.id}, ${name}.symbol`;
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
  return { pair, name, access, market, perp: null };
}

function planOf(
  pair: PairConfig,
  legs: readonly (LegPlan & { pair: PairConfig })[],
  busyPoll: boolean,
): PairPlan {
  const legOf = (name: LegName): LegPlan | null => {
    const leg = legs.find((one) => one.pair === pair && one.name === name);
    if (leg === undefined) return null;
    const { access, market, perp } = leg;
    return { name, access, market, perp };
  };
  const [quote, hedge] = [legOf("quote"), legOf("hedgeOn")];
  if (quote === null) throw new InvariantError(`pair ${pair.id} was not loaded`);
  if (hedge !== null) requireSameBase(pair, quote, hedge);
  const { orderPrefix } = requireParams(pair, quote, hedge);
  return { pair, quote, hedge, orderPrefix, busyPoll };
}

/** @throws {InputError} `bad-config` where the sizes leave no order possible */
function requireParams(pair: PairConfig, quote: LegPlan, hedge: LegPlan | null): EngineParams {
  const { instrument } = quote.market;
  if (hedge === null) return engineParams(pair, instrument, 0);
  const hedged = { instrument: hedge.market.instrument, position: NO_POSITION };
  return engineParams(pair, instrument, 0, { hedge: hedged });
}

/** What is sold on the hedge venue is what is held on the quoting one. */
function requireSameBase({ id }: PairConfig, quote: LegPlan, hedge: LegPlan): void {
  const [held, sold] = [quote.market.instrument.base, hedge.market.instrument.base];
  if (held === sold) return;
  throw new InputError(
    "hedge-mismatch",
    `${marketName(hedge)} is ${sold}, and the pair quotes ${held}`,
    {
      where: `pair ${id}, hedgeOn.symbol`,
      hint: `hedge on a perpetual future of ${held}`,
    },
  );
}

/** What is unwise about a hedge, a sentence each. */
function hedgeWarnings({ pair, quote, hedge }: PairPlan): string[] {
  const from = quote.market.instrument.quote;
  const to = hedge?.market.instrument.quote ?? from;
  if (from === to) return [];
  return [
    `pair ${pair.id}, hedgeOn: it quotes in ${from} and hedges in ${to}, which are taken to be ` +
      "worth the same",
  ];
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
  for (const plan of plansAfter(plans, options)) {
    const { pair } = plan;
    const { access: own, market } = plan.quote;
    // A perp's amounts are an allotment: what they need is margin.
    if (own.account !== access.account || market.instrument.kind === "perp") continue;
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
