/**
 * A mock Hyperliquid whose market moves when told to, and the SDK pointed at it. Its transports are
 * wrapped, so that no answer and no event can pass without being kept, each with the SDK's own type
 * as text. The clocks are real, since the SDK signs by its own. Talks to loopback only.
 */

import {
  ExchangeClient,
  HttpTransport,
  type HttpTransportOptions,
  InfoClient,
  SubscriptionClient,
  WebSocketTransport,
  type WebSocketTransportOptions,
} from "@nktkas/hyperliquid";
import type * as subscription from "@nktkas/hyperliquid/api/subscription";
import { privateKeyToAccount } from "viem/accounts";
import { Rng } from "#domain/rng.ts";
import {
  type MockHyperliquid,
  type MockHyperliquidOptions,
  startMockHyperliquid,
} from "#mock-venues/hyperliquid/server.ts";
import { perpInstrument } from "#mock-venues/hyperliquid/universe.ts";
import type { MarketSource } from "#mock-venues/market-source.ts";
import { systemTimers } from "#net/timers.ts";
import { Inbox } from "../net/support.ts";
import { isRecord, type Sample } from "./samples.ts";
import { levelsAround, type Row, ScriptedSource } from "./scripted-source.ts";

export type TransportKind = "HTTP" | "WebSocket";
type Address = `0x${string}`;

/** By the name of the SDK's method. */
interface Events {
  readonly l2Book: subscription.L2BookEvent;
  readonly bbo: subscription.BboEvent;
  readonly trades: subscription.TradesEvent;
  readonly activeAssetCtx: subscription.ActiveAssetCtxEvent;
  readonly allMids: subscription.AllMidsEvent;
  readonly candle: subscription.CandleEvent;
  readonly orderUpdates: subscription.OrderUpdatesEvent;
  readonly userFills: subscription.UserFillsEvent;
  readonly userFundings: subscription.UserFundingsEvent;
  readonly userEvents: subscription.UserEventsEvent;
  readonly openOrders: subscription.OpenOrdersEvent;
  readonly clearinghouseState: subscription.ClearinghouseStateEvent;
  readonly activeAssetData: subscription.ActiveAssetDataEvent;
}

export const MASTER: Address = `0x${"5".repeat(40)}`;
export const VAULT: Address = `0x${"8".repeat(40)}`;
/** Of nobody whom the venue knows. */
export const STRANGER = privateKeyToAccount(`0x${"4567".repeat(16)}`);
const AGENT = privateKeyToAccount(`0x${"0123".repeat(16)}`);

const TIMEOUT_MS = 5000;
const RECONNECT_MS = 20;

/** Positions in the universe. */
export const ETH = 1;
/** ETH stands at 1999.9 to 2000.1; a tick is a cent, a lot 0.0001. */
const MID_TICKS = 200_000;
const STEP_TICKS = 10;

export class HyperliquidBench {
  readonly mock: MockHyperliquid;
  readonly samples: Sample[];
  readonly #market: ScriptedSource;
  readonly #sockets: WebSocketTransport[] = [];

  private constructor(mock: MockHyperliquid, samples: Sample[], market: ScriptedSource) {
    this.mock = mock;
    this.samples = samples;
    this.#market = market;
  }

  static async start(
    samples: Sample[],
    options: Partial<MockHyperliquidOptions> = {},
  ): Promise<HyperliquidBench> {
    const market = new ScriptedSource(levelsAround(MID_TICKS, STEP_TICKS));
    const mock = await startMockHyperliquid({
      universe: [
        coin("BTC", 5, new ScriptedSource(levelsAround(640_000, STEP_TICKS))),
        coin("ETH", 4, market),
        { name: "MATIC", szDecimals: 1, maxLeverage: 20 },
      ],
      account: {
        master: MASTER,
        usdc: "100000",
        agents: [{ address: AGENT.address, name: "judge", validUntilMs: null }],
        lifetimeVolume: 2_000_000,
      },
      // The SDK sends its actions one after the other.
      rules: { blockMs: 4, commitMs: 2 },
      world: { timers: systemTimers, nowMs: () => Date.now(), rng: new Rng(1) },
      ...options,
    });
    return new HyperliquidBench(mock, samples, market);
  }

  info(kind: TransportKind): InfoClient {
    return new InfoClient({ transport: this.#transport(kind) });
  }

  exchange(kind: TransportKind, wallet = AGENT): ExchangeClient {
    return new ExchangeClient({ transport: this.#transport(kind), wallet });
  }

  subscriptions(): SubscriptionClient {
    return new SubscriptionClient({ transport: this.#socket() });
  }

  /** Subscribes by a method of the SDK; what comes is kept and awaited. */
  async listen<Name extends keyof Events>(
    name: Name,
    subscribe: (listener: (data: Events[Name]) => void) => Promise<unknown>,
  ): Promise<Inbox<Events[Name]>> {
    const inbox = new Inbox<Events[Name]>();
    await subscribe((data) => {
      this.samples.push({ label: `stream ${name}`, type: `Event<"${name}">`, value: data });
      inbox.push(data);
    });
    return inbox;
  }

  /** Lets these rows happen to ETH, now. */
  move(...rows: readonly Row[]): void {
    this.#market.push(rows);
    this.mock.market("ETH").advanceToNow();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.mock.stop();
  }

  #transport(kind: TransportKind): KeepingHttp | KeepingSocket {
    if (kind === "WebSocket") return this.#socket();
    return new KeepingHttp({ apiUrl: this.mock.url, timeout: TIMEOUT_MS }, this.samples);
  }

  #socket(): KeepingSocket {
    const reconnect = { reconnectionDelay: () => RECONNECT_MS };
    const options = { url: this.mock.wsUrl, timeout: TIMEOUT_MS, reconnect };
    const socket = new KeepingSocket(options, this.samples);
    this.#sockets.push(socket);
    return socket;
  }
}

/** Every answer is kept before the SDK looks at it: refusals too. */
class KeepingHttp extends HttpTransport {
  readonly #samples: Sample[];

  constructor(options: HttpTransportOptions, samples: Sample[]) {
    super(options);
    this.#samples = samples;
  }

  override async request<T>(...args: Parameters<HttpTransport["request"]>): Promise<T> {
    const answer = await super.request<T>(...args);
    this.#samples.push(sampleOf("REST", args[1], answer));
    return answer;
  }
}

class KeepingSocket extends WebSocketTransport {
  readonly #samples: Sample[];

  constructor(options: WebSocketTransportOptions, samples: Sample[]) {
    super(options);
    this.#samples = samples;
  }

  override async request<T>(...args: Parameters<WebSocketTransport["request"]>): Promise<T> {
    const answer = await super.request<T>(...args);
    this.#samples.push(sampleOf("post", args[1], answer));
    return answer;
  }
}

function coin(name: string, szDecimals: number, source: MarketSource) {
  return { instrument: perpInstrument({ coin: name, szDecimals }), maxLeverage: 25, source };
}

/** A request's answer with the SDK's type of it. */
function sampleOf(way: string, payload: unknown, value: unknown): Sample {
  const action = isRecord(payload) && isRecord(payload["action"]) ? payload["action"] : undefined;
  const type = textOf(action ?? payload, "type");
  if (action === undefined) return { label: `${way} ${type}`, type: `Info<"${type}">`, value };
  const isRefused = textOf(value, "status") === "err";
  if (isRefused) return { label: `${way} refused`, type: "Refused", value };
  return { label: `${way} ${type}`, type: `Exchange<"${type}">`, value };
}

function textOf(value: unknown, name: string): string {
  const member = isRecord(value) ? value[name] : undefined;
  return typeof member === "string" ? member : "";
}
