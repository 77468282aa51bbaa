/** An account with all around it under the test's hand, and the venue's side of it. */

import { expect } from "bun:test";
import { HlAccount } from "#venues/hyperliquid/account.ts";
import type { InfoAnswer, InfoRequest } from "#venues/hyperliquid/api.ts";
import { OrderKinds } from "#venues/hyperliquid/order-kinds.ts";
import { ManualTimers } from "../../net/support.ts";
import { AutoApi, type HandApi, info, marketOf, newsKit, stateOf, turn, USER } from "./hl-kit.ts";

export function kitOf<Api extends HandApi>(api: Api, sinceTradeId: string | null = null) {
  const kit = newsKit(api);
  const timers = new ManualTimers();
  const traded: number[] = [];
  const address = { onFill: (notional: number) => void traded.push(notional) };
  const { instrument } = marketOf();
  const kinds = new OrderKinds();
  const { orders, cloids, news } = kit;
  const parts = { api, instrument, user: USER, orders, cloids, kinds, news, timers, address };
  const account = new HlAccount({ ...parts, sinceTradeId });
  return { ...kit, kinds, api, timers, account, traded };
}

export function frameOf(channel: string, data: unknown): string {
  return JSON.stringify({ channel, data });
}

export function fillsFrame(fills: readonly object[], isSnapshot?: boolean): string {
  const data = { user: USER, fills };
  return frameOf("userFills", isSnapshot === undefined ? data : { ...data, isSnapshot });
}

/** Answers what an account asks, from what the test put in. */
export class Venue {
  open: readonly object[] = [];
  state = stateOf("0.0");
  fills: readonly object[] = [];
  funding: readonly object[] = [];
  /** By order number. */
  owners = new Map<number, object>();
  pageSize = 2000;
  /** Answered instead, while it is not null. */
  trouble: ((request: InfoRequest) => InfoAnswer | null) | null = null;

  answer(request: InfoRequest): InfoAnswer {
    const trouble = this.trouble?.(request) ?? null;
    if (trouble !== null) return trouble;
    switch (request.type) {
      case "frontendOpenOrders":
        return info(this.open);
      case "clearinghouseState":
        return info(this.state);
      case "userFillsByTime":
        return info(this.#page(Number(request["startTime"])));
      case "userFunding":
        return info(this.funding);
      case "orderStatus": {
        const order = this.owners.get(Number(request["oid"]));
        return info(order === undefined ? { status: "unknownOid" } : { status: "order", order });
      }
      default:
        throw new Error(`${request.type} is not asked for by an account`);
    }
  }

  #page(startTime: number): object[] {
    const timeOf = (fill: object): number => ("time" in fill ? Number(fill.time) : 0);
    const wanted = this.fills.filter((fill) => timeOf(fill) >= startTime);
    return wanted.toSorted((a, b) => timeOf(a) - timeOf(b)).slice(0, this.pageSize);
  }
}

export async function begunKit(venue: Venue) {
  const kit = kitOf(new AutoApi((request) => venue.answer(request)));
  expect(await kit.account.begin()).toBe(true);
  kit.api.log.length = 0;
  return kit;
}

export async function reconciled(kit: { account: HlAccount }): Promise<void> {
  kit.account.reconcile();
  await turn();
}
