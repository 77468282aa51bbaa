// Installs what is missing, then runs a command: `node scripts/setup.mjs bun src/main.ts --help`.
import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import process from "node:process";
import { BIN, ensureInstalled } from "./install.mjs";

ensureInstalled();
const [command, ...args] = process.argv.slice(2);
if (command !== undefined) {
  const PATH = `${BIN}${delimiter}${process.env.PATH ?? ""}`;
  // The command runs where the user is, so that paths they give mean what they say.
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, PATH } });
  // It may have orders to cancel: what this process is told, it is told, and it is waited for.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    process.stderr.write(`setup: cannot start ${command}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}
