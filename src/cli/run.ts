/** `mm run`: trades the pairs of a config until it is told to end. */

import { Command } from "commander";
import { loadConfig } from "#config/load.ts";
import { loggingChoice, secretsOf, startLogging } from "./logging.ts";
import { endSoon, runSession } from "./session.ts";

interface RunOptions {
  readonly config: string;
  readonly logFormat: string;
  readonly logLevel: string;
}

export function runCommand(): Command {
  return withLogOptions(new Command("run"))
    .description("trade the pairs of a config, until Ctrl-C or SIGTERM; SIGHUP reads it again")
    .requiredOption("-c, --config <file>", "the config file")
    .action(run);
}

/** The options of every command that logs. */
export function withLogOptions(command: Command): Command {
  return command
    .option("--log-format <format>", "lines of text, or of json", "text")
    .option("--log-level <level>", "the least that is told: debug, info, warning, error", "info");
}

async function run({ config: path, logFormat, logLevel }: RunOptions): Promise<void> {
  const choice = loggingChoice(logFormat, logLevel);
  const { config, warnings, path: configPath } = await loadConfig(path);
  const { env } = process;
  const log = startLogging({ ...choice, secrets: secretsOf(config, env) });
  for (const message of warnings) log({ level: "warning", pair: null, event: "config", message });
  try {
    await runSession({ config, configPath, env, log });
  } finally {
    endSoon();
  }
}
