import { afterAll, describe, expect, test } from "bun:test";
import { resetSync } from "@logtape/logtape";
import { loggingChoice, secretsOf, startLogging } from "#cli/logging.ts";
import { parseConfig } from "#config/load.ts";
import { InputError } from "#domain/errors.ts";
import type { LogEntry } from "#runtime/log.ts";
import { pairObject } from "../config/support.ts";

afterAll(() => resetSync());

const SECRET = "k3y+with/odd=signs$";
const PEM = [
  "-----BEGIN PRIVATE KEY-----",
  "MC4CAQAwBQYDK2VwBCIEIDKhE3nXmGmSm0ZfBsPZmVcCRRmGfVnTzpcYuHPnAb1e",
  "-----END PRIVATE KEY-----",
].join("\n");

/** What a few entries become. */
function logged(
  entries: readonly Partial<LogEntry>[],
  format: "text" | "json" = "text",
  level: LogEntry["level"] = "debug",
): string[] {
  const lines: string[] = [];
  const secrets = [SECRET, `${PEM}\n`];
  const log = startLogging({ format, level, secrets, write: (line) => lines.push(line) });
  for (const entry of entries) {
    log({ level: "info", pair: "ETH", event: "test", message: "something", ...entry });
  }
  return lines;
}

const oneLine = (entry: Partial<LogEntry>, format: "text" | "json" = "text"): string => {
  const lines = logged([entry], format);
  expect(lines).toHaveLength(1);
  const [line = ""] = lines;
  expect(line.indexOf("\n")).toBe(line.length - 1);
  return line;
};

describe("a line", () => {
  test("has time, level, pair, event, message and fields", () => {
    const fields = { orders: 20, symbol: "ETHUSDT", why: 'a "quoted" word', ok: true, none: null };
    expect(
      oneLine({ level: "warning", event: "quotes-pulled", message: "the book is old", fields }),
    ).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}Z ${RegExp.escape(
          "warning ETH quotes-pulled the book is old orders=20 symbol=ETHUSDT " +
            'why="a \\"quoted\\" word" ok=true none=null\n',
        )}$`,
      ),
    );
    expect(oneLine({ pair: null, level: "info" })).toMatch(/Z info {4}- test something\n$/);
  });

  test("is one JSON object where asked for", () => {
    const fields = { orders: 20, level: "5" };
    const line: unknown = JSON.parse(oneLine({ pair: null, fields, message: "a {b} c" }, "json"));
    expect(line).toEqual({
      "@timestamp": expect.stringMatching(/^\d{4}-.*Z$/),
      level: "INFO",
      message: "a {b} c",
      logger: "mm",
      pair: null,
      event: "test",
      fields,
    });
  });

  test("stays one line whatever a venue says, and moves no cursor", () => {
    const hostile = "bad\n2026-01-01T00:00:00.000Z info ETH all is well\r\u001b[2J\u001b[31m";
    for (const format of ["text", "json"] as const) {
      const line = oneLine({ message: hostile, fields: { venue: hostile } }, format);
      expect(line).not.toContain("\u001b");
      expect(line).toContain("all is well");
    }
  });

  test("braces are no placeholders", () => {
    expect(oneLine({ message: "code {pair} of {x}" })).toContain("code {pair} of {x}");
  });

  test("below the level is not written", () => {
    const levels = ["debug", "info", "warning", "error"] as const;
    const lines = logged(
      levels.map((level) => ({ level })),
      "text",
      "warning",
    );
    expect(lines.map((line) => line.split(" ")[1])).toEqual(["warning", "error"]);
  });
});

describe("secrets", () => {
  const leaks: [name: string, entry: Partial<LogEntry>][] = [
    ["in a message", { message: `the key ${SECRET} is wrong` }],
    ["as a field's value", { fields: { said: `got ${SECRET}` } }],
    ["percent-encoded", { message: `GET /api?x=${encodeURIComponent(SECRET)}` }],
    ["a key over several lines", { message: `cannot read ${PEM}` }],
    ["one line of it", { message: `at ${PEM.split("\n")[1]}` }],
    ["a field by its name", { fields: { apiSecret: "k3y+with", signature: "AAAk3y+with" } }],
    ["a signature in a query", { message: "GET /order?a=1&signature=k3y+with&b=2" }],
    ["a signature in JSON", { message: 'sent {"id":1,"signature":"k3y+with"}' }],
    ["JSON within JSON", { fields: { sent: JSON.stringify({ apiKey: "k3y+with" }) } }],
    ["a key in a header", { message: "X-MBX-APIKEY: k3y+with" }],
    ["a bearer token", { message: "Authorization: Bearer k3y+with" }],
    ["an agent's key by its name", { message: 'account {"agentKey":"k3y+with"}' }],
    ["another's private key", { message: PEM.replace("MC4CAQ", "k3y+with") }],
  ];
  test.each(leaks)("%s", (_name, entry) => {
    for (const format of ["text", "json"] as const) {
      const line = oneLine(entry, format);
      expect(line).toContain("[redacted]");
      expect(line).not.toContain("k3y+with");
      expect(line).not.toContain(encodeURIComponent("k3y+with"));
      expect(line).not.toContain(
        "MC4CAQAwBQYDK2VwBCIEIDKhE3nXmGmSm0ZfBsPZmVcCRRmGfVnTzpcYuHPnAb1e",
      );
    }
  });

  test("the rest of a line is left as it was", () => {
    const line = oneLine({ message: "GET /order?a=1&signature=abc&b=2 took", fields: { ms: 3 } });
    expect(line).toContain("GET /order?a=1&signature=[redacted]&b=2 took ms=3");
    const names = "the environment variable MM_BN_SECRET is not set; the API key is missing";
    expect(oneLine({ message: names })).toContain(names);
  });

  test("are what the config's variables hold, and what is called so", () => {
    const { config } = parseConfig(
      JSON.stringify({
        control: { tokenEnv: "CONTROL" },
        accounts: {
          bn: { venue: "binance", apiKeyEnv: "BN_ID", secretEnv: "BN_SIGN" },
          hl: { venue: "hyperliquid", address: `0x${"1".repeat(40)}`, agentKeyEnv: "AGENT" },
        },
        pairs: [pairObject()],
      }),
      "x.jsonc",
    );
    const env = {
      CONTROL: "a",
      BN_ID: "b",
      BN_SIGN: "c",
      AGENT: "d",
      OTHER_API_KEY: "e",
      PATH: "f",
      KEYBOARD: "g",
      EMPTY_SECRET: "",
    };
    // A private key's digits too, since they are signed with in lower case and without blanks.
    const key = "AB".repeat(32);
    expect(secretsOf(config, { AGENT: `0X${key} ` })).toContain(key.toLowerCase());
    expect(secretsOf(config, env).sort()).toEqual(["a", "b", "c", "d", "e"]);
  });
});

test("an unknown format or level is refused with those there are", () => {
  expect(loggingChoice("json", "debug")).toEqual({ format: "json", level: "debug" });
  for (const [format, level, words] of [
    ["xml", "info", "text, json"],
    ["text", "loud", "debug, info, warning, error"],
  ] as const) {
    expect(() => loggingChoice(format, level)).toThrow(InputError);
    expect(() => loggingChoice(format, level)).toThrow(words);
  }
});
