/**
 * ManagedPair: the life of one pair on the main thread. It starts the pair's worker; where that
 * fails or hangs it has the pair's orders swept from its venues and starts another one, later and
 * later. What an operator (or a guard) had done to the pair outlives its worker.
 *
 * Invariant: no worker starts while orders of one before it are not confirmed to be gone.
 */

import type { StartPosition } from "#config/engine-params.ts";
import type { PairConfig } from "#config/schema.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { OperatorCommand } from "#domain/events.ts";
import { Backoff } from "#net/backoff.ts";
import type { CancelTimer } from "#net/timers.ts";
import type { VenueWorld } from "#venues/venue.ts";
import { type FeedWorkers, legKey } from "./feed-workers.ts";
import { firstStatus } from "./first-status.ts";
import { heirOf, keepsHolding, type LastWord } from "./heir.ts";
import { type Hold, heldAfter, heldBy, holdCommands, isHolding, requireClosable } from "./hold.ts";
import { Legacy } from "./legacy.ts";
import type { Log } from "./log.ts";
import type { LegStart, LogFields, LogLevel } from "./messages.ts";
import { type LegPlan, legsOf, linkOf, type PairPlan } from "./pair-plan.ts";
import { disconnected, openOrders, type PairStatus, withoutOrders } from "./pair-status.ts";
import { type EndResult, mayBeOpen, NOTHING_LEFT, sweepPair } from "./pair-sweep.ts";
import { alertEntry, auditEntry } from "./story.ts";
import { WorkerHandle } from "./worker-handle.ts";
import type { SpawnWorker } from "./worker-port.ts";

export interface ManagedPairOptions {
  readonly configDir: string;
  readonly spawn: SpawnWorker;
  readonly feeds: FeedWorkers;
  readonly world: VenueWorld;
  readonly log: Log;
}

const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
/** A worker that lived this long failed for another reason than the one before it. */
const SETTLED_AFTER_MS = 60_000;
/** Longest that one sweep takes. */
const SWEEP_TIMEOUT_MS = 5_000;
/** A worker's own stop waits 5 s for the venue. */
const WORKER_STOP_TIMEOUT_MS = 6_000;

export class ManagedPair {
  readonly #options: ManagedPairOptions;
  readonly #backoff: Backoff;
  #plan: PairPlan;
  /** The plan whose orders may be at the venue, with or without a worker that looks after them. */
  #unswept: PairPlan | null = null;
  #handle: WorkerHandle | undefined;
  #status: PairStatus;
  #hold: Hold = "none";
  /** The capital that the worker was started with. */
  #capital: PairConfig["capital"];
  readonly #legacy = new Legacy();
  #restarts = 0;
  #epoch = 0;
  #bornMs = 0;
  /** Why there is no worker; null where there is one. */
  #failure: string | null = null;
  /** Grows when what is under way must not go on: a stop, another plan. */
  #generation = 0;
  #wake: (() => void) | undefined;
  #ending: Promise<EndResult> | undefined;
  #end: "stopping" | "stopped" | null = null;
  #isReplacing = false;

  constructor(plan: PairPlan, options: ManagedPairOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#capital = plan.pair.capital;
    this.#backoff = new Backoff(BACKOFF, options.world.rng);
    this.#status = firstStatus(plan, options.world.nowMs());
  }

  get plan(): PairPlan {
    return this.#plan;
  }

  /** Which hedge of a pair that has ended stays open; null: none. */
  get hedgeLeft(): string | null {
    return this.#legacy.hedgeLeft(this.#plan, null);
  }

  /** What its workers have told; nothing of it before the first has. */
  get lastWord(): LastWord {
    return this.#legacy.lastWord;
  }

  status(): PairStatus {
    const own = { ...this.#status, restarts: this.#restarts, epoch: this.#epoch };
    if (this.#end !== null) return { ...own, state: this.#end };
    if (this.#isReplacing) {
      return { ...own, state: "stopping", reasons: ["it is started anew with another config"] };
    }
    if (this.#failure === null) return own;
    return { ...disconnected(own), state: "failed", reasons: [this.#failure] };
  }

  start(): void {
    if (this.#end === null) this.#startWorker();
  }

  /**
   * @returns once the worker has taken it; without a worker, it is kept for the next one
   * @throws {InputError} `not-now`
   */
  async command(command: OperatorCommand): Promise<PairStatus> {
    const where = `pair ${this.#plan.pair.id}`;
    if (command === "stop" || this.#end !== null) {
      const message = command === "stop" ? "a pair cannot be stopped by command" : "it is stopping";
      const hint = "take it out of the config and reload to stop it for good";
      throw new InputError("not-now", message, { where, hint });
    }
    if (command === "flatten") requireClosable(this.#plan.pair, this.#hold, this.#status.state);
    try {
      // Without a worker its orders are being swept already.
      if (this.#handle !== undefined) await this.#handle.command(command);
    } catch (thrown) {
      // Whether this worker took it is unknown; the one after it is told in any case.
      if (isHolding(command)) this.#hold = heldAfter(this.#hold, command);
      throw thrown;
    }
    this.#hold = heldAfter(this.#hold, command);
    return this.status();
  }

  /**
   * Other parameters on the same market. A worker that does not take them is replaced by one that
   * is started with them.
   * @returns what went wrong, or null
   */
  async update(plan: PairPlan): Promise<string | null> {
    this.#plan = plan;
    const handle = this.#handle;
    if (handle === undefined) return null;
    try {
      await handle.update({ ...plan.pair, capital: this.#capital });
      return null;
    } catch (thrown) {
      const problem = `new parameters were not taken: ${messageOf(thrown)}`;
      handle.terminate(problem);
      return `pair ${plan.pair.id}: ${problem}; its worker is started anew`;
    }
  }

  /**
   * Stops the pair, has its orders confirmed to be gone, and starts it by another plan. Where they
   * cannot be confirmed it goes on trying, and starts later. Also after a stop.
   * @returns what went wrong so far, and which hedge is left behind; or null
   */
  async replace(plan: PairPlan): Promise<string | null> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#wake?.();
    const handle = this.#handle;
    this.#end = null;
    this.#ending = undefined;
    this.#isReplacing = true;
    const left = handle === undefined ? null : await handle.stop(WORKER_STOP_TIMEOUT_MS);
    this.#handle = undefined;
    this.#leaveFeeds();
    if (generation !== this.#generation) return null;
    const hedgeLeft = this.#legacy.hedgeLeft(this.#plan, plan);
    this.#legacy.move(this.#plan, plan);
    const first = firstStatus(plan, this.#options.world.nowMs());
    const hedge = this.lastWord.hedge.has === undefined ? first.hedge : this.#status.hedge;
    this.#status = keepsHolding(this.#plan, plan) ? { ...this.#status, hedge } : first;
    this.#plan = plan;
    const isConfirmed = await this.#confirmSwept(left?.length === 0);
    if (generation !== this.#generation) return null;
    this.#isReplacing = false;
    if (isConfirmed) {
      this.#startWorker();
      return hedgeLeft;
    }
    this.#inBackground(this.#recover());
    const problem = `pair ${plan.pair.id}: ${this.#failure}; it starts when they are gone`;
    return hedgeLeft === null ? problem : `${problem}; ${hedgeLeft}`;
  }

  /**
   * Stops for good, within about this time. Never rejects. A second call gives the same answer;
   * where orders may be left, it tries again.
   */
  stop(timeoutMs: number): Promise<EndResult> {
    this.#ending ??= this.#stop(timeoutMs);
    return this.#ending;
  }

  /**
   * After a stop that left orders: goes on until the venue confirms that they are gone.
   * @returns false where a stop or another plan came first
   */
  retire(): Promise<boolean> {
    return this.#sweepUntilGone();
  }

  /** Ends the worker at once; its orders stay where they are. */
  kill(): void {
    this.#generation += 1;
    this.#end = "stopped";
    this.#wake?.();
    this.#handle?.terminate("killed");
  }

  async #stop(timeoutMs: number): Promise<EndResult> {
    const { timers } = this.#options.world;
    const deadlineMs = timers.elapsedMs() + timeoutMs;
    this.#generation += 1;
    this.#end = "stopping";
    this.#wake?.();
    const stopMs = Math.min(WORKER_STOP_TIMEOUT_MS, timeoutMs * 0.6);
    const left = await this.#handle?.stop(stopMs);
    this.#handle = undefined;
    // A worker that ends by itself tells of its hedge.
    const hedge = (left ?? null) === null ? this.hedgeLeft : null;
    if (hedge !== null) this.#log("warning", "hedge-left", hedge);
    this.#leaveFeeds();
    const sweepMs = Math.min(SWEEP_TIMEOUT_MS, Math.max(0, deadlineMs - timers.elapsedMs()));
    const swept = await this.#sweep(left?.length === 0, sweepMs);
    const isGone = swept.problem === null && swept.left.length === 0;
    this.#end = isGone ? "stopped" : "stopping";
    this.#status = { ...disconnected(this.#status), reasons: [] };
    if (isGone) return swept;
    this.#ending = undefined;
    // What the venue does not tell, the worker did, or its last status.
    const known = left ?? openOrders(this.#status).map(({ clientOrderId }) => clientOrderId);
    const result = { ...swept, left: swept.left.length === 0 ? known : swept.left };
    this.#status = { ...this.#status, reasons: [mayBeOpen(result)] };
    return result;
  }

  #startWorker(): void {
    const { world, spawn, configDir } = this.#options;
    const { busyPoll } = this.#plan;
    const { targetIqvRatio } = this.#status.inventory;
    const heir = heirOf(this.#plan, this.lastWord, targetIqvRatio);
    const { capital } = heir;
    const pair = { ...this.#plan.pair, capital };
    this.#capital = capital;
    this.#epoch = Math.max(Math.floor(world.nowMs() / 1000), this.#epoch + 1);
    this.#bornMs = world.timers.elapsedMs();
    this.#unswept = pair.mode === "live" ? this.#plan : null;
    const commands = holdCommands(this.#hold);
    this.#status = { ...withoutOrders(this.#status), state: "starting", reasons: [] };
    this.#failure = null;
    try {
      const { timers } = world;
      const { quote, hedge } = this.#plan;
      const { quote: lastQuote, hedge: lastHedge } = this.lastWord;
      const start = {
        pair,
        configDir,
        epoch: this.#epoch,
        quote: this.#legStart(quote, heir.position, lastQuote.newestTradeId),
        hedge:
          hedge === null
            ? null
            : this.#legStart(hedge, heir.hedgePosition, lastHedge.newestTradeId),
        busyPoll,
        commands,
      };
      this.#handle = new WorkerHandle({ start, spawn, timers, listener: this.#listener() });
    } catch (thrown) {
      this.#onGone(`no thread: ${messageOf(thrown)}`);
      return;
    }
    this.#log("info", "worker-started", "its worker was started", { epoch: this.#epoch });
  }

  #listener(): ConstructorParameters<typeof WorkerHandle>[0]["listener"] {
    const { log } = this.#options;
    const pair = (): string => this.#plan.pair.id;
    return {
      onStatus: (status) => {
        this.#status = status;
        this.#legacy.take(status);
        this.#hold = heldBy(status.state, this.#hold);
      },
      onLog: log,
      onAlert: (alert) => log(alertEntry(pair(), alert)),
      onAudit: (record) => log(auditEntry(pair(), record)),
      onGone: (reason) => this.#onGone(reason),
    };
  }

  #legStart(leg: LegPlan, position: StartPosition | null, newestTradeId: string | null): LegStart {
    const feed = this.#options.feeds.join({
      key: legKey(this.#plan.pair.id, leg.name),
      access: leg.access,
      onLost: (reason) => this.#handle?.terminate(reason),
    });
    return { link: linkOf(this.#plan, leg, newestTradeId), position, feed };
  }

  #leaveFeeds(): void {
    for (const { name } of legsOf(this.#plan)) {
      this.#options.feeds.leave(legKey(this.#plan.pair.id, name));
    }
  }

  #onGone(reason: string): void {
    this.#handle = undefined;
    this.#failure = reason;
    if (this.#end !== null) return;
    const livedMs = Math.round(this.#options.world.timers.elapsedMs() - this.#bornMs);
    if (livedMs >= SETTLED_AFTER_MS) this.#backoff.reset();
    this.#log("error", "worker-lost", `its worker ended: ${reason}`, { livedMs });
    this.#inBackground(this.#recover());
  }

  /** Sweeps until that is confirmed, waits, and starts the next worker. */
  async #recover(): Promise<void> {
    const generation = this.#generation;
    if (!(await this.#sweepUntilGone())) return;
    await this.#pause(this.#backoff.nextMs());
    if (generation !== this.#generation) return;
    this.#restarts += 1;
    if (this.#status.state === "reducing") {
      const message = "it was reducing after a loss: it stays halted until re-armed";
      this.#log("warning", "halted", message);
    }
    this.#startWorker();
  }

  /** @returns false where a stop or another plan cut it short */
  async #sweepUntilGone(): Promise<boolean> {
    const generation = this.#generation;
    while (!(await this.#confirmSwept(false))) {
      if (generation !== this.#generation) return false;
      await this.#pause(this.#backoff.nextMs());
      if (generation !== this.#generation) return false;
    }
    return generation === this.#generation;
  }

  /** @returns whether the venue confirmed that no order of this pair is open */
  async #confirmSwept(isClean: boolean): Promise<boolean> {
    const generation = this.#generation;
    const result = await this.#sweep(isClean, SWEEP_TIMEOUT_MS);
    if (generation !== this.#generation) return false;
    if (this.#unswept === null) return true;
    this.#failure = mayBeOpen(result);
    this.#log("error", "sweep-failed", this.#failure);
    return false;
  }

  /** See `sweepPair`. Never rejects. */
  async #sweep(isClean: boolean, timeoutMs: number): Promise<EndResult> {
    const plan = this.#unswept;
    if (plan === null) return NOTHING_LEFT;
    const { timers } = this.#options.world;
    const epoch = this.#epoch;
    const { canceled, ...end } = await sweepPair({ plan, epoch, isClean, timeoutMs, timers });
    if (canceled > 0) {
      const message = `${canceled} orders that its worker had left were canceled`;
      this.#log("warning", "swept", message, { canceled });
    }
    return end.problem === null && end.left.length === 0 ? this.#onSwept(plan) : end;
  }

  #onSwept(plan: PairPlan): EndResult {
    if (this.#unswept === plan) this.#unswept = null;
    this.#status = withoutOrders(this.#status);
    return NOTHING_LEFT;
  }

  /** Until the time is over, or a stop or another plan cuts it short. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel: CancelTimer = this.#options.world.timers.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Nobody waits for it; what it throws is a bug, and is told. */
  #inBackground(task: Promise<void>): void {
    task.catch((thrown: unknown) => {
      this.#failure = `a bug of ours: ${messageOf(thrown)}`;
      this.#log("error", "bug", this.#failure);
    });
  }

  #log(level: LogLevel, event: string, message: string, fields: LogFields = {}): void {
    this.#options.log({ level, pair: this.#plan.pair.id, event, message, fields });
  }
}
