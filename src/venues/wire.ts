/**
 * What the messages of all venues have in common: the kinds of fields, and the error for a message
 * that is not as documented. Unknown fields are ignored everywhere. Pure; may import domain only.
 */

import * as v from "valibot";
import { MmError } from "#domain/errors.ts";

/** The venue sent what its documentation does not allow: nothing of the message was used. */
export class ProtocolError extends MmError {
  constructor(message: string, where: string, cause?: unknown) {
    super("bad-message", message, {
      where,
      hint: "the venue may have changed its API; reconcile, and look for a newer version",
      cause,
    });
  }
}

/** Ids, times and counts: JSON numbers. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Amounts of money: strings of a plain decimal. */
export const Amount = v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/));
/** Prices and sizes: never negative. */
export const Quantity = v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?$/));

/**
 * `json` as the schema has it.
 * @param where the kind of message, for the error
 * @throws {ProtocolError} with the path of the first field that is wrong; its value is shown where
 * it is a word that is new to us, and left out otherwise
 */
export function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? "the message";
  throw new ProtocolError(`${path} must be ${expectation(issue)}`, where);
}

function expectation(issue: v.BaseIssue<unknown>): string {
  const allowed = issue.expected === null ? "valid" : issue.expected;
  return issue.type === "picklist" ? `${allowed}, and is ${issue.received}` : allowed;
}
