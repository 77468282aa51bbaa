/**
 * `mm mock-venue`: a venue of our own on this machine that speaks the real one's protocol, to
 * rehearse against: generated or recorded markets, fills, limits, and faults on order.
 */

import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { isLoopback } from "#config/sections/world.ts";
import { loadRawCapture } from "#data/raw-capture.ts";
import { decimal, plain } from "#domain/decimal.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { Rng } from "#domain/rng.ts";
import type { ApiKeySetup } from "#mock-venues/binance-spot/credentials.ts";
import { parseFaultScript } from "#mock-venues/binance-spot/fault-script.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type MockBinanceSpotOptions,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { type MockMarket, mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { type MarketSource, syntheticSource, tapeSource } from "#mock-venues/market-source.ts";
import { systemWorld } from "#runtime/world.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { amountOption, durationMs } from "./options.ts";
import { progressBar } from "./output.ts";
import { portInUse, rehearsalSymbol } from "./rehearsal.ts";

interface MockVenueOptions {
  readonly port: string;
  readonly host: string;
  readonly expose?: true;
  readonly symbol: readonly string[];
  readonly tape?: string;
  readonly synthetic?: string;
  readonly price?: string;
  readonly faults?: string;
  readonly speed: string;
  readonly apiKey: string;
  readonly secret?: string;
  readonly publicKey?: string;
  readonly balance: readonly string[];
  readonly connectionLifetime: string;
}

const VENUES = ["binance-spot"];
const DEFAULT_SYMBOLS = ["ETHUSDT", "BTCUSDT"];
/** Printed, in every example, and worth nothing: a venue on this machine knows no others. */
const REHEARSAL_KEY = "mock-key";
const REHEARSAL_SECRET = "mock-secret";
/** Where no balances are given: so much of each base currency, in USDT, and of USDT itself. */
const DEFAULT_BASE_VALUE = 25_000;
const DEFAULT_QUOTE = "50000";
const FEED_LATENCY_MS = 1;
const MAX_PORT = 65_535;
const MAX_SPEED = 1000;
const MIN_LIFETIME_MS = 1000;
const MAX_LIFETIME_MS = 24 * 3_600_000;

export function mockVenueCommand(): Command {
  return new Command("mock-venue")
    .description("run a venue to rehearse against: its protocol, simulated fills, faults on order")
    .argument("<venue>", `which one: ${VENUES.join(", ")}`)
    .option("--port <port>", "where it listens; 0 takes a free port", "8788")
    .option("--host <host>", "the address it listens on", "127.0.0.1")
    .option("--expose", "allow a --host that other machines can reach")
    .option(
      "--symbol <symbol>",
      `may be repeated (default: ${DEFAULT_SYMBOLS.join(", ")})`,
      add,
      [],
    )
    .option("--synthetic <seed>", "generated markets (default: seed 1): same seed, same markets")
    .option("--tape <file>", "a raw recording of the one symbol, again and again")
    .option("--price <price>", "what the one generated market starts at, quote currency")
    .option("--speed <factor>", "market time per time", "1")
    .option("--faults <file>", "a fault script, JSON")
    .option("--balance <asset=amount>", "may be repeated", add, [])
    .option("--api-key <key>", "the key that it knows", REHEARSAL_KEY)
    .option("--secret <secret>", `of an HMAC key (default: "${REHEARSAL_SECRET}")`)
    .option("--public-key <file>", "of an Ed25519 key instead, PEM")
    .option("--connection-lifetime <time>", "after which it cuts a connection: 90s, 24h", "24h")
    .action(mockVenue);
}

function add(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

async function mockVenue(venue: string, options: MockVenueOptions): Promise<void> {
  if (!VENUES.includes(venue)) {
    throw badOption("mm mock-venue", `${JSON.stringify(venue)} cannot be mocked`, {
      hint: `there is ${VENUES.join(", ")}`,
    });
  }
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  process.on("SIGINT", end).on("SIGTERM", end);
  try {
    const mock = await start(options);
    process.stdout.write(inviting(mock, options));
    await ended.promise;
    await mock.stop();
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}

async function start(options: MockVenueOptions): Promise<MockBinanceSpot> {
  const { host, expose } = options;
  if (expose !== true && !isLoopback(host)) {
    throw badOption("--host", `${host} can be reached from other machines`, {
      hint: "its admin endpoint asks for no key; add --expose if that is what you want",
    });
  }
  const port = numberOption(options.port, "--port", { min: 0, max: MAX_PORT, isWhole: true });
  const seed = numberOption(options.synthetic ?? "1", "--synthetic", {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    isWhole: true,
  });
  const markets = readMarkets(options);
  const symbols = await symbolsOf(markets, seed, options);
  const world = systemWorld();
  const venue: MockBinanceSpotOptions = {
    port,
    hostname: host,
    symbols,
    keys: [await readKey(options)],
    balances: readBalances(options.balance, markets),
    connectionLifetimeMs: lifetimeOption(options.connectionLifetime),
    world: { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(seed) },
  };
  const { faults: path } = options;
  const faults = path === undefined ? {} : { faults: await readFaults(path) };
  try {
    return await startMockBinanceSpot({ ...venue, ...faults });
  } catch (thrown) {
    throw listenError(thrown, host, port);
  }
}

function listenError(thrown: unknown, host: string, port: number): unknown {
  const taken = portInUse(thrown, port, "--port");
  if (taken !== undefined) return taken;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code !== "EADDRNOTAVAIL" && code !== "EACCES") return thrown;
  return new InputError("cannot-listen", `cannot listen on ${host}:${port}: ${messageOf(thrown)}`, {
    where: "--host and --port",
    hint: "choose an address of this machine and a port of 1024 or more",
    cause: thrown,
  });
}

function readMarkets({ symbol, tape, synthetic, price }: MockVenueOptions): MockMarket[] {
  const names = [...new Set(symbol.length === 0 ? DEFAULT_SYMBOLS : symbol)];
  const needsOne = tape !== undefined || price !== undefined;
  if (needsOne && symbol.length !== 1) {
    throw badOption(tape === undefined ? "--price" : "--tape", "is of one symbol", {
      hint: "name it with --symbol, once",
    });
  }
  if (tape !== undefined && (synthetic !== undefined || price !== undefined)) {
    throw badOption("--tape", "goes neither with --synthetic nor with --price");
  }
  const startPrice = price === undefined ? {} : { startPrice: amountOption(price, "--price") };
  return names.map((name) => Object.assign(mockMarket(name), startPrice));
}

type MakeSymbol = (parts: SymbolParts) => MockSymbol;

async function symbolsOf(
  markets: readonly MockMarket[],
  seed: number,
  options: MockVenueOptions,
): Promise<MakeSymbol[]> {
  const speed = numberOption(options.speed, "--speed", { min: 0.01, max: MAX_SPEED });
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

async function readKey({ apiKey, secret, publicKey }: MockVenueOptions): Promise<ApiKeySetup> {
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
  const balances = Object.fromEntries(
    texts.length === 0 ? markets.flatMap((market) => defaultBalances(market)) : [],
  );
  for (const text of texts) {
    const [, asset, amount] = /^([A-Z0-9]{1,20})=(.*)$/.exec(text) ?? [];
    if (asset === undefined || amount === undefined) {
      throw badOption("--balance", `${JSON.stringify(text)} is no balance`, {
        hint: "give an asset and an amount, such as ETH=10",
      });
    }
    balances[asset] = amountOption(amount, "--balance");
  }
  return balances;
}

/** Of both currencies, about as much as the other markets have. */
function defaultBalances({ instrument, startPrice }: MockMarket): (readonly [string, string])[] {
  const lots = Math.floor(DEFAULT_BASE_VALUE / Number(startPrice) / instrument.lotValue);
  return [
    [instrument.base, instrument.sizeString(lots)],
    [instrument.quote, DEFAULT_QUOTE],
  ];
}

/** A fault script from a file, read and checked before anything is started. */
async function readFaults(path: string): Promise<unknown> {
  const text = await readText(path, "--faults");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError("bad-faults", `is no JSON: ${messageOf(cause)}`, { where: path, cause });
  }
  parseFaultScript(json, path);
  return json;
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw badOption(option, `${path} cannot be read: ${messageOf(cause)}`);
  }
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

function numberOption(
  text: string,
  option: string,
  { min, max, isWhole = false }: { min: number; max: number; isWhole?: boolean },
): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  const isRight = value >= min && value <= max && (!isWhole || Number.isSafeInteger(value));
  if (isRight) return value;
  const what = isWhole ? "whole number" : "number";
  throw badOption(option, `${JSON.stringify(text)} is no ${what} from ${min} to ${max}`);
}

function badOption(where: string, problem: string, details: { hint?: string } = {}): InputError {
  return new InputError("bad-option", problem, { where, ...details });
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

  API key   ${options.apiKey}
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
