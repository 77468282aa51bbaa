/**
 * What a failed question of the desk means to the user: what is wrong, and what to do about it.
 * Whoever asked adds which account and address it is about.
 * Pure; may import domain only.
 */

import { InputError, type MmError } from "#domain/errors.ts";
import { VenueError } from "../venue.ts";
import type { ApiAnswer, Dialect } from "./api.ts";
import type { Reply } from "./errors.ts";

const BAD_SIGNATURE = -1022;
const KEY_CODES: ReadonlySet<number> = new Set([-2014, -2015, BAD_SIGNATURE]);

/** @param nowMs the venue's clock. @returns null where the answer is a success */
export function deskError(answer: ApiAnswer, nowMs: number, dialect: Dialect): MmError | null {
  if (answer.kind === "unknown") return unreachable(answer.message);
  if (answer.kind === "not-sent") {
    return answer.why === "budget"
      ? throttled(answer.message, answer.retryAtMs, nowMs)
      : unreachable(answer.message);
  }
  const { reply } = answer;
  if (KEY_CODES.has(reply.code) || reply.status === 401) return badKey(reply, dialect);
  const outcome = dialect.outcomeOf(reply, nowMs);
  switch (outcome.kind) {
    case "accepted":
      return null;
    case "unknown":
      return unreachable(outcome.message);
    case "throttled":
      return throttled(outcome.message, outcome.untilMs, nowMs);
    case "clock":
      return new InputError("clock-offset", outcome.message, {
        hint: "set this machine's clock (NTP): it differs from the venue's by too much",
      });
    case "rejected":
    case "fatal":
      return new VenueError("venue-refused", outcome.message, {
        hint: `the venue's code is ${reply.code}, its HTTP status ${reply.status}`,
      });
  }
}

/** The venue cannot be reached, or does not answer. */
export function unreachable(message: string): VenueError {
  return new VenueError("venue-unreachable", message, {
    hint: "check the network, the address under `venues`, and the venue's status page",
  });
}

function throttled(message: string, untilMs: number, nowMs: number): VenueError {
  const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
  return new VenueError("venue-throttled", message, {
    hint: `wait ${seconds} s; other programs at this address draw on the same limits`,
  });
}

function badKey({ code, message }: Reply, { product }: Dialect): InputError {
  const hint =
    code === BAD_SIGNATURE
      ? "the secret does not belong to this API key, or was copied with something missing"
      : `check the API key, the IP addresses it is bound to, that it may trade ${product}, and ` +
        "that it is a key of this address: keys of the testnet do not work live";
  return new InputError("bad-key", message, { hint });
}

/** @throws {MmError} for whatever is no success */
export function resultIn(answer: ApiAnswer, nowMs: number, dialect: Dialect): unknown {
  const error = deskError(answer, nowMs, dialect);
  if (error !== null) throw error;
  return answer.kind === "answered" ? answer.result : undefined;
}
