import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Glob } from "bun";
import * as fc from "fast-check";
import { parse } from "jsonc-parser";
import { instrumentFor } from "#config/instrument-override.ts";
import { loadConfig } from "#config/load.ts";
import { generateDocs, generateSchema } from "../../scripts/generate-docs.ts";
import { accepts } from "./json-schema.ts";
import { arbitraryConfig, FULL, isJson, type Json, pairObject, problemsOf } from "./support.ts";

const ROOT = join(import.meta.dirname, "../..");
const schema: Json = JSON.parse(generateSchema());

describe("committed files are what is generated (bun run docs)", () => {
  test("configs/schema.json", async () => {
    expect(await readFile(join(ROOT, "configs/schema.json"), "utf8")).toBe(generateSchema());
  });

  test("docs/config.md", async () => {
    expect(await readFile(join(ROOT, "docs/config.md"), "utf8")).toBe(generateDocs());
  });
});

describe("every field is documented", () => {
  const fields = fieldsOf(schema, "");

  test("all of DESIGN's fields are among them", () => {
    const named = new Set(fields.map(({ path }) => path));
    const wanted = pathsOf(FULL, "").filter((path) => !path.startsWith("accounts."));
    expect(wanted.filter((path) => !named.has(path))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(90);
  });

  test("with its effect, and with its unit or words where it is a value", () => {
    const poor = fields.filter(({ field }) => {
      const description = field["description"];
      if (typeof description !== "string" || description.length < 15) return true;
      const isSection = field["properties"] !== undefined || field["type"] === "array";
      return !isSection && !/Allowed: .+\./.test(description);
    });
    expect(poor.map(({ path }) => path)).toEqual([]);
  });

  test("numbers say their unit", () => {
    const numbers = fields.filter(({ field }) =>
      ["number", "integer"].includes(String(field["type"])),
    );
    const without = numbers.filter(({ field }) => !/\([^)]+\)/.test(String(field["description"])));
    expect(numbers.length).toBeGreaterThan(40);
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test("docs/config.md has a row for each", () => {
    const rows = new Set(
      [...generateDocs().matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? ""),
    );
    const missing = fields.filter(({ name }) => !rows.has(name));
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});

interface Field {
  readonly path: string;
  readonly name: string;
  readonly field: Json;
}

function fieldsOf(section: Json, path: string): Field[] {
  const properties = isJson(section["properties"]) ? section["properties"] : {};
  return Object.entries(properties).flatMap(([name, field]): Field[] => {
    if (!isJson(field)) return [];
    const here = path === "" ? name : `${path}.${name}`;
    const item = isJson(field["items"]) ? field["items"] : field;
    const own: Field[] = [{ path: here, name, field }];
    return own.concat(fieldsOf(item, here));
  });
}

function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, path));
  if (!isJson(value) || path.endsWith("feeAsset")) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const here = path === "" ? key : `${path}.${key}`;
    return [here].concat(pathsOf(item, here));
  });
}

describe("the JSON Schema judges as we do", () => {
  test("any valid config", () => {
    expect(accepts(schema, FULL)).toBe(true);
    fc.assert(
      fc.property(arbitraryConfig, (config) => {
        expect(accepts(schema, config)).toBe(true);
      }),
    );
  });

  test.each([
    { quoting: { binStep: -3 } },
    { quoting: { binStep: "40" } },
    { quoting: { binstep: 40 } },
    { quoting: { priceDownPctLimit: 1 } },
    { quoting: { liveOrderNums: 2.5 } },
    { quoting: { strategy: "spott" } },
    { quoting: { strategy: { module: "./a.ts", more: 1 } } },
    { quoting: { iqvUpLimit: undefined } },
    { capital: { initQuoteAmount: 5 } },
    { capital: { initQuoteAmount: "-5" } },
    { capital: { initQuoteAmount: "5e3" } },
    { quoting: { maxOrderSize: "0.0" } },
    { simulation: { feeAsset: { asset: "BNB" } } },
    { id: "a b" },
    { quote: { venue: "kraken" } },
    { quote: { venue: "hyperliquid", symbol: "SUI", leverage: 0 } },
    { quote: { venue: "hyperliquid", symbol: "SUI", leverage: 2.5 } },
    { quote: { venue: "hyperliquid", symbol: "SUI", leverage: 2, marginMode: "portfolio" } },
    { risk: { minLiquidationDistancePct: 0 } },
    { hedge: {} },
  ])("refuses %j", (changes) => {
    const config: unknown = JSON.parse(JSON.stringify({ pairs: [pairObject(changes)] }));
    expect(accepts(schema, config)).toBe(false);
    expect(problemsOf(JSON.stringify(config))).toHaveLength(1);
  });
});

test.each([
  { address: "0x12" },
  { address: undefined },
  { vaultAddress: `0x${"g".repeat(40)}` },
  { vaultAddress: "a".repeat(40) },
  { agentKeyEnv: "ab".repeat(32) },
  { testnet: "yes" },
  { deadMansSwitch: 1 },
  { apiKeyEnv: "MM_KEY" },
])("an account of Hyperliquid with %j is refused by both", (changes) => {
  const good = { venue: "hyperliquid", address: `0x${"a".repeat(40)}`, agentKeyEnv: "MM_KEY" };
  const withAccount = (hl: object): unknown =>
    JSON.parse(JSON.stringify({ accounts: { hl }, pairs: [pairObject()] }));
  expect(accepts(schema, withAccount(good))).toBe(true);
  const config = withAccount({ ...good, ...changes });
  expect(accepts(schema, config)).toBe(false);
  expect(problemsOf(JSON.stringify(config))).toHaveLength(1);
});

describe("the configs that come with MM", () => {
  const names = [...new Glob("*.jsonc").scanSync(join(ROOT, "configs"))].sort();

  test("are there", () => {
    expect(names).toEqual(
      expect.arrayContaining([
        "btc-spot-tape.jsonc",
        "demo.jsonc",
        "eth-spot-tape.jsonc",
        "sui-hyperliquid.jsonc",
      ]),
    );
  });

  test.each(names)("%s is valid without a warning and needs no venue", async (name) => {
    const path = join(ROOT, "configs", name);
    const { config, warnings } = await loadConfig(path);
    expect(warnings).toEqual([]);
    expect(
      accepts(schema, parse(await readFile(path, "utf8"), [], { allowTrailingComma: true })),
    ).toBe(true);
    for (const pair of config.pairs) {
      // Live with money only where the reader says so; the demo's accounts are its mock venues'.
      const { account = "" } = pair.quote;
      const isMock = name === "demo.jsonc" && ["mock", "mockHl"].includes(account);
      expect(pair.mode).toBe(isMock ? "live" : "paper");
      expect(instrumentFor(pair).symbol).toBe(pair.quote.symbol);
    }
  });
});
