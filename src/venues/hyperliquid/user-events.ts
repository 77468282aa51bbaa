/**
 * The account's channels of the socket (`orderUpdates`, `userFills`, `userFundings`) as values.
 * They speak of every coin and of everybody's orders of the account: who listens sorts them out.
 * Pure; may import domain only.
 */

import * as v from "valibot";
import { parsed } from "../wire.ts";
import {
  type OwnFill,
  type OwnFunding,
  type ReportedOrder,
  readFills,
  readFundings,
  readOrderReport,
} from "./responses.ts";

export type UserEvent =
  | { readonly kind: "orders"; readonly reports: readonly ReportedOrder[] }
  /** A snapshot repeats what was told, after every (re)connect. */
  | { readonly kind: "fills"; readonly isSnapshot: boolean; readonly fills: readonly OwnFill[] }
  | { readonly kind: "fundings"; readonly fundings: readonly OwnFunding[] }
  /** Of a channel or a user that is not ours. */
  | { readonly kind: "ignored"; readonly channel: string };

const Frame = v.object({ channel: v.string(), data: v.unknown() });
const Fills = v.object({
  user: v.string(),
  fills: v.unknown(),
  isSnapshot: v.nullish(v.boolean(), false),
});
const Fundings = v.object({ user: v.string(), fundings: v.unknown() });

/**
 * One frame. `orderUpdates` name no user: a socket must be subscribed to one user's alone.
 * @param user lower case
 * @throws {ProtocolError} where it is not as documented
 */
export function readUserEvent(json: unknown, user: string): UserEvent {
  const { channel, data } = parsed(Frame, json, "frame");
  switch (channel) {
    case "orderUpdates": {
      const reports = parsed(v.array(v.unknown()), data, channel);
      return { kind: "orders", reports: reports.map((report) => readOrderReport(report)) };
    }
    case "userFills": {
      const { user: whose, fills, isSnapshot } = parsed(Fills, data, channel);
      if (whose.toLowerCase() !== user) return { kind: "ignored", channel };
      return { kind: "fills", isSnapshot, fills: readFills(fills, isSnapshot) };
    }
    case "userFundings": {
      const { user: whose, fundings } = parsed(Fundings, data, channel);
      if (whose.toLowerCase() !== user) return { kind: "ignored", channel };
      return { kind: "fundings", fundings: readFundings(fundings) };
    }
    default:
      return { kind: "ignored", channel };
  }
}
