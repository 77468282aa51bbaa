/**
 * The REST front of the mock venue: questions and actions, both posted as JSON. May import net and
 * this folder.
 */

import type { Timers } from "#net/timers.ts";
import { converse, cutResponse } from "../conversation.ts";
import type { Faults } from "../faults.ts";
import { isRecord, parseJson } from "../json.ts";
import { UNPARSED } from "./action-gate.ts";
import type { Desk } from "./desk.ts";
import type { ChainStatus } from "./fault-rules.ts";
import type { HlReply } from "./venue.ts";

export interface RestRules {
  readonly desk: Desk;
  readonly timers: Timers;
  readonly faults: Faults<ChainStatus>;
}

/** Answers a request, unless a fault has it otherwise: late, by a cut connection, or never. */
export async function answerRest(rules: RestRules, request: Request): Promise<Response> {
  const { desk, faults, timers } = rules;
  const { pathname } = new URL(request.url);
  if (pathname !== "/info" && pathname !== "/exchange") return new Response("", { status: 404 });
  if (request.method !== "POST") return new Response("", { status: 405 });
  const body = parseJson(await request.text());
  if (!isRecord(body)) return responseOf(UNPARSED);
  const call = pathname === "/info" ? desk.info(body, "rest") : desk.action(body, "rest");
  const { promise, resolve } = Promise.withResolvers<Response>();
  converse({ timers, venue: desk.conversation }, faults.forRequest("rest", call.name), {
    execute: call.execute,
    answer: (reply) => resolve(responseOf(reply)),
    cut: () => resolve(cutResponse()),
    silence: (forMs) => {
      timers.after(forMs, () => resolve(cutResponse()));
    },
  });
  return promise;
}

function responseOf({ status, body }: HlReply): Response {
  if (status === 200) return Response.json(body);
  return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
}
