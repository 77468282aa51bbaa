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
  invitation,
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
  const { account } = mock.venue;
  return invitation(mock, options, {
    title: "Binance USD-M perps",
    name: "binance-perp",
    held: account.assets.map((asset) => `${account.wallet(asset).toFixed()} ${asset}`),
    account: "account",
    orders: ["funding", `status -d '{"status": "SETTLING"}'`],
  });
}
