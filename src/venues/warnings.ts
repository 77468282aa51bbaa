/**
 * Warnings: alerts about a feed or a connection; the same kind is not repeated within a minute.
 * Time is handed in.
 */

import type { Alert } from "#ports/sink.ts";
import type { VenueWorld } from "./venue.ts";

const PAUSE_MS = 60_000;

export class Warnings {
  readonly #world: Pick<VenueWorld, "timers" | "nowMs">;
  readonly #tell: (alert: Alert) => void;
  /** When one of a code may be given again, elapsed milliseconds. The codes are a handful. */
  readonly #allowedFrom = new Map<string, number>();

  constructor(world: Pick<VenueWorld, "timers" | "nowMs">, tell: (alert: Alert) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  warn(code: string, message: string): void {
    const elapsedMs = this.#world.timers.elapsedMs();
    if (elapsedMs < (this.#allowedFrom.get(code) ?? 0)) return;
    this.#allowedFrom.set(code, elapsedMs + PAUSE_MS);
    this.#tell({ timeMs: this.#world.nowMs(), level: "warning", code, message });
  }
}
