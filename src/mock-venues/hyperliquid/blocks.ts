/**
 * Blocks: actions wait for the next block, which executes them in the venue's order: first those
 * that neither cancel nor hold an order that may take, then cancels, then the others. Answers come
 * some time after the block. Blocks stand on a grid in time; nothing runs while nothing waits.
 */

import { InvariantError } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { HlRules } from "./rules.ts";

/** The classes of a block, in its order. */
export const BLOCK_ORDER = ["makers", "cancels", "takers"] as const;
export type BlockClass = (typeof BLOCK_ORDER)[number];

interface Waiting {
  readonly blockClass: BlockClass;
  /** Executes it, and returns what answers it once the block is committed. */
  readonly execute: () => () => void;
}

interface BlocksParts {
  readonly rules: Pick<HlRules, "blockMs" | "commitMs">;
  readonly timers: Timers;
  /** Everything of one block has been executed. */
  readonly blockDone: () => void;
}

/** Far beyond what limits let in: more is a runaway loop. */
const MAX_WAITING = 100_000;

export class Blocks {
  readonly #parts: BlocksParts;
  #waiting: Waiting[] = [];
  #cancelBlock: CancelTimer | null = null;
  readonly #commits = new Set<CancelTimer>();
  #isStopped = false;

  constructor(parts: BlocksParts) {
    this.#parts = parts;
  }

  push(waiting: Waiting): void {
    if (this.#isStopped) return;
    if (this.#waiting.length >= MAX_WAITING) {
      throw new InvariantError(`over ${MAX_WAITING} actions wait for a block`);
    }
    this.#waiting.push(waiting);
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
    this.#cancelBlock?.();
    for (const cancel of this.#commits) cancel();
    this.#commits.clear();
  }

  #schedule(): void {
    if (this.#cancelBlock !== null || this.#waiting.length === 0) return;
    const { rules, timers } = this.#parts;
    const waitMs = rules.blockMs === 0 ? 0 : rules.blockMs - (timers.elapsedMs() % rules.blockMs);
    this.#cancelBlock = timers.after(waitMs, () => {
      this.#cancelBlock = null;
      this.#execute();
    });
  }

  #execute(): void {
    const block = this.#waiting;
    this.#waiting = [];
    const answers = BLOCK_ORDER.flatMap((blockClass) =>
      block.filter((waiting) => waiting.blockClass === blockClass).map(({ execute }) => execute()),
    );
    this.#parts.blockDone();
    const cancel = this.#parts.timers.after(this.#parts.rules.commitMs, () => {
      this.#commits.delete(cancel);
      for (const answer of answers) answer();
    });
    this.#commits.add(cancel);
  }
}
