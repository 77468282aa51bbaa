/**
 * Messages: all that main thread and pair worker say to one another, as two closed unions of plain
 * data. A request carries an id, and its `done` carries the same. Types only.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import type { OperatorCommand } from "#domain/events.ts";
import type { Alert, AuditRecord } from "#ports/sink.ts";
import type { VenueLink } from "#venues/venue.ts";
import type { PairStatus } from "./pair-status.ts";

/** A worker's way to the venue of one leg. Holds secrets (in `link`). */
export interface LegStart {
  readonly link: VenueLink;
  /** A perp's position at its start; null: spot, or paper. */
  readonly position: StartPosition | null;
  /** To a feed worker whose sockets it shares; null: it has sockets of its own. Transferred. */
  readonly feed: MessagePort | null;
}

/** What a worker is started with. Holds secrets (in its legs): never logged. */
export interface PairStart {
  readonly pair: PairConfig;
  /** Folder that the path of a user's strategy is relative to. */
  readonly configDir: string;
  /** Larger than that of any worker of this pair before. */
  readonly epoch: number;
  readonly quote: LegStart;
  /** Null: the pair does not hedge. */
  readonly hedge: LegStart | null;
  readonly busyPoll: boolean;
  /** Given before anything else: what an operator (or a guard) had done to it already. */
  readonly commands: readonly OperatorCommand[];
}

export type ToWorker =
  | ({ readonly kind: "start" } & PairStart)
  | { readonly kind: "command"; readonly id: number; readonly command: OperatorCommand }
  /** New parameters for the same market; orders that still fit are kept. */
  | { readonly kind: "update"; readonly id: number; readonly pair: PairConfig }
  /** Cancel everything, have it confirmed, answer `stopped`. */
  | { readonly kind: "stop" };

export type LogLevel = "debug" | "info" | "warning" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** An error of MM as plain data; `code` is `unexpected` for any other. */
export interface ErrorMessage {
  readonly code: string;
  /** With its place and hint, in one line. */
  readonly message: string;
}

/** What the decision core wrote down of itself, quotes left out: there are too many. */
export type StoryRecord = Exclude<AuditRecord, { readonly kind: "order" }>;

export type FromWorker =
  /** Every 250 ms: the heartbeat. */
  | { readonly kind: "status"; readonly status: PairStatus }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      /** Stable, for machines: kebab-case. */
      readonly event: string;
      readonly message: string;
      readonly fields: LogFields;
    }
  | { readonly kind: "alert"; readonly alert: Alert }
  | { readonly kind: "audit"; readonly record: StoryRecord }
  | { readonly kind: "done"; readonly id: number; readonly status: PairStatus }
  | { readonly kind: "refused"; readonly id: number; readonly error: ErrorMessage }
  /** `left`: client ids of orders that the venue has not confirmed to be gone. */
  | { readonly kind: "stopped"; readonly left: readonly string[]; readonly status: PairStatus }
  /** The last message: the worker ends with it. */
  | {
      readonly kind: "failed";
      readonly error: ErrorMessage;
      readonly stack: string;
    };
