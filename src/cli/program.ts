/**
 * The command line: one file a command, and what their errors become. Exit codes: 0 done, 1 a bug
 * of ours, 2 something you gave is wrong (an option, a config, a tape), 3 orders may be left.
 */

import { Command, CommanderError } from "commander";
import { InputError, messageOf } from "#domain/errors.ts";
import manifest from "../../package.json" with { type: "json" };
import { backtestCommand } from "./backtest.ts";
import { clientCommands } from "./client.ts";
import { demoCommand } from "./demo.ts";
import { keepLoopbackDirect } from "./loopback.ts";
import { mockVenueCommand } from "./mock-venue.ts";
import { handleUnwritable } from "./output.ts";
import { previewCommand } from "./preview.ts";
import { runCommand } from "./run.ts";
import { OrdersLeftError } from "./session.ts";

const EXIT_BUG = 1;
const EXIT_INPUT = 2;
const EXIT_ORDERS_LEFT = 3;

/** Runs one command. @returns the exit code */
export async function runCli(args: readonly string[]): Promise<number> {
  handleUnwritable();
  keepLoopbackDirect(process.env);
  const program = new Command("mm")
    .description("A passive market maker for crypto venues.")
    .version(manifest.version)
    .addCommand(demoCommand())
    .addCommand(runCommand())
    .addCommand(backtestCommand())
    .addCommand(previewCommand())
    .addCommand(mockVenueCommand());
  for (const command of clientCommands()) program.addCommand(command);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError("(mm --help lists what there is)");
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    return report(thrown);
  }
}

function report(thrown: unknown): number {
  // Commander has printed its own message already; help and version come this way too.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_INPUT;
  if (thrown instanceof InputError) {
    process.stderr.write(`mm: ${messageOf(thrown)}\n`);
    return EXIT_INPUT;
  }
  if (thrown instanceof OrdersLeftError) {
    process.stderr.write(`mm: ${messageOf(thrown)}\n`);
    return EXIT_ORDERS_LEFT;
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(`mm: a bug of ours, please report it: ${messageOf(thrown)}\n${stack}\n`);
  return EXIT_BUG;
}
