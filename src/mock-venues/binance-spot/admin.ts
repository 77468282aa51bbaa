/**
 * The admin endpoint of the mock venue, for people with curl and for tests: no key, JSON both ways.
 * What is done here is done as if by the venue or by hand. May import this folder.
 */

import {
  type AdminRoute,
  type AdminRoutes,
  answerRoute,
  type AdminBody as Body,
  badBody,
} from "../admin-routes.ts";
import { ApiError } from "../binance/api-error.ts";
import type { CommonSwitches } from "../binance/front.ts";
import { Params } from "../binance/params.ts";
import type { Faults } from "../faults.ts";
import { openOrdersOf } from "./account.ts";
import type { SymbolStatus } from "./market-front.ts";
import { statusJson } from "./order-records.ts";
import { placeOrder } from "./orders.ts";
import { allTrades } from "./queries.ts";
import type { Venue } from "./venue.ts";

/** What only the server can do. */
export interface AdminSwitches extends CommonSwitches {
  setStatus(status: SymbolStatus, symbol?: string): void;
}

export interface AdminRules {
  readonly venue: Venue;
  readonly faults: Faults;
  readonly switches: AdminSwitches;
}

const STATUSES: readonly SymbolStatus[] = ["TRADING", "CANCEL_ONLY", "BREAK"];
const DEFAULT_GRACE_MS = 2000;

const ROUTES: AdminRoutes<AdminRules> = new Map<string, AdminRoute<AdminRules>>([
  ["GET /mock/orders", ({ venue }) => openOrders(venue)],
  ["POST /mock/orders", placeForeign],
  ["GET /mock/balances", ({ venue }) => venue.account.balances()],
  ["GET /mock/fills", ({ venue }) => allTrades(venue)],
  ["GET /mock/connections", ({ switches }) => ({ open: switches.connectionCount() })],
  ["GET /mock/faults", ({ faults }) => faults.counts()],
  ["POST /mock/faults", armFaults],
  ["DELETE /mock/faults", clearFaults],
  ["POST /mock/status", setStatus],
  ["POST /mock/clock", setClock],
  ["POST /mock/shutdown-notice", shutDown],
  ["POST /mock/disconnect", disconnect],
]);

/** Answers a call to `/mock/…`; what the caller did wrong is told with what to do. */
export function answerAdmin(rules: AdminRules, request: Request): Promise<Response> {
  return answerRoute(ROUTES, rules, request, (error) => {
    if (!(error instanceof ApiError)) return undefined;
    return Response.json({ code: error.code, error: error.message }, { status: error.status });
  });
}

function openOrders(venue: Venue): unknown {
  return [...venue.listings.values()].flatMap((listing) =>
    openOrdersOf(listing).map((order) => statusJson(order)),
  );
}

/** Takes the parameters of `order.place`; a limit order where no type is given. */
function placeForeign({ venue }: AdminRules, body: Body): unknown {
  const defaults = { type: "LIMIT", ...(body["type"] === undefined ? { timeInForce: "GTC" } : {}) };
  const values = Object.entries({ ...defaults, ...body }).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
  );
  return placeOrder(venue, new Params(new Map(values)));
}

function armFaults({ faults }: AdminRules, body: Body): unknown {
  faults.arm(body, "POST /mock/faults");
  return faults.counts();
}

function clearFaults({ faults }: AdminRules): unknown {
  faults.clear();
  return faults.counts();
}

function setStatus({ venue, switches }: AdminRules, body: Body): unknown {
  const { status, symbol } = body;
  const known = STATUSES.find((candidate) => candidate === status);
  if (known === undefined) throw badBody("status", `must be one of ${STATUSES.join(", ")}`);
  if (symbol !== undefined && !(typeof symbol === "string" && venue.listings.has(symbol))) {
    throw badBody("symbol", `must be one of ${[...venue.listings.keys()].join(", ")}`);
  }
  switches.setStatus(known, symbol);
  return { status: known, symbols: symbol === undefined ? [...venue.listings.keys()] : [symbol] };
}

function setClock({ venue, switches }: AdminRules, { skewMs }: Body): unknown {
  if (typeof skewMs !== "number" || !Number.isFinite(skewMs)) {
    throw badBody("skewMs", "must be milliseconds");
  }
  switches.setClockSkew(skewMs);
  return { skewMs, serverTime: Math.floor(venue.nowMs()) };
}

function shutDown({ switches }: AdminRules, { graceMs = DEFAULT_GRACE_MS }: Body): unknown {
  if (typeof graceMs !== "number" || !(graceMs >= 0)) {
    throw badBody("graceMs", "must be milliseconds, 0 or more");
  }
  const told = switches.connectionCount();
  switches.shutDown(graceMs);
  return { graceMs, told };
}

function disconnect({ switches }: AdminRules): unknown {
  const cut = switches.connectionCount();
  switches.disconnectAll();
  return { cut };
}
