/** How long the last calls took, for people: a ring of samples. Pure. */

const SAMPLES = 512;

export class RoundTrips {
  readonly #samplesMs = new Float64Array(SAMPLES);
  #count = 0;

  add(durationMs: number): void {
    this.#samplesMs[this.#count % SAMPLES] = durationMs;
    this.#count += 1;
  }

  /** By nearest rank; null before the first sample. */
  percentiles(): { readonly p50: number; readonly p99: number } | null {
    const kept = Math.min(this.#count, SAMPLES);
    const sorted = this.#samplesMs.slice(0, kept).sort();
    const at = (share: number): number => sorted[Math.ceil(share * kept) - 1] ?? Number.NaN;
    return kept === 0 ? null : { p50: at(0.5), p99: at(0.99) };
  }
}
