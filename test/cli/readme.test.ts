/** What the README shows is what the program prints. */

import { expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { runCli } from "../../src/cli/program.ts";
import { ROOT } from "./support.ts";

test("the README's excerpt is the output of `npm start`", async () => {
  // `node scripts/setup.mjs bun src/main.ts backtest …`
  const [, args = ""] = manifest.scripts.start.split("src/main.ts ");
  const printed: string[] = [];
  const write = spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  try {
    expect(await runCli(args.split(" "))).toBe(0);
  } finally {
    write.mockRestore();
  }
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, excerpt = ""] = /```text\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(excerpt).toBe(printed.join(""));
});
