/**
 * The REST front of a mock venue of Binance: routes, signatures over the bytes as they were sent,
 * and the headers that tell limits. May import this folder.
 */

import { converse, cutResponse } from "../conversation.ts";
import {
  type ApiReply,
  type ApiRules,
  type ApiVenue,
  conversationVenue,
  execute,
  type Method,
  refusal,
} from "./api.ts";
import { ApiError, badRequest, missing } from "./api-error.ts";
import { checkTimestamp } from "./credentials.ts";
import { Params } from "./params.ts";
import { intervalCode } from "./rate-limits.ts";

/** By verb and path: `GET /api/v3/time`. */
export type Routes<Venue> = ReadonlyMap<string, Method<Venue>>;

interface RestRequest<Venue> {
  readonly method: Method<Venue>;
  readonly query: string;
  readonly body: string;
  readonly apiKey: string | null;
}

export function routesOf<Venue>(methods: readonly Method<Venue>[]): Routes<Venue> {
  return new Map(methods.map((method) => [`${method.verb} ${method.path}`, method]));
}

/** Answers a request, unless a fault has it otherwise: late, by a cut connection, or never. */
export async function answerRest<Venue extends ApiVenue>(
  routes: Routes<Venue>,
  rules: ApiRules<Venue>,
  request: Request,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const method = routes.get(`${request.method} ${pathname}`);
  if (method === undefined) {
    const what = `The mock venue has no ${request.method} ${pathname}.`;
    return errorResponse(404, -1020, what);
  }
  // The bytes as sent: a parsed URL may have other escapes than those that were signed.
  const start = request.url.indexOf("?");
  const query = start === -1 ? "" : request.url.slice(start + 1);
  const body = await request.text();
  const asked = { method, query, body, apiKey: request.headers.get("X-MBX-APIKEY") };
  const { promise, resolve } = Promise.withResolvers<Response>();
  const venue = conversationVenue(rules);
  const values = valuesOrRefusal([query, body]);
  const isExempt =
    values instanceof ApiError || (rules.dialect.isExempt?.(method.name, values) ?? false);
  converse({ ...rules, venue }, rules.faults.forRequest("rest", method.name, isExempt), {
    execute: (done) => done(executeRest(rules, asked, values)),
    answer: (reply) => resolve(responseOf(rules.venue, method, reply)),
    cut: () => resolve(cutResponse()),
    silence: (forMs) => {
      rules.timers.after(forMs, () => resolve(cutResponse()));
    },
  });
  return promise;
}

function executeRest<Venue extends ApiVenue>(
  { venue, dialect }: ApiRules<Venue>,
  asked: RestRequest<Venue>,
  values: ReadonlyMap<string, string> | ApiError,
): ApiReply {
  if (values instanceof ApiError) return refusal(values);
  const { method, apiKey } = asked;
  // The header's key stands among the parameters, where the WebSocket API has it.
  const all = apiKey === null ? values : new Map([...values, ["apiKey", apiKey] as const]);
  const params = new Params(all, dialect.ids);
  return execute(venue, {
    weight: () => method.weightOf(params),
    isFreeOnSuccess: method.isFreeOnSuccess,
    allowedParams: method.params,
    params,
    authorize: () => authorize(venue, asked, params),
    run: () => method.run(venue, params),
  });
}

function authorize<Venue extends ApiVenue>(
  venue: Venue,
  asked: RestRequest<Venue>,
  params: Params,
): void {
  const { apiKey, method } = asked;
  if (method.security === "none") return;
  if (apiKey === null) throw new ApiError(401, -2014, "API-key format invalid.");
  venue.credentials.kindOf(apiKey);
  if (method.security === "key") return;
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

function valuesOrRefusal(texts: readonly string[]): ReadonlyMap<string, string> | ApiError {
  try {
    return valuesOf(texts);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
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

function responseOf<Venue extends ApiVenue>(
  venue: Venue,
  method: Method<Venue>,
  reply: ApiReply,
): Response {
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

function limitHeaders<Venue extends ApiVenue>({ limits }: Venue, method: Method<Venue>): Headers {
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

export function errorResponse(status: number, code: number, msg: string): Response {
  return Response.json({ code, msg }, { status });
}
