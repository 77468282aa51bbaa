/** What users get wrong, through the real program: one clear line, exit code 2, and no report. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configText } from "../backtest/support.ts";
import { BASE_MS, depthMessage, line } from "../data/spot-recording.ts";
import { Folder, mm, type Outcome, recordingLines } from "./support.ts";

// Each test starts programs, and a busy machine starts them slowly.
setDefaultTimeout(30_000);

const folder = new Folder();
afterAll(() => folder.dispose());

const LINES = recordingLines();
const TAPE = folder.tape("good.gz", LINES);
const CONFIG = folder.config("config.json");
const PREVIEW = ["--price", "2000", "--inventory", "5", "--quote", "10000"];
let outs = 0;

/** Backtests with `--out` to a folder of its own, and checks what holds for every mistake. */
async function failed(args: readonly string[]): Promise<string> {
  outs += 1;
  const out = join(folder.path, `out${outs}`);
  const outcome = await mm(["backtest", "--out", out, ...args]);
  expect(existsSync(join(out, "summary.json"))).toBe(false);
  return onlyLine(outcome);
}

function onlyLine({ exitCode, stdout, stderr }: Outcome): string {
  expect(stdout).toBe("");
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  expect(exitCode).toBe(2);
  return lines[0] ?? "";
}

async function failedPreview(config: string, args: readonly string[] = PREVIEW): Promise<string> {
  return onlyLine(await mm(["preview", "-c", config, ...args]));
}

function withTape(path: string): Promise<string> {
  return failed(["-c", CONFIG, "--tape", path]);
}

describe.concurrent("tapes", () => {
  test("the tape that the others are made of is good", async () => {
    const { exitCode, stdout, stderr } = await mm(["backtest", "-c", CONFIG, "--tape", TAPE]);
    expect(stderr).toBe("");
    expect(stdout).toContain("book right after 60 of 60 depth events");
    expect(exitCode).toBe(0);
  });

  test("a truncated gzip", async () => {
    const whole = readFileSync(TAPE);
    const path = folder.write("cut.gz", whole.subarray(0, whole.length - 40));
    expect(await withTape(path)).toBe(
      `mm: ${path}: the gzip file ends too early; copy it again, or let the recorder close it ` +
        "properly and record again",
    );
  });

  test("a line that is no JSON, with its number", async () => {
    const path = folder.tape("text.gz", [...LINES.slice(0, 10), `${BASE_MS}000000 hello`]);
    expect(await withTape(path)).toStartWith(`mm: ${path}:11: the message is no JSON: hello; `);
  });

  test("a gap in the depth stream, with its line", async () => {
    // Updates 101 to 120 in order, then 123: 121 and 122 are lost with the lines 32 to 34.
    const path = folder.tape("gap.gz", LINES.toSpliced(31, 3));
    expect(await withTape(path)).toBe(
      `mm: ${path}:34: depth begins at update 123, but the depth before it ends at 120; ` +
        "the recording lost messages; cut it before this line or record again",
    );
  });

  test("another symbol", async () => {
    const message = depthMessage("BTCUSDT", BASE_MS, [1, 2], { bids: [], asks: [] });
    const path = folder.tape("btc.gz", [line(BASE_MS, message)]);
    expect(await withTape(path)).toBe(
      `mm: ${path}:1: the recording is of BTCUSDT, the instrument is ETHUSDT; ` +
        "give a recording of ETHUSDT, or change the symbol of the pair",
    );
  });

  test("an empty tape, plain and gzipped", async () => {
    const text = "the recording is empty; check the path, or record again";
    const plain = folder.write("empty", "");
    expect(await withTape(plain)).toBe(`mm: ${plain}: ${text}`);
    const gzip = folder.write("empty.gz", Bun.gzipSync(""));
    expect(await withTape(gzip)).toBe(`mm: ${gzip}: ${text}`);
  });

  test("a missing tape", async () => {
    expect(await withTape("no-such-tape.gz")).toBe(
      "mm: no-such-tape.gz: there is no such file; check the path of the recording",
    );
  });

  test("a tape that ends with its snapshot", async () => {
    const path = folder.tape("short.gz", LINES.slice(0, 1));
    expect(await withTape(path)).toStartWith(`mm: ${path}: `);
  });
});

describe.concurrent("configs", () => {
  const text = configText();

  async function withConfig(name: string, content: string): Promise<string> {
    const path = folder.write(name, content);
    const said = await failed(["-c", path, "--tape", TAPE]);
    expect(said).toStartWith(`mm: ${path}:1:`);
    return said;
  }

  test("a typo, with the nearest name", async () => {
    const said = await withConfig("typo.json", text.replace('"binStep"', '"binStp"'));
    expect(said).toEndWith("pairs[0].quoting: unknown key `binStp`; did you mean `binStep`?");
  });

  test("NaN", async () => {
    const said = await withConfig("nan.json", text.replace('"binStep":1', '"binStep":NaN'));
    expect(said).toContain("NaN is no JSON value; write a finite number");
  });

  test("a negative size", async () => {
    const changed = text.replace('"minOrderSize":"0.001"', '"minOrderSize":"-1"');
    const said = await withConfig("negative.json", changed);
    expect(said).toContain('pairs[0].quoting.minOrderSize: is "-1"; must be');
  });

  test("an unknown strategy", async () => {
    const changed = text.replace('"strategy":"spot"', '"strategy":"sopt"');
    const said = await withConfig("sopt.json", changed);
    expect(said).toContain('pairs[0].quoting.strategy: is "sopt"; must be "spot", "curve"');
  });

  test("a missing file", async () => {
    const said = await failed(["-c", "none.json", "--tape", TAPE]);
    expect(said).toStartWith("mm: none.json: cannot be read: ENOENT");
  });

  // Inventory 8 at 2000 against 10 000: a ratio of 0.615, from which the move can be 0.625 at
  // most. The tape's first message is a print; were it taken for a touch, the price were halved.
  test("limits out of reach, known only from the tape's first price", async () => {
    const capital = { initInventoryAmount: "8", targetIqvRatio: undefined };
    const path = folder.config("reach.json", { capital, quoting: { iqvUpLimit: 0.7 } });
    const said = await failed(["-c", path, "--tape", TAPE]);
    expect(said).toContain(
      "mm: pair ETH, quoting.iqvUpLimit: cannot be reached; at a target ratio",
    );
    expect(said).toContain("the move can be −1 to 0.62");
    expect(said).toEndWith("; give capital.targetIqvRatio, or limits within reach");
  });

  test("limits within reach of the tape's first price are accepted", async () => {
    const capital = { initInventoryAmount: "8", targetIqvRatio: undefined };
    const path = folder.config("reached.json", { capital, quoting: { iqvUpLimit: 0.6 } });
    expect((await mm(["backtest", "-c", path, "--tape", TAPE])).exitCode).toBe(0);
  });

  test("a perp, before its tape is read as one of spot", async () => {
    const path = folder.config("perp.json", { quote: { venue: "hyperliquid", symbol: "ETH" } });
    expect(await failed(["-c", path, "--tape", TAPE])).toBe(
      "mm: pair ETH, quote.venue hyperliquid: recordings are of Binance, Spot and USD-M; " +
        "test this pair on a generated market: --synthetic 1 --duration 10m",
    );
  });

  test("volatility of a reference price, which a backtest has not", async () => {
    const path = folder.config("reference.json", { volatility: { source: "reference" } });
    expect(await failed(["-c", path, "--tape", TAPE])).toBe(
      "mm: pair ETH, volatility.source: a backtest has no reference price to measure; " +
        'give "mid"',
    );
  });

  test("no instrument rules: the example to add is given", async () => {
    const path = folder.config("no-rules.json", { instrumentOverride: {} });
    const rules = /,"instrumentOverride":\{.*?\}/;
    const bare = folder.write("bare.json", readFileSync(path, "utf8").replace(rules, ""));
    const said = await failedPreview(bare);
    expect(said).toContain("pair ETH: the rules of ETHUSDT on binance-spot are not in the config");
    expect(said).toContain('"instrumentOverride": { "tickSize": "0.01", "lotSize": "0.0001",');
    expect(await failed(["-c", bare, "--tape", TAPE])).toBe(said);
  });
});

describe.concurrent("options", () => {
  const synthetic = ["--synthetic", "1", "--duration", "10s"];

  test("both or neither of --tape and --synthetic", async () => {
    const text = "mm: mm backtest: give either --tape FILE or --synthetic SEED";
    expect(await failed(["-c", CONFIG])).toBe(text);
    expect(await failed(["-c", CONFIG, "--tape", TAPE, ...synthetic])).toBe(text);
  });

  test("a tape without a config", async () => {
    expect(await failed(["--tape", TAPE])).toContain("a tape needs the config of its pair");
  });

  test("an unknown queue model", async () => {
    const said = await failed([...synthetic, "--queue", "fifo"]);
    expect(said).toStartWith('mm: --queue: "fifo" is no queue model; give one of risk-averse');
  });

  test("a price that is none for the generated market", async () => {
    expect(await failed([...synthetic, "--price", "2k"])).toStartWith(
      'mm: --price: "2k" is no amount',
    );
  });

  test("a latency that is none", async () => {
    const said = await failed([...synthetic, "--latency", "5"]);
    expect(said).toStartWith('mm: --latency: "5" is no time and no readable file');
    expect(await failed([...synthetic, "--latency", "2m"])).toBe(
      'mm: --latency: "2m" is too long; give at most 60s each way',
    );
  });

  test("a row of a recorded latency, with its line", async () => {
    const header = "sent_ms,exchange_ms,received_ms";
    const path = folder.write("latency.csv", `${header}\n1,2,3\n4,x,6\n`);
    const said = await failed([...synthetic, "--latency", path]);
    expect(said).toStartWith(`mm: ${path}:3: "4,x,6" is not three numbers`);
  });

  test("a seed and a duration that are none", async () => {
    for (const seed of ["", "x", "1e3", "1.5", "0x10"]) {
      const said = await failed(["--synthetic", seed]);
      expect(said).toBe(`mm: --synthetic: ${JSON.stringify(seed)} is no seed; give a whole number`);
    }
    for (const duration of ["10", "0s", "-5s", "200h"]) {
      const said = await failed(["--synthetic", "1", "--duration", duration]);
      expect(said).toStartWith(`mm: --duration: "${duration}" is no duration; `);
    }
  });

  test("an unknown pair", async () => {
    const said = await failed(["-c", CONFIG, "--tape", TAPE, "--pair", "BTC"]);
    expect(said).toBe(`mm: ${CONFIG}: there is no pair "BTC"; there is ETH`);
  });

  test("an unknown option, and amounts that are none", async () => {
    const { exitCode, stdout, stderr } = await mm(["backtest", "--tpae", "x"]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("error: unknown option '--tpae'\n(Did you mean --tape?)");
    const said = await failedPreview(CONFIG, [...PREVIEW.slice(0, 4), "--quote", "1e4"]);
    expect(said).toBe(
      'mm: --quote: "1e4" is no amount; give a plain decimal of at least 0, such as 12.5',
    );
    const tiny = await failedPreview(CONFIG, ["--price", "0.001", ...PREVIEW.slice(2)]);
    expect(tiny).toBe("mm: --price: is nothing in ticks of 0.01");
    const empty = ["--inventory", "0", "--quote", "0"];
    const nothing = await failedPreview(CONFIG, [...PREVIEW.slice(0, 2), ...empty]);
    expect(nothing).toContain("there is nothing to quote with");
  });
});

describe.concurrent("strategies of the user's own", () => {
  async function withModule(name: string, source: string | null): Promise<string> {
    if (source !== null) folder.write(name, source);
    const module = `./${name}`;
    const config = folder.config(`${name}.json`, { quoting: { strategy: { module } } });
    const said = await failedPreview(config);
    expect(said).toStartWith("mm: pair ETH, ");
    return said.replaceAll(join(folder.path, name), "FILE");
  }

  const place = "mm: pair ETH, quoting.strategy.module";

  test("a module that is not there", async () => {
    expect(await withModule("none.ts", null)).toBe(
      `${place}: there is no file FILE; the path is relative to the folder of the config file`,
    );
  });

  test("a module without the export", async () => {
    expect(await withModule("bare.ts", "export const x = 1;")).toStartWith(
      `${place}: FILE does not export createStrategy; it must export a function`,
    );
  });

  test("a module that does not parse, with its line", async () => {
    expect(await withModule("syntax.ts", "const a = 1;\nconst b = ;\n")).toContain("at line 2:11");
  });

  test("a factory that fails, or gives no strategy", async () => {
    const throws = 'export function createStrategy() { throw new Error("no luck"); }';
    expect(await withModule("throws.ts", throws)).toBe(
      "mm: pair ETH, FILE: createStrategy failed: no luck",
    );
    const five = "export const createStrategy = () => 5;";
    expect(await withModule("five.ts", five)).toContain("FILE createStrategy gave no strategy");
  });

  test("a strategy that fails while it works is no bug of ours", async () => {
    const prepare = `prepare() { throw new Error("no luck"); }, weigh() {}`;
    const source = `export const createStrategy = () => ({ name: "x", ${prepare} });`;
    expect(await withModule("prepare.ts", source)).toBe(
      "mm: pair ETH, FILE: prepare failed: no luck",
    );
    const mute = `export const createStrategy = () => ({ name: "x", prepare() {}, weigh() {} });`;
    expect(await withModule("mute.ts", mute)).toBe(
      "mm: pair ETH, FILE: prepare gave no name of a shape",
    );
  });

  test("a strategy that fails in the middle of a backtest", async () => {
    const source = `let calls = 0;
      export const createStrategy = () => ({
        name: "tired",
        prepare: () => "x",
        weigh(_side, levels, weights) {
          calls += 1;
          if (calls > 6) throw new Error("no more");
          weights.fill(1, 0, levels);
        },
      });`;
    folder.write("tired.ts", source);
    const quoting = { strategy: { module: "./tired.ts" } };
    const said = await failed(["-c", folder.config("tired.json", { quoting }), "--tape", TAPE]);
    expect(said).toStartWith("mm: pair ETH: the run was given up: pair ETH, ");
    expect(said).toEndWith("tired.ts: weigh failed: no more");
  });
});

describe.concurrent("the report", () => {
  test("a folder that cannot be written", async () => {
    const file = folder.write("a-file", "");
    const out = join(file, "inside");
    const outcome = await mm(["backtest", "--synthetic", "1", "--duration", "1s", "--out", out]);
    expect(onlyLine(outcome)).toStartWith(`mm: ${out}: the report cannot be written: `);
  });

  test("an older report stays whole where the new run fails before it trades", async () => {
    const out = join(folder.path, "older");
    mkdirSync(out);
    const first = await mm(["backtest", "-c", CONFIG, "--tape", TAPE, "--out", out]);
    expect(first.exitCode).toBe(0);
    const read = (): string[] => {
      return readdirSync(out).map((name) => `${name} ${readFileSync(join(out, name), "utf8")}`);
    };
    const before = read();
    expect(new Set(before.map((file) => file.split(" ")[0]))).toEqual(
      new Set(["equity.csv", "fills.csv", "orders.csv", "summary.json"]),
    );
    const failedRun = await mm(["backtest", "-c", CONFIG, "--tape", "none.gz", "--out", out]);
    expect(failedRun.exitCode).toBe(2);
    expect(read()).toEqual(before);
  });
});
