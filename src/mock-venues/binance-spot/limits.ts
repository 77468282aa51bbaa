/** The limits of the real venue, and what fills take off the count of unfilled orders. */

import type { LimitSpec } from "../binance/rate-limits.ts";

export const BINANCE_SPOT_LIMITS: readonly LimitSpec[] = [
  { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 6000 },
  { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: 100 },
  { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: 200_000 },
  { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300_000 },
  { rateLimitType: "CONNECTIONS", interval: "MINUTE", intervalNum: 5, limit: 300 },
];

/** What the first fill of an order takes off the count of unfilled orders. */
export const FIRST_FILL_CREDIT = { maker: 5, taker: 1 } as const;
