/**
 * Hold: what keeps a pair from quoting although its worker is well, by an operator or a guard. It
 * is remembered outside of the worker, so that a new one does not undo it. Pure.
 */

import type { OperatorCommand } from "#domain/events.ts";
import type { PairRunState } from "./pair-status.ts";

export type Hold = "none" | "paused" | "flattened" | "halted";

/** What a command makes of it; halted is left by `rearm` alone, as in the decision core. */
export function heldAfter(hold: Hold, command: OperatorCommand): Hold {
  switch (command) {
    case "pause":
      return hold === "halted" ? hold : "paused";
    case "flatten":
      return hold === "halted" ? hold : "flattened";
    case "resume":
      return hold === "halted" ? hold : "none";
    case "halt":
      return "halted";
    case "rearm":
      return hold === "halted" ? "none" : hold;
    case "cancel":
    case "stop":
      return hold;
  }
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
  }
}
