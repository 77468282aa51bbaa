/**
 * Builds the executable: `bun scripts/build.ts [bun-linux-arm64 …]`. No `.env`, `bunfig.toml` or
 * source file of the folder that it is started in is ever read: docs/decisions/0005-executable.md.
 */

import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const target = process.argv[2];
const outfile = target === undefined ? "dist/mm" : `dist/mm-${target.replace("bun-", "")}`;

const build = Bun.spawn(
  [
    process.execPath,
    "build",
    "src/main.ts",
    "src/runtime/pair-worker.ts",
    "src/runtime/feed-worker.ts",
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--sourcemap",
    // All entries side by side, where `new URL("./pair-worker.ts", import.meta.url)` finds them.
    "--entry-naming=[name].[ext]",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    ...(target === undefined ? [] : [`--target=${target}`]),
    "--outfile",
    outfile,
  ],
  { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] },
);
process.exitCode = await build.exited;
