/** `mm mock-venue binance-spot`: its markets, its key and balances, and what it prints. */

import { loadRawCapture } from "#data/raw-capture.ts";
import { decimal, plain } from "#domain/decimal.ts";
import type { ApiKeySetup } from "#mock-venues/binance-spot/credentials.ts";
import { BINANCE_SPOT_FAULTS } from "#mock-venues/binance-spot/fault-rules.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { type MockMarket, mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { type MarketSource, syntheticSource, tapeSource } from "#mock-venues/market-source.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import {
  badOption,
  listening,
  type MockBasics,
  type MockVenueOptions,
  mockBalances,
  mockBasics,
  mockFaults,
  mockSymbols,
  type Rehearsal,
  readText,
} from "./mock-options.ts";
import { amountOption, durationMs } from "./options.ts";
import { progressBar } from "./output.ts";
import { rehearsalSymbol } from "./rehearsal.ts";

const USUAL_SYMBOLS = ["ETHUSDT", "BTCUSDT"];
/** Printed, in every example, and worth nothing: a venue on this machine knows no others. */
const REHEARSAL_KEY = "mock-key";
const REHEARSAL_SECRET = "mock-secret";
/** Where no balances are given: so much of each base currency, in USDT, and of USDT itself. */
const DEFAULT_BASE_VALUE = 25_000;
const DEFAULT_QUOTE = "50000";
const FEED_LATENCY_MS = 1;
const DEFAULT_LIFETIME = "24h";
const MIN_LIFETIME_MS = 1000;
const MAX_LIFETIME_MS = 24 * 3_600_000;

/** @throws {InputError} */
export async function rehearseBinanceSpot(options: MockVenueOptions): Promise<Rehearsal> {
  const basics = mockBasics(options);
  const markets = readMarkets(options);
  const symbols = await symbolsOf(markets, basics, options);
  const venue = {
    ...basics,
    symbols,
    keys: [await readKey(options)],
    balances: readBalances(options.balance, markets),
    connectionLifetimeMs: lifetimeOption(options.connectionLifetime ?? DEFAULT_LIFETIME),
    ...(await mockFaults(options, BINANCE_SPOT_FAULTS)),
  };
  const mock = await listening(basics, () => startMockBinanceSpot(venue));
  return { text: inviting(mock, options), stop: () => mock.stop() };
}

function readMarkets(options: MockVenueOptions): MockMarket[] {
  const { tape, synthetic, price } = options;
  const names = mockSymbols(options, USUAL_SYMBOLS);
  if (tape !== undefined && (synthetic !== undefined || price !== undefined)) {
    throw badOption("--tape", "goes neither with --synthetic nor with --price");
  }
  const startPrice = price === undefined ? {} : { startPrice: amountOption(price, "--price") };
  return names.map((name) => Object.assign(mockMarket(name), startPrice));
}

type MakeSymbol = (parts: SymbolParts) => MockSymbol;

async function symbolsOf(
  markets: readonly MockMarket[],
  { seed, speed }: MockBasics,
  options: MockVenueOptions,
): Promise<MakeSymbol[]> {
  const recorded = await recordedMarket(markets, options);
  return markets.map((market, index) => (parts) => {
    const source = recorded ?? generatedMarket(market, seed + index, parts.nowMs());
    return rehearsalSymbol(parts, { instrument: market.instrument, source, speed });
  });
}

async function recordedMarket(
  [market]: readonly MockMarket[],
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

function generatedMarket(
  { instrument, startPrice }: MockMarket,
  seed: number,
  startMs: number,
): MarketSource {
  return syntheticSource(new SyntheticMarket({ seed, instrument, startPrice, startMs }));
}

async function readKey(options: MockVenueOptions): Promise<ApiKeySetup> {
  const { apiKey = REHEARSAL_KEY, secret, publicKey } = options;
  if (publicKey === undefined) return { apiKey, hmacSecret: secret ?? REHEARSAL_SECRET };
  if (secret !== undefined) {
    throw badOption("--public-key", "does not go with --secret: a key is of one kind");
  }
  return { apiKey, ed25519PublicKeyPem: await readText(publicKey, "--public-key") };
}

function readBalances(
  texts: readonly string[],
  markets: readonly MockMarket[],
): Readonly<Record<string, string>> {
  const given = mockBalances(texts);
  return Object.fromEntries(
    given.size > 0 ? given : markets.flatMap((market) => defaultBalances(market)),
  );
}

/** Of both currencies, about as much as the other markets have. */
function defaultBalances({ instrument, startPrice }: MockMarket): (readonly [string, string])[] {
  const lots = Math.floor(DEFAULT_BASE_VALUE / Number(startPrice) / instrument.lotValue);
  return [
    [instrument.base, instrument.sizeString(lots)],
    [instrument.quote, DEFAULT_QUOTE],
  ];
}

function lifetimeOption(text: string): number {
  const lifetimeMs = durationMs(text);
  if (lifetimeMs !== undefined && lifetimeMs >= MIN_LIFETIME_MS && lifetimeMs <= MAX_LIFETIME_MS) {
    return lifetimeMs;
  }
  throw badOption("--connection-lifetime", `${JSON.stringify(text)} is no such time`, {
    hint: "give a time from 1s to 24h",
  });
}

function inviting(mock: MockBinanceSpot, options: MockVenueOptions): string {
  const { url, wsApiUrl, streamUrl, venue } = mock;
  const addresses = JSON.stringify({ restUrl: url, wsApiUrl, streamUrl }, null, 2);
  const held = venue.account
    .balances()
    .map(({ asset, free }) => `${plain(decimal(free))} ${asset}`);
  return `
A mock of Binance Spot for rehearsals. It is not the venue, and its money is none.

  symbols   ${[...venue.listings.keys()].join(", ")}
  balances  ${held.join(", ")}

Into the config that rehearses:

  "venues": { "binance-spot": ${addresses.replaceAll("\n", "\n  ")} }

and into the environment variables that its account names:

  API key   ${options.apiKey ?? REHEARSAL_KEY}
  secret    ${secretHint(options)}

At the venue itself, without a key:

  curl ${url}/mock/orders
  curl ${url}/mock/balances
  curl ${url}/mock/faults
  curl -X POST ${url}/mock/faults \\
    -d '{"faults": [{"kind": "drop-response", "method": "order.place", "count": 3}]}'
  curl -X POST ${url}/mock/faults -d '{"seed": 7, "random": {"everyMs": 2000}}'
  curl -X DELETE ${url}/mock/faults
  curl -X POST ${url}/mock/status -d '{"status": "CANCEL_ONLY"}'

Ctrl-C ends it.

`;
}

/** A secret that somebody chose is not shown. */
function secretHint({ secret, publicKey }: MockVenueOptions): string {
  if (publicKey !== undefined) return `the private key (PEM) of ${publicKey}`;
  return secret === undefined ? `${REHEARSAL_SECRET}   (for rehearsals only)` : "the one you gave";
}
