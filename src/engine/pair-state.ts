/** The states of a pair, and what an operator's command makes of each. Pure. */

import type { OperatorCommand } from "#domain/events.ts";

/**
 * - `starting`: the venue is being swept and compared.
 * - `quoting`.
 * - `paused`: quotes off, by an operator.
 * - `flattened`: quotes off and the hedge closed, or on its way to that, by an operator.
 * - `reducing`: only the side that brings inventory back, after an equity guard.
 * - `halted`: quotes off, latched until re-armed by hand.
 * - `stopping`: quotes off for good.
 */
export type PairState =
  | "starting"
  | "quoting"
  | "paused"
  | "flattened"
  | "reducing"
  | "halted"
  | "stopping";

/** What a pair is when nothing holds it back. */
export function activeState(hasStarted: boolean, mustReduce: boolean): PairState {
  if (!hasStarted) return "starting";
  return mustReduce ? "reducing" : "quoting";
}

/** Put off by an operator, and put on again by `resume`. */
const RESUMABLE: ReadonlySet<PairState> = new Set(["paused", "flattened"]);

/**
 * The state after a command; the same state where the command does not apply to it.
 * @param active by `activeState`
 */
export function stateAfter(
  state: PairState,
  command: OperatorCommand,
  active: PairState,
): PairState {
  if (state === "stopping") return state;
  switch (command) {
    case "cancel":
      return state;
    case "pause":
      // A pause would bring the hedge of a flattened pair back, which only a resume does.
      return state === "halted" || state === "flattened" ? state : "paused";
    case "flatten":
      return state === "halted" ? state : "flattened";
    case "resume":
      return RESUMABLE.has(state) ? active : state;
    case "halt":
      return "halted";
    case "rearm":
      return state === "halted" || state === "reducing" ? active : state;
    case "stop":
      return "stopping";
  }
}

export function mayQuote(state: PairState): boolean {
  return state === "quoting" || state === "reducing";
}
