/** What the README shows is what the program prints. */

import { expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/program.ts";
import { ROOT } from "./support.ts";

test("the README's excerpt is the output of the command above it", async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const shown = /```sh\nnpm run mm -- (backtest [^\n]+)\n```\s+```text\n([\s\S]*?)```/.exec(readme);
  const [, args = "", excerpt = ""] = shown ?? [];
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
  expect(excerpt).toBe(printed.join(""));
});
