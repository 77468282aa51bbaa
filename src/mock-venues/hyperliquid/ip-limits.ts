/**
 * IpLimits: what the venue counts for an address of the internet: REST weight, sockets and what
 * goes over them. All callers count as one address. Counted over the last minute, whenever that
 * begins: the strictest reading of the documentation, which names no windows. Pure.
 */

/** As documented; the names are those of `overruns`. */
export interface IpLimitSpec {
  readonly weightPerMinute: number;
  /** Open at once. */
  readonly connections: number;
  readonly newConnectionsPerMinute: number;
  readonly subscriptions: number;
  /** Different users among the subscriptions. */
  readonly users: number;
  /** From clients, over all sockets. */
  readonly messagesPerMinute: number;
  /** Posts without an answer. */
  readonly postsInFlight: number;
}

export const HYPERLIQUID_LIMITS: IpLimitSpec = {
  weightPerMinute: 1200,
  connections: 10,
  newConnectionsPerMinute: 30,
  subscriptions: 1000,
  users: 10,
  messagesPerMinute: 2000,
  postsInFlight: 100,
};

const MINUTE_MS = 60_000;

/** What was used within the last minute. */
class LastMinute {
  readonly #used: { readonly atMs: number; amount: number }[] = [];
  #sum = 0;

  count(nowMs: number): number {
    let expired = 0;
    for (const { atMs, amount } of this.#used) {
      if (atMs > nowMs - MINUTE_MS) break;
      expired += 1;
      this.#sum -= amount;
    }
    if (expired > 0) this.#used.splice(0, expired);
    return this.#sum;
  }

  add(amount: number, nowMs: number): void {
    this.#sum += amount;
    const last = this.#used.at(-1);
    if (last?.atMs === nowMs) last.amount += amount;
    else this.#used.push({ atMs: nowMs, amount });
  }
}

export class IpLimits {
  readonly spec: IpLimitSpec;
  /** Times that each limit was passed; refusals that were ordered as a fault are none. */
  readonly overruns: Record<keyof IpLimitSpec, number> = {
    weightPerMinute: 0,
    connections: 0,
    newConnectionsPerMinute: 0,
    subscriptions: 0,
    users: 0,
    messagesPerMinute: 0,
    postsInFlight: 0,
  };
  readonly #elapsedMs: () => number;
  readonly #weight = new LastMinute();
  readonly #newConnections = new LastMinute();
  readonly #messages = new LastMinute();
  /** Subscriptions by user. */
  readonly #users = new Map<string, number>();
  #connections = 0;
  #subscriptions = 0;
  #posts = 0;
  /** Every request is refused by 429 until then. */
  #refusedUntilMs = -Infinity;

  /** @param elapsedMs of a clock that never goes back */
  constructor(spec: IpLimitSpec, elapsedMs: () => number) {
    this.spec = spec;
    this.#elapsedMs = elapsedMs;
  }

  /** Of everything that is counted, for people and tests. */
  counts(): Readonly<Record<keyof IpLimitSpec, number>> {
    const nowMs = this.#elapsedMs();
    return {
      weightPerMinute: this.#weight.count(nowMs),
      connections: this.#connections,
      newConnectionsPerMinute: this.#newConnections.count(nowMs),
      subscriptions: this.#subscriptions,
      users: this.#users.size,
      messagesPerMinute: this.#messages.count(nowMs),
      postsInFlight: this.#posts,
    };
  }

  /** Answers 429 to everything for so long, whatever the counts are. */
  refuseFor(durationMs: number): void {
    this.#refusedUntilMs = this.#elapsedMs() + durationMs;
  }

  get isRefusing(): boolean {
    return this.#elapsedMs() < this.#refusedUntilMs;
  }

  /** Counts a request unless it is too much. @returns whether it may go on */
  useWeight(weight: number): boolean {
    return this.#use("weightPerMinute", this.#weight, weight);
  }

  /** What an answer weighs beyond its request: counted even where it is too much. */
  addWeight(weight: number): void {
    if (weight > 0) this.#weight.add(weight, this.#elapsedMs());
  }

  /** Counts a new socket unless it is one too many. */
  connect(): boolean {
    if (this.#connections >= this.spec.connections) return this.#overrun("connections");
    if (!this.#use("newConnectionsPerMinute", this.#newConnections, 1)) return false;
    this.#connections += 1;
    return true;
  }

  disconnect(): void {
    this.#connections -= 1;
  }

  message(): boolean {
    return this.#use("messagesPerMinute", this.#messages, 1);
  }

  /** @param user whose news it is about; null: nobody's @returns which limit it passes, if any */
  subscribe(user: string | null): "subscriptions" | "users" | undefined {
    const { spec } = this;
    if (this.#subscriptions >= spec.subscriptions) return this.#passed("subscriptions");
    if (user !== null) {
      const known = this.#users.get(user) ?? 0;
      if (known === 0 && this.#users.size >= spec.users) return this.#passed("users");
      this.#users.set(user, known + 1);
    }
    this.#subscriptions += 1;
    return undefined;
  }

  unsubscribe(user: string | null): void {
    this.#subscriptions -= 1;
    if (user === null) return;
    const left = (this.#users.get(user) ?? 0) - 1;
    if (left > 0) this.#users.set(user, left);
    else this.#users.delete(user);
  }

  /** Counts a post until `endPost`, unless it is one too many. */
  beginPost(): boolean {
    if (this.#posts >= this.spec.postsInFlight) return this.#overrun("postsInFlight");
    this.#posts += 1;
    return true;
  }

  endPost(): void {
    this.#posts -= 1;
  }

  #use(limit: keyof IpLimitSpec, used: LastMinute, amount: number): boolean {
    const nowMs = this.#elapsedMs();
    if (used.count(nowMs) + amount > this.spec[limit]) return this.#overrun(limit);
    used.add(amount, nowMs);
    return true;
  }

  #overrun(limit: keyof IpLimitSpec): false {
    this.overruns[limit] += 1;
    return false;
  }

  #passed<Limit extends keyof IpLimitSpec>(limit: Limit): Limit {
    this.#overrun(limit);
    return limit;
  }
}
