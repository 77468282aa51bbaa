/** Binance Spot for the contract suite: our adapter, in front of our mock venue with one market. */

import { decimal, plain } from "#domain/decimal.ts";
import { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import { placeOrder } from "#mock-venues/binance-spot/orders.ts";
import { type MockBinanceSpot, startMockBinanceSpot } from "#mock-venues/binance-spot/server.ts";
import { mockMarket } from "#mock-venues/binance-spot/symbol-rules.ts";
import { parseQueueModel } from "#sim/queue-model.ts";
import { binanceSpot } from "#venues/binance-spot/module.ts";
import type { KeyKind } from "./binance-keys.ts";
import { newGround, SYMBOL, underTest } from "./binance-under-test.ts";
import type { VenueUnderTest } from "./venue-under-test.ts";

const LEVEL_LOTS = 100_000;

export async function startBinanceSpot(kind: KeyKind): Promise<VenueUnderTest> {
  const { instrument } = mockMarket(SYMBOL);
  const ground = newGround(kind, LEVEL_LOTS);
  const mock = await startMockBinanceSpot({
    symbols: [
      ({ wallet, ...parts }) =>
        new MockSymbol({
          ...parts,
          instrument,
          source: ground.market,
          account: wallet,
          fees: { kind: "received" },
          queueModel: parseQueueModel("risk-averse"),
        }),
    ],
    keys: [ground.key.setup],
    balances: { ETH: "5", USDT: "10000" },
    world: ground.world,
  });
  return {
    ...underTest(mock, ground, {
      kind,
      maintenanceStatus: "CANCEL_ONLY",
      placeOrder: (params) => void placeOrder(mock.venue, params),
    }),
    venue: "binance-spot",
    module: binanceSpot,
    rules: {
      tickSize: "0.01",
      lotSize: "0.0001",
      minNotional: "5",
      makerFeeRate: "0.001",
      takerFeeRate: "0.001",
    },
    usualLots: 500,
    mostLots: 30_000,
    balances: () => balances(mock),
    holding: () => {
      const held = balances(mock);
      return {
        base: held.get(instrument.base) ?? "0",
        quote: held.get(instrument.quote) ?? "0",
      };
    },
  };
}

function balances(mock: MockBinanceSpot): Map<string, string> {
  return new Map(
    mock.venue.account
      .balances()
      .map(({ asset, free, locked }) => [asset, plain(decimal(free).plus(decimal(locked)))]),
  );
}
