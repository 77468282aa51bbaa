/** Rerun: one run of a task at a time; whatever wants it meanwhile is served by one more. */

export class Rerun {
  readonly #run: () => Promise<void>;
  #isRunning = false;
  #isWanted = false;
  #isStopped = false;

  /** @param run must not reject */
  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** It begins within this call, or where it is under way again after that. */
  want(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#runWhileWanted();
  }

  /** What is under way ends, and nothing begins any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #runWhileWanted(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      await this.#run();
    }
    this.#isRunning = false;
  }
}
