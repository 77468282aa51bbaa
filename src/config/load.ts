/**
 * From a config file to a checked Config: JSONC syntax, keys, fields, relations. Every problem is
 * found in one go and told with its place. May read files; imports domain only.
 */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import * as v from "valibot";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Finding, PairRule } from "./findings.ts";
import {
  joinPath,
  nodeAround,
  type Problem,
  positionOf,
  type ReadTree,
  readTree,
} from "./locate.ts";
import { PAIR_RULES } from "./relations.ts";
import { type Config, ConfigSchema, type QuotingConfig } from "./schema.ts";
import { ADVICE } from "./warnings.ts";

export interface ParsedConfig {
  readonly config: Config;
  /** One line each, with its place; nothing that stops a run. */
  readonly warnings: readonly string[];
}

export interface LoadedConfig extends ParsedConfig {
  /** Absolute; paths within the config are relative to its folder. */
  readonly path: string;
}

/** A config is written by hand: more than this is no config. */
const MAX_CHARACTERS = 1_048_576;

/** Fields of every pair's quoting section that an option of the command line takes the place of. */
export type QuotingOverrides = Partial<Pick<QuotingConfig, "compat" | "minOrderSize">>;

/**
 * Reads and checks a config file.
 * @throws {InputError} `no-config` where it cannot be read, `bad-config` with all its problems
 */
export async function loadConfig(
  path: string,
  overrides: QuotingOverrides = {},
): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new InputError("no-config", `cannot be read: ${messageOf(cause)}`, {
      where: path,
      hint: "give the path of a config file, such as configs/demo.jsonc",
      cause,
    });
  }
  return { ...parseConfig(text, path, overrides), path: resolve(path) };
}

/**
 * Checks a config text.
 * @param where what errors call it, a path as the user wrote it
 * @throws {InputError} `bad-config`; its message has one line for each problem
 */
export function parseConfig(
  text: string,
  where: string,
  overrides: QuotingOverrides = {},
): ParsedConfig {
  if (text.length > MAX_CHARACTERS) {
    throw new InputError("bad-config", `${where}: has more than ${MAX_CHARACTERS} characters`);
  }
  // A byte order mark is blanked, so that offsets stay right.
  const source: Source = { text: text.replace(/^\uFEFF/, " "), where };
  const tree = readTree(parseSyntax(source), ConfigSchema);
  overrideQuoting(tree.value, overrides);
  const result = v.safeParse(ConfigSchema, tree.value);
  const issues = fieldProblems(source, tree, result.issues ?? []);
  const broken = issues.map(({ path }) => path);
  // Where fields are wrong, the output still has all sections; rules that read a wrong one are
  // skipped, so the rest of the relations is told in the same go.
  const found = checkRelations(result.output, broken);
  const errors = found.filter(({ severity }) => severity === "error");
  const problems = [
    ...tree.problems,
    ...issues,
    ...errors.map((finding) => placed(source, tree, finding)),
  ];
  if (problems.length > 0 || !result.success) throw badConfig(source, problems);
  const warnings = found.filter(({ severity }) => severity === "warning");
  return {
    config: result.output,
    warnings: lines(
      source,
      warnings.map((finding) => placed(source, tree, finding)),
    ),
  };
}

/** Before anything is checked, so that the relations hold for what will be used. */
function overrideQuoting(value: unknown, overrides: QuotingOverrides): void {
  const pairs = isRecord(value) ? value["pairs"] : undefined;
  if (!Array.isArray(pairs)) return;
  for (const pair of pairs) {
    const quoting: unknown = isRecord(pair) ? pair["quoting"] : undefined;
    if (isRecord(quoting)) Object.assign(quoting, overrides);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Source {
  readonly text: string;
  readonly where: string;
}

function badConfig(source: Source, problems: readonly Problem[]): InputError {
  return new InputError("bad-config", lines(source, problems).join("\n"));
}

/** `configs/x.jsonc:12:7 pairs[0].quoting.binStep: is -3; must be above 0`, in the text's order. */
function lines(source: Source, problems: readonly Problem[]): string[] {
  const sorted = problems.toSorted((a, b) => a.offset - b.offset);
  const all = sorted.map(({ path, offset, message }) => {
    const { line, column } = positionOf(source.text, offset);
    return `${source.where}:${line}:${column}${path === "" ? "" : ` ${path}`}: ${message}`;
  });
  return [...new Set(all)];
}

/** By the parser's names of its errors. */
const SYNTAX: ReadonlyMap<string, string> = new Map([
  ["PropertyNameExpected", "a key in double quotes is expected here"],
  ["ValueExpected", "a value is expected here"],
  ["ColonExpected", "a colon is expected here"],
  ["CommaExpected", "a comma is expected here"],
  ["CloseBraceExpected", "a closing } is missing"],
  ["CloseBracketExpected", "a closing ] is missing"],
  ["EndOfFileExpected", "nothing may follow the closing }"],
  ["UnexpectedEndOfComment", "this comment never ends"],
  ["UnexpectedEndOfString", "this string never ends"],
  ["UnexpectedEndOfNumber", "this number is not complete"],
  ["InvalidNumberFormat", "this is no number"],
  ["InvalidUnicode", "this \\u escape is not complete"],
  ["InvalidEscapeCharacter", "this \\ escape is unknown"],
  ["InvalidCharacter", "this character is not allowed in a string"],
]);

function parseSyntax(source: Source): Node {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(source.text, errors, { allowTrailingComma: true });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw badConfig(source, [{ path: "", offset: 0, message: "is nested too deeply" }]);
  }
  if (errors.length > 0 || root === undefined) {
    // One error often makes the parser stumble again at once: only the first of a line counts,
    // and a missing value after a symbol that was none is that symbol.
    const firsts = new Map<number, Problem>();
    let previous = "";
    for (const error of errors) {
      const name = printParseErrorCode(error.error);
      const { line } = positionOf(source.text, error.offset);
      const follows = previous === "InvalidSymbol" && name === "ValueExpected";
      if (!firsts.has(line) && !follows) {
        const message = syntaxMessage(source.text, name, error.offset);
        firsts.set(line, { path: "", offset: error.offset, message });
      }
      previous = name;
    }
    const empty = { path: "", offset: 0, message: "is empty; a config is one {…} object" };
    throw badConfig(source, root === undefined ? [empty] : [...firsts.values()]);
  }
  return root;
}

function syntaxMessage(text: string, name: string, offset: number): string {
  if (name !== "InvalidSymbol") return SYNTAX.get(name) ?? "this is no JSON";
  const symbol = /^[^\s,:[\]{}]+/.exec(text.slice(offset))?.[0] ?? text.charAt(offset);
  return /^[+-]?(?:NaN|Infinity)$/.test(symbol)
    ? `${symbol} is no JSON value; write a finite number`
    : `${shortened(symbol)} is no JSON value; text stands in double quotes`;
}

/** What valibot found, one problem for a path. */
function fieldProblems(
  source: Source,
  tree: ReadTree,
  issues: readonly v.BaseIssue<unknown>[],
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const issue of issues) {
    const path = (issue.path ?? []).reduce((joined, item) => joinPath(joined, keyOf(item)), "");
    if (problems.has(path)) continue;
    const node = tree.nodes.get(path);
    const near = node ?? nodeAround(tree.nodes, path);
    const said = node === undefined ? "is missing" : `is ${shown(source.text, node, path)}`;
    const message = `${said}; ${issue.message}`;
    problems.set(path, { path, offset: near?.offset ?? 0, message });
  }
  return [...problems.values()];
}

function keyOf(item: v.IssuePathItem): string | number {
  return typeof item.key === "number" ? item.key : String(item.key);
}

/** A value as the user wrote it, cut to a readable length. */
function shown(text: string, node: Node, path: string): string {
  if (node.type === "object") return "an object";
  if (node.type === "array") return (node.children ?? []).length === 0 ? "[]" : "a list";
  // Someone may have pasted a key where its variable's name belongs.
  if (path.endsWith("Env")) return "not shown here";
  const written = shortened(text.slice(node.offset, node.offset + node.length));
  const overflowed = node.type === "number" && !Number.isFinite(node.value);
  return overflowed ? `${written}, more than a number can hold` : written;
}

function shortened(written: string): string {
  return written.length > 40 ? `${written.slice(0, 39)}…` : written;
}

interface ValuedFinding extends Finding {
  /** What the field holds, be it by default. */
  readonly value: unknown;
}

function checkRelations(output: unknown, broken: readonly string[]): ValuedFinding[] {
  if (broken.some((path) => path === "" || path === "pairs")) return [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rules read sound fields only
  const config = output as Config;
  const sound = config.pairs.filter((_, index) => !broken.includes(joinPath("pairs", index)));
  return config.pairs.flatMap((pair, index) => {
    const prefix = joinPath("pairs", index);
    if (!sound.includes(pair)) return [];
    return [...PAIR_RULES, ...ADVICE]
      .filter((rule) => readable(rule, prefix, broken))
      .flatMap((rule) => rule.check(pair, { ...config, pairs: sound }))
      .map((finding) => ({
        path: joinPath(prefix, finding.path),
        message: finding.message,
        severity: finding.severity,
        value: valueAt(pair, finding.path),
      }));
  });
}

/** Whether nothing that a rule reads has a problem of its own. */
function readable(rule: PairRule, prefix: string, broken: readonly string[]): boolean {
  const reads = [...rule.reads.map((path) => joinPath(prefix, path)), ...(rule.readsRoot ?? [])];
  return !reads.some((read) => broken.some((path) => within(path, read) || within(read, path)));
}

function within(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
}

function valueAt(value: unknown, path: string): unknown {
  const [key = "", ...rest] = path.split(".");
  const inner: unknown = Object.entries(Object(value)).find(([name]) => name === key)?.[1];
  return rest.length === 0 ? inner : valueAt(inner, rest.join("."));
}

function placed(source: Source, tree: ReadTree, finding: ValuedFinding): Problem {
  const { path, message } = finding;
  const node = tree.nodes.get(path);
  const offset = (node ?? nodeAround(tree.nodes, path))?.offset ?? 0;
  return { path, offset, message: `${saidOf(source, node, finding)}${message}` };
}

/** What the value is, in front of what it must be; nothing for sections and missing fields. */
function saidOf(source: Source, node: Node | undefined, { path, value }: ValuedFinding): string {
  if (node === undefined) {
    return value === undefined ? "" : `is ${JSON.stringify(value)} by default; `;
  }
  return node.children === undefined ? `is ${shown(source.text, node, path)}; ` : "";
}
