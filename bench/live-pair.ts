/**
 * One live pair on the wire venue, in whatever thread this is called from, with its probes: how
 * long from the entry of a market message to the handing over of the first order's bytes, and an
 * echo beside it on a socket of its own.
 */

import { loadStrategy } from "#config/load-strategy.ts";
import type { PairConfig } from "#config/schema.ts";
import { PairRunner } from "#runtime/pair-runner.ts";
import { systemWorld } from "#runtime/world.ts";
import { binanceSpot } from "#venues/binance-spot/module.ts";
import type { VenueLink } from "#venues/venue.ts";

export interface LivePairSetup {
  readonly pair: PairConfig;
  readonly link: VenueLink;
  readonly echoUrl: string;
  readonly busyPoll: boolean;
}

export interface LivePairFigures {
  /** Of every tick that an order followed, in order, microseconds. */
  readonly inProcessUs: readonly number[];
  /** From sending an order to its answer. */
  readonly roundTripUs: readonly number[];
  readonly orders: number;
}

export interface LivePair {
  /** Cancels everything and ends. @throws {Error} where the pair had failed or orders are left */
  finish(): Promise<LivePairFigures>;
}

/** When the last market message came in, while no order has followed it; 0: none. */
let enteredNs = 0;
/** When the first order after it left, while no answer has come; 0: none. */
let sentNs = 0;
let orderBytes = 0;
const inProcessUs: number[] = [];
const roundTripUs: number[] = [];

/** Notes when market messages come in, when the first order after one leaves and is answered. */
class ProbedSocket extends WebSocket {
  constructor(url: string, options: Bun.WebSocketOptions) {
    super(url, options);
    const isFeed = url.includes("/stream?");
    // The first listener is the first to be called.
    this.addEventListener("message", isFeed ? onFeed : onAnswer);
  }

  override send(data: string | Bun.BufferSource): void {
    if (enteredNs > 0) this.#note(Bun.nanoseconds(), data);
    super.send(data);
  }

  #note(nowNs: number, data: string | Bun.BufferSource): void {
    const text = typeof data === "string" ? data : "";
    const isOrder = text.includes('"method":"order');
    if (isOrder) {
      inProcessUs.push((nowNs - enteredNs) / 1_000);
      orderBytes = text.length;
      sentNs = nowNs;
    }
    enteredNs = 0;
  }
}

function onFeed(): void {
  enteredNs = Bun.nanoseconds();
}

/** The venue answers before it tells anything else. */
function onAnswer(): void {
  if (sentNs === 0) return;
  roundTripUs.push((Bun.nanoseconds() - sentNs) / 1_000);
  sentNs = 0;
}

/** Once the pair is told to connect. */
export async function startLivePair(setup: LivePairSetup): Promise<LivePair> {
  const { pair, link, echoUrl, busyPoll } = setup;
  const plainSocket = globalThis.WebSocket;
  Object.assign(globalThis, { WebSocket: ProbedSocket });
  const world = systemWorld();
  let failure: Error | null = null;
  const runner = new PairRunner({
    pair,
    strategy: await loadStrategy(pair, import.meta.dir),
    connection: binanceSpot.connect(link, world),
    epoch: 1,
    busyPoll,
    world,
    listener: {
      onAlert: ({ level, code, message }) => {
        if (level !== "info" && code !== "history") console.error(`${code}: ${message}`);
      },
      onAudit: () => undefined,
      onFailure: (error) => {
        failure = new Error("the pair has failed", { cause: error });
      },
    },
  });
  await runner.start();
  const echo = echoSocket(new plainSocket(echoUrl, { perMessageDeflate: false }));
  return {
    finish: async () => {
      const { placed, replaced, amended } = runner.status().actions;
      const { left } = await runner.stop();
      echo.close();
      Object.assign(globalThis, { WebSocket: plainSocket });
      if (failure !== null) throw failure;
      if (left.length > 0) throw new Error(`left open: ${left.join(", ")}`);
      return {
        inProcessUs: inProcessUs.splice(0),
        roundTripUs: roundTripUs.splice(0),
        orders: placed + replaced + amended,
      };
    },
  };
}

/** Answers every frame with one as long as an order. */
function echoSocket(socket: WebSocket): WebSocket {
  let frame = "";
  socket.addEventListener("message", ({ data }) => {
    if (frame.length !== orderBytes) frame = String(data).charAt(0).repeat(orderBytes);
    socket.send(frame);
  });
  return socket;
}
