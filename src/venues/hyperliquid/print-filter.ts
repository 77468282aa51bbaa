/**
 * PrintFilter: which prints are news. The venue replays some thirty of the past whenever `trades`
 * is subscribed, without saying so, and two connections tell the same ones. Pure; allocates
 * nothing from print to print.
 */

/** More than a replay, with what is printed while one connection replaces another. */
const REMEMBERED = 512;

export class PrintFilter {
  /** A ring of what has been told. An id is unique together with its time. */
  readonly #ids = new Float64Array(REMEMBERED).fill(-1);
  readonly #timesMs = new Float64Array(REMEMBERED);
  #next = 0;
  #sinceMs = Infinity;

  /** The feed shows the market from this time on, by the venue's clock; before it is the past. */
  begin(venueTimeMs: number): void {
    if (this.#sinceMs === Infinity) this.#sinceMs = venueTimeMs;
  }

  /** The feed was lost: nothing is news until it begins again. */
  forget(): void {
    this.#sinceMs = Infinity;
  }

  /** Whether a print is to be told; it then counts as told. */
  isNews(id: number, timeMs: number): boolean {
    if (timeMs < this.#sinceMs) return false;
    for (let at = 0; at < REMEMBERED; at += 1) {
      if (this.#ids[at] === id && this.#timesMs[at] === timeMs) return false;
    }
    this.#ids[this.#next] = id;
    this.#timesMs[this.#next] = timeMs;
    this.#next = (this.#next + 1) % REMEMBERED;
    return true;
  }
}
