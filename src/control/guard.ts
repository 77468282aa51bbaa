/**
 * Who may call: middleware that refuses foreign Hosts (DNS rebinding), calls that another web site
 * made a browser send, calls without the token, and bodies. May import config and domain.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refusal } from "./refusal.ts";

/** No call needs a body; some clients send an empty object all the same. */
export const MAX_BODY_BYTES = 16_384;

const HOST = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::\d{1,5})?$/i;

/**
 * Refuses calls to a name that is not ours: a page whose name was pointed at this machine.
 * Ports are not compared: behind a tunnel ours has another number.
 * @param names lower case; IPv6 addresses in brackets
 */
export function ownHost(names: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const name = HOST.exec(c.req.header("host") ?? "")?.[1]?.toLowerCase();
    if (name === undefined || !names.has(name)) {
      const message = "the Host of this call is none of ours";
      const hint = `call it by one of ${[...names].join(", ")}`;
      throw new Refusal(421, { code: "foreign-host", message, hint });
    }
    await next();
  };
}

/** Refuses calls without the token. @param token null: none is needed */
export function bearerToken(token: string | null): MiddlewareHandler {
  const wanted = token === null ? null : digest(token);
  return async (c, next) => {
    const [, given = ""] = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
    // Digests have one length, so the comparison takes one time whatever was given.
    if (wanted !== null && !timingSafeEqual(wanted, digest(given))) {
      const message = given === "" ? "this call needs the token" : "this token is not ours";
      const hint = "send the header Authorization: Bearer TOKEN";
      const headers = { "WWW-Authenticate": 'Bearer realm="mm"' };
      throw new Refusal(401, { code: "no-token", message, hint }, headers);
    }
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * For calls that change something, which a GET may do here: refused where a browser says that
 * another site sent it, or that it only fetches ahead, and where a browser does not say who sent
 * it; and HEAD, which must change nothing.
 */
export const changesState: MiddlewareHandler = async (c, next) => {
  if (c.req.method === "HEAD") throw methodRefusal("HEAD", ["GET", "POST"]);
  const hint = "call it from MM's own address, or with curl";
  if (isForeign(c)) {
    const message = "another web site sent this call";
    throw new Refusal(403, { code: "cross-site", message, hint });
  }
  if (isUntold(c)) {
    const message = "this browser does not say which web site sent this call";
    throw new Refusal(403, { code: "cross-site", message, hint });
  }
  if (/\bprefetch\b/.test(c.req.header("sec-purpose") ?? c.req.header("purpose") ?? "")) {
    throw new Refusal(403, { code: "prefetch", message: "a browser fetched this call ahead" });
  }
  await next();
};

function isForeign(c: Context): boolean {
  const site = c.req.header("sec-fetch-site") ?? "none";
  if (!["same-origin", "none"].includes(site)) return true;
  const host = c.req.header("host") ?? "";
  const origin = c.req.header("origin");
  if (origin !== undefined && !isOrigin(origin, host)) return true;
  const referer = c.req.header("referer");
  return referer !== undefined && !isOrigin(originOf(referer), host);
}

/** An old browser, which would send an image's GET from any page without a word about it. */
function isUntold(c: Context): boolean {
  const isBrowser = /^Mozilla\//i.test(c.req.header("user-agent") ?? "");
  const says = c.req.header("sec-fetch-site") ?? c.req.header("origin") ?? c.req.header("referer");
  return isBrowser && says === undefined;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "null";
}

/** Whether an Origin is the address that was called; `null`, an opaque one, never is. */
function isOrigin(origin: string, host: string): boolean {
  const called = host.toLowerCase();
  return origin === `http://${called}` || origin === `https://${called}`;
}

export const smallBody: MiddlewareHandler = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    const message = `the body has more than ${MAX_BODY_BYTES} bytes; no call needs one`;
    throw new Refusal(413, { code: "large-body", message });
  },
});

export function methodRefusal(method: string, allowed: readonly string[]): Refusal {
  const message = `${method} is not possible here; possible: ${allowed.join(", ")}`;
  return new Refusal(405, { code: "wrong-method", message }, { Allow: allowed.join(", ") });
}

/** The route's own path, for errors: what a caller typed, cut to a readable length. */
export function shownPath(c: Context): string {
  const { path } = c.req;
  return path.length > 80 ? `${path.slice(0, 79)}…` : path;
}
