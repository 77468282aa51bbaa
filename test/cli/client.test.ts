/** `mm status` and the commands, as processes, against a control plane with a desk of our own. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ControlServer, startControlServer } from "#control/server.ts";
import { configText } from "../backtest/support.ts";
import { FakeDesk, hedgedStatus, perpStatus } from "../control/fake-desk.ts";
import { Folder, mm } from "./support.ts";

// Each test starts programs, and a busy machine starts them slowly.
setDefaultTimeout(30_000);

const TOKEN = "0123456789abcdef";
const folder = new Folder();
const desk = new FakeDesk();
const open = serve(null);
const closed = serve(TOKEN);
afterAll(async () => {
  folder.dispose();
  await Promise.all([open.stop(), closed.stop()]);
});

function serve(token: string | null, own: FakeDesk = desk): ControlServer {
  const log = (): void => undefined;
  return startControlServer({ desk: own, version: "1", log, host: "127.0.0.1", port: 0, token });
}

function configFor(server: ControlServer, control: object): string {
  const port = Number(new URL(server.url).port);
  const config: unknown = { ...JSON.parse(configText({})), control: { port, ...control } };
  return folder.write("control.json", JSON.stringify(config));
}

describe.concurrent("mm status", () => {
  test("is a table of all pairs", async () => {
    const { exitCode, stdout, stderr } = await mm(["status", "--url", open.url]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const rows = stdout.trimEnd().split("\n");
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^pair +state +mid +bids +asks/);
    expect(rows[2]).toMatch(
      /^BTC +quoting: stale-book +2000\.005 +0 +0 .*paper binance-spot:BTCUSDT$/,
    );
  });

  test("of one pair shows its orders; --json all there is", async () => {
    const [text, json] = await Promise.all([
      mm(["status", "BTC", "--url", open.url]),
      mm(["status", "BTC", "--url", `${open.url}/`, "--json"]),
    ]);
    expect(text.stdout).toContain("paper on binance-spot:BTCUSDT");
    expect(text.stdout).toContain("no open orders");
    expect(JSON.parse(json.stdout)).toEqual({ ...desk.pair("BTC") });
  });

  test("of a perp shows its position, budgets, and who cancels where mm dies", async () => {
    const own = new FakeDesk();
    own.add(perpStatus());
    const server = serve(null, own);
    try {
      const { stdout, exitCode } = await mm(["status", "SUI", "--url", server.url]);
      expect(exitCode).toBe(0);
      const lines = stdout.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
      expect(lines).toEqual(
        expect.arrayContaining([
          "position | -12.5 SUI",
          "87.5 USDC",
          "pnl | equityChange 1.5",
          "funding -0.02",
          "guards | liquidation-distance",
          "liquidation-distance 8.5 %, its limit 10 %",
          "budgets | address: 120 of 10000 used",
          "weight: 3 of 1200 used in 60 s",
          "if mm dies | the venue cancels 60 s after it last heard of mm",
        ]),
      );

      const flat = perpStatus();
      const guards = flat.guards.map((guard) => ({ ...guard, value: "none yet" }));
      own.add({ ...flat, guards });
      const quiet = await mm(["status", "SUI", "--url", server.url]);
      expect(quiet.stdout).toContain("liquidation-distance none yet, its limit 10 %\n");
    } finally {
      await server.stop();
    }
  });

  test("of a pair that hedges shows the hedge and its orders", async () => {
    const own = new FakeDesk();
    own.add(hedgedStatus());
    const server = serve(null, own);
    try {
      const [one, all] = await Promise.all([
        mm(["status", "ETH", "--url", server.url]),
        mm(["status", "--url", server.url]),
      ]);
      expect([one.exitCode, all.exitCode]).toEqual([0, 0]);
      expect(one.stdout).toMatch(/^ +hedge +binance-perp:ETHUSDT, position -0\.5 ETH, /m);
      expect(one.stdout).toContain("hedgeRevaluation -1");
      expect(one.stdout).toMatch(/^ +of its hedge +orders: 2 of 300 used in 10 s$/m);
      expect(one.stdout).toMatch(/^ +to its hedge +the venue cancels 60 s after/m);
      expect(one.stdout).toMatch(/\nhedge:\nside +price .*\nsell +1960 /);
      expect(all.stdout).toMatch(/^ETH +quoting .* 9800 +-0\.5 /m);
      expect(all.stdout).toMatch(/^BTC .* 9800 +- /m);
    } finally {
      await server.stop();
    }
  });

  test("an unknown pair, and an address where nothing listens, are told in a line", async () => {
    const [unknown, nobody, noAddress] = await Promise.all([
      mm(["status", "SUI", "--url", open.url]),
      mm(["status", "--url", "http://127.0.0.1:1"]),
      mm(["status", "--url", "here"]),
    ]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      `mm: ${open.url}/pairs/SUI: there is no pair "SUI"; there is ETH, BTC\n`,
    ]);
    expect(nobody.exitCode).toBe(2);
    expect(nobody.stderr).toMatch(/^mm: http:\/\/127\.0\.0\.1:1: .*; start it with mm run .*\n$/);
    expect([noAddress.exitCode, noAddress.stderr]).toEqual([
      2,
      'mm: --url: "here" is no http address; give one such as http://127.0.0.1:8787\n',
    ]);
  });
});

test("the token goes to that one address: to no proxy, and nowhere by redirect", async () => {
  const heard: string[] = [];
  const other = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      heard.push(new URL(request.url).pathname);
      return Response.redirect(`${closed.url}/pairs`, 307);
    },
  });
  try {
    const env = { MM_CONTROL_TOKEN: TOKEN, HTTP_PROXY: other.url.href, http_proxy: other.url.href };
    const direct = await mm(["status", "--url", closed.url], { env });
    expect([direct.exitCode, heard]).toEqual([0, []]);
    const address = `http://127.0.0.1:${other.port}`;
    const redirected = await mm(["status", "--url", address], { env });
    expect([redirected.exitCode, heard]).toEqual([2, ["/pairs"]]);
    expect(redirected.stderr).toContain("nothing that speaks for mm answers");
  } finally {
    await other.stop(true);
  }
});

test("a command reaches its pair, by the address and token of the config", async () => {
  const config = configFor(closed, { tokenEnv: "MY_TOKEN" });
  const paused = await mm(["pause", "ETH", "-c", config], { env: { MY_TOKEN: TOKEN } });
  expect([paused.exitCode, paused.stderr]).toEqual([0, ""]);
  expect(paused.stdout).toMatch(/\nETH +paused /);
  expect(desk.told).toEqual([["ETH", "pause"]]);

  const flattened = await mm(["flatten", "ETH", "-c", config], { env: { MY_TOKEN: TOKEN } });
  expect(flattened.stdout).toMatch(/\nETH +flattened /);

  const rearm = ["rearm", "ETH", "--url", closed.url, "--json"];
  const rearmed = await mm(rearm, { env: { MM_CONTROL_TOKEN: TOKEN } });
  expect(JSON.parse(rearmed.stdout)).toMatchObject({ id: "ETH", state: "quoting" });

  const refused = await mm(["halt", "ETH", "--url", closed.url]);
  expect([refused.exitCode, refused.stderr]).toEqual([
    2,
    expect.stringContaining("needs the token"),
  ]);
  const unset = await mm(["halt", "ETH", "-c", config]);
  expect([unset.exitCode, unset.stderr]).toEqual([
    2,
    expect.stringContaining("the environment variable MY_TOKEN is not set"),
  ]);
  expect(desk.told).toHaveLength(3);
});
