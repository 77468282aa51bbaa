// Installs the dependencies where they are missing. Runs on Node >= 20 and on Bun, before anything
// is installed, so it may use built-in modules only.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

// `import.meta.dirname` came with Node 20.11.
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const BIN = join(ROOT, "node_modules", ".bin");
const STAMP = join(ROOT, "node_modules", ".mm-installed");

/** Runs a command to its end. @returns its exit code */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (result.error) {
    process.stderr.write(`setup: cannot start ${command}: ${result.error.message}\n`);
    return 1;
  }
  return result.signal ? 1 : (result.status ?? 1);
}

/** What is installed is right when it came from this very lockfile, on this platform. */
function fingerprint() {
  return createHash("sha256")
    .update(readFileSync(join(ROOT, "bun.lock")))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex");
}

/**
 * Installs what bun.lock says, unless that is there already. Ends the process where it cannot.
 * @returns whether anything had to be installed
 */
export function ensureInstalled() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return false;
  // Bun installs, from bun.lock: npm would resolve other versions. Where only npm is there, npm
  // brings the very Bun that package.json pins, in its own cache, for this one step.
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const bun = `bun@${manifest.devDependencies.bun}`;
  const [command, args] = process.versions.bun
    ? [process.execPath, ["install", "--frozen-lockfile"]]
    : ["npx", ["--yes", bun, "install", "--frozen-lockfile"]];
  process.stderr.write("setup: installing dependencies (once) …\n");
  // Standard output belongs to the command that follows: the installer writes to standard error.
  const status = run(command, args, {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    process.stderr.write("setup: the installation failed; is the package registry reachable?\n");
    process.exit(status);
  }
  writeFileSync(STAMP, wanted);
  return true;
}
