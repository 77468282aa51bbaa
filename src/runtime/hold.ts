/**
 * Hold: what keeps a pair from quoting although its worker is well, by an operator or a guard. It
 * is remembered outside of the worker, so that a new one does not undo it. Pure.
 */

import type { PairConfig } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";
import type { OperatorCommand } from "#domain/events.ts";
import type { PairRunState } from "./pair-status.ts";

/** `halted-flat`: halted after an operator had its hedge closed, which a halt leaves closed. */
export type Hold = "none" | "paused" | "flattened" | "halted" | "halted-flat";

/** Whether a command is one that must not be lost with the worker that it was meant for. */
export function isHolding(command: OperatorCommand): boolean {
  return command === "pause" || command === "flatten" || command === "halt";
}

/** What a command makes of it; halted is left by `rearm` alone, as in the decision core. */
export function heldAfter(hold: Hold, command: OperatorCommand): Hold {
  const isHalted = hold === "halted" || hold === "halted-flat";
  switch (command) {
    case "pause":
      return isHalted || hold === "flattened" ? hold : "paused";
    case "flatten":
      return isHalted ? hold : "flattened";
    case "resume":
      return isHalted ? hold : "none";
    case "halt":
      return haltedAfter(hold);
    case "rearm":
      return isHalted ? "none" : hold;
    case "cancel":
    case "stop":
      return hold;
  }
}

/** A halt does not bring back a hedge that an operator had closed. */
function haltedAfter(hold: Hold): Hold {
  return hold === "flattened" || hold === "halted-flat" ? "halted-flat" : "halted";
}

/**
 * What a worker's state says of it. A pair that reduces after a loss counts as halted: the next
 * worker knows nothing of the loss, and either is left by `rearm` alone.
 */
export function heldBy(state: PairRunState, before: Hold): Hold {
  switch (state) {
    case "paused":
      return "paused";
    case "flattened":
      return "flattened";
    case "halted":
      return haltedAfter(before);
    case "reducing":
      return "halted";
    case "quoting":
      return "none";
    case "starting":
    case "stopping":
    case "stopped":
    case "failed":
      return before;
  }
}

/** What a new worker is told first. */
export function holdCommands(hold: Hold): OperatorCommand[] {
  switch (hold) {
    case "none":
      return [];
    case "paused":
      return ["pause"];
    case "flattened":
      return ["flatten"];
    case "halted":
      return ["halt"];
    case "halted-flat":
      return ["flatten", "halt"];
  }
}

/**
 * Halted stays halted, hedge and all: whoever wants that closed must not take it for done.
 * @param state that its worker told last
 * @throws {InputError} `not-now` where a flatten would close nothing
 */
export function requireClosable(pair: PairConfig, hold: Hold, state: PairRunState): void {
  // One that reduces counts as halted for the next worker; this one closes its hedge.
  const isHalted = hold === "halted" && state !== "reducing";
  if (!isHalted || pair.hedgeOn === undefined || pair.hedge?.onHalt === "flatten") return;
  throw new InputError("not-now", "it is halted, and its hedge is kept", {
    where: `pair ${pair.id}`,
    hint: 'set hedge.onHalt to "flatten" and reload: that closes it; or rearm it first',
  });
}
