/**
 * What the faults of a mock venue are on Hyperliquid: requests go by the type of their action
 * (`order`, `cancelByCloid`) or question (`frontendOpenOrders`), streams by that of their
 * subscription. There is no ban and no shutdown notice there.
 */

import { COMMON_FAULT_KINDS, type FaultRules } from "../fault-script.ts";

/** Post-only after an upgrade of the network; halted during one. */
export type ChainStatus = "OPEN" | "POST_ONLY" | "HALT";

export const HYPERLIQUID_FAULTS: FaultRules<ChainStatus> = {
  kinds: COMMON_FAULT_KINDS.filter((kind) => kind !== "ban" && kind !== "server-shutdown"),
  transports: ["rest", "ws"],
  statuses: ["POST_ONLY", "HALT"],
  usualStatus: "OPEN",
  orderMethods: ["order", "cancel", "cancelByCloid", "modify", "batchModify", "noop"],
  bookStreams: ["bbo", "l2Book"],
  garbage: '{"channel":"bbo","data":{"coin":"BTC","ti',
};
