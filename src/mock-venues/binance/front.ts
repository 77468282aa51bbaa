/**
 * What the servers of all mock venues of Binance do alike: let sockets in or not, read the streams
 * of an address, make up ids. May import domain, net and this folder.
 */

import type { Rng } from "#domain/rng.ts";
import type { Timers } from "#net/timers.ts";
import type { Connection, Connections, SocketHandler } from "../connections.ts";
import type { MockServer } from "../listen.ts";
import { ApiError } from "./api-error.ts";
import type { RateLimits } from "./rate-limits.ts";

/** Time and chance, handed in. */
export interface World {
  readonly timers: Timers;
  /** Wall clock, epoch milliseconds. */
  readonly nowMs: () => number;
  readonly rng: Rng;
}

export type Opener = (connection: Connection) => SocketHandler;

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 22;

/** The switches that are the same for every venue of the family. */
export interface CommonSwitches<Status extends string> {
  /** Venue's clock minus the machine's. */
  setClockSkew(skewMs: number): void;
  /** Tells every socket now, and ends those that were told after this time. */
  shutDown(graceMs: number): void;
  disconnectAll(): void;
  connectionCount(): number;
  /** Of one symbol, or of all. */
  setStatus(status: Status, symbol?: string): void;
}

/** @param connections asked when a switch is turned */
export function commonSwitches(
  timers: Timers,
  clock: { skewMs: number },
  connections: () => Connections,
): Omit<CommonSwitches<string>, "setStatus"> {
  return {
    setClockSkew: (skewMs) => {
      clock.skewMs = skewMs;
    },
    shutDown: (graceMs) => {
      const told = connections().noticeAll();
      // Those made since are with a server that stays.
      timers.after(graceMs, () => {
        for (const connection of told) connection.cut();
      });
    },
    disconnectAll: () => connections().cutAll(),
    connectionCount: () => connections().count,
  };
}

/** Ids as the venue makes them up for orders that came without one. */
export function randomIds(rng: Rng, length: number = ID_LENGTH): () => string {
  const letter = (): string => ID_LETTERS.charAt(rng.integer(ID_LETTERS.length));
  return () => Array.from({ length }, letter).join("");
}

/** The streams that an address asks for: those behind `/ws/`, or those of `/stream?streams=`. */
export function streamsOf({ pathname, searchParams }: URL, isCombined: boolean): readonly string[] {
  const [, behind = ""] = /\/ws\/(.*)$/.exec(pathname) ?? [];
  const list = isCombined ? (searchParams.get("streams") ?? "") : behind;
  return list.split("/").filter((name) => name !== "");
}

/**
 * Makes a socket of a request, unless limits or a form of messages that is not simulated forbid it.
 * @param weight of the connection, beside its count
 */
export function upgrade(
  limits: RateLimits,
  request: Request,
  server: MockServer,
  { open, weight }: { readonly open: Opener; readonly weight: number },
): Response | undefined {
  const refusal = connectionRefusal(limits, request, weight);
  if (refusal !== undefined) return refusal;
  if (server.upgrade(request, { data: { open, connection: null } })) return undefined;
  return Response.json({ code: -1000, msg: "This path is for WebSockets." }, { status: 426 });
}

function connectionRefusal(
  limits: RateLimits,
  request: Request,
  weight: number,
): Response | undefined {
  const { searchParams } = new URL(request.url);
  if (searchParams.get("timeUnit")?.toUpperCase() === "MICROSECOND") {
    const msg = "The mock venue tells times in milliseconds only.";
    return Response.json({ code: -1194, msg }, { status: 400 });
  }
  const status = limits.isBanned ? 418 : 429;
  if (!limits.connect()) {
    return Response.json({ code: -1003, msg: "Too many connections." }, { status });
  }
  if (weight === 0) return undefined;
  try {
    limits.useWeight(weight);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message } = error;
    return Response.json({ code, msg: message }, { status: error.status });
  }
}
