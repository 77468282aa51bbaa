/**
 * How late a timer fires: what an event loop was held up by, its own work or the host. Run as a
 * program it is the floor: a process that does nothing else, until its parent disconnects.
 */

export class Lateness {
  readonly #periodMs: number;
  #samplesMs: number[] = [];

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
    this.#arm();
  }

  /** All since the last call, milliseconds. */
  take(): number[] {
    const taken = this.#samplesMs;
    this.#samplesMs = [];
    return taken;
  }

  #arm(): void {
    const dueMs = performance.now() + this.#periodMs;
    setTimeout(() => {
      this.#samplesMs.push(Math.max(0, performance.now() - dueMs));
      this.#arm();
    }, this.#periodMs);
  }
}

/** What a process or thread tells of itself each second. */
export interface LatenessMessage {
  readonly kind: "lateness";
  readonly samplesMs: readonly number[];
}

const TELL_EVERY_MS = 1_000;

/** Measures from now on, and tells. */
export function tellLateness(periodMs: number, tell: (message: LatenessMessage) => void): void {
  const lateness = new Lateness(periodMs);
  setInterval(() => tell({ kind: "lateness", samplesMs: lateness.take() }), TELL_EVERY_MS);
}

if (import.meta.main) {
  process.on("disconnect", () => process.exit(0));
  tellLateness(10, (message) => process.send?.(message));
}
