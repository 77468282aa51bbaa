/** What a client of a socket hears, and a world whose clock is turned by hand. */

import { Rng } from "#domain/rng.ts";
import { HlLimits, makeShared } from "#venues/hyperliquid/limits.ts";
import type { HlSocket, SocketHandlers } from "#venues/hyperliquid/socket.ts";
import type { SharedBudgets, VenueWorld } from "#venues/venue.ts";
import { Inbox, ManualTimers } from "../../net/support.ts";

export const USER = "0x00000000000000000000000000000000000000aa";
export const NOW_MS = 1_795_340_000_000;

export class HandWorld implements VenueWorld {
  readonly timers = new ManualTimers();
  readonly rng = new Rng(1);
  /** Time that passed while the thread was held up: its timers saw nothing of it. */
  heldUpMs = 0;

  nowMs(): number {
    return NOW_MS + this.timers.elapsedMs() + this.heldUpMs;
  }
}

let places = 0;

/** Budgets that no other test draws on. */
export function freshBudgets(): SharedBudgets {
  places += 1;
  return makeShared(null, `http://test-${places}`);
}

export function freshLimits(world: VenueWorld, budgets = freshBudgets()): HlLimits {
  return new HlLimits(budgets, () => world.nowMs());
}

export function usedOf(limits: HlLimits, name: string): number | undefined {
  return limits.statuses().find((status) => status.name === name)?.used;
}

export class Ears implements SocketHandlers {
  /** `up`, and `down: …`, in order. */
  readonly news = new Inbox<string>();
  readonly messages = new Inbox<{ readonly text: string; readonly receivedTimeMs: number }>();
  readonly errors = new Inbox<string>();

  constructor(socket?: HlSocket) {
    socket?.open(this);
  }

  onUp(): void {
    this.news.push("up");
  }

  onDown(cause: string): void {
    this.news.push(`down: ${cause}`);
  }

  onMessage(text: string, receivedTimeMs: number): void {
    this.messages.push({ text, receivedTimeMs });
  }

  onError(message: string): void {
    this.errors.push(message);
  }

  async up(): Promise<void> {
    const heard = await this.news.next();
    if (heard !== "up") throw new Error(`${heard} where it should come up`);
  }

  /** @returns the cause */
  async down(): Promise<string> {
    const heard = await this.news.next();
    if (!heard.startsWith("down: ")) throw new Error(`${heard} where it should go down`);
    return heard.slice("down: ".length);
  }

  async text(): Promise<string> {
    return (await this.messages.next()).text;
  }
}
