/** The demo's config as a file of its own, which may be edited and read again. May write. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyEdits, type JSONPath, modify } from "jsonc-parser";
import demoConfig from "../../configs/demo.jsonc" with { type: "text" };
import schema from "../../configs/schema.json" with { type: "json" };

interface BinanceUrls {
  readonly restUrl: string;
  readonly wsApiUrl: string;
  readonly streamUrl: string;
}

export interface DemoPlaces {
  readonly controlPort: number;
  /** Addresses of the mock venues. */
  readonly venues: {
    readonly "binance-spot": BinanceUrls;
    readonly "binance-perp": BinanceUrls;
    readonly hyperliquid: { readonly restUrl: string; readonly wsUrl: string };
  };
  /** Of the account at the mock of Hyperliquid. */
  readonly address: string;
}

/** The account of the demo's config that trades at the mock of Hyperliquid. */
const HYPERLIQUID_ACCOUNT = "mockHl";

/** What the demo's config says, before it is known where its venues listen. */
export const DEMO_CONFIG: string = demoConfig;

/**
 * Writes configs/demo.jsonc with its comments, and where things are; the schema beside it.
 * @returns its path
 */
export async function writeDemoConfig(folder: string, places: DemoPlaces): Promise<string> {
  const path = join(folder, "demo.jsonc");
  await writeFile(path, demoConfigText(places));
  await writeFile(join(folder, "schema.json"), JSON.stringify(schema));
  return path;
}

export function demoConfigText({ controlPort, venues, address }: DemoPlaces): string {
  const text = edited(DEMO_CONFIG, ["control", "port"], controlPort);
  const own = edited(text, ["accounts", HYPERLIQUID_ACCOUNT, "address"], address);
  return edited(own, ["venues"], venues);
}

function edited(text: string, path: JSONPath, value: unknown): string {
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: "\n" };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}
