/**
 * NonceWindows: which nonces a signer may still use. The hundred highest are kept of each; a new
 * one must exceed the lowest of them where they are a hundred, be unused, and lie near the time.
 */

import { TEXTS } from "./texts.ts";

const KEPT = 100;
const DAY_MS = 86_400_000;
const MAX_BEHIND_MS = 2 * DAY_MS;
const MAX_AHEAD_MS = DAY_MS;

export class NonceWindows {
  /** By signer, lower case; ascending. Signers are the few that the account has approved. */
  readonly #kept = new Map<string, number[]>();

  /** Uses a nonce. @returns the refusal, or null @param nowMs of the block */
  use(signer: string, nonce: number, nowMs: number): string | null {
    const now = Math.floor(nowMs);
    const [least, most] = [now - MAX_BEHIND_MS + 1, now + MAX_AHEAD_MS - 1];
    if (nonce > most) return TEXTS.nonceHigh(nonce, most);
    if (nonce < least) return TEXTS.nonceLow(nonce, least);
    const kept = this.#kept.get(signer) ?? [];
    if (kept.includes(nonce)) return TEXTS.nonceUsed(nonce);
    const [lowest = -Infinity] = kept;
    if (kept.length >= KEPT && nonce < lowest) return TEXTS.nonceLow(nonce, lowest);
    const at = kept.findIndex((other) => other > nonce);
    kept.splice(at === -1 ? kept.length : at, 0, nonce);
    if (kept.length > KEPT) kept.shift();
    this.#kept.set(signer, kept);
    return null;
  }
}
