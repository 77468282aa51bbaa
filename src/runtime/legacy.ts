/**
 * Legacy: what a live pair's workers leave to those after them, as far as they have told it. Kept
 * on the main thread; heir.ts makes of it what the next one begins with.
 */

import { decimal, ZERO } from "#domain/decimal.ts";
import { keepsHedge, type LastWord, NO_WORD, wordFor } from "./heir.ts";
import { marketName, type PairPlan } from "./pair-plan.ts";
import type { PairStatus } from "./pair-status.ts";

export class Legacy {
  #last: LastWord = NO_WORD;

  get lastWord(): LastWord {
    return this.#last;
  }

  /** A worker told of itself. */
  take({ mode, inventory, connection, hedge }: PairStatus): void {
    // Paper money is gone with its worker.
    if (mode === "paper") return;
    const last = this.#last;
    this.#last = {
      quote: {
        has: inventory,
        newestTradeId: connection?.newestTradeId ?? last.quote.newestTradeId,
      },
      hedge:
        hedge === null
          ? last.hedge
          : {
              has: { base: hedge.position, quote: hedge.quote },
              newestTradeId: hedge.connection?.newestTradeId ?? last.hedge.newestTradeId,
            },
    };
  }

  /**
   * Which hedge stays open, and nobody looks after it any more, where the pair goes on by another
   * plan. @param after null: it does not go on
   * @returns a sentence; null: none
   */
  hedgeLeft(before: PairPlan, after: PairPlan | null): string | null {
    const { hedge, pair } = before;
    if (hedge === null || (after !== null && keepsHedge(before, after))) return null;
    // Before the first worker has told, it is what was there at the start.
    const position = this.#last.hedge.has?.base ?? hedge.perp?.position ?? "0";
    if (decimal(position).eq(ZERO)) return null;
    const size = `${position} ${hedge.market.instrument.base}`;
    return `pair ${pair.id}: its hedge of ${size} stays open, ${marketName(hedge)}: close it there`;
  }

  /** The pair goes on by another plan: what is not its own by that one is forgotten. */
  move(before: PairPlan, after: PairPlan): void {
    this.#last = wordFor(this.#last, before, after);
  }
}
