/** What a check of the config finds, and the form of a check. Types and two helpers; pure. */

import type { Config, PairConfig } from "./schema.ts";

export interface Finding {
  /** From the pair on: `quoting.binStep`. */
  readonly path: string;
  readonly message: string;
  readonly severity: "error" | "warning";
}

export interface PairRule {
  /** The rule in words, for the docs. */
  readonly says: string;
  /** Paths from the pair on; a section's name stands for all of it. */
  readonly reads: readonly string[];
  /** Paths from the file on. */
  readonly readsRoot?: readonly string[];
  check(pair: PairConfig, config: Config): Finding[];
}

export function error(path: string, message: string): Finding {
  return { path, message, severity: "error" };
}

export function warning(path: string, message: string): Finding {
  return { path, message, severity: "warning" };
}
