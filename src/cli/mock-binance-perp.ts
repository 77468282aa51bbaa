/** `mm mock-venue binance-perp`: its markets, its key and balances, and what it prints. */

import { BINANCE_PERP_FAULTS } from "#mock-venues/binance-perp/fault-rules.ts";
import {
  type MockBinancePerp,
  type PerpSpec,
  startMockBinancePerp,
} from "#mock-venues/binance-perp/server.ts";
import { type MockPerpMarket, mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import {
  generatedMarket,
  keyHints,
  knownMarkets,
  readKey,
  recordedMarket,
  timeOption,
} from "./mock-binance.ts";
import {
  badOption,
  listening,
  type MockBasics,
  type MockVenueOptions,
  mockBalances,
  mockBasics,
  mockFaults,
  type Rehearsal,
} from "./mock-options.ts";
import { REHEARSAL_QUEUE } from "./rehearsal.ts";

const USUAL_SYMBOLS = ["ETHUSDT", "BTCUSDT"];
/** Of each margin asset of the symbols, where no balances are given. */
const DEFAULT_BALANCE = "50000";
const DEFAULT_LIFETIME = "24h";
const DEFAULT_FUNDING = "8h";

/** @throws {InputError} */
export async function rehearseBinancePerp(options: MockVenueOptions): Promise<Rehearsal> {
  const basics = mockBasics(options);
  const markets = knownMarkets(options, USUAL_SYMBOLS, mockPerpMarket);
  const { connectionLifetime = DEFAULT_LIFETIME, fundingInterval = DEFAULT_FUNDING } = options;
  const venue = {
    ...basics,
    symbols: await specsOf(markets, basics, options),
    keys: [await readKey(options)],
    balances: readBalances(options.balance, markets),
    connectionLifetimeMs: timeOption(connectionLifetime, "--connection-lifetime"),
    fundingIntervalMs: timeOption(fundingInterval, "--funding-interval"),
    ...(await mockFaults(options, BINANCE_PERP_FAULTS)),
  };
  const mock = await listening(basics, () => startMockBinancePerp(venue));
  return { text: inviting(mock, options), stop: () => mock.stop() };
}

async function specsOf(
  markets: readonly MockPerpMarket[],
  { seed, speed, world }: MockBasics,
  options: MockVenueOptions,
): Promise<PerpSpec[]> {
  const recorded = await recordedMarket(markets, options);
  const queueModel = parseQueueModel(REHEARSAL_QUEUE);
  return markets.map((market, index) => {
    const source = recorded ?? generatedMarket(market, seed + index, world.nowMs());
    const { instrument, maxLeverage } = market;
    return { instrument, maxLeverage, source, speed, queueModel };
  });
}

function readBalances(
  texts: readonly string[],
  markets: readonly MockPerpMarket[],
): Readonly<Record<string, string>> {
  const quotes = [...new Set(markets.map(({ instrument }) => instrument.quote))];
  const given = mockBalances(texts);
  const other = [...given.keys()].find((asset) => !quotes.includes(asset));
  if (other !== undefined) {
    throw badOption("--balance", `${other} is no margin of these symbols`, {
      hint: `give ${quotes.map((quote) => `${quote}=${DEFAULT_BALANCE}`).join(" and ")}`,
    });
  }
  if (given.size > 0) return Object.fromEntries(given);
  return Object.fromEntries(quotes.map((quote) => [quote, DEFAULT_BALANCE] as const));
}

function inviting(mock: MockBinancePerp, options: MockVenueOptions): string {
  const { url, wsApiUrl, streamUrl, venue } = mock;
  const addresses = JSON.stringify({ restUrl: url, wsApiUrl, streamUrl }, null, 2);
  const { account } = venue;
  const held = account.assets.map((asset) => `${account.wallet(asset).toFixed()} ${asset}`);
  return `
A mock of Binance USD-M perps for rehearsals. It is not the venue, and its money is none.

  symbols   ${[...venue.listings.keys()].join(", ")}
  balances  ${held.join(", ")}

Into the config that rehearses:

  "venues": { "binance-perp": ${addresses.replaceAll("\n", "\n  ")} }

and into the environment variables that its account names:

${keyHints(options)}

At the venue itself, without a key:

  curl ${url}/mock/orders
  curl ${url}/mock/account
  curl ${url}/mock/faults
  curl -X POST ${url}/mock/faults \\
    -d '{"faults": [{"kind": "drop-response", "method": "order.place", "count": 3}]}'
  curl -X POST ${url}/mock/faults -d '{"seed": 7, "random": {"everyMs": 2000}}'
  curl -X DELETE ${url}/mock/faults
  curl -X POST ${url}/mock/funding
  curl -X POST ${url}/mock/status -d '{"status": "SETTLING"}'

Ctrl-C ends it.

`;
}
