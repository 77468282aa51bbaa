/**
 * A mock of Hyperliquid with two coins that stand still, a clock turned by hand, and a client whose
 * signatures are made by viem and the SDK: nothing of our adapter is in it.
 */

import { signL1Action } from "@nktkas/hyperliquid/signing";
import * as v from "valibot";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { Rng } from "#domain/rng.ts";
import { answerInfo } from "#mock-venues/hyperliquid/info.ts";
import type { HlAccountSetup, HlRules } from "#mock-venues/hyperliquid/rules.ts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import { HlMockVenue, type HlReply, type HlUserEvent } from "#mock-venues/hyperliquid/venue.ts";
import { ScriptedMarket } from "../../contract/scripted-market.ts";
import { ManualTimers } from "../../net/support.ts";

/** A quarter to one. */
export const START_MS = Date.UTC(2026, 10, 26, 12, 45);
export const MASTER_KEY = `0x${"1a".repeat(32)}` as const;
export const AGENT_KEY = `0x${"2b".repeat(32)}` as const;
export const STRANGER_KEY = `0x${"3c".repeat(32)}` as const;
export const MASTER = privateKeyToAccount(MASTER_KEY);
export const AGENT = privateKeyToAccount(AGENT_KEY);
export const STRANGER = privateKeyToAccount(STRANGER_KEY);

/** Asset ids: a delisted coin lies between the listed ones. */
export const BTC = 0;
export const DELISTED = 1;
export const SUI = 2;
/** Touch in ticks: 64000 and 64010 for BTC, 3 and 3.002 for SUI. */
export const BTC_BID = 640_000;
export const BTC_ASK = 640_100;
export const SUI_BID = 300_000;
export const SUI_ASK = 300_200;
/** 1 BTC, and 1000 SUI, at each level. */
const BTC_LOTS = 100_000;
const SUI_LOTS = 10_000;

export type Json = Readonly<Record<string, unknown>>;
type Address = `0x${string}`;

export interface SignOptions {
  readonly wallet?: PrivateKeyAccount;
  readonly nonce?: number;
  readonly isTestnet?: boolean;
  readonly vaultAddress?: Address;
  readonly expiresAfter?: number;
}

export interface BenchOptions {
  readonly rules?: Partial<HlRules>;
  readonly account?: Partial<HlAccountSetup>;
  readonly makerFeeRate?: string;
}

const OkBody = v.object({
  status: v.literal("ok"),
  response: v.looseObject({
    type: v.string(),
    data: v.optional(v.object({ statuses: v.array(v.unknown()) })),
  }),
});
const ErrBody = v.object({ status: v.literal("err"), response: v.string() });

export class HlBench {
  readonly timers = new ManualTimers();
  readonly venue: HlMockVenue;
  readonly btc: ScriptedMarket;
  readonly sui: ScriptedMarket;
  readonly events: HlUserEvent[] = [];
  #lastNonce = 0;

  constructor(options: BenchOptions = {}) {
    const elapsedMs = (): number => this.timers.elapsedMs();
    this.btc = new ScriptedMarket(elapsedMs, BTC_BID, BTC_ASK, BTC_LOTS);
    this.sui = new ScriptedMarket(elapsedMs, SUI_BID, SUI_ASK, SUI_LOTS);
    const { makerFeeRate } = options;
    const perp = (coin: string, szDecimals: number) =>
      perpInstrument({ coin, szDecimals, ...(makerFeeRate === undefined ? {} : { makerFeeRate }) });
    this.venue = new HlMockVenue({
      universe: [
        { instrument: perp("BTC", 5), maxLeverage: 40, source: this.btc },
        { name: "MATIC", szDecimals: 1, maxLeverage: 20 },
        { instrument: perp("SUI", 1), maxLeverage: 10, source: this.sui },
      ],
      account: {
        master: MASTER.address,
        usdc: "10000",
        agents: [{ address: AGENT.address, name: "mm", validUntilMs: null }],
        ...options.account,
      },
      rules: options.rules ?? {},
      world: { timers: this.timers, nowMs: () => this.nowMs(), rng: new Rng(7) },
    });
    this.venue.onUserEvent((event) => this.events.push(event));
    this.venue.start();
  }

  nowMs(): number {
    return START_MS + this.timers.elapsedMs();
  }

  nextNonce(): number {
    this.#lastNonce = Math.max(this.nowMs(), this.#lastNonce + 1);
    return this.#lastNonce;
  }

  /** The body of `POST /exchange`, signed by the agent where nobody else is named. */
  async signed(action: Json, options: SignOptions = {}): Promise<Json> {
    const { wallet = AGENT, isTestnet = false, ...signedToo } = options;
    const nonce = options.nonce ?? this.nextNonce();
    const signature = await signL1Action({ wallet, action, isTestnet, ...signedToo, nonce });
    return { action, signature, ...signedToo, nonce };
  }

  /** Hands a body in; the answer is there once block and commit are over. */
  submit(body: unknown): { reply: HlReply | null } {
    const box: { reply: HlReply | null } = { reply: null };
    this.venue.submit(body, (reply) => {
      if (box.reply !== null) throw new Error("answered twice");
      box.reply = reply;
    });
    return box;
  }

  /** Lets a block and its commit happen. */
  block(): void {
    const { blockMs, commitMs } = this.venue.rules;
    this.timers.advance(blockMs + commitMs);
  }

  /** Signs, submits and waits for the answer's body. */
  async act(action: Json, options: SignOptions = {}): Promise<unknown> {
    const box = this.submit(await this.signed(action, options));
    if (box.reply === null) this.block();
    return box.reply?.body;
  }

  /** The statuses of an action that was answered `ok`. */
  async statuses(action: Json, options: SignOptions = {}): Promise<readonly unknown[]> {
    const body = v.parse(OkBody, await this.act(action, options));
    return body.response.data?.statuses ?? [];
  }

  /** The text of an action that was refused as a whole. */
  async refusal(action: Json, options: SignOptions = {}): Promise<string> {
    return v.parse(ErrBody, await this.act(action, options)).response;
  }

  /** The only status's order id. */
  async oidOf(action: Json): Promise<number> {
    const [status] = await this.statuses(action);
    const parsed = v.parse(v.object({ resting: v.looseObject({ oid: v.number() }) }), status);
    return parsed.resting.oid;
  }

  info(request: Json): unknown {
    const { status, body } = answerInfo(this.venue, request);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** What the account's streams told since the last call, as `channel` and what it was about. */
  told(): string[] {
    const isOrders = ({ channel }: HlUserEvent): boolean => channel === "orderUpdates";
    // Orders and fills of one moment come in either order: here orders are the first.
    const events = this.events
      .splice(0)
      .toSorted((a, b) => Number(isOrders(b)) - Number(isOrders(a)));
    return events.flatMap((event) => {
      if (event.channel === "orderUpdates") {
        return event.data.map(
          (update) => `${update.status} ${update.order.side} ${update.order.sz}`,
        );
      }
      if (event.channel === "userFills") {
        return event.data.fills.map(({ side, sz, px }) => `fill ${side} ${sz}@${px}`);
      }
      return [];
    });
  }
}

export interface WireOptions {
  readonly isBuy?: boolean;
  readonly p?: string;
  readonly s?: string;
  readonly r?: boolean;
  readonly tif?: string;
  readonly c?: string;
}

/** An order of BTC in canonical key order; a passive buy of 0.01 where nothing else is said. */
export function wire(options: WireOptions = {}, asset: number = BTC): Json {
  const { isBuy = true, p = "63990", s = "0.01", r = false, tif = "Alo", c } = options;
  const t = { limit: { tif } };
  return { a: asset, b: isBuy, p, s, r, t, ...(c === undefined ? {} : { c }) };
}

export function stop(triggerPx: string, s: string, isBuy = false, r = true): Json {
  const trigger = { isMarket: true, triggerPx, tpsl: "sl" };
  return { a: BTC, b: isBuy, p: triggerPx, s, r, t: { trigger } };
}

export function order(...orders: readonly Json[]): Json {
  return { type: "order", orders, grouping: "na" };
}

export function cancel(...oids: readonly number[]): Json {
  return { type: "cancel", cancels: oids.map((o) => ({ a: BTC, o })), f: true };
}

export function cloid(number: number): string {
  return `0x${number.toString(16).padStart(32, "0")}`;
}
