/** An execution with all around it under the test's hand: the venue's answers, time, and news. */

import { expect } from "bun:test";
import type { ApiMethod } from "#venues/binance-perp/api.ts";
import { PerpExecution } from "#venues/binance-perp/execution.ts";
import { OrderChecks } from "#venues/binance-perp/order-checks.ts";
import { ManualTimers } from "../../net/support.ts";
import {
  algoOf,
  HandApi,
  idOf,
  marketOf,
  type NewsKit,
  newsKit,
  ok,
  orderOf,
  requestOf,
  stopOf,
} from "./perp-kit.ts";

export const STOP = idOf(1, "stop-loss");

export interface Kit extends NewsKit {
  readonly hand: HandApi<ApiMethod>;
  readonly execution: PerpExecution;
  readonly timers: ManualTimers;
  /** Told as placed, and as linked to a stop. */
  readonly placed: string[];
  readonly linked: string[];
  readonly ruleRefusals: () => number;
}

export function kitOf(): Kit {
  const hand = new HandApi<ApiMethod>();
  const timers = new ManualTimers();
  const kit = newsKit(hand);
  const placed: string[] = [];
  const linked: string[] = [];
  let refusals = 0;
  const execution = new PerpExecution({
    ...kit,
    timers,
    checks: new OrderChecks(marketOf()),
    onPlaced: (id) => placed.push(id),
    onLinked: (id) => linked.push(id),
    onRuleRefusal: () => {
      refusals += 1;
    },
  });
  return { ...kit, hand, execution, timers, placed, linked, ruleRefusals: () => refusals };
}

export async function resting(): Promise<Kit> {
  const kit = kitOf();
  kit.execution.place(requestOf(1));
  await kit.hand.expect("order.place", ok(orderOf(idOf(1), 9001)));
  expect(await kit.heard.order()).toMatchObject({ change: "open", venueOrderId: "9001" });
  return kit;
}

export async function waitingStop(): Promise<Kit> {
  const kit = kitOf();
  kit.execution.place(stopOf(1));
  await kit.hand.expect("algoOrder.place", ok(algoOf(STOP, 77)));
  expect(await kit.heard.order()).toMatchObject({ change: "open", venueOrderId: "algo-77" });
  return kit;
}
