/**
 * The REST front of the mock venue: routes, signatures over the bytes as they were sent, and the
 * headers that tell limits. May import net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import { converse, cutResponse } from "../conversation.ts";
import type { Faults } from "../faults.ts";
import { type ApiReply, conversationVenue, execute } from "./api.ts";
import { ApiError, badRequest, missing } from "./api-error.ts";
import { checkTimestamp } from "./credentials.ts";
import { type Method, REST_METHODS } from "./methods.ts";
import { Params } from "./params.ts";
import { intervalCode } from "./rate-limits.ts";
import type { Venue } from "./venue.ts";

export interface RestRules {
  readonly venue: Venue;
  readonly timers: Timers;
  readonly faults: Faults;
  readonly eventBeforeResponse: boolean;
}

const ROUTES: ReadonlyMap<string, Method> = new Map(
  REST_METHODS.map((method) => [`${method.verb} ${method.path}`, method]),
);
/** Gone since 2026-02-20: the user stream is subscribed to on the WebSocket API. */
const LISTEN_KEY_PATH = "/api/v3/userDataStream";

interface RestRequest {
  readonly method: Method;
  readonly query: string;
  readonly body: string;
  readonly apiKey: string | null;
}

/** Answers a request, unless a fault has it otherwise: late, by a cut connection, or never. */
export async function answerRest(rules: RestRules, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === LISTEN_KEY_PATH) return errorResponse(410, -1020, "Gone.");
  const method = ROUTES.get(`${request.method} ${url.pathname}`);
  if (method === undefined) {
    const what = `The mock venue has no ${request.method} ${url.pathname}.`;
    return errorResponse(404, -1020, what);
  }
  // The bytes as sent: a parsed URL may have other escapes than those that were signed.
  const start = request.url.indexOf("?");
  const query = start === -1 ? "" : request.url.slice(start + 1);
  const body = await request.text();
  const asked = { method, query, body, apiKey: request.headers.get("X-MBX-APIKEY") };
  const { promise, resolve } = Promise.withResolvers<Response>();
  const venue = conversationVenue(rules.venue, rules.eventBeforeResponse);
  converse({ ...rules, venue }, rules.faults.forRequest("rest", method.name), {
    execute: (done) => done(executeRest(rules.venue, asked)),
    answer: (reply) => resolve(responseOf(rules.venue, method, reply)),
    cut: () => resolve(cutResponse()),
    silence: (forMs) => {
      rules.timers.after(forMs, () => resolve(cutResponse()));
    },
  });
  return promise;
}

function executeRest(venue: Venue, asked: RestRequest): ApiReply {
  const { method, apiKey } = asked;
  let params: Params;
  try {
    const values = valuesOf([asked.query, asked.body]);
    // The header's key stands among the parameters, where the WebSocket API has it.
    params = new Params(apiKey === null ? values : new Map([...values, ["apiKey", apiKey]]));
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, error };
    throw error;
  }
  return execute(venue, {
    weight: () => method.weightOf(params),
    isFreeOnSuccess: method.isFreeOnSuccess,
    allowedParams: method.params,
    params,
    authorize: () => {
      if (method.isSigned) authorize(venue, asked, params);
    },
    run: () => method.run(venue, params),
  });
}

function authorize(venue: Venue, asked: RestRequest, params: Params): void {
  const { apiKey } = asked;
  if (apiKey === null) throw new ApiError(401, -2014, "API-key format invalid.");
  venue.credentials.kindOf(apiKey);
  const signature = params.text("signature");
  if (signature === undefined) throw missing("signature");
  const payload = unsigned(asked.query) + unsigned(asked.body);
  venue.credentials.verify(apiKey, payload, signature);
  checkTimestamp(params, venue.nowMs());
}

/** The text without its `signature`, every other byte as it was. */
function unsigned(text: string): string {
  const isKept = (part: string): boolean => !part.startsWith("signature=");
  return text
    .split("&")
    .filter((part) => isKept(part))
    .join("&");
}

/** Names and values of query and body. @throws {ApiError} -1101 where a name comes twice */
function valuesOf(texts: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const part of texts.flatMap((text) => text.split("&"))) {
    if (part === "") continue;
    const [name = "", ...rest] = part.split("=");
    if (values.has(name)) throw badRequest(-1101, "Duplicate values for a parameter detected.");
    values.set(name, decoded(rest.join("=")));
  }
  return values;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(-1100, "Illegal characters found in a parameter.");
  }
}

function responseOf(venue: Venue, method: Method, reply: ApiReply): Response {
  const headers = limitHeaders(venue, method);
  if ("result" in reply) return Response.json(reply.result, { headers });
  const { code, message, data, retryAtMs } = reply.error;
  if (retryAtMs !== undefined) {
    const seconds = Math.max(1, Math.ceil((retryAtMs - venue.nowMs()) / 1000));
    headers.set("Retry-After", seconds.toString());
  }
  const body = { code, msg: message, ...(data === undefined ? {} : { data }) };
  return Response.json(body, { status: reply.status, headers });
}

function limitHeaders({ limits }: Venue, method: Method): Headers {
  const headers = new Headers();
  for (const count of limits.counts(["REQUEST_WEIGHT"])) {
    headers.set("X-MBX-USED-WEIGHT", count.count.toString());
    headers.set(`X-MBX-USED-WEIGHT-${intervalCode(count)}`, count.count.toString());
  }
  if (!method.tellsOrderCounts) return headers;
  for (const count of limits.counts(["ORDERS"])) {
    headers.set(`X-MBX-ORDER-COUNT-${intervalCode(count)}`, count.count.toString());
  }
  return headers;
}

function errorResponse(status: number, code: number, msg: string): Response {
  return Response.json({ code, msg }, { status });
}
