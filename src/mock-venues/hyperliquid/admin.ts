/**
 * The admin endpoint of the mock venue, for people with curl and for tests: no key, JSON both ways.
 * What is done here is done as if by the venue or by hand. May import domain and this folder.
 */

import { plain } from "#domain/decimal.ts";
import type { Side } from "#domain/instrument.ts";
import {
  type AdminRoute,
  type AdminRoutes,
  answerRoute,
  type AdminBody as Body,
  badBody,
} from "../admin-routes.ts";
import type { Faults } from "../faults.ts";
import type { HlCoin } from "./coin.ts";
import type { ChainStatus } from "./fault-rules.ts";
import { fillJson } from "./fills.ts";
import { answerInfo } from "./info.ts";
import type { IpLimits } from "./ip-limits.ts";
import type { HlMockVenue, HlOrder } from "./venue.ts";

/** What only the server can do. */
export interface AdminSwitches {
  /** Venue's clock minus the machine's. */
  setClockSkew(skewMs: number): void;
  setStatus(status: ChainStatus): void;
  /** Cuts every connection after this time. */
  shutDown(graceMs: number): void;
  disconnectAll(): void;
  connectionCount(): number;
}

export interface AdminRules {
  readonly venue: HlMockVenue;
  readonly limits: IpLimits;
  readonly faults: Faults<ChainStatus>;
  readonly switches: AdminSwitches;
}

const STATUSES: readonly ChainStatus[] = ["OPEN", "POST_ONLY", "HALT"];
const SIDES: readonly Side[] = ["buy", "sell"];
const TIFS = ["Alo", "Ioc", "Gtc"] as const;

const ROUTES: AdminRoutes<AdminRules> = new Map<string, AdminRoute<AdminRules>>([
  ["GET /mock/orders", ({ venue }) => venue.openOrders().map((order) => orderOf(order))],
  ["POST /mock/orders", placeForeign],
  ["DELETE /mock/orders", cancelForeign],
  ["GET /mock/fills", ({ venue }) => venue.fills().map((fill) => fillJson(fill))],
  ["GET /mock/account", ({ venue }) => accountOf(venue)],
  ["GET /mock/connections", connections],
  ["GET /mock/faults", ({ faults }) => faults.counts()],
  ["POST /mock/faults", armFaults],
  ["DELETE /mock/faults", clearFaults],
  ["POST /mock/status", setStatus],
  ["POST /mock/clock", setClock],
  ["POST /mock/prices", setPrices],
  ["POST /mock/funding", settleFunding],
  ["POST /mock/disconnect", disconnect],
]);

/** Answers a call to `/mock/…`; what the caller did wrong is told with what to do. */
export function answerAdmin(rules: AdminRules, request: Request): Promise<Response> {
  return answerRoute(ROUTES, rules, request, () => undefined);
}

/** Sizes and prices as plain decimals. */
function orderOf(order: HlOrder): unknown {
  const { instrument, quantityLots, filledLots, priceTicks, triggerTicks } = order;
  const trigger = triggerTicks === 0 ? null : instrument.priceString(triggerTicks);
  return {
    coin: order.coin,
    oid: order.oid,
    cloid: order.cloid,
    side: order.side,
    price: instrument.priceString(priceTicks),
    size: instrument.sizeString(quantityLots),
    filled: instrument.sizeString(filledLots),
    tif: order.tif,
    triggerPrice: trigger,
    reduceOnly: order.reduceOnly,
    status: order.status,
    time: order.timeMs,
  };
}

function accountOf(venue: HlMockVenue): unknown {
  const positions = venue.coins.map((coin) => {
    return [coin.name, coin.instrument.sizeString(venue.positionLots(coin.name))] as const;
  });
  return {
    user: venue.user,
    master: venue.master,
    /** USDC. */
    accountValue: plain(venue.accountValue()),
    /** Signed; of the coins that have any. */
    positions: Object.fromEntries(positions.filter(([, size]) => size !== "0")),
    clearinghouseState: answerInfo(venue, { type: "clearinghouseState", user: venue.user }).body,
    addressBudget: answerInfo(venue, { type: "userRateLimit", user: venue.user }).body,
    /** Of whole actions, by their words. */
    refusals: Object.fromEntries(venue.refusals),
  };
}

function connections({ switches, limits }: AdminRules): unknown {
  return {
    open: switches.connectionCount(),
    counts: limits.counts(),
    limits: limits.spec,
    overruns: limits.overruns,
  };
}

/** Takes coin, side, price, size, and tif, cloid and reduceOnly where they are wanted. */
function placeForeign({ venue }: AdminRules, body: Body): unknown {
  const coin = listed(venue, body);
  const side = oneOf(body, "side", SIDES);
  const tif = body["tif"] === undefined ? "Gtc" : oneOf(body, "tif", TIFS);
  const { cloid = null, reduceOnly = false } = body;
  if (cloid !== null && !(typeof cloid === "string" && /^0x[0-9a-f]{32}$/.test(cloid))) {
    throw badBody("cloid", "must be 0x and 32 hexadecimal digits");
  }
  if (typeof reduceOnly !== "boolean") throw badBody("reduceOnly", "must be true or false");
  const { instrument, name } = coin;
  const priceTicks = instrument.ticksOf(textOf(body, "price"));
  const quantityLots = instrument.lotsOf(textOf(body, "size"));
  const order = { coin: name, cloid, side, tif, reduceOnly, priceTicks, quantityLots };
  return orderOf(venue.placeForeign(order));
}

function cancelForeign({ venue }: AdminRules): unknown {
  const canceled = venue.openOrders().length;
  venue.cancelForeign();
  return { canceled };
}

function armFaults({ faults }: AdminRules, body: Body): unknown {
  faults.arm(body, "POST /mock/faults");
  return faults.counts();
}

function clearFaults({ faults }: AdminRules): unknown {
  faults.clear();
  return faults.counts();
}

/** POST_ONLY as after an upgrade of the network, HALT as during one. */
function setStatus({ switches }: AdminRules, body: Body): unknown {
  const status = oneOf(body, "status", STATUSES);
  switches.setStatus(status);
  return { status };
}

function setClock({ venue, switches }: AdminRules, { skewMs }: Body): unknown {
  if (typeof skewMs !== "number" || !Number.isFinite(skewMs)) {
    throw badBody("skewMs", "must be milliseconds");
  }
  switches.setClockSkew(skewMs);
  return { skewMs, serverTime: Math.floor(venue.nowMs()) };
}

/**
 * Pins mark and oracle (the mark too where left out); without a mark they follow the book again.
 */
function setPrices({ venue }: AdminRules, body: Body): unknown {
  const coin = listed(venue, body);
  const ticksOf = (name: string): number => coin.instrument.ticksOf(textOf(body, name));
  if (body["mark"] === undefined) coin.unpin();
  else coin.pin(ticksOf("mark"), ticksOf(body["oracle"] === undefined ? "mark" : "oracle"));
  const { markPx, oraclePx } = coin.assetCtx();
  return { coin: coin.name, markPx, oraclePx };
}

/** Pays and takes the funding of one interval now. */
function settleFunding({ venue }: AdminRules): unknown {
  venue.funding.settle();
  return { accountValue: plain(venue.accountValue()) };
}

function disconnect({ switches }: AdminRules): unknown {
  const cut = switches.connectionCount();
  switches.disconnectAll();
  return { cut };
}

function listed(venue: HlMockVenue, { coin: name }: Body): HlCoin {
  const coin = typeof name === "string" ? venue.coin(name) : undefined;
  if (coin !== undefined) return coin;
  throw badBody("coin", `must be one of ${venue.coins.map((each) => each.name).join(", ")}`);
}

function oneOf<Value extends string>(body: Body, name: string, values: readonly Value[]): Value {
  const value = values.find((candidate) => candidate === body[name]);
  if (value === undefined) throw badBody(name, `must be one of ${values.join(", ")}`);
  return value;
}

/** A plain decimal, as text or as a number. */
function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string") return value;
  if (typeof value === "number") return JSON.stringify(value);
  throw badBody(name, "must be a plain decimal");
}
