import { afterEach, describe, expect, test } from "bun:test";
import { type ControlServer, startControlServer } from "#control/server.ts";
import type { LogEntry } from "#runtime/log.ts";
import { FakeDesk } from "./fake-desk.ts";

const servers: ControlServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

function start(host: string, port: number, token: string | null): ControlServer {
  const desk = new FakeDesk();
  const log = (): void => undefined;
  const server = startControlServer({ desk, version: "1", log, host, port, token });
  servers.push(server);
  return server;
}

describe("the control server", () => {
  test("serves on loopback at the address that it tells", async () => {
    const { url } = start("127.0.0.1", 0, null);
    const response = await fetch(`${url}/pairs/ETH/pause`);
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ id: "ETH", state: "paused" }),
    ]);
  });

  test("a Host of another name is refused over the wire too", async () => {
    const { url } = start("127.0.0.1", 0, null);
    const response = await fetch(`${url}/pairs`, { headers: { Host: "evil.example" } });
    expect(response.status).toBe(421);
  });

  test("a caller that breaks off in the midst of its call is no fault to be logged", async () => {
    const entries: LogEntry[] = [];
    const desk = new FakeDesk();
    const log = (entry: LogEntry): void => void entries.push(entry);
    const options = { desk, version: "1", log, host: "127.0.0.1", port: 0, token: null };
    const server = startControlServer(options);
    servers.push(server);
    const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(server.url).port),
      socket: { data: () => undefined, close: () => onClose() },
    });
    const head = ["POST /pairs/ETH/pause HTTP/1.1", "Host: localhost"];
    socket.write([...head, "Transfer-Encoding: chunked", "", "ZZZ", ""].join("\r\n"));
    await closed;
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect([entries, desk.told]).toEqual([[], []]);
  });

  test("a port in use is told with what to do", () => {
    const port = Number(new URL(start("127.0.0.1", 0, null).url).port);
    expect(() => start("127.0.0.1", port, null)).toThrow(
      expect.objectContaining({
        code: "port-in-use",
        message: `port ${port} of 127.0.0.1 is in use`,
        hint: expect.stringContaining("choose another port"),
      }),
    );
  });

  test("no address of this machine", () => {
    // 192.0.2.0/24 is for documentation: nobody has it.
    expect(() => start("192.0.2.1", 0, "0123456789abcdef")).toThrow(
      expect.objectContaining({ code: "no-listen" }),
    );
  });

  test("beyond loopback only with a token, and no short one", async () => {
    const refused = (host: string, token: string | null): string => {
      try {
        start(host, 0, token);
      } catch (thrown) {
        return String(Object(thrown).code);
      }
      return "started";
    };
    expect(refused("0.0.0.0", null)).toBe("no-token");
    expect(refused("127.0.0.1", "short")).toBe("weak-token");
    expect(refused("127.0.0.1", "two words are not one token")).toBe("weak-token");

    const { url } = start("0.0.0.0", 0, "0123456789abcdef");
    const here = url.replace("0.0.0.0", "127.0.0.1");
    expect((await fetch(`${here}/pairs`)).status).toBe(401);
    const headers = { Authorization: "Bearer 0123456789abcdef" };
    expect((await fetch(`${here}/pairs`, { headers })).status).toBe(200);
  });
});
