/**
 * What every mock venue of `mm mock-venue` is started with, whichever it is: where it listens, its
 * markets' seed and speed, its faults. Reads files that options name.
 */

import { readFile } from "node:fs/promises";
import { isLoopback } from "#config/sections/world.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { type FaultRules, parseFaultScript } from "#mock-venues/fault-script.ts";
import { amountOption } from "./options.ts";
import { portInUse, type RehearsalWorld, rehearsalWorld } from "./rehearsal.ts";

export interface MockVenueOptions {
  readonly port: string;
  readonly host: string;
  readonly expose?: true;
  readonly symbol: readonly string[];
  readonly tape?: string;
  readonly synthetic?: string;
  readonly price?: string;
  readonly faults?: string;
  readonly speed: string;
  readonly balance: readonly string[];
  readonly apiKey?: string;
  readonly secret?: string;
  readonly publicKey?: string;
  readonly connectionLifetime?: string;
  readonly fundingInterval?: string;
  readonly address?: string;
  readonly agentKey?: string;
  readonly volume?: string;
}

/** A mock venue that runs. */
export interface Rehearsal {
  /** For the one who started it: what to put where, and what to curl. */
  readonly text: string;
  stop(): Promise<void>;
}

export interface MockBasics {
  readonly port: number;
  readonly hostname: string;
  readonly seed: number;
  /** Market time per time. */
  readonly speed: number;
  readonly world: RehearsalWorld;
}

const MAX_PORT = 65_535;
const MAX_SPEED = 1000;

/** @throws {InputError} `bad-option` */
export function mockBasics({ port, host, expose, synthetic, speed }: MockVenueOptions): MockBasics {
  if (expose !== true && !isLoopback(host)) {
    throw badOption("--host", `${host} can be reached from other machines`, {
      hint: "its admin endpoint asks for no key; add --expose if that is what you want",
    });
  }
  const seed = numberOption(synthetic ?? "1", "--synthetic", {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    isWhole: true,
  });
  return {
    port: numberOption(port, "--port", { min: 0, max: MAX_PORT, isWhole: true }),
    hostname: host,
    seed,
    speed: numberOption(speed, "--speed", { min: 0.01, max: MAX_SPEED }),
    world: rehearsalWorld(seed),
  };
}

/** The symbols that are asked for, each once; what is of one symbol needs one to be named. */
export function mockSymbols(
  { symbol, tape, price }: MockVenueOptions,
  usual: readonly string[],
): readonly string[] {
  const needsOne = tape !== undefined || price !== undefined;
  if (needsOne && symbol.length !== 1) {
    throw badOption(tape === undefined ? "--price" : "--tape", "is of one symbol", {
      hint: "name it with --symbol, once",
    });
  }
  return [...new Set(symbol.length === 0 ? usual : symbol)];
}

/** `ETH=10` and so on, amounts by asset. */
export function mockBalances(texts: readonly string[]): Map<string, string> {
  const balances = new Map<string, string>();
  for (const text of texts) {
    const [, asset, amount] = /^([A-Z0-9]{1,20})=(.*)$/.exec(text) ?? [];
    if (asset === undefined || amount === undefined) {
      throw badOption("--balance", `${JSON.stringify(text)} is no balance`, {
        hint: "give an asset and an amount, such as ETH=10",
      });
    }
    balances.set(asset, amountOption(amount, "--balance"));
  }
  return balances;
}

/** A fault script from a file, read and checked before anything is started. */
export async function mockFaults(
  { faults: path }: MockVenueOptions,
  rules: FaultRules,
): Promise<{ readonly faults?: unknown }> {
  if (path === undefined) return {};
  const text = await readText(path, "--faults");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError("bad-faults", `is no JSON: ${messageOf(cause)}`, { where: path, cause });
  }
  parseFaultScript(json, path, rules);
  return { faults: json };
}

/** Starts a venue; what keeps it from listening is told as a user can mend it. */
export async function listening<Mock>(
  { port, hostname }: MockBasics,
  start: () => Promise<Mock>,
): Promise<Mock> {
  try {
    return await start();
  } catch (thrown) {
    throw listenError(thrown, hostname, port);
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

export async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw badOption(option, `${path} cannot be read: ${messageOf(cause)}`);
  }
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

export function badOption(
  where: string,
  problem: string,
  details: { hint?: string } = {},
): InputError {
  return new InputError("bad-option", problem, { where, ...details });
}
