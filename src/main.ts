/** The executable `mm`: hands its arguments to cli/. Nothing else happens here. */

import { runCli } from "./cli/program.ts";

process.exitCode = await runCli(process.argv.slice(2));
