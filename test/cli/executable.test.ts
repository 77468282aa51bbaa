/**
 * The compiled executable, from a folder without sources or packages: it does what the source
 * does, runs a user's strategy, and reads nothing of the folder that it is started in.
 */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rehearsalUniverse, rehearsalWorld } from "#cli/rehearsal.ts";
import { startMockHyperliquid } from "#mock-venues/hyperliquid/server.ts";
import { Folder, mm, type Outcome, ROOT, type RunOptions } from "./support.ts";

// Each test starts programs, and a busy machine starts them slowly.
setDefaultTimeout(30_000);

const folder = new Folder();
const EXECUTABLE = join(folder.path, "mm");
const RUN = ["backtest", "--synthetic", "1", "--duration", "1m", "--json"];

/** Entries and flags of the release build, so that what is tested is what is shipped. */
function buildArguments(): string[] {
  const source = readFileSync(join(ROOT, "scripts", "build.ts"), "utf8");
  const all = [...source.matchAll(/^ +"([^"]+)",$/gm)].map(([, argument = ""]) => argument);
  return all.filter((argument) => argument !== "build" && argument !== "--outfile");
}

beforeAll(async () => {
  const command = [process.execPath, "build", ...buildArguments()];
  const build = Bun.spawn([...command, "--outfile", EXECUTABLE], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`the build failed: ${said}`);
});

afterAll(() => folder.dispose());

function shipped(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return mm(args, { program: [EXECUTABLE], cwd: emptyFolder("empty"), ...options });
}

function emptyFolder(name: string): string {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true });
  return path;
}

describe("the executable", () => {
  test("is built with the flags that keep strangers' files out", () => {
    expect(buildArguments()).toContain("--no-compile-autoload-dotenv");
    expect(buildArguments()).toContain("--no-compile-autoload-bunfig");
    expect(buildArguments()).toContain("src/runtime/pair-worker.ts");
    expect(buildArguments()).toContain("src/runtime/feed-worker.ts");
  });

  test("gives the summary that the source gives", async () => {
    const [compiled, source] = await Promise.all([shipped(RUN), mm(RUN)]);
    expect(compiled).toEqual({ ...source, exitCode: 0, stderr: "" });
    expect(JSON.parse(compiled.stdout)).toMatchObject({ pair: "ETH", market: { seed: 1 } });
  });

  test("previews a config, and a strategy of the user's own beside it", async () => {
    const module = { strategy: { module: "./my-strategy.ts" } };
    folder.write(
      "my-strategy.ts",
      `interface Params { readonly decayRate: number }
       export function createStrategy(params: Params): object {
         const heavy: number = params.decayRate > 0 ? 3 : 0;
         return {
           name: "mine",
           prepare: (context: { mid: number }): string => \`at \${context.mid}\`,
           weigh(_side: string, levels: number, weights: Float64Array): void {
             weights.fill(1, 0, levels);
             weights[0] = heavy;
           },
         };
       }`,
    );
    const quoting = { ...module, binStep: 5, liveOrderNums: 4 };
    const config = folder.config("mine.json", { quoting });
    const money = ["--price", "2000", "--inventory", "4", "--quote", "8000"];
    const { stdout, stderr, exitCode } = await shipped([
      "preview",
      "-c",
      config,
      ...money,
      "--json",
    ]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    // Bins at 1, that is 5 bp, and 2; weights 3 and 1 of 4: 3 ETH and 1 ETH.
    expect(JSON.parse(stdout)).toMatchObject({
      shape: "at 2000",
      asks: [
        [2001, 3],
        [2002, 1],
      ],
    });
  });

  test("runs the example of the docs", async () => {
    const example = join(ROOT, "docs", "examples", "my-strategy.ts");
    folder.write("example.ts", readFileSync(example));
    const quoting = { strategy: { module: "./example.ts" } };
    const config = folder.config("example.json", { quoting });
    const money = ["--price", "2000", "--inventory", "5", "--quote", "10000"];
    const { stdout, exitCode } = await shipped(["preview", "-c", config, ...money]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("two-humps");
  });
});

/** Ends a program like Ctrl-C does, once its pairs quote. @returns what it said */
async function interruptedOnceReady(
  child: Bun.Subprocess<"ignore", "ignore", "pipe">,
  onReady: () => void = () => undefined,
): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    const wasReady = said.includes('"event":"ready"');
    said += decoder.decode(chunk, { stream: true });
    if (wasReady || !said.includes('"event":"ready"')) continue;
    onReady();
    child.kill("SIGINT");
  }
  await child.exited;
  return said;
}

describe("more pairs than sockets", () => {
  test("are served by a feed worker, which is built in as well", async () => {
    const world = rehearsalWorld(1);
    const markets = { seed: 1, speed: 1, startMs: world.nowMs(), startPrice: null };
    const mock = await startMockHyperliquid({
      universe: rehearsalUniverse(["SUI"], markets),
      account: { master: `0x${"ab".repeat(20)}`, usdc: "1", agents: [] },
      world,
    });
    try {
      // Paper pairs may share a market; each has a feed of its own, or a part of the shared one.
      const pairs = Array.from({ length: 10 }, (_, index) => ({
        id: `P${index}`,
        quote: { venue: "hyperliquid", symbol: "SUI" },
        capital: { initInventoryAmount: "100", initQuoteAmount: "300" },
        quoting: {
          priceUpPctLimit: 0.01,
          priceDownPctLimit: 0.01,
          binStep: 50,
          iqvUpLimit: 0.6,
          iqvDownLimit: -0.6,
          inventoryRbIqvRatio: 0.3,
          quoteRbIqvRatio: -0.3,
        },
      }));
      const venues = { hyperliquid: { restUrl: mock.url, wsUrl: mock.wsUrl } };
      const config = folder.write(
        "many.json",
        JSON.stringify({ control: { port: 0 }, pairs, venues }),
      );
      const run = Bun.spawn([EXECUTABLE, "run", "-c", config, "--log-format", "json"], {
        cwd: emptyFolder("empty"),
        stdio: ["ignore", "ignore", "pipe"],
      });
      let connections = 0;
      const said = await interruptedOnceReady(run, () => {
        connections = mock.switches.connectionCount();
      });
      expect(said).toContain('"event":"feed-started"');
      expect(said).toContain('"event":"stopped"');
      expect(run.exitCode).toBe(0);
      // Eight of their own, and one that two of them share.
      expect(connections).toBe(9);
    } finally {
      await mock.stop();
    }
  });
});

describe("a stranger's folder", () => {
  const path = join(folder.path, "hostile");

  test("changes nothing: no .env, bunfig, package, tsconfig or source of it is read", async () => {
    mkdirSync(join(path, "node_modules", "commander"), { recursive: true });
    const trap = `require("node:fs").writeFileSync(${JSON.stringify(join(path, "RAN"))}, "");`;
    const files: Readonly<Record<string, string>> = {
      // Colour in commander's help and BUN_OPTIONS would show that it was read.
      ".env": "FORCE_COLOR=1\nBUN_OPTIONS=--print 1\nMM_TRAP=1\n",
      ".env.local": "NODE_OPTIONS=--require ./trap.js\n",
      "bunfig.toml": 'preload = ["./trap.js"]\n[run]\npreload = ["./trap.js"]\n',
      "trap.js": trap,
      "worker.ts": trap,
      "pair-worker.ts": trap,
      "pair-worker.js": trap,
      "main.ts": trap,
      "index.ts": trap,
      "tsconfig.json": '{"compilerOptions": {"paths": {"#*": ["./*"], "*": ["./trap.js"]}}}',
      "package.json": '{"type": "commonjs", "main": "./trap.js", "imports": {"#*": "./trap.js"}}',
      "node_modules/commander/index.js": trap,
      "node_modules/commander/package.json": '{"name": "commander", "main": "index.js"}',
    };
    for (const [name, content] of Object.entries(files)) folder.write(`hostile/${name}`, content);
    const [here, elsewhere] = await Promise.all([shipped(RUN, { cwd: path }), shipped(RUN)]);
    expect(here).toEqual(elsewhere);
    expect(here.exitCode).toBe(0);
    // Threads are started from files too: the demo has one for each of its pairs.
    const demo = Bun.spawn([EXECUTABLE, "demo", "--control-port", "0", "--log-format", "json"], {
      cwd: path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = await interruptedOnceReady(demo);
    expect(said).toContain('"event":"stopped"');
    expect(demo.exitCode).toBe(0);
    expect(existsSync(join(path, "RAN"))).toBe(false);
  });

  test("a .env in it does not reach the program's environment", async () => {
    emptyFolder("with-env");
    folder.write("with-env/.env", "MM_TRAP=caught\n");
    const source = `export function createStrategy() {
      throw new Error("MM_TRAP is " + process.env.MM_TRAP);
    }`;
    folder.write("env.ts", source);
    const config = folder.config("env.json", { quoting: { strategy: { module: "./env.ts" } } });
    const money = ["--price", "2000", "--inventory", "5", "--quote", "10000"];
    const { stderr } = await shipped(["preview", "-c", config, ...money], {
      cwd: join(folder.path, "with-env"),
    });
    expect(stderr).toContain("MM_TRAP is undefined");
  });
});

describe.each([
  ["source", [process.execPath, join(ROOT, "src", "main.ts")]],
  ["executable", [EXECUTABLE]],
])("output of the %s", (_name, program) => {
  /** Runs a shell line in which `mm` is the program. */
  function shell(line: string): Outcome {
    const quoted = program.map((part) => `'${part}'`).join(" ");
    const script = `mm() { ${quoted} "$@"; }\n${line}`;
    const { stdout, stderr, exitCode } = Bun.spawnSync(["sh", "-c", script], { cwd: ROOT });
    return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
  }
  const run = "mm backtest --synthetic 1 --duration 5s";

  test("a reader that has seen enough is no error", () => {
    const { stdout, stderr } = shell(`${run} | head -1`);
    expect(stdout).toMatch(/^  pair +ETH on binance-spot:ETHUSDT\n$/);
    expect(stderr).toBe("");
    // Nobody reads at all: `true` has gone before the run is over.
    expect(shell(`{ ${run}; echo "exit $?" >&2; } | true`).stderr).toBe("exit 0\n");
    expect(shell(`{ mm --help; echo "exit $?" >&2; } | true`).stderr).toBe("exit 0\n");
  });

  test.skipIf(!existsSync("/dev/full"))("a full disk is one line", () => {
    const { stderr, exitCode } = shell(`${run} >/dev/full`);
    expect(stderr).toStartWith("mm: standard output cannot be written: ENOSPC");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(exitCode).toBe(2);
  });

  test("an interrupt ends a run without a word, and leaves no report", async () => {
    const out = join(folder.path, `interrupted-${_name}`);
    const args = ["backtest", "--synthetic", "1", "--duration", "8h", "--out", out];
    const child = Bun.spawn([...program, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    // The folder is made just before trading begins, which then takes seconds.
    while (!existsSync(out)) await Bun.sleep(2);
    child.kill("SIGINT");
    await child.exited;
    expect(child.signalCode).toBe("SIGINT");
    expect(await new Response(child.stdout).text()).toBe("");
    expect(await new Response(child.stderr).text()).toBe("");
    expect(existsSync(join(out, "summary.json"))).toBe(false);
  });
});
