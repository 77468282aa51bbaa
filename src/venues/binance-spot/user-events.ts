/**
 * Messages of the user data stream as domain values. One account's stream carries all its symbols:
 * reports about another one are ignored by name, as are kinds of event that are new to us. A kind
 * of execution that is new to us is an error, since money may have moved. Pure; may import domain
 * only. Shapes: user-data-stream.md of binance-spot-api-docs.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { FillEvent, OrderEvent } from "#domain/events.ts";
import type { RejectReason } from "#domain/order.ts";
import {
  Amount,
  Count,
  changeOf,
  feeAssetOf,
  type MessageContext,
  ProtocolError,
  parsed,
  Quantity,
  quantityLotsOf,
  SideWord,
  sideOf,
  tradeKey,
} from "../binance/wire.ts";

/**
 * - `orders`: of one order; a fill comes before the state that it led to.
 * - `foreign`: of an order of somebody else, of which nothing is read but its number: it may be off
 *   our grid, being older than the venue's last change of it.
 * - `balances`: free and locked together, plain decimals; null where the asset is not mentioned,
 *   which then is as it was.
 * - `transfer`: into the account, or out of it where negative. `lock`: set aside by the venue for
 *   another product, or given back; the balance is not changed by it.
 * - `ended`: nothing more comes on this connection (`stream`: subscribe again; `server`: the whole
 *   server goes, connect elsewhere).
 * - `ignored`: of no concern, by name.
 */
export type UserEvent =
  | { readonly kind: "orders"; readonly events: readonly (OrderEvent | FillEvent)[] }
  | { readonly kind: "foreign"; readonly venueOrderId: string; readonly isTrade: boolean }
  | {
      readonly kind: "balances";
      readonly venueTimeMs: number;
      readonly base: string | null;
      readonly quote: string | null;
    }
  | {
      readonly kind: "transfer" | "lock";
      readonly venueTimeMs: number;
      readonly asset: string;
      readonly amount: string;
    }
  | { readonly kind: "ended"; readonly what: "stream" | "server" }
  | { readonly kind: "ignored"; readonly name: string };

const Wrapped = v.object({ event: v.looseObject({}) });
const Combined = v.object({ stream: v.string(), data: v.looseObject({}) });
const Named = v.looseObject({ e: v.string() });
const OfSymbol = v.object({ s: v.string() });
const OfOrder = v.object({
  i: Count,
  c: v.string(),
  C: v.nullish(v.string(), ""),
  x: v.string(),
});

/** Whether an order is ours, by its number, or by one of the client ids that a report gives it. */
export type IsOurs = (venueOrderId: string, clientOrderIds: readonly string[]) => boolean;

const Report = v.object({
  /** The order's client id now; after a cancel, that of the cancel. */
  c: v.string(),
  /** The client id that was cancelled or amended; empty in other reports. */
  C: v.nullish(v.string(), ""),
  S: SideWord,
  q: Quantity,
  x: v.picklist([
    "NEW",
    "CANCELED",
    "REPLACED",
    "REJECTED",
    "TRADE",
    "EXPIRED",
    "TRADE_PREVENTION",
  ]),
  X: v.string(),
  r: v.string(),
  eR: v.nullish(v.string(), ""),
  i: Count,
  z: Quantity,
  A: v.optional(Quantity),
  T: Count,
});

const Execution = v.object({
  ...Report.entries,
  l: Quantity,
  L: Quantity,
  n: Amount,
  N: v.nullable(v.string()),
  t: Count,
  m: v.boolean(),
});

const Balances = v.object({
  u: Count,
  B: v.array(v.object({ a: v.string(), f: Quantity, l: Quantity })),
});
const Delta = v.object({ a: v.string(), d: Amount, T: Count });

/**
 * One message, wrapped or raw.
 * @throws {ProtocolError} where it is not as documented, or an execution is of a kind unknown
 * @throws {InputError} `off-grid` where a price or size does not fit the instrument
 */
export function readUserEvent(
  json: unknown,
  context: MessageContext,
  isOurs: IsOurs = () => true,
): UserEvent {
  const event = parsed(Named, unwrapped(json), "user event");
  switch (event.e) {
    case "executionReport":
      return readReport(event, context, isOurs);
    case "outboundAccountPosition":
      return readBalances(event, context);
    case "balanceUpdate":
      return readDelta("transfer", event);
    case "externalLockUpdate":
      return readDelta("lock", event);
    case "eventStreamTerminated":
      return { kind: "ended", what: "stream" };
    case "serverShutdown":
      return { kind: "ended", what: "server" };
    default:
      return { kind: "ignored", name: event.e };
  }
}

function unwrapped(json: unknown): unknown {
  const wrapped = v.safeParse(Wrapped, json);
  if (wrapped.success) return wrapped.output.event;
  const combined = v.safeParse(Combined, json);
  return combined.success ? combined.output.data : json;
}

function readReport(json: unknown, context: MessageContext, isOurs: IsOurs): UserEvent {
  const { instrument } = context;
  const { s: symbol } = parsed(OfSymbol, json, "executionReport");
  if (symbol !== instrument.symbol) return { kind: "ignored", name: `executionReport ${symbol}` };
  const { i, c, C, x } = parsed(OfOrder, json, "executionReport");
  const venueOrderId = i.toString();
  if (!isOurs(venueOrderId, [c, C])) {
    return { kind: "foreign", venueOrderId, isTrade: x === "TRADE" };
  }
  const report = parsed(Report, json, "executionReport");
  const order = orderEventOf(report, context);
  if (report.x !== "TRADE") return { kind: "orders", events: [order] };
  const execution = parsed(Execution, json, "executionReport TRADE");
  return { kind: "orders", events: [fillEventOf(execution, context), order] };
}

function orderEventOf(report: v.InferOutput<typeof Report>, context: MessageContext): OrderEvent {
  const { instrument, receivedTimeMs } = context;
  const change = changeOf(report.X, `executionReport of order ${report.i}`);
  const isRefusal = change === "rejected";
  return {
    kind: "order",
    venueTimeMs: report.T,
    receivedTimeMs,
    clientOrderId: clientIdOf(report),
    venueOrderId: report.i.toString(),
    change,
    quantityLots: quantityLotsOf(report.q, report.A, { change, instrument }),
    filledLots: instrument.lotsOf(report.z),
    reason: isRefusal ? (REJECT_REASONS.get(report.r) ?? "other") : null,
    message: wordsOf(report),
  };
}

/** A cancel or an amendment may give the order a new id: ours is then the one it had before. */
function clientIdOf({ x, c, C }: v.InferOutput<typeof Report>): string {
  const isRenamed = x === "CANCELED" || x === "EXPIRED" || x === "REPLACED";
  return isRenamed && C !== "" ? C : c;
}

const REJECT_REASONS: ReadonlyMap<string, RejectReason> = new Map([
  ["INSUFFICIENT_BALANCES", "insufficient-balance"],
  ["WOULD_MATCH_IMMEDIATELY", "would-cross"],
]);

function wordsOf({ x, r, eR }: v.InferOutput<typeof Report>): string {
  if (eR !== "") return eR;
  if (r !== "NONE") return r;
  return x === "TRADE_PREVENTION" ? x : "";
}

function fillEventOf(
  execution: v.InferOutput<typeof Execution>,
  { instrument, receivedTimeMs }: MessageContext,
): FillEvent {
  const where = `executionReport of trade ${execution.t}`;
  const quantityLots = instrument.lotsOf(execution.l);
  if (quantityLots === 0) throw new ProtocolError("a trade of nothing", where);
  return {
    kind: "fill",
    venueTimeMs: execution.T,
    receivedTimeMs,
    fill: {
      tradeId: tradeKey(instrument.symbol, execution.t),
      clientOrderId: clientIdOf(execution),
      side: sideOf(execution.S),
      priceTicks: instrument.ticksOf(execution.L),
      quantityLots,
      fee: plain(decimal(execution.n)),
      feeAsset: feeAssetOf(execution.n, execution.N, { instrument, where }),
      liquidity: execution.m ? "maker" : "taker",
      venueTimeMs: execution.T,
    },
  };
}

function readBalances(json: unknown, { instrument }: MessageContext): UserEvent {
  const { u, B } = parsed(Balances, json, "outboundAccountPosition");
  const totalOf = (asset: string): string | null => {
    const balance = B.find(({ a }) => a === asset);
    return balance === undefined ? null : plain(decimal(balance.f).plus(decimal(balance.l)));
  };
  return {
    kind: "balances",
    venueTimeMs: u,
    base: totalOf(instrument.base),
    quote: totalOf(instrument.quote),
  };
}

function readDelta(kind: "transfer" | "lock", json: unknown): UserEvent {
  const { a, d, T } = parsed(Delta, json, kind === "lock" ? "externalLockUpdate" : "balanceUpdate");
  return { kind, venueTimeMs: T, asset: a, amount: plain(decimal(d)) };
}
