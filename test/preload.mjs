// Before the first test: `bun test` on a fresh clone installs what is missing. A process that began
// without the packages does not find them afterwards, so all tests run once more in a new one.
import process from "node:process";
import { ensureInstalled, run } from "../scripts/install.mjs";

if (ensureInstalled()) process.exit(run(process.execPath, ["test"]));
