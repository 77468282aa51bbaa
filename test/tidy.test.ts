/**
 * House rules that no tool knows, as tests. Each rule is a function from a file to what is wrong
 * with it, says what to do instead, and is itself tested on made-up files below.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const ROOT = join(import.meta.dir, "..");

interface File {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const MAX_LINES = 400;
const MAX_COLUMNS = 100;

/** Put together here, so that this file does not break its own rules. */
const OPEN_END_WORDS = [
  ["TO", "DO"],
  ["FIX", "ME"],
  ["X", "XX"],
  ["HA", "CK"],
].map((halves) => halves.join(""));
const OPEN_ENDS = new RegExp(`\\b(?:${OPEN_END_WORDS.join("|")})\\b`);

/** Home folders and the usual checkouts of build machines, at the start of an absolute path. */
const MACHINE_PATH =
  /(?<![\w.~:/-])(?:\/(?:home|Users|root|work|workspace|builds)\/[\w.-]|[A-Z]:\\Users\\)/;

function headerBreaches({ path, text }: File): string[] {
  const opens = /^\/\*\*[\s*]*[^\s*/]/.test(text);
  return opens ? [] : [`${path}: opens without a header comment; say what it is and may touch`];
}

function lengthBreaches({ path, text }: File): string[] {
  const lines = text.trimEnd().split("\n");
  const long = lines.flatMap((line, index) =>
    line.length > MAX_COLUMNS ? [`${path}:${index + 1}: over ${MAX_COLUMNS} columns`] : [],
  );
  if (lines.length > MAX_LINES) long.push(`${path}: ${lines.length} lines; split it in two`);
  return long;
}

function openEndBreaches({ path, text }: File): string[] {
  return eachLine({ path, text }, (line) =>
    OPEN_ENDS.test(line) ? "an open end; finish it, or open an issue and drop the note" : null,
  );
}

function machineBreaches({ path, text }: File): string[] {
  return eachLine({ path, text }, (line) =>
    MACHINE_PATH.test(line) ? "a path of one machine; make it relative, or a setting" : null,
  );
}

function eachLine({ path, text }: File, check: (line: string) => string | null): string[] {
  return text.split("\n").flatMap((line, index) => {
    const breach = check(line);
    return breach === null ? [] : [`${path}:${index + 1}: ${breach}`];
  });
}

/** Folders whose files a document may name in `code`, and which must then be there. */
const NAMED_PATH = /`((?:src|test|docs|configs|scripts|bench)\/[^`\s]*)`/g;
const LINK = /\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** What leads nowhere: links (relative to the document), paths in `code` (to the root). */
function deadPaths({ path, text }: File, exists: (path: string) => boolean): string[] {
  const targets = [...text.matchAll(LINK)]
    .map((match) => (match[1] ?? "").replace(/[#?].*$/, ""))
    .filter((target) => target !== "" && !/^[a-z][a-z+.-]*:/i.test(target))
    .map((target) => posix.join(posix.dirname(path), target));
  for (const match of text.matchAll(NAMED_PATH)) {
    // Up to a wildcard, a placeholder or a line number the path must be there all the same.
    const named = (match[1] ?? "").replace(/:\d+$/, "").split(/[*<{…]/)[0] ?? "";
    targets.push(named === match[1] ? named : posix.dirname(`${named}x`));
  }
  return targets
    .filter((target) => !exists(target))
    .map((target) => `${path}: ${target} is not there; correct the link or drop it`);
}

function filesOf(...globs: string[]): File[] {
  const paths = globs.flatMap((glob) => Array.from(new Bun.Glob(glob).scanSync(ROOT)));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

const sources = filesOf("src/**/*.{ts,tsx}");
const code = [...sources, ...filesOf("{test,bench,scripts,docs}/**/*.{ts,tsx,mjs}")];
const documents = filesOf("*.md", "docs/**/*.md");
const everything = [
  ...code,
  ...documents,
  ...filesOf("*.{json,toml,yml,yaml}", "Dockerfile"),
  ...filesOf("{src,configs,docs}/**/*.{json,jsonc,css,html,service}"),
];

describe("house rules", () => {
  test("there is something to look at", () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(code.length).toBeGreaterThan(sources.length);
    expect(documents.length).toBeGreaterThan(0);
    expect(everything.map(({ path }) => path)).toContain("package.json");
  });

  test("every source file opens with a header comment", () => {
    expect(sources.flatMap(headerBreaches)).toEqual([]);
  });

  test(`no file is over ${MAX_LINES} lines, no line over ${MAX_COLUMNS} columns`, () => {
    expect(code.flatMap(lengthBreaches)).toEqual([]);
  });

  test("nothing is left open in a comment", () => {
    expect(everything.flatMap(openEndBreaches)).toEqual([]);
  });

  test("no file names a path of the machine it was written on", () => {
    expect(everything.flatMap(machineBreaches)).toEqual([]);
  });

  test("links and paths in documents lead somewhere", () => {
    const exists = (path: string) => existsSync(join(ROOT, path));
    expect(documents.flatMap((document) => deadPaths(document, exists))).toEqual([]);
  });
});

describe("each rule finds its breach in a made-up file", () => {
  const file = (text: string): File => ({ path: "docs/made-up.md", text });

  test("header", () => {
    for (const text of ["/** One line. */\n", "/**\n * More\n * lines.\n */\n"]) {
      expect(headerBreaches(file(text))).toEqual([]);
    }
    for (const text of ["", 'import "x";\n/** Late. */', "// A line comment.\n", "/** */\n"]) {
      expect([text, headerBreaches(file(text)).length]).toEqual([text, 1]);
    }
  });

  test("length", () => {
    expect(lengthBreaches(file("x\n".repeat(MAX_LINES)))).toEqual([]);
    expect(lengthBreaches(file("x\n".repeat(MAX_LINES + 1)))).toHaveLength(1);
    expect(lengthBreaches(file("−".repeat(MAX_COLUMNS)))).toEqual([]);
    expect(lengthBreaches(file(`x\n${"x".repeat(MAX_COLUMNS + 1)}`))).toEqual([
      "docs/made-up.md:2: over 100 columns",
    ]);
  });

  test("open ends", () => {
    for (const word of OPEN_END_WORDS) {
      expect(openEndBreaches(file(`// ${word}: later`))).toHaveLength(1);
    }
    expect(openEndBreaches(file("const todos = hacks(FIXED);"))).toEqual([]);
  });

  test("paths of a machine", () => {
    const found = [
      ["", "home", "ann", "mm"].join("/"),
      `see "${["", "Users", "ann"].join("/")}"`,
      `cd ${["", "root", "mm"].join("/")}`,
      `(${["", "work", "mm"].join("/")})`,
      ["C:", "Users", "ann"].join("\\"),
    ];
    for (const text of found) expect([text, machineBreaches(file(text)).length]).toEqual([text, 1]);
    const fine = [
      "https://a.example/home/x",
      "./work/x",
      "src/work/x",
      "at work / at home",
      "/pairs",
    ];
    for (const text of fine) expect([text, machineBreaches(file(text))]).toEqual([text, []]);
  });

  test("dead paths", () => {
    const there = new Set(["docs/a.md", "src/domain", "src/domain/book.ts", "README.md"]);
    const dead = (text: string) => deadPaths(file(text), (path) => there.has(path)).length;
    for (const text of [
      '[a](a.md) and [a](./a.md#part "title"), ![a](../docs/a.md)',
      "[up](../README.md) [here](#part) [web](https://a.example/x) [mail](mailto:a@a.example)",
      "`src/domain/book.ts`, `src/domain/book.ts:12`, `src/domain`",
      "`src/domain/*.ts`, `src/domain/<name>.ts`, `src/domain/b*.ts`",
      "`mm run -c configs/x.jsonc`, `src` and src/none.ts in prose",
    ]) {
      expect([text, dead(text)]).toEqual([text, 0]);
    }
    for (const text of [
      "[b](b.md)",
      "[a](docs/a.md)", // links are relative to the document
      "`src/domain/none.ts`",
      "`src/none/*.ts`",
      "`test/none.test.ts:3`",
    ]) {
      expect([text, dead(text)]).toEqual([text, 1]);
    }
  });
});
