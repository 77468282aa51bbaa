/**
 * Verdicts: whether what was asked is done, not done, or unknown, from whatever came of a request.
 * Pure; may import domain only.
 */

import type { RejectReason } from "#domain/order.ts";
import type { ApiAnswer } from "./api.ts";
import type { Outcome, OutcomeOf } from "./errors.ts";

/**
 * - `accepted`: done; `result` is the venue's payload, unread.
 * - `refused`: certainly not done. `isFatal`: and never will be, until somebody has seen to it.
 * - `unknown`: done or not.
 */
export type Verdict =
  | { readonly kind: "accepted"; readonly result: unknown }
  | {
      readonly kind: "refused";
      readonly reason: RejectReason;
      readonly message: string;
      readonly isFatal: boolean;
    }
  | { readonly kind: "unknown"; readonly message: string };

/** @param nowMs the venue's clock */
export function verdictBy(outcomeOf: OutcomeOf, answer: ApiAnswer, nowMs: number): Verdict {
  if (answer.kind !== "answered") return verdictWithoutAnswer(answer);
  return verdictOfOutcome(outcomeOf(answer.reply, nowMs), answer.result);
}

export function verdictWithoutAnswer(answer: Exclude<ApiAnswer, { kind: "answered" }>): Verdict {
  if (answer.kind === "unknown") return { kind: "unknown", message: answer.message };
  const reason = answer.why === "budget" ? "throttled" : "other";
  return { kind: "refused", reason, message: `not sent: ${answer.message}`, isFatal: false };
}

export function verdictOfOutcome(outcome: Outcome, result: unknown): Verdict {
  switch (outcome.kind) {
    case "accepted":
      return { kind: "accepted", result };
    case "unknown":
      return outcome;
    case "rejected":
      return { ...outcome, kind: "refused", isFatal: false };
    case "throttled":
      return { kind: "refused", reason: "throttled", message: outcome.message, isFatal: false };
    case "clock":
    case "fatal": {
      const isFatal = outcome.kind === "fatal";
      return { kind: "refused", reason: "other", message: outcome.message, isFatal };
    }
  }
}
