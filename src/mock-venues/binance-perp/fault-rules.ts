/**
 * What the faults of a mock venue are on Binance USD-M: all kinds. Requests go by the ws-api's
 * names, and by names of the same form where it has none; streams by their names without the
 * symbol; events by theirs. A lost event cannot be told from one that never was, so none is lost at
 * random.
 */

import { FAULT_KINDS, type FaultRules } from "../fault-script.ts";
import type { PerpStatus } from "./perp-symbol.ts";

export const BINANCE_PERP_FAULTS: FaultRules<PerpStatus> = {
  kinds: FAULT_KINDS,
  transports: ["rest", "ws-api"],
  statuses: ["SETTLING", "CLOSE"],
  usualStatus: "TRADING",
  orderMethods: [
    "order.place",
    "order.modify",
    "order.cancel",
    "openOrders.cancelAll",
    "batchOrders.place",
    "batchOrders.cancel",
    "algoOrder.place",
    "algoOrder.cancel",
    "algoOpenOrders.cancelAll",
  ],
  bookStreams: ["depth", "depth@100ms", "depth@500ms"],
  garbage: '{"e":"depthUpdate","E":17953400',
  notAtRandom: ["user-event-lost", "stream-silence"],
};
