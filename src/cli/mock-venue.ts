/**
 * `mm mock-venue`: a venue of our own on this machine that speaks the real one's protocol, to
 * rehearse against: generated or recorded markets, fills, limits, and faults on order.
 */

import { Command } from "commander";
import { rehearseBinancePerp } from "./mock-binance-perp.ts";
import { rehearseBinanceSpot } from "./mock-binance-spot.ts";
import { rehearseHyperliquid } from "./mock-hyperliquid.ts";
import { badOption, type MockVenueOptions, type Rehearsal } from "./mock-options.ts";

interface Mock {
  readonly rehearse: (options: MockVenueOptions) => Promise<Rehearsal>;
  /** Options that it takes and not every other one does. */
  readonly own: Options;
}

type Options = readonly (keyof MockVenueOptions)[];

const OF_BINANCE: Options = ["tape", "apiKey", "secret", "publicKey", "connectionLifetime"];
const MOCKS: ReadonlyMap<string, Mock> = new Map([
  ["binance-spot", { rehearse: rehearseBinanceSpot, own: OF_BINANCE }],
  ["binance-perp", { rehearse: rehearseBinancePerp, own: [...OF_BINANCE, "fundingInterval"] }],
  ["hyperliquid", { rehearse: rehearseHyperliquid, own: ["address", "agentKey", "volume"] }],
]);
const NAMES = [...MOCKS.keys()];

export function mockVenueCommand(): Command {
  return new Command("mock-venue")
    .description("run a venue to rehearse against: its protocol, simulated fills, faults on order")
    .argument("<venue>", `which one: ${NAMES.join(", ")}`)
    .option("--port <port>", "where it listens; 0 takes a free port", "8788")
    .option("--host <host>", "the address it listens on", "127.0.0.1")
    .option("--expose", "allow a --host that other machines can reach")
    .option("--symbol <symbol>", "may be repeated (default: those of ETH and BTC)", add, [])
    .option("--synthetic <seed>", "generated markets (default: seed 1): same seed, same markets")
    .option("--price <price>", "what the one generated market starts at, quote currency")
    .option("--speed <factor>", "market time per time", "1")
    .option("--faults <file>", "a fault script, JSON")
    .option(
      "--balance <asset=amount>",
      "may be repeated; of a margin asset at binance-perp, of USDC at hyperliquid",
      add,
      [],
    )
    .option("--tape <file>", "binance: a raw recording of the one symbol, again and again")
    .option("--api-key <key>", "binance: the key that it knows")
    .option("--secret <secret>", "binance: of an HMAC key")
    .option("--public-key <file>", "binance: of an Ed25519 key instead, PEM")
    .option(
      "--connection-lifetime <time>",
      "binance: after which it cuts a connection: 90s, 24h (default: 24h)",
    )
    .option("--funding-interval <time>", "binance-perp: from one funding to the next (default: 8h)")
    .option("--address <address>", "hyperliquid: of the account, 0x and 40 digits")
    .option("--agent-key <key>", "hyperliquid: private key of the agent that may trade for it")
    .option("--volume <usdc>", "hyperliquid: what the account has traded before (default: 0)")
    .action(mockVenue);
}

function add(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

async function mockVenue(venue: string, options: MockVenueOptions): Promise<void> {
  const mock = MOCKS.get(venue);
  if (mock === undefined) {
    throw badOption("mm mock-venue", `${JSON.stringify(venue)} cannot be mocked`, {
      hint: `there is ${NAMES.join(", ")}`,
    });
  }
  requireOwnOptions(venue, options);
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  process.on("SIGINT", end).on("SIGTERM", end);
  try {
    const rehearsal = await mock.rehearse(options);
    process.stdout.write(rehearsal.text);
    await ended.promise;
    await rehearsal.stop();
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
  }
}

/** Passed over, an option of another venue would leave its user in the belief that it holds. */
function requireOwnOptions(venue: string, options: MockVenueOptions): void {
  const own = MOCKS.get(venue)?.own ?? [];
  for (const [name, other] of MOCKS) {
    const foreign = other.own.find((key) => !own.includes(key) && options[key] !== undefined);
    if (foreign === undefined) continue;
    const option = `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw badOption(option, `is of ${name}, not of ${venue}`);
  }
}
