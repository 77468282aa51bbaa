/** Binance USD-M for the contract suite: our adapter, in front of our mock venue with one perp. */

import { plain } from "#domain/decimal.ts";
import { placeOrder } from "#mock-venues/binance-perp/orders.ts";
import { type MockBinancePerp, startMockBinancePerp } from "#mock-venues/binance-perp/server.ts";
import { mockPerpMarket } from "#mock-venues/binance-perp/symbol-rules.ts";
import { binancePerp } from "#venues/binance-perp/module.ts";
import type { KeyKind } from "./binance-keys.ts";
import { newGround, SYMBOL, underTest } from "./binance-under-test.ts";
import type { VenueUnderTest } from "./venue-under-test.ts";

const USDT = "10000";
const LEVEL_LOTS = 1_000_000;

export interface BinancePerpUnderTest extends VenueUnderTest {
  readonly mock: MockBinancePerp;
}

export async function startBinancePerp(kind: KeyKind): Promise<BinancePerpUnderTest> {
  const { instrument, maxLeverage } = mockPerpMarket(SYMBOL);
  const ground = newGround(kind, LEVEL_LOTS);
  const mock = await startMockBinancePerp({
    symbols: [{ instrument, maxLeverage, source: ground.market }],
    keys: [ground.key.setup],
    balances: { USDT },
    world: ground.world,
  });
  const equity = (): string => plain(mock.venue.account.margins.equity(instrument.quote));
  const positionLots = (): number => mock.market(SYMBOL).exchange.account.positionLots;
  return {
    ...underTest(mock, ground, {
      kind,
      maintenanceStatus: "SETTLING",
      placeOrder: (params) => void placeOrder(mock.venue, params),
    }),
    mock,
    venue: "binance-perp",
    module: binancePerp,
    rules: {
      tickSize: "0.01",
      lotSize: "0.001",
      minNotional: "20",
      makerFeeRate: "0.0002",
      takerFeeRate: "0.0005",
    },
    usualLots: 500,
    mostLots: 60_000,
    balances: () => new Map([[instrument.quote, equity()]]),
    holding: () => ({ base: plain(instrument.size(positionLots())), quote: equity() }),
  };
}
