/** `mm run` as a process, where its venue accepts calls and never answers them. */

import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { MINIMAL_PAIR } from "../config/support.ts";
import { Folder, ROOT } from "./support.ts";

// Less than a call to the venue is waited for, so that one is not what the end waits for.
setDefaultTimeout(9_000);

const folder = new Folder();
const venue = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
afterAll(() => {
  folder.dispose();
  venue.stop(true);
});

test("a signal ends a start that waits for the venue", async () => {
  const address = `127.0.0.1:${venue.port}`;
  const urls = {
    restUrl: `http://${address}`,
    wsApiUrl: `ws://${address}`,
    streamUrl: `ws://${address}`,
  };
  const config = folder.write(
    "mute.json",
    JSON.stringify({
      control: { port: 0 },
      venues: { "binance-spot": urls },
      accounts: { bn: { venue: "binance", apiKeyEnv: "MM_KEY", secretEnv: "MM_SECRET" } },
      pairs: [
        {
          ...MINIMAL_PAIR,
          mode: "live",
          quote: { venue: "binance-spot", account: "bn", symbol: "ETHUSDT" },
        },
      ],
    }),
  );
  const child = Bun.spawn(
    [process.execPath, `${ROOT}/src/main.ts`, "run", "-c", config, "--log-format", "json"],
    {
      env: { ...process.env, MM_KEY: "key", MM_SECRET: "a-secret-of-an-account" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    if (said === "") child.kill("SIGINT");
    said += decoder.decode(chunk, { stream: true });
  }
  expect(await child.exited).toBe(0);
  expect(said).toContain('"message":"nothing was started"');
});
