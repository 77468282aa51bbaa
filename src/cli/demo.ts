/**
 * `mm demo`: two generated markets at a mock venue in this process, and MM trading them there over
 * the venue's real protocol: no keys, no network, no money. Writes into a temporary folder only.
 */

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import * as v from "valibot";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig, parseConfig } from "#config/load.ts";
import type { PairConfig } from "#config/schema.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { Rng } from "#domain/rng.ts";
import type { MockSymbol } from "#mock-venues/binance-spot/mock-symbol.ts";
import {
  type MockBinanceSpot,
  type SymbolParts,
  startMockBinanceSpot,
} from "#mock-venues/binance-spot/server.ts";
import { syntheticSource } from "#mock-venues/market-source.ts";
import type { Log } from "#runtime/log.ts";
import { systemWorld } from "#runtime/world.ts";
import { SyntheticMarket } from "#sim/synthetic-market.ts";
import { DEMO_CONFIG, writeDemoConfig } from "./demo-config.ts";
import { loggingChoice, secretsOf, startLogging } from "./logging.ts";
import { portInUse, rehearsalSymbol } from "./rehearsal.ts";
import { withLogOptions } from "./run.ts";
import { endSoon, OrdersLeftError, runSession } from "./session.ts";

interface DemoOptions {
  readonly seed: string;
  readonly controlPort: string;
  readonly mockPort: string;
  readonly logFormat: string;
  readonly logLevel: string;
}

/** What the markets start at, quote currency, by the ids of the demo's pairs. */
const START_PRICES: ReadonlyMap<string, string> = new Map([
  ["ETH", "2000"],
  ["BTC", "60000"],
]);
/** More than the pairs may use: the rest is somebody else's. */
const BALANCES = { ETH: "10", BTC: "1", USDT: "50000" };

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("make two generated markets at a mock venue: no keys, no network, no money")
    .option("--seed <seed>", "of the markets: same seed, same markets", "1")
    .option("--control-port <port>", "where to curl it; 0 takes a free port", "8787")
    .option("--mock-port <port>", "where the mock venue listens; 0 takes a free port", "0");
  return withLogOptions(command).action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const choice = loggingChoice(options.logFormat, options.logLevel);
  const seed = wholeNumber(options.seed, "--seed", Number.MAX_SAFE_INTEGER);
  const controlPort = wholeNumber(options.controlPort, "--control-port", MAX_PORT);
  const mockPort = wholeNumber(options.mockPort, "--mock-port", MAX_PORT);
  const folder = makeFolder();
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // Also where a second signal ends the process on the spot.
  process.on("exit", removeFolder);
  try {
    await trade(folder, { controlPort, mockPort, seed, choice });
  } finally {
    removeFolder();
    process.off("exit", removeFolder);
    endSoon();
  }
}

interface DemoChoices {
  readonly controlPort: number;
  readonly mockPort: number;
  readonly seed: number;
  readonly choice: ReturnType<typeof loggingChoice>;
}

async function trade(folder: string, choices: DemoChoices): Promise<void> {
  const { controlPort, mockPort, seed, choice } = choices;
  const keys = demoKeys();
  const mock = await startMock(mockPort, seed, keys);
  try {
    const { url: restUrl, wsApiUrl, streamUrl } = mock;
    const venue = { restUrl, wsApiUrl, streamUrl };
    const path = await writeDemoConfig(folder, { controlPort, venue });
    const { config } = await loadConfig(path);
    const env = { ...process.env, MM_DEMO_API_KEY: keys.apiKey, MM_DEMO_SECRET: keys.secret };
    const log = startLogging({ ...choice, secrets: secretsOf(config, env) });
    const onReady = (url: string): void => void process.stdout.write(inviting(url, mock.url, path));
    await runSession({ config, configPath: path, env, log, onReady });
    await checkMock(mock, log);
  } finally {
    await mock.stop();
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "mm-demo-"));
  } catch (cause) {
    throw new InputError("temp-dir", `no folder can be made: ${messageOf(cause)}`, {
      where: tmpdir(),
      hint: "set TMPDIR to a folder that can be written",
      cause,
    });
  }
}

const MAX_PORT = 65_535;

function wholeNumber(text: string, option: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value <= max) return value;
  throw new InputError("bad-option", `${JSON.stringify(text)} is no whole number up to ${max}`, {
    where: option,
  });
}

interface DemoKeys {
  readonly apiKey: string;
  /** PEM. */
  readonly secret: string;
  readonly publicKey: string;
}

/** New ones at each start, of the kind that a live account should have. */
function demoKeys(): DemoKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    apiKey: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex"),
    secret: privateKey.export({ type: "pkcs8", format: "pem" }),
    publicKey: publicKey.export({ type: "spki", format: "pem" }),
  };
}

async function startMock(port: number, seed: number, keys: DemoKeys): Promise<MockBinanceSpot> {
  const { pairs } = parseConfig(DEMO_CONFIG, "the built-in demo config").config;
  const world = systemWorld();
  try {
    return await startMockBinanceSpot({
      port,
      symbols: pairs.map((pair, index) => (parts) => mockSymbol(pair, seed + index, parts)),
      keys: [{ apiKey: keys.apiKey, ed25519PublicKeyPem: keys.publicKey }],
      balances: BALANCES,
      world: { timers: world.timers, nowMs: () => world.nowMs(), rng: new Rng(seed) },
    });
  } catch (thrown) {
    throw portInUse(thrown, port, "--mock-port") ?? thrown;
  }
}

function mockSymbol(pair: PairConfig, seed: number, parts: SymbolParts): MockSymbol {
  const instrument = instrumentFor(pair);
  const startPrice = START_PRICES.get(pair.id) ?? "100";
  const startMs = parts.nowMs();
  const market = new SyntheticMarket({ seed, instrument, startPrice, startMs });
  return rehearsalSymbol(parts, { instrument, source: syntheticSource(market) });
}

const OrdersSchema = v.array(v.object({ clientOrderId: v.string() }));

/** The venue itself is asked, over the wire, and not those who traded. @throws {OrdersLeftError} */
async function checkMock({ url }: MockBinanceSpot, log: Log): Promise<void> {
  const orders = v.parse(OrdersSchema, await (await fetch(`${url}/mock/orders`)).json());
  const ours = orders.filter(({ clientOrderId }) => clientOrderId.startsWith("mm-"));
  const message = `the mock venue has ${ours.length} orders of ours open`;
  log({ level: "info", pair: null, event: "mock-venue", message });
  if (ours.length > 0) throw new OrdersLeftError("orders-left", message);
}

function inviting(controlUrl: string, mockUrl: string, configPath: string): string {
  return `
MM makes two markets at a mock venue of its own. In another terminal:

  curl ${controlUrl}/pairs
  curl ${controlUrl}/pairs/ETH/pause         # its orders go; /resume brings them back
  curl '${controlUrl}/pairs?format=text'

What is open at the venue, by the venue itself:

  curl ${mockUrl}/mock/orders

Edit ${configPath}, then:

  curl -X POST ${controlUrl}/config/reload

Ctrl-C ends it, and leaves no order behind.

`;
}
