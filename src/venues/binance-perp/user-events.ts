/**
 * Messages of the private stream as domain values. One account's stream carries all its symbols:
 * those of another one are ignored by name, as are kinds of event that are new to us. A kind of
 * execution that is new to us is an error, since money may have moved. Pure; may import domain
 * only. Shapes: the user data streams of the futures API.
 */

import * as v from "valibot";
import { decimal, plain } from "#domain/decimal.ts";
import type { FillEvent, OrderEvent } from "#domain/events.ts";
import {
  changeOf,
  feeAssetOf,
  Id,
  type MessageContext,
  SideWord,
  sideOf,
  tradeKey,
} from "../binance/wire.ts";
import { Amount, Count, ProtocolError, parsed, Quantity } from "../wire.ts";
import { type AlgoReport, realIdOf } from "./responses.ts";

/** News of one order of our symbol, whosever it is: read only once that is known. */
export interface OrderReport {
  readonly venueOrderId: string;
  /** As the report has it: of an order that was a stop it need not be the stop's. */
  readonly clientOrderId: string;
  /** It has an execution: the position moves, whosever it is. */
  readonly trade: { readonly number: number; readonly moveLots: number } | null;
  readonly venueTimeMs: number;
  /**
   * A fill comes before the state that it led to.
   * @throws {ProtocolError}, {InputError} `off-grid`
   */
  readonly events: (clientOrderId: string) => readonly (FillEvent | OrderEvent)[];
}

/**
 * - `order`, `algo`: of an order, or of a stop.
 * - `account`: money or positions changed. `isFunding`: by funding, of which it does not say on
 *   which position. `positionLots`: ours then; null where it is not mentioned.
 * - `config`: the account's settings changed; null where not this one.
 * - `ended`: nothing more comes until there is a new listen key.
 * - `margin-call`: the venue warns of a liquidation.
 * - `ignored`: of no concern, by name. Among them TRADE_LITE, which tells fills again.
 */
export type UserEvent =
  | { readonly kind: "order"; readonly report: OrderReport }
  | { readonly kind: "algo"; readonly report: AlgoReport }
  | {
      readonly kind: "account";
      readonly isFunding: boolean;
      readonly positionLots: number | null;
      readonly venueTimeMs: number;
    }
  | { readonly kind: "config"; readonly isMultiAssets: boolean | null }
  | { readonly kind: "ended" }
  | { readonly kind: "margin-call" }
  | { readonly kind: "ignored"; readonly name: string };

const Named = v.looseObject({ e: v.string() });
const Combined = v.object({ stream: v.string(), data: v.looseObject({}) });
const OfOrder = v.object({ o: v.looseObject({ s: v.string() }) });

const Report = v.object({
  c: v.string(),
  S: SideWord,
  f: v.string(),
  q: Quantity,
  x: v.picklist(["NEW", "CANCELED", "CALCULATED", "EXPIRED", "TRADE", "AMENDMENT"]),
  X: v.string(),
  i: Id,
  l: Quantity,
  z: Quantity,
  T: Count,
  t: Count,
  er: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(String)), "0"),
});
type Report = v.InferOutput<typeof Report>;

const Execution = v.object({
  L: Quantity,
  n: v.nullish(Amount, "0"),
  N: v.nullish(v.string(), null),
  m: v.boolean(),
});

const Algo = v.object({
  T: Count,
  o: v.object({
    caid: v.string(),
    aid: Count,
    X: v.string(),
    ai: v.nullish(v.union([v.string(), Id]), ""),
    q: v.nullish(v.string(), "0"),
    rm: v.nullish(v.string(), ""),
  }),
});

const Account = v.object({
  T: Count,
  a: v.object({
    m: v.string(),
    P: v.optional(v.array(v.object({ s: v.string(), pa: Amount, ps: v.string() })), []),
  }),
});

const Config = v.object({ ai: v.optional(v.object({ j: v.boolean() })) });

/**
 * One message, raw or of a combined stream.
 * @throws {ProtocolError} where it is not as documented, or an execution is of a kind unknown
 * @throws {InputError} `off-grid` where the size of a trade does not fit the instrument
 */
export function readUserEvent(json: unknown, context: MessageContext): UserEvent {
  const event = parsed(Named, unwrapped(json), "user event");
  switch (event.e) {
    case "ORDER_TRADE_UPDATE":
      return isOfUs(event, context) ? readReport(event["o"], context) : ignored(event.e);
    case "ALGO_UPDATE":
      return isOfUs(event, context) ? readAlgo(event) : ignored(event.e);
    case "ACCOUNT_UPDATE":
      return readAccount(event, context);
    case "ACCOUNT_CONFIG_UPDATE":
      return { kind: "config", isMultiAssets: parsed(Config, event, event.e).ai?.j ?? null };
    case "listenKeyExpired":
      return { kind: "ended" };
    case "MARGIN_CALL":
      return { kind: "margin-call" };
    default:
      return ignored(event.e);
  }
}

function unwrapped(json: unknown): unknown {
  const combined = v.safeParse(Combined, json);
  return combined.success ? combined.output.data : json;
}

function ignored(name: string): UserEvent {
  return { kind: "ignored", name };
}

function isOfUs(event: v.InferOutput<typeof Named>, { instrument }: MessageContext): boolean {
  return parsed(OfOrder, event, event.e).o.s === instrument.symbol;
}

function readReport(json: unknown, context: MessageContext): UserEvent {
  const report = parsed(Report, json, "ORDER_TRADE_UPDATE");
  const { instrument } = context;
  // A liquidation that is only announced has no execution yet.
  const hasTrade = (report.x === "TRADE" || report.x === "CALCULATED") && /[1-9]/.test(report.l);
  if (report.x === "TRADE" && !hasTrade) {
    throw new ProtocolError("a trade of nothing", `ORDER_TRADE_UPDATE of order ${report.i}`);
  }
  const moveLots = hasTrade ? instrument.lotsOf(report.l) * (report.S === "BUY" ? 1 : -1) : 0;
  return {
    kind: "order",
    report: {
      venueOrderId: report.i,
      clientOrderId: report.c,
      trade: hasTrade ? { number: report.t, moveLots } : null,
      venueTimeMs: report.T,
      events: (clientOrderId) => {
        const order = orderEventOf(report, clientOrderId, context);
        if (!hasTrade) return [order];
        return [fillEventOf(json, report, { ...context, clientOrderId }), order];
      },
    },
  };
}

function orderEventOf(
  report: Report,
  clientOrderId: string,
  { instrument, receivedTimeMs }: MessageContext,
): OrderEvent {
  const change = changeOf(report.X, `ORDER_TRADE_UPDATE of order ${report.i}`);
  const filledLots = instrument.lotsOf(report.z);
  // The venue refuses such orders at once as a rule; some it takes, and ends them here.
  const isCrossed =
    change === "expired" && report.f === "GTX" && filledLots === 0 && report.er === "0";
  return {
    kind: "order",
    venueTimeMs: report.T,
    receivedTimeMs,
    clientOrderId,
    venueOrderId: report.i,
    change: isCrossed ? "rejected" : change,
    quantityLots: instrument.lotsOf(report.q),
    filledLots,
    reason: isCrossed ? "would-cross" : null,
    message: isCrossed ? "post-only, and it would have taken" : wordsOf(report),
  };
}

/** Why the venue ended an order, for people. */
const EXPIRIES: ReadonlyMap<string, string> = new Map([
  ["1", "it would have met an order of the same account"],
  ["2", "an IOC order is filled at once or not at all"],
  ["3", "an IOC order that would have met an order of the same account"],
  ["4", "a reduce-only order without a position to reduce"],
  ["5", "the account is being liquidated"],
  ["6", "its position is closed"],
  ["7", "the symbol is delisted"],
  ["8", "its stop was triggered"],
  ["9", "a market order that found nothing to be filled with"],
]);

function wordsOf({ x, er }: Report): string {
  return x === "EXPIRED" ? (EXPIRIES.get(er) ?? "") : "";
}

function fillEventOf(
  json: unknown,
  report: Report,
  {
    instrument,
    receivedTimeMs,
    clientOrderId,
  }: MessageContext & { readonly clientOrderId: string },
): FillEvent {
  const where = `ORDER_TRADE_UPDATE of trade ${report.t}`;
  const execution = parsed(Execution, json, where);
  return {
    kind: "fill",
    venueTimeMs: report.T,
    receivedTimeMs,
    fill: {
      tradeId: tradeKey(instrument.symbol, report.t),
      clientOrderId,
      side: sideOf(report.S),
      priceTicks: instrument.ticksOf(execution.L),
      quantityLots: instrument.lotsOf(report.l),
      fee: plain(decimal(execution.n)),
      feeAsset: feeAssetOf(execution.n, execution.N, { instrument, where }),
      liquidity: execution.m ? "maker" : "taker",
      venueTimeMs: report.T,
    },
  };
}

function readAlgo(json: unknown): UserEvent {
  const { T, o } = parsed(Algo, json, "ALGO_UPDATE");
  return {
    kind: "algo",
    report: {
      clientOrderId: o.caid,
      algoId: o.aid,
      realOrderId: realIdOf(o.ai),
      status: o.X,
      quantity: o.q,
      venueTimeMs: T,
      message: o.rm,
    },
  };
}

function readAccount(json: unknown, { instrument }: MessageContext): UserEvent {
  const { T, a } = parsed(Account, json, "ACCOUNT_UPDATE");
  const ours = a.P.find(({ s, ps }) => s === instrument.symbol && ps === "BOTH");
  return {
    kind: "account",
    isFunding: a.m === "FUNDING_FEE",
    positionLots: ours === undefined ? null : instrument.lotsOf(ours.pa),
    venueTimeMs: T,
  };
}
