/**
 * What a frame of Hyperliquid's WebSocket is about, by hand and without parsing it where it is
 * built as always: `{"channel":"bbo","data":{"coin":"BTC",…`. And our half of the wire:
 * subscriptions with their names, and posts. Pure.
 */

/** As sent; the venue's acknowledgement repeats it with its defaults. */
export interface Subscription {
  readonly type: string;
  readonly coin?: string;
  readonly user?: string;
  readonly fast?: true;
}

export const PING = '{"method":"ping"}';

const BEGINNING = '{"channel":"';
const COIN = '"coin":"';
/** Channels of one coin each. */
export const MARKET_CHANNELS: ReadonlySet<string> = new Set([
  "bbo",
  "l2Book",
  "trades",
  "activeAssetCtx",
]);
/** Channels of the user whose socket it is. */
const USER_CHANNELS: ReadonlySet<string> = new Set([
  "orderUpdates",
  "userFills",
  "userFundings",
  "user",
]);

export type Frame =
  | { readonly kind: "market"; readonly coin: string }
  | { readonly kind: "user" }
  /** Acknowledgements, answers, errors. */
  | { readonly kind: "other"; readonly channel: string; readonly data: unknown }
  /** None of ours, or nothing for anybody: an empty list of trades. */
  | { readonly kind: "nothing" }
  | { readonly kind: "unreadable" };

const USER: Frame = { kind: "user" };
const NOTHING: Frame = { kind: "nothing" };
const UNREADABLE: Frame = { kind: "unreadable" };

export function frameOf(text: string): Frame {
  const end = text.startsWith(BEGINNING) ? text.indexOf('"', BEGINNING.length) : -1;
  if (end < 0) return parsedFrame(text);
  const channel = text.slice(BEGINNING.length, end);
  if (USER_CHANNELS.has(channel)) return USER;
  if (!MARKET_CHANNELS.has(channel)) return parsedFrame(text);
  const from = text.indexOf(COIN, end);
  if (from < 0) return parsedFrame(text);
  const start = from + COIN.length;
  return { kind: "market", coin: text.slice(start, text.indexOf('"', start)) };
}

function parsedFrame(text: string): Frame {
  const json = objectOf(text);
  if (json === null || !("channel" in json) || typeof json.channel !== "string") return UNREADABLE;
  const { channel } = json;
  const data: unknown = "data" in json ? json.data : undefined;
  if (USER_CHANNELS.has(channel)) return USER;
  if (!MARKET_CHANNELS.has(channel)) return { kind: "other", channel, data };
  const holder: unknown = Array.isArray(data) ? data[0] : data;
  if (holder === undefined) return NOTHING;
  const isNamed = typeof holder === "object" && holder !== null && "coin" in holder;
  return isNamed && typeof holder.coin === "string"
    ? { kind: "market", coin: holder.coin }
    : UNREADABLE;
}

/** The four of a market. */
export function marketSubscriptions(coin: string): Subscription[] {
  return [
    { type: "bbo", coin },
    { type: "l2Book", coin, fast: true },
    { type: "trades", coin },
    { type: "activeAssetCtx", coin },
  ];
}

/** The three of an account. @param user lower case */
export function userSubscriptions(user: string): Subscription[] {
  return [
    { type: "orderUpdates", user },
    { type: "userFills", user },
    { type: "userFundings", user },
  ];
}

/** Names a subscription, with or without the venue's defaults; null for what is none. */
export function keyOf(subscription: unknown): string | null {
  if (typeof subscription !== "object" || subscription === null) return null;
  const { type, coin, user }: Record<string, unknown> = { ...subscription };
  if (typeof type !== "string") return null;
  if (typeof coin === "string") return `${type} ${coin}`;
  return typeof user === "string" ? `${type} ${user.toLowerCase()}` : null;
}

/** What an acknowledgement confirms; null for one of an unsubscription, or what is none. */
export function acknowledgedKey(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const { method, subscription }: Record<string, unknown> = { ...data };
  return method === "subscribe" ? keyOf(subscription) : null;
}

/**
 * Which of these subscriptions an error is about, if any.
 * @param message e.g. `Already subscribed: {"type":"bbo","coin":"BTC"}`
 */
export function subscriptionIn(message: string, keys: Iterable<string>): string | null {
  const brace = message.indexOf("{");
  const json = brace < 0 ? null : objectOf(message.slice(brace));
  const told = keyOf(json !== null && "subscription" in json ? json.subscription : json);
  const words = new Set(message.toLowerCase().match(/[\w@:/#-]+/g));
  for (const key of keys) {
    // In whatever form it is written: both words are there.
    const isNamed = key.split(" ").every((word) => words.has(word.toLowerCase()));
    if (told === null ? isNamed : told === key) return key;
  }
  return null;
}

export function subscribeText(
  method: "subscribe" | "unsubscribe",
  subscription: Subscription,
): string {
  return JSON.stringify({ method, subscription });
}

/** @param payload JSON text */
export function postText(id: number, payload: string): string {
  return `{"method":"post","id":${id},"request":{"type":"action","payload":${payload}}}`;
}

function objectOf(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json : null;
  } catch {
    return null;
  }
}
