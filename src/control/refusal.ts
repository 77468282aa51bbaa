/**
 * What the control plane says no with, and how any error becomes an answer. May import domain.
 */

import type { ContentfulStatusCode } from "hono/utils/http-status";
import { InputError, MmError } from "#domain/errors.ts";

/** A call that is refused as it stands, with the HTTP status that says so. */
export class Refusal extends MmError {
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    said: { readonly code: string; readonly message: string; readonly hint?: string },
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(said.code, said.message, said.hint === undefined ? {} : { hint: said.hint });
    this.status = status;
    this.headers = headers;
  }
}

/** The body of every answer that is no success. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
  };
}

export interface ErrorAnswer {
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** A fault of ours or of the venue, which must be logged: the caller did nothing wrong. */
  readonly isFault: boolean;
}

/** Statuses of what the desk refuses; any other InputError is a config that cannot be used. */
const INPUT_STATUS: ReadonlyMap<string, ContentfulStatusCode> = new Map([
  ["no-pair", 404],
  ["not-now", 409],
]);
const UNUSABLE = 422;

/** Anything thrown as an answer. What no error of ours says stays in the log. */
export function errorAnswer(thrown: unknown): ErrorAnswer {
  if (!(thrown instanceof MmError)) {
    const message = "something went wrong inside MM; its log has the reason";
    return { ...answerOf(500, { code: "internal", message }), isFault: true };
  }
  const { code, where, hint } = thrown;
  const message = where === undefined ? thrown.message : `${where}: ${thrown.message}`;
  const said = { code, message, ...(hint === undefined ? {} : { hint }) };
  if (thrown instanceof Refusal) {
    return { ...answerOf(thrown.status, said), headers: thrown.headers, isFault: false };
  }
  if (thrown instanceof InputError) {
    return { ...answerOf(INPUT_STATUS.get(code) ?? UNUSABLE, said), isFault: false };
  }
  return { ...answerOf(500, said), isFault: true };
}

function answerOf(
  status: ContentfulStatusCode,
  error: ErrorBody["error"],
): Omit<ErrorAnswer, "isFault"> {
  return { status, headers: {}, body: { error } };
}
