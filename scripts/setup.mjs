// Installs what is missing, then runs a command: `node scripts/setup.mjs bun src/main.ts --help`.
import { delimiter } from "node:path";
import process from "node:process";
import { BIN, ensureInstalled, run } from "./install.mjs";

ensureInstalled();
const [command, ...args] = process.argv.slice(2);
if (command !== undefined) {
  const path = `${BIN}${delimiter}${process.env.PATH ?? ""}`;
  // The command runs where the user is, so that paths they give mean what they say.
  process.exit(run(command, args, { cwd: process.cwd(), env: { ...process.env, PATH: path } }));
}
