import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as fc from "fast-check";
import { loadConfig, parseConfig } from "#config/load.ts";
import { nearestNames } from "#config/locate.ts";
import { arbitraryConfig, FULL, type Json, pairObject, parsePairs, problemsOf } from "./support.ts";

const refused = (changes: Json): string[] =>
  problemsOf(JSON.stringify({ pairs: [pairObject(changes)] }));

describe("what is accepted", () => {
  test("only what has no default need be given", () => {
    const { config, warnings } = parsePairs(pairObject());
    const [pair] = config.pairs;
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      stateDir: "./state",
      control: { host: "127.0.0.1", port: 8787 },
      runtime: { busyPoll: false },
      accounts: {},
      venues: {},
    });
    expect(pair?.mode).toBe("paper");
    expect(pair?.quoting).toMatchObject({
      strategy: "auto",
      shapeDwellSeconds: 60,
      shapeHysteresisPct: 10,
      minRequoteIntervalMs: 250,
      requoteBinFraction: 0.5,
      keepPriceBinFraction: 0.5,
      keepSizePct: 25,
      compat: "none",
    });
    expect(pair?.volatility).toMatchObject({ horizonSeconds: 31_536_000, ewmaLambda: 0.94 });
    expect(pair?.risk).toMatchObject({ staleBookMs: 3000, actionsPer10s: 50 });
    expect(pair?.risk.maxDrawdownPct).toBeUndefined();
  });

  test("a config with every key comes back as it was", () => {
    const parsed: unknown = parseConfig(JSON.stringify(FULL), "x.jsonc");
    expect(parsed).toEqual({ config: FULL, warnings: [] });
  });

  test("comments, trailing commas and a byte order mark are fine", () => {
    const text = `\uFEFF// why\n{ "pairs": [ ${JSON.stringify(pairObject())}, /* one */ ], }`;
    expect(parseConfig(text, "x.jsonc").config.pairs).toHaveLength(1);
  });

  test("any valid config round-trips: nothing lost, nothing changed, and it stays valid", () => {
    fc.assert(
      fc.property(arbitraryConfig, (written) => {
        const once: unknown = parseConfig(JSON.stringify(written), "x.jsonc").config;
        expect(once).toMatchObject(written);
        const twice: unknown = parseConfig(JSON.stringify(once), "x.jsonc").config;
        expect(twice).toEqual(once);
      }),
    );
  });
});

describe("the place of a problem", () => {
  test("is file, line, column and path, then the value and what is allowed", () => {
    const pair = JSON.stringify(pairObject({ quoting: { binStep: -3 } }), null, 1);
    const text = `{\n  // a comment\n  "pairs": [${pair}]\n}`;
    const line = text.split("\n").findIndex((each) => each.includes("binStep"));
    const column = (text.split("\n")[line] ?? "").indexOf("-3") + 1;
    expect(problemsOf(text)).toEqual([
      `x.jsonc:${line + 1}:${column} pairs[0].quoting.binStep: is -3; must be a ` +
        "number above 0 and at most 10000 (basis points between bins)",
    ]);
  });

  test("of a missing field is its section", () => {
    expect(refused({ quoting: { binStep: undefined } })[0]).toMatch(
      /^x\.jsonc:1:\d+ pairs\[0\]\.quoting\.binStep: is missing; must be a number above 0/,
    );
  });

  test("all problems are told at once, relations included, in the order of the text", () => {
    const lines = refused({
      id: "no good",
      capital: { initQuoteAmount: 5 },
      quoting: { binStep: "40", typo: 1, volLowerThreshold: 90, inventoryRbIqvRatio: 0.6 },
    });
    const paths = lines.map((line) => /^x\.jsonc:1:\d+ ([^:]+):/.exec(line)?.[1]);
    expect(paths).toEqual([
      "pairs[0].id",
      "pairs[0].capital.initQuoteAmount",
      "pairs[0].quoting.binStep",
      "pairs[0].quoting.inventoryRbIqvRatio",
      "pairs[0].quoting",
      "pairs[0].quoting.volLowerThreshold",
    ]);
  });

  test("a pair that is no object hides nothing of the others", () => {
    const bad = pairObject({ quoting: { quoteRbIqvRatio: -0.6 } });
    const lines = problemsOf(JSON.stringify({ pairs: [3, bad, null] }));
    expect(lines.map((line) => line.split(" ")[1])).toEqual([
      "pairs[0]:",
      "pairs[1].quoting.quoteRbIqvRatio:",
      "pairs[2]:",
    ]);
  });

  test("a relation that a default breaks says which value the default is", () => {
    expect(refused({ quoting: { volUpperThreshold: 31 } })).toEqual([
      expect.stringContaining(
        "volLowerThreshold: is 35 by default; must be below volUpperThreshold (31)",
      ),
    ]);
  });
});

describe("the control plane", () => {
  const withControl = (control: Json): string => JSON.stringify({ control, pairs: [pairObject()] });

  test("listens beyond this machine only with a token", () => {
    expect(problemsOf(withControl({ host: "0.0.0.0" }))).toEqual([
      expect.stringMatching(
        /^x\.jsonc:1:\d+ control\.tokenEnv: is missing; control\.host 0\.0\.0\.0 can be reached/,
      ),
    ]);
    const fine = [
      { host: "0.0.0.0", tokenEnv: "MM_CONTROL_TOKEN" },
      { host: "localhost" },
      { host: "127.0.0.2" },
      { host: "::1" },
    ];
    for (const control of fine) {
      expect(parseConfig(withControl(control), "x.jsonc").config.control).toMatchObject(control);
    }
    expect(problemsOf(withControl({ host: "127.evil.example" }))).toHaveLength(1);
  });

  test("names the token's variable and never shows a token pasted there", () => {
    const [problem = ""] = problemsOf(withControl({ tokenEnv: "s3cr3t-token" }));
    expect(problem).toContain("control.tokenEnv: is not shown here; must be the name of");
  });
});

describe("keys", () => {
  test("an unknown key is refused with the nearest one, and its value is still checked", () => {
    const lines = refused({ quoting: { binStep: undefined, binstep: -1 } });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("pairs[0].quoting: unknown key `binstep`; did you mean `binStep`?");
    expect(lines[1]).toContain("pairs[0].quoting.binStep: is -1; must be");
  });

  test("the original's snake case names lead to ours", () => {
    expect(refused({ quoting: { price_up_pct_limit: 0.1 } })[0]).toContain(
      "did you mean `priceUpPctLimit`?",
    );
  });

  test("a key like no other lists what is known", () => {
    expect(refused({ capital: { leverage: 3 } })[0]).toContain(
      "unknown key `leverage`; known here: initInventoryAmount, initQuoteAmount, " +
        "targetIqvRatio, reservePct",
    );
  });

  test("two names equally near are both named", () => {
    expect(nearestNames("cat", ["car", "cap", "dog"])).toEqual(["car", "cap"]);
  });

  test("a key given twice is refused where it comes again", () => {
    const text = `{"stateDir": "a",\n "stateDir": "b", "pairs": [${JSON.stringify(pairObject())}]}`;
    expect(problemsOf(text)).toEqual(["x.jsonc:2:2 stateDir: is given twice; keep one of them"]);
  });

  test.each(["__proto__", "constructor", "prototype"])("%s names nothing", (name) => {
    const pair = JSON.stringify(pairObject());
    expect(problemsOf(`{"${name}": {}, "pairs": [${pair}]}`)[0]).toContain("unknown key");
    const account = `{"venue": "binance", "apiKeyEnv": "A", "secretEnv": "B"}`;
    const text = `{"accounts": {"${name}": ${account}}, "pairs": [${pair}]}`;
    expect(problemsOf(text)[0]).toContain(`"${name}" is reserved`);
  });
});

describe("values", () => {
  test("money given as a number says how to write it", () => {
    expect(refused({ capital: { initInventoryAmount: 0.1 } })).toEqual([
      expect.stringContaining('initInventoryAmount: is 0.1; write it as a string: "0.1"'),
    ]);
    const text = JSON.stringify({ pairs: [pairObject()] }).replace('"2"', "1e-7");
    expect(problemsOf(text)[0]).toContain('is 1e-7; write it as a string: "0.0000001"');
  });

  test.each(["-1", "1e3", "1,5", " 1", "0x1", "", "Infinity", "1_000"])(
    "a size of %p is refused",
    (amount) => {
      const lines = refused({ capital: { initInventoryAmount: amount } });
      expect(lines[0]).toContain(`is ${JSON.stringify(amount)}; must be a decimal string`);
    },
  );

  test("a size of nothing is refused where it must be above 0", () => {
    expect(refused({ quoting: { maxOrderSize: "0.00" } })[0]).toContain(
      'maxOrderSize: is "0.00"; must be a decimal string above 0',
    );
  });

  test("a fee given in per cent is refused", () => {
    const override = { tickSize: "1", lotSize: "1", minNotional: "0", makerFeeRate: "0.1" };
    expect(refused({ instrumentOverride: override })[0]).toContain(
      'makerFeeRate: is "0.1"; must be a decimal string from "-0.05" to "0.05"',
    );
  });

  test("a number that overflows says so", () => {
    const text = JSON.stringify({ pairs: [pairObject()] }).replace(
      '"binStep":40',
      '"binStep":1e999',
    );
    expect(problemsOf(text)[0]).toContain(
      "binStep: is 1e999, more than a number can hold; must be",
    );
  });

  test.each([
    ["strategy", "spott", 'must be "spot", "curve", "bid-ask", "auto" or {"module": "./mine.ts"}'],
    ["strategy", { module: "/etc/x" }, 'must be a relative path such as "./mine.ts"'],
    ["liveOrderNums", 2.5, "must be a whole number from 2 to 1000"],
    ["liveOrderNums", 1, "must be a whole number from 2 to 1000"],
    ["priceDownPctLimit", 1, "must be a number above 0 and below 1"],
    ["binStep", null, "must be a number above 0"],
    ["binStep", [], "must be a number above 0"],
    ["belowMin", true, 'must be "merge" or "drop"'],
    ["iqvDownLimit", -1.5, "must be a number of at least -1 and below 0"],
  ])("quoting.%s of %p is refused", (field, value, message) => {
    const lines = refused({ quoting: { [field]: value } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(message);
  });

  test.each([0, 1, -0.2, 2])("a target ratio of %p is refused", (targetIqvRatio) => {
    expect(refused({ capital: { targetIqvRatio } })[0]).toContain("above 0 and below 1");
  });

  test.each(["", "abcdefghijklm", "a-b", "ä"])("a pair id of %p is refused", (id) => {
    expect(refused({ id })[0]).toContain("must be 1 to 12 letters and digits");
  });

  test("an object where a list belongs, a list where an object belongs", () => {
    expect(problemsOf('{"pairs": {}}')).toEqual([
      "x.jsonc:1:11 pairs: is an object; must be a list of pairs",
    ]);
    expect(problemsOf('{"pairs": []}')[0]).toContain("must have at least one pair");
    expect(refused({ risk: [1] })[0]).toContain("pairs[0].risk: is a list; must be an object with");
    expect(problemsOf("[]")[0]).toContain("x.jsonc:1:1: is []; must be an object with $schema");
  });

  test("an account of an unknown house names the known ones", () => {
    const accounts = { a: { venue: "binace", apiKeyEnv: "A", secretEnv: "B" } };
    expect(problemsOf(JSON.stringify({ accounts, pairs: [pairObject()] }))).toEqual([
      'x.jsonc:1:27 accounts.a.venue: is "binace"; must be "binance" or "hyperliquid"',
    ]);
  });

  test("a key pasted where its variable's name belongs is refused and never shown", () => {
    const secret = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    const accounts = { a: { venue: "binance", apiKeyEnv: secret, secretEnv: "B" } };
    const lines = problemsOf(JSON.stringify({ accounts, pairs: [pairObject()] }));
    expect(lines[0]).toContain("apiKeyEnv: is not shown here; must be the name of an environment");
    expect(lines.join()).not.toContain(secret.slice(0, 8));
  });
});

describe("syntax", () => {
  test.each([
    ["", "x.jsonc:1:1: is empty; a config is one {…} object"],
    ["// nothing", "x.jsonc:1:1: is empty; a config is one {…} object"],
    ['{"a": 1', "x.jsonc:1:8: a closing } is missing"],
    ['{"a": 1\n "b": 2}', "x.jsonc:2:2: a comma is expected here"],
    ['{\n "a": NaN }', "x.jsonc:2:7: NaN is no JSON value; write a finite number"],
    ['{\n "a": -Infinity }', "x.jsonc:2:7: -Infinity is no JSON value; write a finite number"],
    ["{\n a: 1}", "x.jsonc:2:2: a is no JSON value; text stands in double quotes"],
    ['{"a": .5}', "x.jsonc:1:7: .5 is no JSON value; text stands in double quotes"],
    ['{"a": "b}', "x.jsonc:1:7: this string never ends"],
    ["{} {}", "x.jsonc:1:4: nothing may follow the closing }"],
    ["[".repeat(200_000), "x.jsonc:1:1: is nested too deeply"],
  ])("%p", (text, first) => {
    expect(problemsOf(text)[0]).toBe(first);
  });

  test("two lines that are wrong are both told", () => {
    expect(problemsOf('{\n"a": NaN,\n"b": +1\n}')).toEqual([
      "x.jsonc:2:6: NaN is no JSON value; write a finite number",
      "x.jsonc:3:6: +1 is no JSON value; text stands in double quotes",
    ]);
  });

  test("any text is either a config or refused as one: nothing else is thrown", () => {
    const bits = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"pairs"',
      "1",
      "null",
      '"',
      "/*",
      "a",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 12 }), (parts) => {
        expect(problemsOf(parts.join("")).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe("loadConfig", () => {
  test("reads a file and tells where it is", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mm-config-"));
    try {
      const path = join(folder, "a.jsonc");
      await writeFile(path, JSON.stringify({ pairs: [pairObject()] }));
      const loaded = await loadConfig(path);
      expect(isAbsolute(loaded.path)).toBe(true);
      expect(loaded.config.pairs[0]?.id).toBe("ETH");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a file that is not there", async () => {
    const error = await loadConfig("no/such.jsonc").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "no-config", where: "no/such.jsonc" });
  });
});
