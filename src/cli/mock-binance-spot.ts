/** `mm mock-venue binance-spot`: its markets, its key and balances, and what it prints. */

import { decimal, plain } from "#domain/decimal.ts";
import { BINANCE_SPOT_FAULTS } from "#mock-venues/binance-spot/fault-rules.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { type MockMarket, mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import {
  generatedMarket,
  invitation,
  knownMarkets,
  readKey,
  recordedMarket,
  timeOption,
} from "./mock-binance.ts";
import {
  listening,
  type MockBasics,
  type MockVenueOptions,
  mockBalances,
  mockBasics,
  mockFaults,
  type Rehearsal,
} from "./mock-options.ts";
import { rehearsalSymbol } from "./rehearsal.ts";

const USUAL_SYMBOLS = ["ETHUSDT", "BTCUSDT"];
/** Where no balances are given: so much of each base currency, in USDT, and of USDT itself. */
const DEFAULT_BASE_VALUE = 25_000;
const DEFAULT_QUOTE = "50000";
const DEFAULT_LIFETIME = "24h";

/** @throws {InputError} */
export async function rehearseBinanceSpot(options: MockVenueOptions): Promise<Rehearsal> {
  const basics = mockBasics(options);
  const markets = knownMarkets(options, USUAL_SYMBOLS, mockMarket);
  const symbols = await symbolsOf(markets, basics, options);
  const venue = {
    ...basics,
    symbols,
    keys: [await readKey(options)],
    balances: readBalances(options.balance, markets),
    connectionLifetimeMs: timeOption(
      options.connectionLifetime ?? DEFAULT_LIFETIME,
      "--connection-lifetime",
    ),
    ...(await mockFaults(options, BINANCE_SPOT_FAULTS)),
  };
  const mock = await listening(basics, () => startMockBinanceSpot(venue));
  return { text: inviting(mock, options), stop: () => mock.stop() };
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

function inviting(mock: MockBinanceSpot, options: MockVenueOptions): string {
  const balances = mock.venue.account.balances();
  return invitation(mock, options, {
    title: "Binance Spot",
    name: "binance-spot",
    held: balances.map(({ asset, free }) => `${plain(decimal(free))} ${asset}`),
    account: "balances",
    orders: [`status -d '{"status": "CANCEL_ONLY"}'`],
  });
}
