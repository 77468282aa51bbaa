/**
 * The route of the user stream: its streams are listen keys, and each may be narrowed to some kinds
 * of events. May import this folder.
 */

import type { StreamRoute } from "../binance/stream-session.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { ListenKeys } from "./listen-keys.ts";

/** A key and the events that are asked for by it; null: all. */
interface AskedKey {
  readonly key: string;
  readonly events: ReadonlySet<string> | null;
}

/**
 * What an address asks for: `/private/ws/KEY`, `?listenKey=KEY&events=A/B`, both of them more than
 * once, or `?streams=KEY`.
 */
export function askedKeys({ pathname, search }: URL): readonly AskedKey[] {
  const [, behind = ""] = /\/ws\/(.+)$/.exec(pathname) ?? [];
  const asked: { key: string; events: ReadonlySet<string> | null }[] = behind
    .split("/")
    .filter((key) => key !== "")
    .map((key) => ({ key, events: null }));
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === "listenKey" && value !== "") asked.push({ key: value, events: null });
    if (name === "streams") {
      for (const key of value.split("/")) if (key !== "") asked.push({ key, events: null });
    }
    const last = asked.at(-1);
    if (name === "events" && last !== undefined) last.events = new Set(value.split("/"));
  }
  return asked;
}

export function privateRoute(
  keys: ListenKeys,
  asked: readonly AskedKey[],
  delivery: FaultyDelivery,
): StreamRoute {
  return {
    subscribe: (name, listener) => {
      const events = asked.find(({ key }) => key === name)?.events ?? null;
      return keys.subscribe(name, (event) => {
        if (isWanted(event["e"], events)) listener(JSON.stringify(event));
      });
    },
    deliver: (connection, _name, text) => {
      const [, kind = ""] = /"e":"(\w+)"/.exec(text) ?? [];
      delivery.deliverUserEvent(connection, text, kind);
    },
  };
}

/** The end of the key is told to everybody. */
function isWanted(kind: unknown, events: ReadonlySet<string> | null): boolean {
  return events === null || kind === "listenKeyExpired" || events.has(String(kind));
}
