/**
 * What the mock venues of Binance are started with alike: their key, their markets generated or
 * recorded, and times. Reads files that options name.
 */

import { loadRawCapture } from "#data/raw-capture.ts";
import type { Instrument } from "#domain/instrument.ts";
import type { ApiKeySetup } from "#mock-venues/binance/credentials.ts";
import type { BinanceServer } from "#mock-venues/binance/server.ts";
import { type MarketSource, syntheticSource, tapeSource } from "#mock-venues/market-source.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { badOption, type MockVenueOptions, mockSymbols, readText } from "./mock-options.ts";
import { amountOption, durationMs } from "./options.ts";
import { progressBar } from "./output.ts";

/** Printed, in every example, and worth nothing: a venue on this machine knows no others. */
const REHEARSAL_KEY = "mock-key";
const REHEARSAL_SECRET = "mock-secret";
const FEED_LATENCY_MS = 1;
const MIN_TIME_MS = 1000;
const MAX_TIME_MS = 24 * 3_600_000;

/** A symbol that a mock knows. */
interface KnownMarket {
  readonly instrument: Instrument;
  /** Plain decimal, quote currency. */
  readonly startPrice: string;
}

/** The symbols that are asked for, at the price that is asked for. */
export function knownMarkets<Market extends KnownMarket>(
  options: MockVenueOptions,
  usual: readonly string[],
  find: (symbol: string) => Market,
): Market[] {
  const { tape, synthetic, price } = options;
  const names = mockSymbols(options, usual);
  if (tape !== undefined && (synthetic !== undefined || price !== undefined)) {
    throw badOption("--tape", "goes neither with --synthetic nor with --price");
  }
  const startPrice = price === undefined ? {} : { startPrice: amountOption(price, "--price") };
  return names.map((name) => Object.assign(find(name), startPrice));
}

/** The market of the one symbol from a recording; undefined where none is named. */
export async function recordedMarket(
  [market]: readonly KnownMarket[],
  { tape: path }: MockVenueOptions,
): Promise<MarketSource | undefined> {
  if (path === undefined || market === undefined) return undefined;
  const onProgress = progressBar("reading ");
  const { instrument } = market;
  const { tape } = await loadRawCapture({
    path,
    instrument,
    minFeedLatencyMs: FEED_LATENCY_MS,
    onProgress,
  });
  onProgress(1);
  return tapeSource(tape.rows);
}

export function generatedMarket(
  { instrument, startPrice }: KnownMarket,
  seed: number,
  startMs: number,
): MarketSource {
  return syntheticSource(new SyntheticMarket({ seed, instrument, startPrice, startMs }));
}

export async function readKey(options: MockVenueOptions): Promise<ApiKeySetup> {
  const { apiKey = REHEARSAL_KEY, secret, publicKey } = options;
  if (publicKey === undefined) return { apiKey, hmacSecret: secret ?? REHEARSAL_SECRET };
  if (secret !== undefined) {
    throw badOption("--public-key", "does not go with --secret: a key is of one kind");
  }
  return { apiKey, ed25519PublicKeyPem: await readText(publicKey, "--public-key") };
}

/** A time such as `90s`. */
export function timeOption(text: string, option: string): number {
  const timeMs = durationMs(text);
  if (timeMs !== undefined && timeMs >= MIN_TIME_MS && timeMs <= MAX_TIME_MS) return timeMs;
  throw badOption(option, `${JSON.stringify(text)} is no such time`, {
    hint: "give a time from 1s to 24h",
  });
}

/** What is printed of one venue only. */
interface Words {
  readonly title: string;
  /** In the config. */
  readonly name: string;
  readonly held: readonly string[];
  /** What `/mock/…` has of the account. */
  readonly account: string;
  /** What else can be ordered by `POST /mock/…`. */
  readonly orders: readonly string[];
}

type Mock = Pick<BinanceServer<string, unknown, unknown>, "streamUrl" | "url" | "wsApiUrl"> & {
  readonly venue: { readonly listings: ReadonlyMap<string, unknown> };
};

/** What people read when it has started. */
export function invitation(mock: Mock, options: MockVenueOptions, words: Words): string {
  const { url, wsApiUrl, streamUrl, venue } = mock;
  const addresses = JSON.stringify({ restUrl: url, wsApiUrl, streamUrl }, null, 2);
  return `
A mock of ${words.title} for rehearsals. It is not the venue, and its money is none.

  symbols   ${[...venue.listings.keys()].join(", ")}
  balances  ${words.held.join(", ")}

Into the config that rehearses:

  "venues": { "${words.name}": ${addresses.replaceAll("\n", "\n  ")} }

and into the environment variables that its account names:

${keyHints(options)}

At the venue itself, without a key:

  curl ${url}/mock/orders
  curl ${url}/mock/${words.account}
  curl ${url}/mock/faults
  curl -X POST ${url}/mock/faults \\
    -d '{"faults": [{"kind": "drop-response", "method": "order.place", "count": 3}]}'
  curl -X POST ${url}/mock/faults -d '{"seed": 7, "random": {"everyMs": 2000}}'
  curl -X DELETE ${url}/mock/faults
${words.orders.map((order) => `  curl -X POST ${url}/mock/${order}`).join("\n")}

Ctrl-C ends it.

`;
}

/** What goes into the environment; a secret that somebody chose is not shown. */
function keyHints({ apiKey, secret, publicKey }: MockVenueOptions): string {
  const usual = `${REHEARSAL_SECRET}   (for rehearsals only)`;
  const chosen = secret === undefined ? usual : "the one you gave";
  const hint = publicKey === undefined ? chosen : `the private key (PEM) of ${publicKey}`;
  return `  API key   ${apiKey ?? REHEARSAL_KEY}\n  secret    ${hint}`;
}
