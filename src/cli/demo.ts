/**
 * `mm demo`: two generated markets at mock venues in this process, and MM trading and hedging them
 * there over the venues' real protocols: no keys, no network, no money. Writes into a temporary
 * folder only.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { loadConfig } from "#config/load.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Log } from "#runtime/log.ts";
import { writeDemoConfig } from "./demo-config.ts";
import {
  type DemoVenueOptions,
  type DemoVenues,
  demoKeys,
  startDemoVenues,
} from "./demo-venues.ts";
import { loggingChoice, secretsOf, startLogging } from "./logging.ts";
import { withLogOptions } from "./run.ts";
import { endSoon, OrdersLeftError, runSession } from "./session.ts";

interface DemoOptions {
  readonly seed: string;
  readonly controlPort: string;
  readonly mockPort: string;
  readonly mockPerpPort: string;
  readonly mockHyperliquidPort: string;
  readonly logFormat: string;
  readonly logLevel: string;
}

export function demoCommand(): Command {
  const command = new Command("demo")
    .description("make and hedge two generated markets at mock venues: no keys, no money")
    .option("--seed <seed>", "of the markets: same seed, same markets", "1")
    .option("--control-port <port>", "where to curl it; 0 takes a free port", "8787")
    .option("--mock-port <port>", "where the mock of Binance Spot listens; 0: a free port", "0")
    .option("--mock-perp-port <port>", "where that of Binance USD-M listens", "0")
    .option("--mock-hyperliquid-port <port>", "where that of Hyperliquid listens", "0");
  return withLogOptions(command).action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const choice = loggingChoice(options.logFormat, options.logLevel);
  const seed = wholeNumber(options.seed, "--seed", Number.MAX_SAFE_INTEGER);
  const controlPort = wholeNumber(options.controlPort, "--control-port", MAX_PORT);
  const ports = {
    binanceSpot: wholeNumber(options.mockPort, "--mock-port", MAX_PORT),
    binancePerp: wholeNumber(options.mockPerpPort, "--mock-perp-port", MAX_PORT),
    hyperliquid: wholeNumber(options.mockHyperliquidPort, "--mock-hyperliquid-port", MAX_PORT),
  };
  // Until the session listens to them: else they would end the process without its `exit`.
  process.on("SIGINT", endNow).on("SIGTERM", endNow);
  const folder = makeFolder();
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // Also where a second signal ends the process on the spot.
  process.on("exit", removeFolder);
  try {
    await trade(folder, { controlPort, ports, seed, choice });
  } finally {
    removeFolder();
    process.off("exit", removeFolder);
    listenNoMore();
    endSoon();
  }
}

interface DemoChoices {
  readonly controlPort: number;
  readonly ports: DemoVenueOptions["ports"];
  readonly seed: number;
  readonly choice: ReturnType<typeof loggingChoice>;
}

async function trade(folder: string, choices: DemoChoices): Promise<void> {
  const { controlPort, ports, seed, choice } = choices;
  const keys = demoKeys();
  const mocks = await startDemoVenues({ ports, seed, keys });
  try {
    const { urls } = mocks;
    const { address } = keys.hyperliquid;
    const path = await writeDemoConfig(folder, { controlPort, venues: urls, address });
    const { config } = await loadConfig(path);
    const env = { ...process.env, ...keys.env };
    const log = startLogging({ ...choice, secrets: secretsOf(config, env) });
    const onReady = (url: string): void => void process.stdout.write(inviting(url, mocks, path));
    listenNoMore();
    await runSession({ config, configPath: path, env, log, onReady });
    await checkMocks(mocks, log);
  } finally {
    await mocks.stop();
  }
}

/** Nothing trades yet. */
function endNow(): void {
  process.exit(EXIT_SIGNALLED);
}

function listenNoMore(): void {
  process.off("SIGINT", endNow).off("SIGTERM", endNow);
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
/** As shells tell of a program that Ctrl-C has ended. */
const EXIT_SIGNALLED = 130;

function wholeNumber(text: string, option: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value <= max) return value;
  throw new InputError("bad-option", `${JSON.stringify(text)} is no whole number up to ${max}`, {
    where: option,
  });
}

/**
 * The venues themselves are asked, over the wire, and not those who traded.
 * @throws {OrdersLeftError}
 */
async function checkMocks({ ownOrders }: DemoVenues, log: Log): Promise<void> {
  const left = await ownOrders();
  const messages = left.map(
    ({ venue, count }) => `the mock of ${venue} has ${count} orders of ours open`,
  );
  for (const message of messages) log({ level: "info", pair: null, event: "mock-venue", message });
  if (left.every(({ count }) => count === 0)) return;
  throw new OrdersLeftError("orders-left", messages.join("; "));
}

function inviting(controlUrl: string, { urls }: DemoVenues, configPath: string): string {
  return `
MM makes two markets at mock venues of its own, ETH at Binance Spot's and SUI at Hyperliquid's, and
hedges both on perps at Binance USD-M's. In another terminal:

  curl ${controlUrl}/pairs
  curl ${controlUrl}/pairs/SUI/pause         # its orders go, ETH's stay; /resume brings them back
  curl '${controlUrl}/pairs/ETH?format=text' # its hedge, position, guards, budgets
  curl ${controlUrl}/pairs/ETH/flatten       # its orders and its hedge go; /resume brings them back

A hedge opens a fill or two from now; its stop orders rest all the time. What is open at the venues,
by the venues themselves:

  curl ${urls["binance-spot"].restUrl}/mock/orders
  curl ${urls.hyperliquid.restUrl}/mock/orders
  curl ${urls["binance-perp"].restUrl}/mock/orders
  curl ${urls["binance-perp"].restUrl}/mock/account

Edit ${configPath}, then:

  curl -X POST ${controlUrl}/config/reload

Ctrl-C ends it, and leaves no order behind.

`;
}
