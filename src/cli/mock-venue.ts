/**
 * `mm mock-venue`: a venue of our own on this machine that speaks the real one's protocol, to
 * rehearse against: generated or recorded markets, fills, limits, and faults on order.
 */

import { Command } from "commander";
import { rehearseBinanceSpot } from "./mock-binance-spot.ts";
import { rehearseHyperliquid } from "./mock-hyperliquid.ts";
import { badOption, type MockVenueOptions, type Rehearsal } from "./mock-options.ts";

interface Mock {
  readonly rehearse: (options: MockVenueOptions) => Promise<Rehearsal>;
  /** Options that only this one takes. */
  readonly own: readonly (keyof MockVenueOptions)[];
}

const MOCKS: ReadonlyMap<string, Mock> = new Map([
  [
    "binance-spot",
    {
      rehearse: rehearseBinanceSpot,
      own: ["tape", "apiKey", "secret", "publicKey", "connectionLifetime"],
    },
  ],
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
    .option("--balance <asset=amount>", "may be repeated; hyperliquid: of USDC", add, [])
    .option("--tape <file>", "binance-spot: a raw recording of the one symbol, again and again")
    .option("--api-key <key>", "binance-spot: the key that it knows")
    .option("--secret <secret>", "binance-spot: of an HMAC key")
    .option("--public-key <file>", "binance-spot: of an Ed25519 key instead, PEM")
    .option(
      "--connection-lifetime <time>",
      "binance-spot: after which it cuts a connection: 90s, 24h (default: 24h)",
    )
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
  for (const [name, { own }] of MOCKS) {
    const foreign = name === venue ? undefined : own.find((key) => options[key] !== undefined);
    if (foreign === undefined) continue;
    const option = `--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw badOption(option, `is of ${name}, not of ${venue}`);
  }
}
