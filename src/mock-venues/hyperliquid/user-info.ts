/**
 * UserInfo: answers the info questions about users. About the traded account they are its state;
 * about any other address, an agent's included, a stranger's: empty. May import this folder.
 */

import * as v from "valibot";
import type { HlAccount } from "./account.ts";
import { AddressLimits } from "./address-limits.ts";
import { activeAssetData, clearinghouseState, spotClearinghouseState } from "./clearinghouse.ts";
import { fillJson } from "./fills.ts";
import { frontendOrderJson, type HlOrder, orderJson } from "./order-records.ts";
import { userFees } from "./user-fees.ts";
import type { HlMockVenue } from "./venue.ts";

const User = v.pipe(v.string(), v.regex(/^0x[\da-f]{40}$/i), v.toLowerCase());
const Time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Cloid = v.pipe(v.string(), v.regex(/^0x[\da-f]{32}$/i), v.toLowerCase());

interface About {
  readonly venue: HlMockVenue;
  readonly user: string;
  /** Null: a stranger. */
  readonly account: HlAccount | null;
  readonly nowMs: number;
}

const MAX_FILLS = 2000;
const MAX_ORDERS = 2000;
const MAX_ITEMS = 500;

/** What is asked with a user alone. */
const SIMPLE = {
  clearinghouseState: ({ account, nowMs }: About) => clearinghouseState(account, nowMs),
  spotClearinghouseState: () => spotClearinghouseState(),
  openOrders: ({ account }: About) => account?.records.open().map(orderJson) ?? [],
  frontendOpenOrders: ({ account }: About) => account?.records.open().map(frontendOrderJson) ?? [],
  historicalOrders: ({ account }: About) =>
    account?.records.newest(MAX_ORDERS).map(withStatus) ?? [],
  userFills: ({ account }: About) =>
    account?.fills.all.slice(-MAX_FILLS).toReversed().map(fillJson) ?? [],
  userFees: ({ venue }: About) => userFees(venue.coins[0]?.instrument),
  userRateLimit: ({ venue, account }: About) =>
    account === null ? AddressLimits.strangerJson(venue.rules) : venue.limits.json(),
  userRole: ({ venue, user }: About) => roleOf(venue, user),
  extraAgents: ({ venue, user }: About) => (user === venue.master ? extraAgents(venue) : []),
  subAccounts: (about: About) => (about.user === about.venue.master ? subAccounts(about) : null),
} as const;
type SimpleType = keyof typeof SIMPLE;

function isSimple(type: string): type is SimpleType {
  return Object.hasOwn(SIMPLE, type);
}

const Simple = v.object({
  type: v.custom<SimpleType>((type) => typeof type === "string" && isSimple(type)),
  user: User,
  dex: v.nullish(v.string()),
});
const TimeRanged = { user: User, startTime: Time, endTime: v.nullish(Time) };

export const UserQuestion = v.union([
  v.object({
    type: v.literal("orderStatus"),
    user: User,
    oid: v.union([v.pipe(v.number(), v.safeInteger()), Cloid]),
  }),
  v.object({ type: v.literal("userFillsByTime"), ...TimeRanged }),
  v.object({ type: v.literal("userFunding"), ...TimeRanged }),
  v.object({ type: v.literal("activeAssetData"), user: User, coin: v.string() }),
  Simple,
]);
type UserQuestion = v.InferOutput<typeof UserQuestion>;

/** Undefined where it names a coin that there is not. */
export function answerUser(venue: HlMockVenue, question: UserQuestion): unknown {
  const { user } = question;
  const account = user === venue.user ? venue.account : null;
  if (question.type === "orderStatus") {
    const order = account?.records.find(question.oid);
    return order === undefined
      ? { status: "unknownOid" }
      : { status: "order", order: withStatus(order) };
  }
  if (question.type === "userFillsByTime") {
    const wanted = within(account?.fills.all ?? [], question, ({ timeMs }) => timeMs);
    return wanted.slice(0, MAX_FILLS).map(fillJson);
  }
  if (question.type === "userFunding") {
    const settled = account === null ? [] : venue.funding.settled;
    return within(settled, question, ({ funding }) => funding.time)
      .slice(0, MAX_ITEMS)
      .map(({ hash, funding: { time, ...delta } }) => {
        return { time, hash, delta: { type: "funding", ...delta } };
      });
  }
  if (question.type === "activeAssetData") {
    const coin = venue.coin(question.coin);
    return coin === undefined ? undefined : activeAssetData(account, user, coin);
  }
  return SIMPLE[question.type]({ venue, user, account, nowMs: Math.floor(venue.nowMs()) });
}

/** Those of a time range, both ends included. */
export function within<Item>(
  items: readonly Item[],
  range: { readonly startTime: number; readonly endTime?: number | null | undefined },
  timeOf: (item: Item) => number,
): Item[] {
  return items.filter((item) => {
    return timeOf(item) >= range.startTime && timeOf(item) <= (range.endTime ?? Infinity);
  });
}

function withStatus(order: HlOrder): Readonly<Record<string, unknown>> {
  const { status, statusTimeMs } = order;
  return { order: frontendOrderJson(order), status, statusTimestamp: statusTimeMs };
}

function roleOf({ signers }: HlMockVenue, user: string): unknown {
  const { master, subAccount, agents } = signers;
  if (user === master) return { role: "user" };
  if (user === subAccount?.address) {
    if (subAccount.kind === "vault") return { role: "vault" };
    return { role: "subAccount", data: { master } };
  }
  const isAgent = agents.some(({ address }) => address === user);
  return isAgent ? { role: "agent", data: { user: master } } : { role: "missing" };
}

function extraAgents({ signers }: HlMockVenue): unknown {
  return signers.agents.map(({ address, name, validUntilMs }) => {
    return { address, name, validUntil: validUntilMs };
  });
}

function subAccounts({ venue, nowMs }: About): unknown {
  const { master, subAccount } = venue.signers;
  if (subAccount === null || subAccount.kind === "vault") return null;
  const { name, address } = subAccount;
  const states = {
    clearinghouseState: clearinghouseState(venue.account, nowMs),
    spotState: spotClearinghouseState(),
  };
  return [{ name, subAccountUser: address, master, ...states }];
}
