/** The demo as a process: what is at its mock venues, by the venues' own word, and how it ends. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { DEMO_CONFIG, demoConfigText } from "#cli/demo-config.ts";
import { demoKeys } from "#cli/demo-venues.ts";
import { secretsOf } from "#cli/logging.ts";
import { parseConfig } from "#config/load.ts";
import { Folder, mm, ROOT } from "./support.ts";

// Each test starts programs, and a busy machine starts them slowly.
setDefaultTimeout(30_000);

const SpotOrders = v.array(v.object({ clientOrderId: v.string() }));
/** Those that wait for their price have an id of another name. */
const HedgeOrders = v.array(
  v.union([v.object({ clientOrderId: v.string() }), v.object({ clientAlgoId: v.string() })]),
);
const HedgeAccount = v.object({
  positions: v.array(v.object({ symbol: v.string(), positionAmt: v.string() })),
});
const PerpOrders = v.array(v.object({ coin: v.string(), cloid: v.string() }));
const running: Demo[] = [];
afterAll(() => {
  for (const demo of running) demo.child.kill("SIGKILL");
});

/** A demo that is ready. */
interface Demo {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly control: string;
  /** Addresses of the mock venues. */
  readonly binanceSpot: string;
  readonly hyperliquid: string;
  readonly binancePerp: string;
  readonly configPath: string;
  /** The next line of its log that holds some words. */
  readonly logged: (words: string) => Promise<string>;
}

async function startDemo(env: Readonly<Record<string, string>> = {}): Promise<Demo> {
  const program = [process.execPath, join(ROOT, "src", "main.ts")];
  const child = Bun.spawn([...program, "demo", "--control-port", "0"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told = lineReader(child.stdout);
  const [control = ""] = /http\S+(?=\/pairs$)/.exec(await told("/pairs")) ?? [];
  const [binanceSpot = ""] = /http\S+(?=\/mock)/.exec(await told("/mock/orders")) ?? [];
  const [hyperliquid = ""] = /http\S+(?=\/mock)/.exec(await told("/mock/orders")) ?? [];
  const [binancePerp = ""] = /http\S+(?=\/mock)/.exec(await told("/mock/orders")) ?? [];
  const [, configPath = ""] = /Edit (\S+),/.exec(await told("Edit ")) ?? [];
  const logged = lineReader(child.stderr);
  const mocks = { binanceSpot, hyperliquid, binancePerp };
  const demo = { child, control, ...mocks, configPath, logged };
  running.push(demo);
  return demo;
}

/** Waits for lines, one after the other, and fails where the stream ends first. */
function lineReader(stream: ReadableStream<Uint8Array>): (words: string) => Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  return async (words) => {
    for (;;) {
      const end = rest.indexOf("\n");
      const line = rest.slice(0, Math.max(0, end));
      if (end >= 0) rest = rest.slice(end + 1);
      if (end >= 0 && line.includes(words)) return line;
      if (end >= 0) continue;
      const { done, value } = await reader.read();
      if (done) throw new Error(`it ended without saying ${words}`);
      rest += decoder.decode(value, { stream: true });
    }
  };
}

/** Orders of ETH at the mock of Binance Spot. */
async function ethOrders({ binanceSpot }: Demo): Promise<number> {
  const orders = v.parse(SpotOrders, await (await fetch(`${binanceSpot}/mock/orders`)).json());
  return orders.filter(({ clientOrderId }) => clientOrderId.startsWith("mm-ETH-")).length;
}

/** Orders of SUI at the mock of Hyperliquid, where nobody else trades. */
async function suiOrders({ hyperliquid }: Demo): Promise<number> {
  const orders = v.parse(PerpOrders, await (await fetch(`${hyperliquid}/mock/orders`)).json());
  return orders.filter(({ coin }) => coin === "SUI").length;
}

/** Orders of a pair's hedge at the mock of Binance USD-M, by its ids. */
async function hedgeOrders({ binancePerp }: Demo, pair: string): Promise<number> {
  const orders = v.parse(HedgeOrders, await (await fetch(`${binancePerp}/mock/orders`)).json());
  const ids = orders.map((one) => ("clientOrderId" in one ? one.clientOrderId : one.clientAlgoId));
  return ids.filter((id) => id.startsWith(`mm-${pair}-`)).length;
}

/** A hedge's position by the books of the mock of Binance USD-M. */
async function hedgePosition({ binancePerp }: Demo, symbol: string): Promise<number> {
  const account = await (await fetch(`${binancePerp}/mock/account`)).json();
  const { positions } = v.parse(HedgeAccount, account);
  return Number(positions.find((one) => one.symbol === symbol)?.positionAmt ?? 0);
}

/** Asks the venue until it has as many. */
async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await Bun.sleep(20);
}

describe("mm demo", () => {
  test("quotes, obeys, reads its config again, and leaves nothing behind", async () => {
    const demo = await startDemo();
    expect((await fetch(`${demo.control}/ready`)).status).toBe(200);
    expect(await ethOrders(demo)).toBeGreaterThan(1);
    expect(await suiOrders(demo)).toBeGreaterThan(1);

    const paused = await fetch(`${demo.control}/pairs/SUI/pause`);
    expect(await paused.json()).toMatchObject({ id: "SUI", state: "paused" });
    await until(async () => (await suiOrders(demo)) === 0);
    expect(await ethOrders(demo)).toBeGreaterThan(1);
    await fetch(`${demo.control}/pairs/SUI/resume`);
    await until(async () => (await suiOrders(demo)) > 1);
    await fetch(`${demo.control}/pairs/ETH/pause`);
    await until(async () => (await ethOrders(demo)) === 0);
    expect(await suiOrders(demo)).toBeGreaterThan(1);
    await fetch(`${demo.control}/pairs/ETH/resume`);

    const text = readFileSync(demo.configPath, "utf8");
    writeFileSync(demo.configPath, text.replace('"binStep": 4,', '"binStep": -4,'));
    demo.child.kill("SIGHUP");
    expect(await demo.logged("reload-refused")).toContain("pairs[0].quoting.binStep: is -4");
    const refused = await fetch(`${demo.control}/config/reload`, { method: "POST" });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      { error: expect.objectContaining({ code: "bad-config" }) },
    ]);
    writeFileSync(demo.configPath, text.replace('"binStep": 4,', '"binStep": 8,'));
    const reloaded = await fetch(`${demo.control}/config/reload`, { method: "POST" });
    expect(await reloaded.json()).toMatchObject({ updated: ["ETH"], unchanged: ["SUI"] });

    demo.child.kill("SIGTERM");
    // A package manager passes the same signal on once more: that must not force anything.
    demo.child.kill("SIGTERM");
    expect(await demo.logged("stopping: cancelling")).toMatch(/cancelling \d+ orders/);
    await demo.logged("the mock of binance-spot has 0 orders of ours open");
    await demo.logged("the mock of binance-perp has 0 orders of ours open");
    await demo.logged("the mock of hyperliquid has 0 orders of ours open");
    expect(await demo.child.exited).toBe(0);
    expect(existsSync(dirname(demo.configPath))).toBe(false);
  });

  test("keeps its hedges ready through a pause, and takes them away when told to", async () => {
    const demo = await startDemo();
    // One trigger to sell, one to buy.
    for (const pair of ["ETH", "SUI"]) {
      await until(async () => (await hedgeOrders(demo, pair)) >= 2);
    }
    await fetch(`${demo.control}/pairs/SUI/pause`);
    await until(async () => (await suiOrders(demo)) === 0);
    expect(await hedgeOrders(demo, "SUI")).toBeGreaterThanOrEqual(2);

    // A trade by hand, so that there is something to close; it is taken over as the pair's.
    const body = JSON.stringify({
      symbol: "ETHUSDT",
      side: "SELL",
      type: "MARKET",
      quantity: "0.3",
    });
    await fetch(`${demo.binancePerp}/mock/orders`, { method: "POST", body });
    await demo.logged("hedge-position-adopted");
    const flattened = await fetch(`${demo.control}/pairs/ETH/flatten`);
    expect(await flattened.json()).toMatchObject({ id: "ETH", state: "flattened" });
    await until(async () => (await hedgePosition(demo, "ETHUSDT")) === 0);
    await until(async () => (await hedgeOrders(demo, "ETH")) === 0);
    expect(await ethOrders(demo)).toBe(0);
    expect(await hedgeOrders(demo, "SUI")).toBeGreaterThanOrEqual(2);

    await fetch(`${demo.control}/pairs/ETH/resume`);
    await until(async () => (await hedgeOrders(demo, "ETH")) >= 2);
    await until(async () => (await ethOrders(demo)) > 1);
    demo.child.kill("SIGTERM");
    expect(await demo.child.exited).toBe(0);
  });

  test("needs a folder for its config, and says so", async () => {
    const env = { TMPDIR: "/nonexistent" };
    const { exitCode, stderr } = await mm(["demo", "--control-port", "0"], { env });
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^mm: \/nonexistent: no folder can be made: .*; set TMPDIR to /),
    ]);
  });

  test("a second signal forces it, and says whose orders may be left", async () => {
    // A proxy that the environment names is not asked for what is on this machine.
    const proxy = "http://127.0.0.1:1";
    const demo = await startDemo({ HTTP_PROXY: proxy, http_proxy: proxy, no_proxy: "" });
    // From now on the venues hear nothing, so that a stop takes its time.
    const body = JSON.stringify({ faults: [{ kind: "drop-request", count: 100_000 }] });
    for (const url of [demo.binanceSpot, demo.hyperliquid, demo.binancePerp]) {
      await fetch(`${url}/mock/faults`, { method: "POST", body });
    }
    demo.child.kill("SIGINT");
    await demo.logged("stopping: cancelling");
    // Longer than what counts as the same key press.
    await Bun.sleep(400);
    demo.child.kill("SIGINT");
    const forced = await demo.logged("forced to end");
    expect(forced).toContain(
      "may still be open of ETH (binance-spot:ETHUSDT, hedge binance-perp:ETHUSDT), " +
        "SUI (hyperliquid:SUI, hedge binance-perp:SUIUSDT)",
    );
    expect(forced).toContain("client id begins with mm-");
    expect(await demo.child.exited).toBe(130);
    expect(existsSync(dirname(demo.configPath))).toBe(false);
  });

  test("a port in use is told at once, and nothing is started", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
    try {
      const { exitCode, stderr } = await mm(["demo", "--control-port", String(server.port)]);
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringMatching(
          /^mm: control\.port: port \d+ of 127\.0\.0\.1 is in use; .*--control-port/,
        ),
      ]);
    } finally {
      await server.stop(true);
    }
  });
});

test("the demo's config keeps its comments and says where things are", () => {
  const venues = {
    "binance-spot": {
      restUrl: "http://127.0.0.1:1",
      wsApiUrl: "ws://127.0.0.1:1/a",
      streamUrl: "ws://127.0.0.1:1",
    },
    "binance-perp": {
      restUrl: "http://127.0.0.1:3",
      wsApiUrl: "ws://127.0.0.1:3/ws-fapi/v1",
      streamUrl: "ws://127.0.0.1:3",
    },
    hyperliquid: { restUrl: "http://127.0.0.1:2", wsUrl: "ws://127.0.0.1:2/ws" },
  };
  const address = `0x${"ab".repeat(20)}`;
  const text = demoConfigText({ controlPort: 0, venues, address });
  expect(text).toContain("// curve when calm");
  const { config, warnings } = parseConfig(text, "demo.jsonc");
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    control: { port: 0 },
    accounts: { mockHl: { address, agentKeyEnv: "MM_DEMO_AGENT_KEY" } },
    venues,
  });
  expect(config.pairs.map(({ id }) => id)).toEqual(["ETH", "SUI"]);
});

test("the demo's keys are new each time, and secret where they are to be", () => {
  const [one, other] = [demoKeys(), demoKeys()];
  expect(Object.keys(one.env)).toEqual(["MM_DEMO_API_KEY", "MM_DEMO_SECRET", "MM_DEMO_AGENT_KEY"]);
  for (const [name, value] of Object.entries(one.env)) expect(other.env[name]).not.toBe(value);
  const { address, agent } = one.hyperliquid;
  expect([address, agent]).toEqual([
    expect.stringMatching(/^0x[\da-f]{40}$/),
    expect.stringMatching(/^0x[\da-f]{40}$/),
  ]);
  expect(agent).not.toBe(address);
  const { config } = parseConfig(DEMO_CONFIG, "demo.jsonc");
  const secrets = secretsOf(config, one.env);
  expect(secrets).toEqual(expect.arrayContaining(Object.values(one.env)));
});

test("a signal in the midst of its start leaves no folder behind", async () => {
  const folder = new Folder();
  const made = Promise.withResolvers<void>();
  const watcher = watch(folder.path, () => made.resolve());
  try {
    const child = Bun.spawn(
      [process.execPath, join(ROOT, "src", "main.ts"), "demo", "--control-port", "0"],
      {
        cwd: ROOT,
        env: { ...process.env, TMPDIR: folder.path },
        stdio: ["ignore", "ignore", "ignore"],
      },
    );
    await made.promise;
    child.kill("SIGTERM");
    await child.exited;
    expect(readdirSync(folder.path).filter((name) => name.startsWith("mm-demo-"))).toEqual([]);
  } finally {
    watcher.close();
    folder.dispose();
  }
});
