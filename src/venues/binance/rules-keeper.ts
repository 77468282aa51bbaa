/**
 * RulesKeeper: looks at the venue's rules for one symbol again and again: whether orders are taken
 * at all, and the filters. People are told of every change. How they are asked for and read is the
 * venue's matter; time is handed in.
 */

import { NO_TICKS } from "#domain/book.ts";
import { messageOf } from "#domain/errors.ts";
import type { CancelTimer, Timers } from "#net/timers.ts";
import type { VenueNews } from "../news.ts";

/** After a refusal that the rules as we know them do not explain. */
const SOONEST_MS = 60_000;
/**
 * While no orders are taken: that they are again is told by nothing else. Twice as long from one
 * look to the next, for a look has its price, and all pairs are closed at once.
 */
const CLOSED_FIRST_MS = 3_000;
const CLOSED_MOST_MS = 60_000;

/** Has every quote pulled; books are shown again once orders are taken. */
const NO_BOOK = { bidTicks: NO_TICKS, bidLots: 0, askTicks: NO_TICKS, askLots: 0 };

/** The rules as the venue tells them now. */
export interface RulesReading {
  readonly isOpen: boolean;
  /** The venue's own word for whether it is, for people. */
  readonly statusWord: string;
  /** As text: to see whether they are others than before. */
  readonly filters: string;
  /** Tick and lot are as they were. */
  readonly isSameGrid: boolean;
}

export interface KeeperParts {
  readonly symbol: string;
  /** As the symbol was loaded. */
  readonly isOpen: boolean;
  readonly everyMs: number;
  /** Asks, and has the checks of orders go by the answer; null: there is none. May reject. */
  readonly read: () => Promise<RulesReading | null>;
  readonly news: VenueNews;
  readonly timers: Timers;
}

export class RulesKeeper {
  readonly #parts: KeeperParts;
  #isOpen: boolean;
  /** Null until they were read once. */
  #filters: string | null = null;
  #isReading = false;
  #readMs = -Infinity;
  #closedMs = CLOSED_FIRST_MS;
  #isStopped = false;
  #cancelNext: CancelTimer = () => {};

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#isOpen = parts.isOpen;
  }

  /** A market that takes no orders has no price to quote around: its books are not to be shown. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelNext();
  }

  /** Reads the rules now, unless that was done a moment ago. The first call begins. */
  refresh(): void {
    const isSoon = this.#parts.timers.elapsedMs() - this.#readMs < SOONEST_MS;
    if (!isSoon) this.#read();
  }

  #read(): void {
    if (this.#isStopped || this.#isReading) return;
    this.#cancelNext();
    this.#isReading = true;
    void this.#readAndWait();
  }

  async #readAndWait(): Promise<void> {
    const { timers, news, read } = this.#parts;
    try {
      const reading = await read();
      // Unanswered: the next time will do.
      if (reading !== null && !this.#isStopped) this.#take(reading);
    } catch (thrown) {
      news.alertSometimes("warning", "unreadable-rules", messageOf(thrown));
    }
    this.#isReading = false;
    this.#readMs = timers.elapsedMs();
    if (this.#isStopped) return;
    this.#cancelNext = timers.after(this.#nextReadMs(), () => this.#read());
  }

  #nextReadMs(): number {
    if (this.#isOpen) {
      this.#closedMs = CLOSED_FIRST_MS;
      return this.#parts.everyMs;
    }
    const waitMs = this.#closedMs;
    this.#closedMs = Math.min(2 * waitMs, CLOSED_MOST_MS);
    return waitMs;
  }

  #take({ filters, isSameGrid, isOpen, statusWord }: RulesReading): void {
    if (this.#filters !== null && this.#filters !== filters) this.#tellChange(isSameGrid);
    this.#filters = filters;
    this.#setOpen(isSameGrid && isOpen, statusWord);
  }

  #tellChange(isSameGrid: boolean): void {
    const { news, symbol } = this.#parts;
    const what = `the venue changed its filters of ${symbol}`;
    if (isSameGrid) {
      const when = "limits count from now on, the least size and value after a restart of the pair";
      news.alert("warning", "rules-changed", `${what}: ${when}`);
    } else {
      const why = "its tick or lot is another, and nothing is quoted until the pair is restarted";
      news.alert("critical", "rules-changed", `${what}: ${why}`);
    }
  }

  #setOpen(isOpen: boolean, statusWord: string): void {
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    const { news, symbol } = this.#parts;
    if (isOpen) {
      news.alert("info", "market-open", `${symbol} takes orders again`);
      return;
    }
    news.alert("warning", "market-closed", `${symbol} takes no orders: ${statusWord}`);
    news.event({ kind: "book", ...news.times(), ...NO_BOOK });
  }
}
