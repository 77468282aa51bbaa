/**
 * HlMockVenue: all that the mock of Hyperliquid is, apart from its sockets: a universe of perps,
 * one account that trades, blocks, budgets, funding. Whoever serves it asks by `answerInfo`
 * (info.ts), hands in actions by `submit`, and hears of the account by `onUserEvent` and of
 * markets by `HlCoin.subscribe`.
 * May import domain, net, sim and this folder.
 *
 * There is one traded account: the master's, or its sub-account or vault where one is set up. Every
 * other address is a stranger, whose state is empty (so is an agent's: a usual mistake of clients).
 * Not simulated: spot, builder perps, transfers, liquidation, ADL, TWAP, multi-sig, limits by IP.
 */

import type { Decimal } from "#domain/decimal.ts";
import type { Side } from "#domain/instrument.ts";
import { HlAccount } from "./account.ts";
import { ActionGate, type HlReply } from "./action-gate.ts";
import { Actions } from "./actions.ts";
import { AddressLimits } from "./address-limits.ts";
import { Blocks } from "./blocks.ts";
import { HlCoin, type HlCoinSpec } from "./coin.ts";
import { DeadMansSwitch } from "./dead-mans-switch.ts";
import type { HlFill } from "./fills.ts";
import { Funding } from "./funding.ts";
import { OrderDesk } from "./order-desk.ts";
import type { HlOrder } from "./order-records.ts";
import { HL_RULES, type HlAccountSetup, type HlRules, type HlWorld } from "./rules.ts";
import { Signers } from "./signers.ts";
import type { DelistedCoin } from "./universe.ts";
import { type HlUserEvent, UserEvents } from "./user-events.ts";

export interface HlMockVenueOptions {
  /** Asset ids are the indices here. Has at least one listed coin. */
  readonly universe: readonly (HlCoinSpec | DelistedCoin)[];
  readonly account: HlAccountSetup;
  /** Default: those of the real venue (`HL_RULES`). */
  readonly rules?: Partial<HlRules>;
  readonly world: HlWorld;
}

/** An order by hand, without signature, nonce or block. */
export interface HlForeignOrder {
  readonly coin: string;
  readonly cloid: string | null;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Default: "Gtc" */
  readonly tif?: "Alo" | "Ioc" | "Gtc";
  readonly reduceOnly?: boolean;
}

export type { HlReply } from "./action-gate.ts";
export type { HlFill } from "./fills.ts";
export type { HlOrder } from "./order-records.ts";
export type { HlUserEvent } from "./user-events.ts";

export class HlMockVenue {
  /** By asset id; delisted coins are plain facts. */
  readonly universe: readonly (HlCoin | DelistedCoin)[];
  /** The listed ones. */
  readonly coins: readonly HlCoin[];
  readonly rules: HlRules;
  readonly account: HlAccount;
  readonly limits: AddressLimits;
  readonly signers: Signers;
  readonly funding: Funding;
  readonly deadMansSwitch: DeadMansSwitch;
  readonly #world: HlWorld;
  readonly #byName: ReadonlyMap<string, HlCoin>;
  readonly #events: UserEvents;
  readonly #desk: OrderDesk;
  readonly #blocks: Blocks;
  readonly #gate: ActionGate;

  /** @throws {InputError} `bad-account` */
  constructor(options: HlMockVenueOptions) {
    const { world } = options;
    const rules = { ...HL_RULES, ...options.rules };
    this.#world = world;
    this.rules = rules;
    this.limits = new AddressLimits(rules, options.account, () => this.nowMs());
    this.signers = new Signers(options.account, rules.isTestnet);
    this.#events = new UserEvents(this.signers.user, world.rng);
    this.account = new HlAccount({
      setup: options.account,
      limits: this.limits,
      events: this.#events,
      nowMs: () => this.nowMs(),
      rng: world.rng,
    });
    this.universe = options.universe.map((entry, asset) => {
      return "instrument" in entry ? this.#list(entry, asset) : entry;
    });
    this.coins = this.universe.filter((entry) => entry instanceof HlCoin);
    this.#byName = new Map(this.coins.map((coin) => [coin.name, coin]));
    this.account.margins.list(this.coins);
    this.#desk = new OrderDesk({ universe: this.universe, account: this.account, rules });
    const flush = (): void => this.#events.flush();
    this.deadMansSwitch = new DeadMansSwitch({
      rules,
      timers: world.timers,
      nowMs: () => this.nowMs(),
      limits: this.limits,
      cancelAll: () => {
        this.#desk.cancelAll("scheduledCancel");
        flush();
      },
    });
    this.funding = new Funding({
      coins: this.coins,
      account: this.account,
      events: this.#events,
      intervalMs: rules.fundingIntervalMs,
      timers: world.timers,
      nowMs: () => this.nowMs(),
      rng: world.rng,
    });
    const actions = new Actions({
      desk: this.#desk,
      account: this.account,
      limits: this.limits,
      deadMansSwitch: this.deadMansSwitch,
      rules,
    });
    this.#blocks = new Blocks({ rules, timers: world.timers, blockDone: flush });
    this.#gate = new ActionGate({
      actions,
      account: this.account,
      blocks: this.#blocks,
      limits: this.limits,
      signers: this.signers,
      nowMs: () => this.nowMs(),
    });
  }

  /** Whose state is traded, lower case: events are of this user. */
  get user(): string {
    return this.signers.user;
  }
  get master(): string {
    return this.signers.master;
  }

  /** The venue's clock, epoch milliseconds. */
  nowMs(): number {
    return this.#world.nowMs();
  }

  /** Opens every market; there are books, marks and a past when this returns. */
  start(): void {
    for (const coin of this.coins) coin.start();
    this.funding.start();
  }

  /** Nothing happens any more; actions under way are never answered. */
  stop(): void {
    this.#blocks.stop();
    this.funding.stop();
    this.deadMansSwitch.stop();
    for (const coin of this.coins) coin.stop();
  }

  /** A listed coin by its exact name. */
  coin(name: string): HlCoin | undefined {
    return this.#byName.get(name);
  }

  /**
   * Takes the body of `POST /exchange`, or the payload of an action post. `answer` is called once:
   * within this call where the action is refused unseen, else after its block.
   */
  submit(body: unknown, answer: (reply: HlReply) => void): void {
    this.#gate.submit(body, answer);
  }

  /** Events of `user`, in the order of the wire, in batches by block or moment. @returns ends it */
  onUserEvent(listener: (event: HlUserEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** The period after a network upgrade: only post-only orders are taken. Default: false */
  set isPostOnlyPeriod(isOn: boolean) {
    this.#desk.isPostOnlyPeriod = isOn;
  }
  get isPostOnlyPeriod(): boolean {
    return this.#desk.isPostOnlyPeriod;
  }

  /** Open orders of all coins, oldest first. */
  openOrders(): readonly HlOrder[] {
    return this.account.records.open();
  }

  /** The account's fills, oldest first, as many as are remembered. */
  fills(): readonly HlFill[] {
    return this.account.fills.all;
  }

  /** How often whole actions were refused, by their words with figures and addresses left out. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#gate.refusals;
  }

  /** What the account is worth in USDC: cash, and what positions would bring at their marks. */
  accountValue(): Decimal {
    return this.account.value();
  }

  /** Signed position in lots. */
  positionLots(coin: string): number {
    return this.coin(coin)?.exchange.account.positionLots ?? 0;
  }

  /** As if by another program of the same account, by hand, or by an earlier run: at once. */
  placeForeign(order: HlForeignOrder): HlOrder {
    const placed = this.#desk.placeForeign(order);
    this.#events.flush();
    return placed;
  }

  /** Cancels every open order, as somebody at the web page would. */
  cancelForeign(): void {
    this.#desk.cancelAll("canceled");
    this.#events.flush();
  }

  #list(spec: HlCoinSpec, asset: number): HlCoin {
    const { timers, rng } = this.#world;
    const coin: HlCoin = new HlCoin({
      spec,
      asset,
      canCarry: (now, then) => this.account.canCarry(coin, now, then),
      emit: (event) => this.account.onExchangeEvent(coin, event),
      marked: () => this.account.onMark(coin),
      settled: () => this.#events.flush(),
      nowMs: () => this.nowMs(),
      timers,
      rng,
      oracleIntervalMs: this.rules.oracleIntervalMs,
    });
    return coin;
  }
}
