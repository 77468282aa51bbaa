/**
 * What the admin endpoints of all mock venues of Binance have alike: connections, faults, status,
 * clock and the ends of connections. May import this folder.
 */

import {
  type AdminRoute,
  type AdminRoutes,
  answerRoute,
  type AdminBody as Body,
  badBody,
} from "../admin-routes.ts";
import type { Faults } from "../faults.ts";
import { ApiError } from "./api-error.ts";
import type { CommonSwitches } from "./front.ts";

export interface CommonRules<Status extends string> {
  readonly venue: {
    readonly listings: ReadonlyMap<string, unknown>;
    readonly nowMs: () => number;
  };
  readonly faults: Faults<Status>;
  readonly switches: CommonSwitches<Status>;
}

const DEFAULT_GRACE_MS = 2000;

export function commonRoutes<Status extends string>(
  statuses: readonly Status[],
): readonly (readonly [string, AdminRoute<CommonRules<Status>>])[] {
  return [
    ["GET /mock/connections", ({ switches }) => ({ open: switches.connectionCount() })],
    ["GET /mock/faults", ({ faults }) => faults.counts()],
    ["POST /mock/faults", armFaults],
    ["DELETE /mock/faults", clearFaults],
    ["POST /mock/status", (rules, body) => setStatus(statuses, rules, body)],
    ["POST /mock/clock", setClock],
    ["POST /mock/shutdown-notice", shutDown],
    ["POST /mock/disconnect", disconnect],
  ];
}

/** Answers a call to `/mock/…`; what the caller did wrong is told with what to do. */
export function answerAdmin<Rules>(
  routes: AdminRoutes<Rules>,
  rules: Rules,
  request: Request,
): Promise<Response> {
  return answerRoute(routes, rules, request, (error) => {
    if (!(error instanceof ApiError)) return undefined;
    return Response.json({ code: error.code, error: error.message }, { status: error.status });
  });
}

function armFaults({ faults }: Pick<CommonRules<string>, "faults">, body: Body): unknown {
  faults.arm(body, "POST /mock/faults");
  return faults.counts();
}

function clearFaults({ faults }: Pick<CommonRules<string>, "faults">): unknown {
  faults.clear();
  return faults.counts();
}

function setStatus<Status extends string>(
  statuses: readonly Status[],
  { venue, switches }: CommonRules<Status>,
  { status, symbol }: Body,
): unknown {
  const known = statuses.find((candidate) => candidate === status);
  if (known === undefined) throw badBody("status", `must be one of ${statuses.join(", ")}`);
  const symbols = [...venue.listings.keys()];
  if (symbol === undefined) {
    switches.setStatus(known);
    return { status: known, symbols };
  }
  if (typeof symbol !== "string" || !venue.listings.has(symbol)) {
    throw badBody("symbol", `must be one of ${symbols.join(", ")}`);
  }
  switches.setStatus(known, symbol);
  return { status: known, symbols: [symbol] };
}

function setClock<Status extends string>(
  { venue, switches }: CommonRules<Status>,
  { skewMs }: Body,
): unknown {
  if (typeof skewMs !== "number" || !Number.isFinite(skewMs)) {
    throw badBody("skewMs", "must be milliseconds");
  }
  switches.setClockSkew(skewMs);
  return { skewMs, serverTime: Math.floor(venue.nowMs()) };
}

function shutDown<Status extends string>(
  { switches }: CommonRules<Status>,
  { graceMs = DEFAULT_GRACE_MS }: Body,
): unknown {
  if (typeof graceMs !== "number" || !(graceMs >= 0)) {
    throw badBody("graceMs", "must be milliseconds, 0 or more");
  }
  const told = switches.connectionCount();
  switches.shutDown(graceMs);
  return { graceMs, told };
}

function disconnect<Status extends string>({ switches }: CommonRules<Status>): unknown {
  const cut = switches.connectionCount();
  switches.disconnectAll();
  return { cut };
}
