/**
 * The admin endpoint of the mock venue, for people with curl and for tests: no key, JSON both ways.
 * What is done here is done as if by the venue or by hand. May import this folder.
 */

import type { AdminRoute, AdminRoutes, AdminBody as Body } from "../admin-routes.ts";
import { type CommonRules, commonRoutes } from "../binance/admin.ts";
import { Params, textsOf } from "../binance/params.ts";
import type { SymbolStatus } from "./market-front.ts";
import { statusJson } from "./order-records.ts";
import { placeOrder } from "./orders.ts";
import { allTrades } from "./queries.ts";
import type { Venue } from "./venue.ts";

export interface AdminRules extends CommonRules<SymbolStatus> {
  readonly venue: Venue;
}

const STATUSES: readonly SymbolStatus[] = ["TRADING", "CANCEL_ONLY", "BREAK"];

export const ADMIN_ROUTES: AdminRoutes<AdminRules> = new Map<string, AdminRoute<AdminRules>>([
  ["GET /mock/orders", ({ venue }) => openOrders(venue)],
  ["POST /mock/orders", placeForeign],
  ["GET /mock/balances", ({ venue }) => venue.account.balances()],
  ["GET /mock/fills", ({ venue }) => allTrades(venue)],
  ...commonRoutes(STATUSES),
]);

function openOrders(venue: Venue): unknown {
  return [...venue.listings.values()].flatMap(({ records }) =>
    records.openOrders().map((order) => statusJson(order)),
  );
}

/** Takes the parameters of `order.place`; a limit order where no type is given. */
function placeForeign({ venue }: AdminRules, body: Body): unknown {
  const defaults = { type: "LIMIT", ...(body["type"] === undefined ? { timeInForce: "GTC" } : {}) };
  return placeOrder(venue, new Params(textsOf({ ...defaults, ...body })));
}
