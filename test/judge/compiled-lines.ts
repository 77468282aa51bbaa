/**
 * TypeScript as a judge of values: each is written as an object literal of a type, where a field
 * that the type does not have is an error, and compiled. Writes to a temporary folder and runs the
 * compiler.
 */

import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord } from "./samples.ts";

const MODULES = join(import.meta.dir, "..", "..", "node_modules");
const FILE = "samples.ts";

/** One literal, and whether the compiler must refuse it. */
export interface Line {
  readonly label: string;
  readonly type: string;
  readonly literal: string;
  readonly isRefused: boolean;
}

/**
 * @param prelude what the types need: imports and helpers
 * @returns what the compiler says, one line each with the label that it is about
 */
export async function compileLines(
  prelude: string,
  lines: readonly Line[],
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "mm-judge-"));
  try {
    await symlink(MODULES, join(folder, "node_modules"));
    const text = prelude + lines.map((line, index) => textOf(line, index)).join("");
    await writeFile(join(folder, FILE), text);
    return describeErrors(prelude, lines, await compile(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The compiler must not accept it. */
export function refused(label: string, type: string, literal: string): Line {
  return { label, type, literal, isRefused: true };
}

/** Two lines of TypeScript. */
function textOf({ type, literal, isRefused }: Line, index: number): string {
  const comment = isRefused ? "// @ts-expect-error: it must be refused" : "// as the SDK says";
  return `${comment}\nexport const sample${index}: ${type} = ${literal};\n`;
}

async function compile(folder: string): Promise<string> {
  const compilerOptions = {
    target: "ESNext",
    lib: ["ESNext"],
    module: "Preserve",
    moduleResolution: "bundler",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["bun"],
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: [FILE] }),
  );
  const tsc = join(MODULES, ".bin", "tsc");
  const child = Bun.spawn([tsc, "--pretty", "false", "-p", folder], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const text = (stdout + stderr).trim();
  if (code !== 0 && text === "") return `the compiler ended with ${code}`;
  return text;
}

/** The compiler's words, each with the sample that its line is about. */
function describeErrors(
  prelude: string,
  lines: readonly Line[],
  output: string,
): readonly string[] {
  const firstLine = prelude.split("\n").length;
  return output
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      const line = /^samples\.ts\((\d+),/.exec(text)?.[1];
      if (line === undefined) return text;
      const { label } = lines[Math.floor((Number(line) - firstLine) / 2)] ?? { label: "prelude" };
      return `${label}: ${text}`;
    });
}

/** On one line, as `@ts-expect-error` wants it. */
export function literalOf(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map((item) => literalOf(item)).join(", ")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "undefined";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}: ${literalOf(member)}`);
  return `{ ${members.join(", ")} }`;
}

/** The value with a field that no type has, as deep in its data as there are objects. */
export function tainted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [first, ...others]: readonly unknown[] = value;
    return [tainted(first), ...others];
  }
  if (!isRecord(value)) return { "a field that is none": value };
  const { data } = value;
  if (data !== undefined) return { ...value, data: tainted(data) };
  return { ...value, "a field that is none": 1 };
}
