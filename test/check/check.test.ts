/**
 * The whole check as tests: types, lint, format, dead code. So `bun test` alone is the gate, and
 * what it finds is printed where it fails.
 */

import { describe, expect, test } from "bun:test";
import { delimiter, join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");
const BIN = join(ROOT, "node_modules", ".bin");
const TIMEOUT_MS = 120_000;

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ["types", ["tsc"]],
  [
    "lint",
    [
      "oxlint",
      "--type-aware",
      "--deny-warnings",
      "src",
      "test",
      "bench",
      "scripts",
      "docs/examples",
    ],
  ],
  ["format and import order", ["biome", "ci"]],
  ["dead code and unused dependencies", ["knip-bun"]],
];

describe("check", () => {
  test.each(CHECKS)(
    "%s",
    async (_name, [tool = "", ...args]) => {
      const child = Bun.spawn([join(BIN, tool), ...args], {
        cwd: ROOT,
        env: { ...process.env, PATH: `${BIN}${delimiter}${process.env["PATH"] ?? ""}` },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      if (code !== 0) process.stderr.write(`${out}${err}\n`);
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );
});
