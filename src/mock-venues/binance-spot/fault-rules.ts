/** What the faults of a mock venue are on Binance Spot: all kinds, by the ws-api's names. */

import { COMMON_FAULT_KINDS, type FaultRules } from "../fault-script.ts";
import type { SymbolStatus } from "./market-front.ts";

export const BINANCE_SPOT_FAULTS: FaultRules<SymbolStatus> = {
  kinds: COMMON_FAULT_KINDS,
  transports: ["rest", "ws-api"],
  statuses: ["CANCEL_ONLY", "BREAK"],
  usualStatus: "TRADING",
  orderMethods: [
    "order.place",
    "order.cancel",
    "order.cancelReplace",
    "order.amend.keepPriority",
    "openOrders.cancelAll",
  ],
  bookStreams: ["depth", "depth@100ms"],
  garbage: '{"e":"depthUpdate","E":17953400',
};
