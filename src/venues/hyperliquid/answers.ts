/**
 * Answers to actions: first a verdict on the action as a whole, then one on each of its elements.
 * Where the venue's checks refuse a whole batch it says so once, for all of them. Pure; may import
 * domain only.
 */

import * as v from "valibot";
import { decimal } from "#domain/decimal.ts";
import { Count, ProtocolError, parsed, Quantity } from "../wire.ts";
import type { ActionAnswer } from "./api.ts";
import { type Refusal, refusalOf } from "./errors.ts";

/** What the venue says of an order that it took. */
export interface Placed {
  /** Null: it waits for a trigger, and is not named yet. */
  readonly venueOrderId: string | null;
  /** What was filled at once, a plain decimal; null: it rests. */
  readonly filled: string | null;
}

/**
 * - `accepted`: done. `refused`: certainly not done, in the venue's words.
 * - `unsent`: certainly not done either, and the venue was not asked.
 * - `unknown`: done or not.
 */
export type Verdict<Result> =
  | { readonly kind: "accepted"; readonly result: Result }
  | {
      readonly kind: "refused";
      readonly refusal: Refusal;
      readonly message: string;
      /** Said once for several: what it says of one order need not be true of each. */
      readonly isOfAll: boolean;
    }
  | { readonly kind: "unsent"; readonly why: "budget" | "not-connected"; readonly message: string }
  | { readonly kind: "unknown"; readonly message: string };

const Statuses = v.object({ data: v.object({ statuses: v.array(v.unknown()) }) });
const Failed = v.object({ error: v.string() });
const Resting = v.object({ resting: v.object({ oid: Count }) });
const Filled = v.object({ filled: v.object({ oid: Count, totalSz: Quantity }) });
const Waiting = v.picklist(["waitingForFill", "waitingForTrigger"]);
const OrderElement = v.union([Resting, Filled, Waiting]);
const CancelElement = v.literal("success");

/**
 * Of `order` and `batchModify`: a verdict for each element, in their order.
 * @throws {ProtocolError} where the answer is no such list; what became of all of them is unknown
 */
export function placedVerdicts(answer: ActionAnswer, count: number): Verdict<Placed>[] {
  return verdictsOf(answer, count, (element) => {
    const known = parsed(OrderElement, element, "status of an order");
    if (typeof known === "string") return { venueOrderId: null, filled: null };
    if ("resting" in known) return { venueOrderId: known.resting.oid.toString(), filled: null };
    decimal(known.filled.totalSz);
    return { venueOrderId: known.filled.oid.toString(), filled: known.filled.totalSz };
  });
}

/** Of `cancel` and `cancelByCloid`. @throws as placedVerdicts */
export function canceledVerdicts(answer: ActionAnswer, count: number): Verdict<"success">[] {
  return verdictsOf(answer, count, (element) =>
    parsed(CancelElement, element, "status of a cancel"),
  );
}

/** Of an action without elements: `default`. */
export function plainVerdict(answer: ActionAnswer): Verdict<unknown> {
  return answer.kind === "answered"
    ? { kind: "accepted", result: answer.response }
    : withoutElements(answer);
}

function verdictsOf<Result>(
  answer: ActionAnswer,
  count: number,
  read: (element: unknown) => Result,
): Verdict<Result>[] {
  if (answer.kind !== "answered") {
    const verdict = withoutElements(answer, count > 1);
    return Array.from({ length: count }, () => verdict);
  }
  const { statuses } = parsed(Statuses, answer.response, "answer to an action").data;
  const [only] = statuses;
  if (statuses.length === 1 && count > 1 && v.is(Failed, only)) {
    return Array.from({ length: count }, () => refusedFor(only.error, true));
  }
  if (statuses.length !== count) {
    throw new ProtocolError(`${statuses.length} statuses for ${count}`, "answer to an action");
  }
  return statuses.map((element) => verdictOf(element, read));
}

/** An element that cannot be read says nothing about the others. */
function verdictOf<Result>(element: unknown, read: (element: unknown) => Result): Verdict<Result> {
  const failed = v.safeParse(Failed, element);
  if (failed.success) return refusedFor(failed.output.error, false);
  try {
    return { kind: "accepted", result: read(element) };
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError)) throw thrown;
    return { kind: "unknown", message: thrown.describe() };
  }
}

function refusedFor(message: string, isOfAll: boolean): Verdict<never> {
  return { kind: "refused", refusal: refusalOf(message), message, isOfAll };
}

function withoutElements(
  answer: Exclude<ActionAnswer, { kind: "answered" }>,
  isOfAll = false,
): Verdict<never> {
  switch (answer.kind) {
    case "refused":
      return refusedFor(answer.message, isOfAll);
    case "unknown":
      return { kind: "unknown", message: answer.message };
    case "not-sent":
      return { kind: "unsent", why: answer.why, message: `not sent: ${answer.message}` };
  }
}
