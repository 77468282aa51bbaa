/** An execution with all around it under the test's hand. */

import { HlExecution } from "#venues/hyperliquid/execution.ts";
import type { Touch } from "#venues/hyperliquid/order-checks.ts";
import { OrderKinds } from "#venues/hyperliquid/order-kinds.ts";
import { ManualTimers } from "../../net/support.ts";
import { done, HandApi, marketOf, newsKit, requestOf, resting, turn, USER } from "./hl-kit.ts";

export const ASSET = 2;

/** @param onTooLate whether the venue's clock has jumped */
export function kitOf<Api extends HandApi>(
  api: Api,
  touch: Touch | null = null,
  onTooLate: () => Promise<boolean> = () => Promise.resolve(false),
) {
  const timers = new ManualTimers();
  const kit = newsKit(api);
  const { instrument, asset } = marketOf();
  const { orders, cloids, news } = kit;
  const kinds = new OrderKinds();
  const parts = { api, instrument, asset, user: USER, orders, cloids, kinds, news, timers };
  const execution = new HlExecution({ ...parts, touch: () => touch, onTooLate });
  return { ...kit, api, timers, execution };
}

/** With orders of these numbers resting as 9001, 9002 … */
export async function restingKit(...sequences: readonly number[]) {
  const kit = kitOf(new HandApi());
  for (const sequence of sequences) kit.execution.place(requestOf(sequence));
  await kit.api.sent("order", done(...sequences.map((sequence) => resting(9000 + sequence))));
  await turn();
  kit.heard.events.length = 0;
  return kit;
}

export function err(error: string): object {
  return { error };
}
