/**
 * Log: what is told to the people who run MM, as plain data that may be posted between threads.
 * Workers post their entries to the main thread, and only the main thread writes. Types only.
 */

import type { LogFields, LogLevel } from "./messages.ts";

export interface LogEntry {
  readonly level: LogLevel;
  /** Null: about the whole program. */
  readonly pair: string | null;
  /** Stable, for machines: kebab-case. */
  readonly event: string;
  /** For people, one sentence. */
  readonly message: string;
  readonly fields?: LogFields;
}

/** Never throws, never waits. */
export type Log = (entry: LogEntry) => void;
