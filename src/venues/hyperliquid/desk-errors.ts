/**
 * What a failed question or action of the desk means to the user: what is wrong, and what to do
 * about it. Whoever asked adds which account and address it is about. Pure; may import domain only.
 */

import { InputError, type MmError } from "#domain/errors.ts";
import { VenueError } from "../venue.ts";
import type { Verdict } from "./answers.ts";
import type { InfoAnswer } from "./api.ts";
import { httpStatusOf } from "./errors.ts";

/** @returns the answer's result @throws {MmError} where there is none */
export function resultIn(answer: InfoAnswer): unknown {
  switch (answer.kind) {
    case "answered":
      return answer.result;
    case "refused":
      throw refused(answer.message);
    case "unanswered": {
      const isBusy = httpStatusOf(answer.message) === 429 || /budget/.test(answer.message);
      throw isBusy ? throttled(answer.message) : unreachable(answer.message);
    }
  }
}

/** Why an action of the desk's was not done, or may not have been. */
export function actionError(verdict: Exclude<Verdict<unknown>, { kind: "accepted" }>): MmError {
  switch (verdict.kind) {
    case "refused":
      if (verdict.refusal.kind === "fatal") return badKey(verdict.message);
      return verdict.refusal.kind === "throttled"
        ? throttled(verdict.message)
        : refused(verdict.message);
    case "unsent":
      return verdict.why === "budget" ? throttled(verdict.message) : unreachable(verdict.message);
    case "unknown":
      return unreachable(verdict.message);
  }
}

/** The venue cannot be reached, or does not answer. */
export function unreachable(message: string): VenueError {
  return new VenueError("venue-unreachable", message, {
    hint: "check the network, the address under `venues`, and the venue's status page",
  });
}

export function badKey(message: string): InputError {
  return new InputError("bad-key", message, {
    hint:
      "check the address of the account, that its agent wallet is approved for it (and has not " +
      "expired or been replaced), and that the secret is the agent's own private key",
  });
}

function throttled(message: string): VenueError {
  return new VenueError("venue-throttled", message, {
    hint: "wait a minute; other programs at this address draw on the same limits",
  });
}

function refused(message: string): VenueError {
  return new VenueError("venue-refused", message, {
    hint: "see the venue's notices; reducing what is asked for may help",
  });
}
