/**
 * The layers of the source as a test: which folder of src may import which, and that the
 * pure ones import nothing from outside. (That they use no clock, timer or I/O global is a rule
 * of the linter.) Every import counts: alias, relative, `import type`, dynamic, worker URL.
 */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

const SRC = join(import.meta.dir, "..", "src");

const RULES = ["ports", "strategies", "volatility", "hedge"];
const CORE = ["domain", ...RULES, "engine"];
const EDGES = ["net", "venues", "journal"];
const DRIVERS = ["config", "data", "backtest", "runtime", "mock-venues"];

/** What is built into the executable from outside of src: configs, and the version. */
const EMBEDDED = ["../configs", "../package.json"];

/** Each layer and what it may import, itself apart. A folder that is not here may not exist. */
const LAYERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["domain", []],
  ["ports", ["domain"]],
  ["strategies", ["domain"]],
  ["volatility", ["domain"]],
  ["hedge", ["domain"]],
  ["engine", ["domain", ...RULES]],
  ["sim", CORE],

  ["net", ["domain"]],
  ["venues", [...CORE, "net"]],
  ["journal", CORE],

  ["config", ["domain", "strategies", "hedge", "engine"]],
  ["data", ["domain", "sim", "venues"]],
  ["backtest", [...CORE, ...EDGES, "sim", "config", "data"]],
  ["runtime", [...CORE, ...EDGES, "sim", "config", "data"]],
  ["mock-venues", [...CORE, "net", "venues", "sim", "data"]],

  ["control", [...CORE, ...EDGES, "config", "runtime", "dashboard"]], // it serves the page
  ["dashboard", ["control"]],
  ["cli", [...CORE, ...EDGES, "sim", ...DRIVERS, "control", "dashboard", ...EMBEDDED]],
  ["main", ["cli"]], // src/main.ts
]);

/** Folders of `venues` that others of their family share: each with who may import it. */
const FAMILIES: ReadonlyMap<string, RegExp> = new Map([["binance", /^binance-/]]);

/** These import one another and nothing from outside, so that they run the same everywhere. */
const PURE: ReadonlySet<string> = new Set([...CORE, "sim"]);

/** Packages that a pure layer may import all the same, and the one file that may. */
const PURE_PACKAGES: ReadonlyMap<string, string> = new Map([["big.js", "domain/decimal.ts"]]);

const IMPORTS = [
  /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm, // import x from, export … from
  /^\s*import\s*["']([^"']+)["']/gm, // for its effect alone
  /\bimport\s*\(\s*(?:["'`]([^"'`$]+)["'`]|[^)])/g, // dynamic, and types as `import("x").T`
  /\brequire\s*\(\s*["']([^"']+)["']/g,
  /\bnew\s+URL\(\s*["']([^"']+)["']\s*,\s*import\.meta/g, // a worker's entry file
];

/** What a source imports; null for a dynamic import of something computed. */
function importsOf(source: string): (string | null)[] {
  return IMPORTS.flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => match[1] ?? null),
  );
}

/** `domain/book.ts` → `domain`; `main.ts` → `main`; outside of src, `../configs`. */
function layerOf(file: string): string {
  if (file.startsWith("../")) return file.split("/").slice(0, 2).join("/");
  return (file.split("/")[0] ?? "").replace(/\.ts$/, "");
}

/** `venues/binance-spot/stream.ts` → `binance-spot`; undefined for a file shared by all venues. */
function venueOf(file: string): string | undefined {
  const [layer, venue, ...rest] = file.split("/");
  return layer === "venues" && rest.length > 0 ? venue : undefined;
}

/** A path within src that a specifier means; undefined for a package or a built-in module. */
function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  return undefined;
}

/** What is wrong with one import, or undefined. `file` is a path within src. */
function breachOf(
  file: string,
  specifier: string | null,
  allowed: readonly string[],
): string | undefined {
  const layer = layerOf(file);
  const isPure = PURE.has(layer);
  if (specifier === null) return isPure ? "a pure layer imports what it computed" : undefined;
  const target = resolve(file, specifier);
  if (target === undefined) {
    const isFree = !isPure || PURE_PACKAGES.get(specifier) === file;
    return isFree ? undefined : `a pure layer imports ${specifier}`;
  }
  const targetLayer = layerOf(target);
  if (targetLayer !== layer && !allowed.includes(targetLayer)) {
    return `${layer} may not import ${targetLayer} (${specifier})`;
  }
  const [venue, targetVenue] = [venueOf(file), venueOf(target)];
  if (venue === undefined || targetVenue === undefined || venue === targetVenue) return undefined;
  if (FAMILIES.get(targetVenue)?.test(venue) !== true) {
    return `venue ${venue} may not import venue ${targetVenue}`;
  }
  return undefined;
}

function breachesOf(file: string, source: string): string[] {
  const allowed = LAYERS.get(layerOf(file));
  if (allowed === undefined) return [`src/${file}: no layer of this name is in the table`];
  return importsOf(source).flatMap((specifier) => {
    const breach = breachOf(file, specifier, allowed);
    return breach === undefined ? [] : [`src/${file}: ${breach}`];
  });
}

test("every import of src is one that the table of layers allows", () => {
  const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(SRC)].sort();
  expect(files.length).toBeGreaterThan(0);
  expect(files).toContain("domain/decimal.ts");
  const breaches = files.flatMap((file) => breachesOf(file, readFileSync(join(SRC, file), "utf8")));
  expect(breaches).toEqual([]);
});

describe("the table of layers", () => {
  test("names only layers", () => {
    const named = new Set([...LAYERS.values()].flat().concat(...PURE));
    expect([...named].filter((layer) => !LAYERS.has(layer))).toEqual(EMBEDDED);
  });

  test("lets pure layers import pure layers only", () => {
    const reached = [...PURE].flatMap((layer) => LAYERS.get(layer) ?? []);
    expect(reached.filter((layer) => !PURE.has(layer))).toEqual([]);
  });
});

describe("the checker finds a breach in a made-up source", () => {
  const breaches: [name: string, file: string, source: string][] = [
    ["by alias", "domain/book.ts", 'import { X } from "#engine/pair-engine.ts";'],
    ["by a relative path", "domain/book.ts", 'import { X } from "../engine/pair-engine.ts";'],
    ["of a type", "strategies/spot.ts", 'import type { X } from "#engine/pair-engine.ts";'],
    ["over several lines", "hedge/x.ts", 'import {\n  type X,\n  y,\n} from "#engine/x.ts";'],
    ["re-exported", "domain/x.ts", 'export { X } from "#sim/x.ts";'],
    ["re-exported whole", "domain/x.ts", 'export * from "#sim/x.ts";'],
    ["for its effect", "domain/x.ts", 'import "#sim/x.ts";'],
    ["dynamic", "engine/x.ts", 'const sim = await import("#sim/x.ts");'],
    ["as a type query", "engine/x.ts", 'type X = import("#sim/x.ts").X;'],
    ["computed", "engine/x.ts", "const sim = await import(name);"],
    ["computed in a template", "engine/x.ts", "const sim = await import(`#sim/${name}`);"],
    ["as a worker", "net/x.ts", 'new Worker(new URL("../runtime/worker.ts", import.meta.url));'],
    ["of a built-in module", "sim/x.ts", 'import { readFileSync } from "node:fs";'],
    ["of a built-in module of Bun", "engine/x.ts", 'import { Database } from "bun:sqlite";'],
    ["of a package", "engine/x.ts", 'import * as v from "valibot";'],
    ["of big.js beside decimal.ts", "domain/ledger.ts", 'import { Big } from "big.js";'],
    ["among venues", "venues/hyperliquid/x.ts", 'import { X } from "../binance-spot/x.ts";'],
    [
      "of a member by its family",
      "venues/binance/x.ts",
      'import { X } from "../binance-spot/x.ts";',
    ],
    ["of a family that is another's", "venues/hyperliquid/x.ts", 'import "../binance/x.ts";'],
    ["out of src", "data/x.ts", 'import { X } from "../../test/x.ts";'],
    ["past the command line", "main.ts", 'import { X } from "#runtime/supervisor.ts";'],
    ["of the command line", "runtime/x.ts", 'import { X } from "#cli/run.ts";'],
    ["from a layer not in the table", "helpers/x.ts", 'import { X } from "#domain/book.ts";'],
    ["of a layer not in the table", "cli/x.ts", 'import { X } from "#helpers/x.ts";'],
    ["a file without imports in no layer", "helpers/x.ts", "export const x = 1;"],
  ];
  test.each(breaches)("%s", (_name, file, source) => {
    expect(breachesOf(file, `/** Header. */\n\n${source}\n`)).toHaveLength(1);
  });

  test("and none where there is none", () => {
    const fine: [file: string, source: string][] = [
      ["domain/decimal.ts", 'import { Big } from "big.js";\nimport { E } from "./errors.ts";'],
      ["engine/x.ts", 'import type { Sink } from "#ports/sink.ts";'],
      ["venues/hyperliquid/x.ts", 'import { X } from "./y.ts";\nimport { Y } from "#net/y.ts";'],
      ["venues/binance-perp/x.ts", 'import { X } from "../binance/x.ts";'],
      ["venues/registry.ts", 'import { X } from "./hyperliquid/x.ts";'],
      ["cli/run.ts", 'import { join } from "node:path";\nimport "#runtime/x.ts";'],
      ["cli/run.ts", "const user = await import(path);"],
      ["main.ts", 'import { main } from "./cli/main.ts";'],
      ["domain/x.ts", 'const text = "taken from";\nexport const y = "#engine/x.ts";'],
    ];
    for (const [file, source] of fine) expect(breachesOf(file, source)).toEqual([]);
  });
});
