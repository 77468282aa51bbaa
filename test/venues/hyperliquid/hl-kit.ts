/** A Hyperliquid that says what a test wants: answers by hand, news and alerts to look at. */

import { expect } from "bun:test";
import type { EngineEvent, FillEvent, OrderEvent } from "#domain/events.ts";
import type { Side } from "#domain/instrument.ts";
import { formatClientOrderId, type OrderRequest, type OrderRole } from "#domain/order.ts";
import type { Alert } from "#ports/sink.ts";
import type { VenueListener } from "#ports/venue.ts";
import type {
  ActionAnswer,
  ActionRequest,
  HlApi,
  InfoAnswer,
  InfoRequest,
} from "#venues/hyperliquid/api.ts";
import { cloidOf, OwnCloids } from "#venues/hyperliquid/cloid.ts";
import { BASE_FEES, type HlMarket, readMarket, readMeta } from "#venues/hyperliquid/instruments.ts";
import { isNewerTrade } from "#venues/hyperliquid/responses.ts";
import { VenueNews } from "#venues/news.ts";
import { OwnOrders } from "#venues/own-orders.ts";
import { Inbox } from "../../net/support.ts";

export const NOW_MS = 1_795_340_000_000;
export const USER = "0x1111111111111111111111111111111111111111";
export const COIN = "SUI";

export const META = {
  universe: [
    { name: "BTC", szDecimals: 5, maxLeverage: 40 },
    { name: "OLD", szDecimals: 0, maxLeverage: 3, isDelisted: true },
    { name: COIN, szDecimals: 1, maxLeverage: 10 },
    { name: "ISO", szDecimals: 0, maxLeverage: 3, onlyIsolated: true },
  ],
  collateralToken: 0,
};

/** Ticks of 0.00001, lots of 0.1; at 3 USDC every tenth tick is a price. */
export function marketOf(): HlMarket {
  return readMarket(readMeta(META), COIN, BASE_FEES);
}

export const LOST = { kind: "unknown", message: "no answer: the socket went down" } as const;
export const UNANSWERED: InfoAnswer = { kind: "unanswered", message: "the venue is silent" };

export function notSent(why: "budget" | "not-connected"): ActionAnswer {
  return { kind: "not-sent", why, retryAtMs: NOW_MS + 1000, message: `no ${why}` };
}

export function done(...statuses: readonly unknown[]): ActionAnswer {
  return { kind: "answered", response: { type: "order", data: { statuses } } };
}

export function resting(oid: number): object {
  return { resting: { oid } };
}

export function info(result: unknown): InfoAnswer {
  return { kind: "answered", result };
}

interface Asked<Request, Answer> {
  readonly request: Request;
  readonly answer: (answer: Answer) => void;
}

/** Questions and actions wait until the test answers them. */
export class HandApi implements HlApi {
  readonly infos = new Inbox<Asked<InfoRequest, InfoAnswer>>();
  readonly acts = new Inbox<Asked<ActionRequest, ActionAnswer>>();
  nowMs = NOW_MS;

  info(request: InfoRequest): Promise<InfoAnswer> {
    const { promise, resolve } = Promise.withResolvers<InfoAnswer>();
    this.infos.push({ request, answer: resolve });
    return promise;
  }

  act(request: ActionRequest): Promise<ActionAnswer> {
    const { promise, resolve } = Promise.withResolvers<ActionAnswer>();
    this.acts.push({ request, answer: resolve });
    return promise;
  }

  venueNowMs(): number {
    return this.nowMs;
  }

  /** The next question, which must be of this type; answered at once where an answer is given. */
  async asked(type: string, answer?: InfoAnswer): Promise<Asked<InfoRequest, InfoAnswer>> {
    const asked = await this.infos.next();
    expect(asked.request.type).toBe(type);
    if (answer !== undefined) asked.answer(answer);
    return asked;
  }

  /** The next action, likewise. */
  async sent(type: string, answer?: ActionAnswer): Promise<Asked<ActionRequest, ActionAnswer>> {
    const sent = await this.acts.next();
    expect(sent.request.action.type).toBe(type);
    if (answer !== undefined) sent.answer(answer);
    return sent;
  }
}

/** Answers questions by a function, at once. */
export class AutoApi extends HandApi {
  readonly log: InfoRequest[] = [];
  readonly #answer: (request: InfoRequest) => InfoAnswer;

  constructor(answer: (request: InfoRequest) => InfoAnswer) {
    super();
    this.#answer = answer;
  }

  override info(request: InfoRequest): Promise<InfoAnswer> {
    this.log.push(request);
    return Promise.resolve(this.#answer(request));
  }

  asksOf(type: string): InfoRequest[] {
    return this.log.filter((request) => request.type === type);
  }
}

/** Everything that a connection tells, in order. */
export class Heard implements VenueListener {
  readonly events: EngineEvent[] = [];
  readonly alerts: Alert[] = [];

  onEvent(event: EngineEvent): void {
    this.events.push({ ...event });
  }

  onAlert(alert: Alert): void {
    this.alerts.push(alert);
  }

  orders(clientOrderId?: string): OrderEvent[] {
    return this.events
      .filter((event) => event.kind === "order")
      .filter((event) => clientOrderId === undefined || event.clientOrderId === clientOrderId);
  }

  /** `#sequence change` of each order's news, in a line each. */
  story(): string[] {
    return this.orders().map(({ clientOrderId, change, reason }) => {
      const name = `#${clientOrderId.split("-").at(-1)}`;
      return reason === null ? `${name} ${change}` : `${name} ${change}: ${reason}`;
    });
  }

  fills(): FillEvent[] {
    return this.events.filter((event) => event.kind === "fill");
  }

  of<Kind extends EngineEvent["kind"]>(kind: Kind): Extract<EngineEvent, { kind: Kind }>[] {
    return this.events.filter(
      (event): event is Extract<EngineEvent, { kind: Kind }> => event.kind === kind,
    );
  }
}

export interface NewsKit {
  readonly heard: Heard;
  readonly orders: OwnOrders;
  readonly cloids: OwnCloids;
  readonly news: VenueNews;
}

export function newsKit(api: HlApi): NewsKit {
  const heard = new Heard();
  const orders = new OwnOrders("mm", "SUI1");
  const clocks = { nowMs: () => api.venueNowMs(), venueNowMs: () => api.venueNowMs() };
  const news = new VenueNews(orders, clocks, isNewerTrade);
  news.listen(heard);
  return { heard, orders, news, cloids: new OwnCloids("mm", "SUI1") };
}

/** Everything that is ready to happen has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function idOf(
  sequence: number,
  {
    pair = "SUI1",
    epoch = 7,
    role = "quote",
  }: { pair?: string; epoch?: number; role?: OrderRole } = {},
): string {
  return formatClientOrderId({ prefix: "mm", pair, role, epoch, sequence });
}

/** Buys 10 SUI at 3.0000 unless said otherwise. */
export function requestOf(sequence: number, rest: Partial<OrderRequest> = {}): OrderRequest {
  return {
    clientOrderId: idOf(sequence),
    side: "buy",
    type: "limit",
    timeInForce: "gtc",
    postOnly: true,
    reduceOnly: false,
    priceTicks: 300_000,
    quantityLots: 100,
    ...rest,
  };
}

interface FillFields {
  readonly tid: number;
  readonly oid?: number;
  readonly time?: number;
  readonly sz?: string;
  readonly side?: Side;
  readonly cloid?: string | null;
  readonly coin?: string;
  readonly liquidation?: object;
}

/** A fill of order 1 as number 9001, unless said otherwise. */
export function fillOf({ side = "buy", cloid, ...rest }: FillFields): object {
  const named = cloid === undefined ? cloidOf(idOf(1)) : cloid;
  return {
    coin: COIN,
    px: "3.0",
    sz: "1.0",
    side: side === "buy" ? "B" : "A",
    time: NOW_MS + 10,
    startPosition: "0.0",
    dir: "Open Long",
    closedPnl: "0.0",
    hash: "0x00",
    oid: 9001,
    crossed: false,
    fee: "0.0004500",
    feeToken: "USDC",
    twapId: null,
    ...(named !== null && { cloid: named }),
    ...rest,
  };
}

export function orderOf(
  clientOrderId: string | null,
  oid: number,
  rest: { sz?: string; origSz?: string; coin?: string; cloid?: string } = {},
): object {
  return {
    coin: COIN,
    side: "B",
    limitPx: "3.0",
    sz: "10.0",
    oid,
    timestamp: NOW_MS + 1,
    origSz: "10.0",
    reduceOnly: false,
    cloid: clientOrderId === null ? null : cloidOf(clientOrderId),
    ...rest,
  };
}

export function reportOf(order: object, status: string): object {
  return { order, status, statusTimestamp: NOW_MS + 5 };
}

/** `clearinghouseState` with a position in our coin. */
export function stateOf(szi: string, rest: { time?: number; accountValue?: string } = {}): object {
  const { time = NOW_MS, accountValue = "1000.0" } = rest;
  const summary = { accountValue, totalNtlPos: "0.0", totalRawUsd: "0.0", totalMarginUsed: "30.0" };
  const position = {
    coin: COIN,
    szi,
    entryPx: "3.0",
    positionValue: "0.0",
    leverage: { type: "cross", value: 5 },
    liquidationPx: szi.startsWith("-") ? "9.25" : "1.125",
    maxLeverage: 10,
  };
  return {
    assetPositions: /[1-9]/.test(szi) ? [{ type: "oneWay", position }] : [],
    marginSummary: summary,
    crossMarginSummary: summary,
    crossMaintenanceMarginUsed: "12.5",
    withdrawable: "900.0",
    time,
  };
}
