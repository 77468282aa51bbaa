/**
 * Supervisor: runs the pairs of a config, each in a worker of its own, from the main thread. It
 * checks everything before a worker starts, replaces workers that fail, applies a config that was
 * read anew, and at the end has every order confirmed to be gone. Threads, venues, time and
 * environment are handed in; it reads the config file and keeps lock files in the state folder.
 */

import { dirname, resolve } from "node:path";
import { loadConfig } from "#config/load.ts";
import type { Config, PairConfig } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";
import type { OperatorCommand } from "#domain/events.ts";
import type { VenueId } from "#domain/instrument.ts";
import type { VenueModule, VenueWorld } from "#venues/venue.ts";
import type { Readiness, ReloadReport, TradingDesk } from "./desk.ts";
import { type ExpectedLeg, FeedWorkers, legKey } from "./feed-workers.ts";
import { type LastWord, wordFor } from "./heir.ts";
import type { Log } from "./log.ts";
import { ManagedPair } from "./managed-pair.ts";
import { PairLocks } from "./pair-lock.ts";
import { legsOf, type PairPlan } from "./pair-plan.ts";
import type { PairStatus } from "./pair-status.ts";
import type { EndResult } from "./pair-sweep.ts";
import { type Preflight, preflight, replan } from "./preflight.ts";
import { planReload, type ReloadPlan } from "./reload-plan.ts";
import { type Environment, VenueAccesses } from "./venue-access.ts";
import type { SpawnFeed, SpawnWorker } from "./worker-port.ts";

export interface SupervisorOptions {
  readonly world: VenueWorld;
  readonly log: Log;
  /** Where accounts' keys are looked up. */
  readonly env: Environment;
  readonly spawn: SpawnWorker;
  readonly spawnFeed: SpawnFeed;
  readonly venues: (id: VenueId) => VenueModule;
}

export interface StopReport {
  /** Of every pair, in order of their ids. */
  readonly pairs: readonly (EndResult & { readonly id: string })[];
  /** Whether the venues confirmed that no order of ours is open. */
  readonly isClean: boolean;
}

/** All in all, for a stop. */
const STOP_TIMEOUT_MS = 10_000;
/** Reloads that wait for one another. */
const MAX_RELOADS = 8;

export class Supervisor implements TradingDesk {
  readonly #options: SupervisorOptions;
  readonly #accesses: VenueAccesses;
  readonly #feeds: FeedWorkers;
  readonly #pairs = new Map<string, ManagedPair>();
  #locks: PairLocks | undefined;
  #startedMs = 0;
  #config: Config | undefined;
  #configPath = "";
  #phase: "new" | "starting" | "running" | "stopping" = "new";
  #reloads: Promise<unknown> = Promise.resolve();
  #waitingReloads = 0;
  #stopping: Promise<StopReport> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#accesses = new VenueAccesses(options);
    const { spawnFeed: spawn, world, log } = options;
    this.#feeds = new FeedWorkers({ spawn, world, log });
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  /**
   * Checks the whole run and then starts every pair. Call once. After an error nothing was started
   * and nothing is left behind.
   * @param configPath the file that a reload reads; folders in the config are relative to its own
   * @throws {InputError} see `preflight`; `pair-runs-already`, `state-dir`, `too-many-accounts`
   */
  async start(config: Config, configPath: string): Promise<void> {
    if (this.#phase !== "new") throw notNow("it was started before");
    this.#phase = "starting";
    this.#configPath = resolve(configPath);
    const locks = new PairLocks(resolve(this.#configDir, config.stateDir));
    this.#locks = locks;
    let checked: Preflight;
    try {
      for (const { id } of config.pairs) locks.acquire(id);
      checked = await this.#preflight(config, config.pairs);
      if (this.#isStopping) throw notNow("it was stopped before it had started");
      this.#feeds.expect(checked.plans.flatMap(expectedOf));
    } catch (thrown) {
      locks.releaseAll();
      if (!this.#isStopping) this.#phase = "new";
      throw thrown;
    }
    this.#config = config;
    this.#startedMs = this.#options.world.nowMs();
    this.#phase = "running";
    this.#warn(checked.warnings);
    for (const plan of checked.plans) this.#add(plan);
  }

  pairs(): readonly PairStatus[] {
    return [...this.#pairs.values()].map((pair) => pair.status());
  }

  pair(id: string): PairStatus | undefined {
    return this.#pairs.get(id)?.status();
  }

  readiness(): Readiness {
    if (this.#phase !== "running") {
      const phase = this.#phase === "stopping" ? "stopping" : "starting";
      return { ready: false, reasons: [`mm is ${phase}`] };
    }
    const reasons = this.pairs().flatMap(({ id, state, reasons: why }) => {
      const isOnPurpose = state === "paused" || state === "flattened";
      if (isOnPurpose || (state === "quoting" && why.length === 0)) return [];
      return [`${id} is ${state}${why.length === 0 ? "" : `: ${why.join("; ")}`}`];
    });
    return { ready: reasons.length === 0, reasons };
  }

  async command(id: string, command: OperatorCommand): Promise<PairStatus> {
    const pair = this.#pairs.get(id);
    if (pair === undefined) {
      throw new InputError("no-pair", `there is no pair ${id}`, {
        hint: `there are ${[...this.#pairs.keys()].join(", ")}`,
      });
    }
    if (this.#isStopping) throw notNow("mm is stopping");
    const status = await pair.command(command);
    const fields = { command, state: status.state };
    const message = `operator: ${command}`;
    this.#options.log({ level: "info", pair: id, event: "command", message, fields });
    return status;
  }

  async reload(): Promise<ReloadReport> {
    if (this.#phase !== "running") throw notNow(`mm is ${this.#phase}`);
    if (this.#waitingReloads >= MAX_RELOADS) throw notNow("reloads are waiting already");
    this.#waitingReloads += 1;
    const run = this.#reloads.then(() => this.#reload());
    this.#reloads = run.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await run;
    } finally {
      this.#waitingReloads -= 1;
    }
  }

  /**
   * Stops every pair, and has the venues confirm that their orders are gone, within some ten
   * seconds. Never rejects; a second call gives the same answer.
   */
  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** For those who cannot wait: threads end at once, and orders stay where they are. */
  kill(): void {
    this.#phase = "stopping";
    for (const pair of this.#pairs.values()) pair.kill();
    this.#feeds.kill();
    this.#locks?.releaseAll();
  }

  get #configDir(): string {
    return dirname(this.#configPath);
  }

  // Behind a getter, since it changes while others wait.
  get #isStopping(): boolean {
    return this.#phase === "stopping";
  }

  async #stop(): Promise<StopReport> {
    this.#phase = "stopping";
    const ends = [...this.#pairs].map(async ([id, pair]) => {
      const { left, problem } = await pair.stop(STOP_TIMEOUT_MS);
      return { id, left, problem };
    });
    const pairs = (await Promise.all(ends)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await this.#feeds.stop();
    this.#locks?.releaseAll();
    const isClean = pairs.every(({ left, problem }) => left.length === 0 && problem === null);
    return { pairs, isClean };
  }

  async #reload(): Promise<ReloadReport> {
    const { config, warnings } = await loadConfig(this.#configPath);
    const before = this.#config;
    if (before === undefined || this.#isStopping) throw notNow("mm is stopping");
    const plan = planReload(before, config);
    const locked = this.#lock(plan.added);
    let started: Preflight;
    let updated: PairPlan[];
    try {
      updated = await this.#replans(plan.updated);
      started = await this.#preflight(config, [...plan.restarted, ...plan.added]);
      if (this.#isStopping) throw notNow("mm is stopping");
      this.#feeds.expect(this.#plansAfter(config, started.plans).flatMap(expectedOf));
    } catch (thrown) {
      for (const id of locked) this.#locks?.release(id);
      throw thrown;
    }
    // From here on it is carried out, whatever happens. What only a new start brings about stays
    // as it is, so that each reload tells of it until then.
    const { control, stateDir } = before;
    this.#config = { ...config, control, stateDir };
    const all = [...warnings, ...plan.warnings, ...started.warnings];
    const problems = await this.#apply(plan, updated, started.plans);
    const legs = [...this.#pairs.values()].flatMap((pair) => legsOf(pair.plan));
    this.#accesses.keepOnly(new Set(legs.map(({ access }) => access.key)));
    this.#warn([...all, ...problems]);
    const report = reportOf(plan, [...all, ...problems]);
    const message =
      `config reloaded: ${report.added.length} added, ${report.removed.length} removed, ` +
      `${report.updated.length} updated, ${report.restarted.length} restarted`;
    this.#options.log({ level: "info", pair: null, event: "reloaded", message });
    return report;
  }

  /** Of all pairs, once these are started. */
  #plansAfter({ pairs }: Config, started: readonly PairPlan[]): PairPlan[] {
    const byId = new Map(started.map((plan) => [plan.pair.id, plan]));
    return pairs.flatMap(({ id }) => byId.get(id) ?? this.#pairs.get(id)?.plan ?? []);
  }

  /** @returns what did not go as it should */
  async #apply(
    { removed }: ReloadPlan,
    updated: readonly PairPlan[],
    started: readonly PairPlan[],
  ): Promise<string[]> {
    const removals = removed.map((id) => this.#remove(id));
    const updates = updated.map((plan) => this.#pairs.get(plan.pair.id)?.update(plan) ?? null);
    const starts = started.map((plan) => {
      const running = this.#pairs.get(plan.pair.id);
      if (running !== undefined) return running.replace(plan);
      this.#add(plan);
      return null;
    });
    const problems = await Promise.all([...removals, ...updates, ...starts]);
    return problems.flat().filter((problem) => problem !== null);
  }

  #add(plan: PairPlan): void {
    if (this.#isStopping) return;
    const { spawn, world, log } = this.#options;
    const configDir = this.#configDir;
    const feeds = this.#feeds;
    const pair = new ManagedPair(plan, { configDir, spawn, feeds, world, log });
    this.#pairs.set(plan.pair.id, pair);
    pair.start();
  }

  async #remove(id: string): Promise<string[]> {
    const pair = this.#pairs.get(id);
    if (pair === undefined) return [];
    const { problem, left } = await pair.stop(STOP_TIMEOUT_MS);
    const hedgeLeft = pair.hedgeLeft === null ? [] : [pair.hedgeLeft];
    if (problem === null && left.length === 0) {
      this.#drop(id);
      return hedgeLeft;
    }
    // Not forgotten: nobody else would ever cancel them, and a stop of the program must know.
    void this.#dropOnceSwept(id, pair);
    const what = [problem ?? "not confirmed to be gone", ...left].join(", ");
    const open = `pair ${id}: orders may still be open at the venue, and are swept on: ${what}`;
    return [open, ...hedgeLeft];
  }

  async #dropOnceSwept(id: string, pair: ManagedPair): Promise<void> {
    if (!(await pair.retire())) return;
    this.#drop(id);
    const message = "removed: the venue confirms that no order of it is open";
    this.#options.log({ level: "info", pair: id, event: "removed", message });
  }

  #drop(id: string): void {
    // A stop of the whole program, begun meanwhile, reports it too.
    if (!this.#isStopping) this.#pairs.delete(id);
    this.#locks?.release(id);
  }

  #replans(pairs: readonly PairConfig[]): Promise<PairPlan[]> {
    return Promise.all(
      pairs.flatMap((pair) => {
        const running = this.#pairs.get(pair.id);
        return running === undefined ? [] : [replan(running.plan, pair, this.#configDir)];
      }),
    );
  }

  /** All or none. @returns the ids that were locked */
  #lock(pairs: readonly PairConfig[]): string[] {
    const locked: string[] = [];
    try {
      for (const { id } of pairs) {
        // One that was removed and whose orders are not gone yet has its lock.
        if (this.#pairs.has(id)) continue;
        this.#locks?.acquire(id);
        locked.push(id);
      }
      return locked;
    } catch (thrown) {
      for (const id of locked) this.#locks?.release(id);
      throw thrown;
    }
  }

  #preflight(config: Config, starting: readonly PairConfig[]): Promise<Preflight> {
    return preflight({
      config,
      starting,
      configDir: this.#configDir,
      accesses: this.#accesses,
      running: new Map([...this.#pairs].map(([id, pair]) => [id, pair.plan])),
      holdingOf: (plan) => this.#lastWordFor(plan)?.quote.has,
      goesOn: (plan, leg) => {
        const last = this.#lastWordFor(plan);
        return (leg === "quote" ? last?.quote.has : last?.hedge.has) !== undefined;
      },
      patience: {
        timers: this.#options.world.timers,
        onWait: (message) =>
          this.#options.log({ level: "info", pair: null, event: "wait", message }),
        isOver: () => this.#isStopping,
      },
    });
  }

  /** What is a pair's own by another plan too; undefined: it does not run. */
  #lastWordFor(plan: PairPlan): LastWord | undefined {
    const running = this.#pairs.get(plan.pair.id);
    return running === undefined ? undefined : wordFor(running.lastWord, running.plan, plan);
  }

  #warn(messages: readonly string[]): void {
    for (const message of messages) {
      this.#options.log({ level: "warning", pair: null, event: "config", message });
    }
  }
}

function expectedOf(plan: PairPlan): ExpectedLeg[] {
  return legsOf(plan).map(({ name, access }) => ({ key: legKey(plan.pair.id, name), access }));
}

function reportOf(plan: ReloadPlan, warnings: readonly string[]): ReloadReport {
  return {
    added: plan.added.map(({ id }) => id),
    removed: plan.removed,
    updated: plan.updated.map(({ id }) => id),
    restarted: plan.restarted.map(({ id }) => id),
    unchanged: plan.unchanged,
    warnings,
  };
}

function notNow(message: string): InputError {
  return new InputError("not-now", message, { hint: "try again when it runs" });
}
