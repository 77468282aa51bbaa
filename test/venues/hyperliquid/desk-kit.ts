/** A desk with the venue under the test's hand. */

import { MmError } from "#domain/errors.ts";
import type { OrderOwner } from "#domain/order.ts";
import { Rng } from "#domain/rng.ts";
import type { HlAccess } from "#venues/hyperliquid/access.ts";
import type { ActionAnswer, InfoAnswer, InfoRequest } from "#venues/hyperliquid/api.ts";
import { HlDesk } from "#venues/hyperliquid/desk.ts";
import { ActionSigner, AgentWallet } from "#venues/hyperliquid/signing.ts";
import { ManualTimers } from "../../net/support.ts";
import { COIN, HandApi, info, META, stateOf, USER } from "./hl-kit.ts";

export const AGENT_KEY = `0x${"01".repeat(32)}`;
export const AGENT = new AgentWallet(AGENT_KEY).address.toLowerCase();
export const DAY_MS = 86_400_000;
export const OURS: OrderOwner = { prefix: "mm", pairId: "SUI1", untilEpoch: 7 };
export const OK: ActionAnswer = { kind: "answered", response: { type: "default" } };

export const ACCESS: HlAccess = {
  user: USER,
  master: USER,
  vaultAddress: null,
  signer: new ActionSigner(AGENT_KEY, false),
  deadMansSwitch: true,
};

export type Answers = Record<string, unknown>;

export const USUAL: Answers = {
  meta: META,
  userFees: { userAddRate: "0.000100", userCrossRate: "0.00040" },
  clearinghouseState: stateOf("-2.0"),
  activeAssetData: assetOf("cross", 5),
  userRole: { role: "agent", data: { user: USER } },
  extraAgents: [],
  userAbstraction: "disabled",
  frontendOpenOrders: [],
};

export function assetOf(type: string, value: number): object {
  return { user: USER, coin: COIN, leverage: { type, value, rawUsd: "0.0" }, markPx: "3.0100" };
}

/** Answers by type; an answer that is a function of the request is called, an InfoAnswer stands. */
export class DeskApi extends HandApi {
  answers: Answers;
  readonly log: InfoRequest[] = [];
  constructor(answers: Answers) {
    super();
    this.answers = answers;
  }
  override info(request: InfoRequest): Promise<InfoAnswer> {
    this.log.push(request);
    const answer = this.answers[request.type];
    if (answer instanceof Silence) return Promise.resolve(answer.answer);
    return Promise.resolve(info(typeof answer === "function" ? answer(request) : answer));
  }
}

export class Silence {
  readonly answer: InfoAnswer;
  constructor(answer: InfoAnswer) {
    this.answer = answer;
  }
}

/** @param hasJumped whether the clock is found to have jumped when that is asked */
export function kitOf(answers: Answers = {}, access: HlAccess | null = ACCESS, hasJumped = false) {
  const api = new DeskApi({ ...USUAL, ...answers });
  const timers = new ManualTimers();
  const clock = {
    offsetMs: 5,
    distrust: () => undefined,
    measureBy: () => Promise.resolve(null),
    hasJumped: () => Promise.resolve(hasJumped),
  };
  return { api, timers, desk: new HlDesk({ api, clock, timers, rng: new Rng(1), access }) };
}

export async function failureOf(promise: Promise<unknown>): Promise<MmError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof MmError) return thrown;
  throw new Error(`it was expected to fail with an error of ours, and not with ${String(thrown)}`);
}
