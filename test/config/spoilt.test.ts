/** Every place of a full config, spoilt in turn: a key misspelt, a value replaced by anything. */

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseConfig } from "#config/load.ts";
import { FULL, isJson, problemsOf } from "./support.ts";

interface Site {
  readonly path: readonly (string | number)[];
  readonly keys: readonly string[];
}

function objectsOf(value: unknown, path: readonly (string | number)[]): Site[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => objectsOf(item, [...path, at]));
  if (!isJson(value)) return [];
  const inner = Object.entries(value).flatMap(([key, item]) => objectsOf(item, [...path, key]));
  return [{ path, keys: Object.keys(value) }, ...inner];
}

function renamed(value: unknown, path: Site["path"], right: string, wrong: string): unknown {
  const [head, ...rest] = path;
  if (Array.isArray(value)) {
    return value.map((item, at) => (at === head ? renamed(item, rest, right, wrong) : item));
  }
  if (!isJson(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    if (head === undefined) return [key === right ? wrong : key, item];
    return [key, key === head ? renamed(item, rest, right, wrong) : item];
  });
  return Object.fromEntries(entries);
}

describe("a key spoilt anywhere", () => {
  test("any key misspelt by one letter is refused, naming the right one", () => {
    const sites = objectsOf(FULL, []).filter(({ path }) => path.join(".") !== "accounts");
    const edit = fc.record({
      kind: fc.constantFrom("insert", "replace", "delete"),
      at: fc.nat(40),
      letter: fc.constantFrom("x", "Q", "7"),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...sites),
        fc.nat(40),
        edit,
        (site, nth, { kind, at, letter }) => {
          const right = site.keys[nth % site.keys.length] ?? "";
          const from = at % right.length;
          const rest = right.slice(kind === "insert" ? from : from + 1);
          const wrong = right.slice(0, from) + (kind === "delete" ? "" : letter) + rest;
          fc.pre(wrong !== "" && !site.keys.includes(wrong));
          const problems = problemsOf(JSON.stringify(renamed(FULL, site.path, right, wrong)));
          const named = problems.filter((line) => line.includes(`unknown key \`${wrong}\``));
          expect(named).toHaveLength(1);
          expect(named[0]).toContain(`\`${right}\``);
        },
      ),
    );
  });
});

describe("a config spoilt anywhere", () => {
  const sites = objectsOf(FULL, []).flatMap(({ path, keys }) => keys.map((key) => [...path, key]));

  test("is refused as one or accepted: the rules never stumble over it", () => {
    const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...sites), junk), { maxLength: 4 }),
        (spoils) => {
          let value: unknown = FULL;
          for (const [path, put] of spoils) value = replaced(value, path, put);
          try {
            expect(parseConfig(JSON.stringify(value), "x.jsonc").config.pairs).not.toBeEmpty();
          } catch (thrown) {
            expect(thrown).toMatchObject({ name: "InputError", code: "bad-config" });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function replaced(value: unknown, path: Site["path"], put: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return put;
  if (Array.isArray(value)) {
    return value.map((item, at) => (at === head ? replaced(item, rest, put) : item));
  }
  if (!isJson(value)) return value;
  return { ...value, [head]: replaced(value[head], rest, put) };
}
