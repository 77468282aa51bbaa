/**
 * ActionGate: what stands between a client and the blocks: the shape of the request, its
 * signature, the vault, `expiresAfter` and the address budget are looked at at once; nonces, and
 * `expiresAfter` once more, when the block executes it. May import this folder.
 */

import * as v from "valibot";
import type { HlAccount } from "./account.ts";
import {
  Action,
  ActionBody,
  type HlMockAction,
  isCancel,
  isTaking,
  requestsOf,
} from "./action-schemas.ts";
import type { Actions } from "./actions.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { BlockClass, Blocks } from "./blocks.ts";
import { NonceWindows } from "./nonces.ts";
import type { Signers } from "./signers.ts";
import { TEXTS } from "./texts.ts";

/** An HTTP status and the body of that answer: JSON where the status is 200, else a text. */
export interface HlReply {
  readonly status: number;
  readonly body: unknown;
}

interface GateParts {
  readonly actions: Actions;
  readonly account: HlAccount;
  readonly blocks: Blocks;
  readonly limits: AddressLimits;
  readonly signers: Signers;
  readonly nowMs: () => number;
}

type Body = v.InferOutput<typeof ActionBody>;

/** Of what cannot be read, whatever it was. */
export const UNPARSED: HlReply = { status: 422, body: TEXTS.unparsed };

/** Different refusals are few: figures and names are taken out of them. */
const MAX_REFUSALS = 200;

export class ActionGate {
  /** How often whole actions were refused, by the words of it. */
  readonly refusals = new Map<string, number>();
  readonly #parts: GateParts;
  readonly #nonces = new NonceWindows();

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  submit(request: unknown, answer: (reply: HlReply) => void): void {
    const body = v.safeParse(ActionBody, request);
    if (!body.success) return answer(UNPARSED);
    const action = v.safeParse(Action, body.output.action);
    if (!action.success) return answer(unreadable(body.output.action.type));
    const signer = this.#signerOf(body.output, action.output);
    const refusal = this.#refusal(body.output, action.output, signer);
    if (refusal !== null) return answer(this.#refused(refusal));
    this.#parts.blocks.push({
      blockClass: classOf(action.output),
      execute: () => {
        const reply = this.#execute(body.output, action.output, signer);
        return () => answer(reply);
      },
    });
  }

  /** Lower case; the zero address for a signature that no key can have made. */
  #signerOf({ nonce, signature, vaultAddress, expiresAfter }: Body, action: HlMockAction): string {
    const signed = {
      action: withoutFalseFlags(action),
      nonce,
      vaultAddress: vaultAddress ?? null,
      expiresAfter: expiresAfter ?? null,
      signature,
    };
    return this.#parts.signers.signerOf(signed) ?? `0x${"0".repeat(40)}`;
  }

  #refusal(body: Body, action: HlMockAction, signer: string): string | null {
    const { signers, account, limits, nowMs } = this.#parts;
    if (!signers.mayAct(signer, nowMs())) return TEXTS.unknownSigner(signer);
    const vault = body.vaultAddress ?? null;
    if (vault !== null && vault !== signers.subAccount?.address) return TEXTS.vault(vault);
    // The master's own account, beside a sub-account that trades, has nothing.
    const hasMoney = account.hasDeposit && (vault !== null || signers.subAccount === null);
    if (!hasMoney) return TEXTS.mustDeposit(vault ?? signers.master);
    if (this.#isStale(body)) return TEXTS.expired;
    return limits.take(requestsOf(action), isCancel(action));
  }

  #execute(body: Body, action: HlMockAction, signer: string): HlReply {
    const nowMs = this.#parts.nowMs();
    const nonceRefusal = this.#nonces.use(signer, body.nonce, nowMs);
    if (nonceRefusal !== null) return this.#refused(nonceRefusal);
    if (this.#isStale(body)) return this.#refused(TEXTS.expired);
    return { status: 200, body: this.#parts.actions.execute(action) };
  }

  #refused(text: string): HlReply {
    const words = text.replace(/0x[\da-f]+|\d[\d.]*/gi, "…");
    const isKept = this.refusals.has(words) || this.refusals.size < MAX_REFUSALS;
    if (isKept) this.refusals.set(words, (this.refusals.get(words) ?? 0) + 1);
    return refused(text);
  }

  /** Counts it, where it came too late. */
  #isStale({ expiresAfter }: Body): boolean {
    const isStale = (expiresAfter ?? Infinity) < this.#parts.nowMs();
    if (isStale) this.#parts.limits.takeStale();
    return isStale;
  }
}

function classOf(action: HlMockAction): BlockClass {
  if (isCancel(action)) return "cancels";
  return isTaking(action) ? "takers" : "makers";
}

/** Their absence is what is signed. */
function withoutFalseFlags(action: HlMockAction): Readonly<Record<string, unknown>> {
  const entries = Object.entries(action);
  return Object.fromEntries(
    entries.filter(([key, value]) => !(["a", "f"].includes(key) && value === false)),
  );
}

/** What cannot be read as an action, or is one that only the real venue knows. */
function unreadable(type: string): HlReply {
  return REAL_ACTIONS.has(type) ? refused(TEXTS.mockOnly(type)) : UNPARSED;
}

function refused(text: string): HlReply {
  return { status: 200, body: { status: "err", response: text } };
}

/** Of the real venue, and not simulated. */
const REAL_ACTIONS: ReadonlySet<string> = new Set([
  "approveAgent",
  "approveBuilderFee",
  "createSubAccount",
  "multiSig",
  "sendAsset",
  "spotSend",
  "subAccountTransfer",
  "topUpIsolatedOnlyMargin",
  "twapCancel",
  "twapOrder",
  "usdClassTransfer",
  "usdSend",
  "vaultTransfer",
  "withdraw3",
]);
