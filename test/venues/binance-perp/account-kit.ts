/** An account with all around it under the test's hand: the venue, time, and what was told. */

import { expect } from "bun:test";
import { PerpAccount } from "#venues/binance-perp/account.ts";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import { ManualTimers } from "../../net/support.ts";
import { AutoApi, type NewsKit, newsKit, PerpVenue, turn } from "./perp-kit.ts";

export interface Kit extends NewsKit {
  readonly venue: PerpVenue;
  readonly auto: AutoApi<ApiMethod>;
  readonly account: PerpAccount;
  readonly timers: ManualTimers;
  readonly queried: string[];
  /** Times of fills that only the list told. */
  readonly untold: number[];
  tell(json: object): void;
  /** Lets time pass, and all that is ready happen. */
  pass(ms: number): Promise<void>;
  /** Everything told so far, and not looked at yet. */
  told(): Promise<Told[]>;
}

export type Told = Awaited<ReturnType<NewsKit["heard"]["events"]["next"]>>;

export function kitOf(venue: PerpVenue, sinceTradeId: string | null = null): Kit {
  const auto = new AutoApi<ApiMethod>((method, params) => venue.answer(method, params));
  const timers = new ManualTimers();
  const kit = newsKit(auto);
  const queried: string[] = [];
  const untold: number[] = [];
  const account = new PerpAccount({
    ...kit,
    timers,
    sinceTradeId,
    onHeard: () => {},
    onUntold: (timeMs) => untold.push(timeMs),
    query: (id) => queried.push(id),
  });
  return {
    ...kit,
    venue,
    auto,
    account,
    timers,
    queried,
    untold,
    tell: (json) => account.onUserEvent(json, auto.nowMs),
    pass: async (ms) => {
      auto.nowMs += ms;
      timers.advance(ms);
      await turn();
    },
    told: async () => {
      const all: Told[] = [];
      while (kit.heard.events.size > 0) all.push(await kit.heard.events.next());
      return all;
    },
  };
}

/** The account's trades so far end with number 500, and the venue has told what is there. */
export async function begun(venue = new PerpVenue(), sinceTradeId = "SUIUSDC:500"): Promise<Kit> {
  const kit = kitOf(venue, sinceTradeId);
  expect(await kit.account.begin()).toBe(true);
  kit.account.reconcile();
  await turn();
  await kit.told();
  return kit;
}

export function fillsIn(told: readonly Told[]): readonly (readonly [string, string, number])[] {
  return told.flatMap((event) =>
    event.kind === "fill"
      ? [[event.fill.clientOrderId, event.fill.tradeId, event.fill.quantityLots] as const]
      : [],
  );
}

export function changesIn(told: readonly Told[]): readonly (readonly [string, string])[] {
  return told.flatMap((event) =>
    event.kind === "order" ? [[event.clientOrderId, event.change] as const] : [],
  );
}
