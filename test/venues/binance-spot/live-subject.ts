/** A LiveBinanceApi on a clock turned by hand, facing a SpotServer, and all that it tells. */

import { Rng } from "#domain/rng.ts";
import { RateBudgets } from "#net/rate-budget.ts";
import type { Alert } from "#ports/sink.ts";
import { accessOf } from "#venues/binance/access.ts";
import { budgetSpecs } from "#venues/binance/limits.ts";
import { LiveBinanceApi } from "#venues/binance/live-api.ts";
import { DIALECT } from "#venues/binance-spot/api.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";
import { API_KEY, ED25519_PEM, type Peer, SpotServer } from "./spot-server.ts";

export const NOW_MS = 1_795_340_000_000;

export class LiveSubject {
  readonly timers = new ManualTimers();
  /** The venue's clock minus ours. */
  venueAheadMs = 0;
  readonly server = new SpotServer(() => NOW_MS + this.timers.elapsedMs() + this.venueAheadMs);
  readonly api: LiveBinanceApi;
  /** `ready`, `lost` and `interrupted`, in order. */
  readonly news = new Inbox<string>();
  readonly events = new Inbox<unknown>();
  readonly offsets = new Inbox<number>();
  readonly alerts = new Inbox<Alert>();

  constructor(secret = ED25519_PEM) {
    const specs = budgetSpecs([], DIALECT);
    const { memory } = new RateBudgets(specs);
    const { restUrl, wsApiUrl } = this.server;
    const access = accessOf({ kind: "api-key", apiKey: API_KEY, secret });
    const nowMs = (): number => NOW_MS + this.timers.elapsedMs();
    this.api = new LiveBinanceApi(
      {
        dialect: DIALECT,
        urls: { restUrl, wsApiUrl },
        access,
        budgets: { specs, memory },
        symbol: "ETHUSDT",
      },
      { timers: this.timers, rng: new Rng(1), nowMs },
    );
  }

  start(): void {
    this.api.start({
      onReady: () => this.news.push("ready"),
      onLost: () => this.news.push("lost"),
      onStreamInterrupted: () => this.news.push("interrupted"),
      onUserEvent: (json) => this.events.push(json),
      onClock: (offsetMs) => this.offsets.push(offsetMs),
      onAlert: (alert) => this.alerts.push(alert),
    });
  }

  /** Starts it, and waits until calls go over the WebSocket and the clock is known. */
  async begin(): Promise<this> {
    this.start();
    await this.hear("ready");
    await this.offsets.next();
    await this.timerOf(30_000); // of the next measurement
    return this;
  }

  /** @throws where something else is told first */
  async hear(expected: string): Promise<void> {
    const heard = await this.news.next();
    if (heard !== expected) throw new Error(`${heard} where ${expected} was expected`);
  }

  /** Lets time pass on a connection that lives: something is heard each second. */
  async live(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 1000) {
      this.timers.advance(1000);
      this.tell({ e: "balanceUpdate" });
      await this.events.next();
    }
  }

  /** Tells the account's news over the newest connection. */
  tell(event: unknown): void {
    const peer = [...this.server.peers].at(-1);
    peer?.send(JSON.stringify({ subscriptionId: 0, event }));
  }

  /** Once this connection is subscribed, and what it was told after that is heard. */
  async takenOverBy(peer: Peer): Promise<void> {
    while ((await this.server.subscribed.next()) !== peer);
    this.tell({ e: "balanceUpdate" });
    await this.events.next();
  }

  /** From now on the way to the venue and its time is 100 ms longer than it was. */
  slowTime(): void {
    this.server.onTime = () => this.timers.advance(100);
  }

  /** Once a timer of this length is set. */
  async timerOf(delayMs: number): Promise<void> {
    while ((await this.timers.delays.next()) !== delayMs);
  }

  /** Of all alerts since the last look. */
  async alertCodes(): Promise<string[]> {
    const codes: string[] = [];
    while (this.alerts.size > 0) codes.push((await this.alerts.next()).code);
    return codes;
  }

  used(name: string): number | undefined {
    return this.api.limits.statuses().find((status) => status.name === name)?.used;
  }

  async stop(): Promise<void> {
    this.api.stop();
    await this.server.stop();
  }
}
