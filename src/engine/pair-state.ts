/** The states of a pair, and what an operator's command makes of each. Pure. */

import type { OperatorCommand } from "#domain/events.ts";

/**
 * - `starting`: the venue is being swept and compared.
 * - `quoting`.
 * - `paused`: quotes off, by an operator.
 * - `reducing`: only the side that brings inventory back, after an equity guard.
 * - `halted`: quotes off, latched until re-armed by hand.
 * - `stopping`: quotes off for good.
 */
export type PairState = "starting" | "quoting" | "paused" | "reducing" | "halted" | "stopping";

/**
 * The state after a command; the same state where the command does not apply to it.
 * @param hasStarted the venue was swept and agreed, once; before that nothing may quote
 */
export function stateAfter(
  state: PairState,
  command: OperatorCommand,
  hasStarted: boolean,
): PairState {
  const active = hasStarted ? "quoting" : "starting";
  if (state === "stopping") return state;
  switch (command) {
    case "cancel":
      return state;
    case "pause":
      return state === "halted" ? state : "paused";
    case "resume":
      return state === "paused" ? active : state;
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
