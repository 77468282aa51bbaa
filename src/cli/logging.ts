/**
 * What `mm run` and `mm demo` tell on standard error: one line for each entry, as text or as JSON,
 * without secrets. LogTape does the levels, the JSON and the redaction. May write.
 */

import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  sanitizeControlSequences,
  type TextFormatter,
} from "@logtape/logtape";
import { type RedactionPattern, redactByField, redactByPattern } from "@logtape/redaction";
import type { Config } from "#config/schema.ts";
import { InputError } from "#domain/errors.ts";
import type { Log } from "#runtime/log.ts";
import type { LogLevel } from "#runtime/messages.ts";

const FORMATS = ["text", "json"] as const;
const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];
const CATEGORY = "mm";
const HIDDEN = "[redacted]";

export interface LoggingOptions {
  readonly format: (typeof FORMATS)[number];
  readonly level: LogLevel;
  /** Replaced wherever they appear, in full or as a line of a longer one. */
  readonly secrets: readonly string[];
  /** Standard error where left out; the line ends with a newline. */
  readonly write?: (line: string) => void;
}

/** Reads `--log-format` and `--log-level`. @throws {InputError} `bad-option` */
export function loggingChoice(
  format: string,
  level: string,
): Pick<LoggingOptions, "format" | "level"> {
  const known = FORMATS.find((word) => word === format);
  if (known === undefined) throw badChoice("--log-format", format, FORMATS);
  const least = LEVELS.find((word) => word === level);
  if (least === undefined) throw badChoice("--log-level", level, LEVELS);
  return { format: known, level: least };
}

function badChoice(option: string, given: string, words: readonly string[]): InputError {
  const message = `${JSON.stringify(given)} is none of ${words.join(", ")}`;
  return new InputError("bad-option", message, { where: option });
}

/** Sets logging up for the whole program; again takes the place of the last time. */
export function startLogging(options: LoggingOptions): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const lines = options.format === "json" ? jsonLine : textLine;
  const format = redactByPattern(lines, patternsOf(options.secrets));
  const sink = redactByField((record) => write(format(record)), {
    fieldPatterns: SECRET_FIELDS,
    action: () => HIDDEN,
  });
  configureSync({
    reset: true,
    sinks: { stderr: sink },
    loggers: [
      { category: CATEGORY, lowestLevel: options.level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
  const logger = getLogger(CATEGORY);
  return ({ level, pair, event, message, fields = {} }) => {
    logger.emit({
      timestamp: Date.now(),
      level,
      message: [message],
      // Venues' words may have braces, which are no placeholders.
      rawMessage: "",
      properties: { pair, event, fields },
    });
  };
}

/** `2026-01-01T00:00:00.000Z info ETH paused the operator paused it command=pause` */
const textLine: TextFormatter = ({ timestamp, level, message, properties }) => {
  const { pair, event, fields } = properties;
  const values = Object.entries(Object(fields)).map(([name, value]) => `${name}=${shown(value)}`);
  const words = [
    new Date(timestamp).toISOString(),
    level.padEnd("warning".length),
    wordOf(pair),
    wordOf(event),
    message.join(""),
    ...values,
  ];
  // A line is a line, whatever a venue said.
  return `${sanitizeControlSequences(words.join(" "), { sgr: "escape", newlines: "escape" })}\n`;
};

/** `{"@timestamp","level","message","logger","pair","event","fields":{…}}` */
const jsonLine = getJsonLinesFormatter({ properties: "flatten" });

function wordOf(value: unknown): string {
  return typeof value === "string" && value !== "" ? value : "-";
}

/** Quoted where it would not be one word. */
function shown(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** Names of fields whose value is never shown. */
const SECRET_FIELDS = [
  /secret/i,
  /signature/i,
  /token/i,
  /(?:api|agent)-?_?key/i,
  /private/i,
  /passw|passphrase/i,
  /authori[sz]ation/i,
];

/** What is a secret by its form, whoever's it is. `\\*` is for JSON within JSON. */
const SECRET_FORMS: readonly RedactionPattern[] = [
  {
    pattern: /\b(signature|(?:api|agent)-?_?key|x-mbx-apikey)(\\*"?\s*[:=]\s*\\*"?)[^\s"&\\,}]+/gi,
    replacement: `$1$2${HIDDEN}`,
  },
  { pattern: /\b(Bearer) +[\w.~+/=-]+/gi, replacement: `$1 ${HIDDEN}` },
  {
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs,
    replacement: HIDDEN,
  },
];

/** Shorter ones would blot out common words. */
const MIN_SECRET_CHARACTERS = 8;

function patternsOf(secrets: readonly string[]): RedactionPattern[] {
  // A PEM spans lines, any of which may turn up alone.
  const parts = secrets.flatMap((secret) => [secret.trim(), ...secret.split(/\s*\n\s*/)]);
  const written = parts.flatMap((part) => [
    part,
    encodeURIComponent(part),
    JSON.stringify(part).slice(1, -1),
  ]);
  const hidden = [...new Set(written)]
    .filter((part) => part.length >= MIN_SECRET_CHARACTERS && !part.startsWith("-----"))
    .sort((a, b) => b.length - a.length);
  const values = hidden.map((part) => ({
    pattern: new RegExp(RegExp.escape(part), "g"),
    replacement: HIDDEN,
  }));
  return [...values, ...SECRET_FORMS];
}

type Environment = Readonly<Record<string, string | undefined>>;

const SECRET_VARIABLE = /(?:^|_)(?:KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|PEM)$/;

/**
 * Every secret that the program may come across: what the config's variables hold, and variables
 * with a secret's name, since a config that is read again may name others.
 */
export function secretsOf(config: Config, env: Environment): string[] {
  const named = Object.values(config.accounts).flatMap((account) =>
    account.venue === "binance" ? [account.apiKeyEnv, account.secretEnv] : [account.agentKeyEnv],
  );
  const { tokenEnv } = config.control;
  const suspected = Object.keys(env).filter((name) => SECRET_VARIABLE.test(name));
  const names = new Set([...named, ...(tokenEnv === undefined ? [] : [tokenEnv]), ...suspected]);
  const values = [...names].flatMap((name) => env[name] ?? []).filter((value) => value !== "");
  return [...values, ...values.flatMap((value) => HEX_KEY.exec(value)?.[1]?.toLowerCase() ?? [])];
}

/** A private key that may be written in two ways: its digits are what is signed with. */
const HEX_KEY = /^\s*(?:0x)?([\da-f]{64})\s*$/i;
