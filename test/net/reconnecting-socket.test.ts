import { afterEach, describe, expect, test } from "bun:test";
import { InputError } from "#domain/errors.ts";
import type { SocketOptions } from "#net/reconnecting-socket.ts";
import { BACKOFF, Subject } from "./socket-subject.ts";
import { Inbox, ManualTimers } from "./support.ts";
import { WireServer } from "./wire-server.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

type SubjectWorld = ConstructorParameters<typeof Subject>[1];

function setUp(options: Partial<SocketOptions> = {}, world?: SubjectWorld) {
  const server = new WireServer();
  cleanUps.push(() => server.stop());
  const subject = new Subject({ url: server.url, ...options }, world);
  cleanUps.push(() => subject.socket.close());
  subject.socket.open();
  return { server, subject, socket: subject.socket, timers: subject.timers };
}

test("text and binary frames go both ways", async () => {
  const { server, subject, socket } = setUp();
  expect(socket.send("early")).toBe("not-open");
  await subject.state("ready");
  const peer = await server.opened.next();
  expect(socket.send("hello")).toBe("sent");
  expect((await server.received.next()).data).toBe("hello");
  peer.send("text");
  expect((await subject.messages.next()).data).toBe("text");
  peer.send(new Uint8Array([1, 2]));
  expect((await subject.messages.next()).data).toEqual(new Uint8Array([1, 2]).buffer);
});

describe("an end that was not planned", () => {
  test("is followed by a new connection, again and again", async () => {
    const { server, subject, socket, timers } = setUp();
    for (let id = 1; id <= 4; id += 1) {
      expect(await subject.state("ready")).toEqual({ name: "ready", connectionId: id });
      (await server.opened.next()).close(1012, "restart");
      const { cause, connection } = await subject.downs.next();
      expect(cause).toEqual({ kind: "closed", code: 1012, message: "restart" });
      expect(connection.id).toBe(id);
      expect(connection.send("late")).toBe("not-open");
      expect(socket.send("late")).toBe("not-open");
      const { delayMs } = await subject.state("waiting");
      expect(delayMs).toBeLessThan(BACKOFF.baseMs * 2 ** (id - 1));
      timers.advance(delayMs);
    }
  });

  test("without a closing handshake too", async () => {
    const { server, subject } = setUp();
    await subject.state("ready");
    (await server.opened.next()).terminate();
    expect((await subject.downs.next()).cause).toMatchObject({ kind: "closed", code: 1006 });
  });
});

describe("a peer that fell silent", () => {
  test("is asked after 2 s, given up after 5 s, and replaced", async () => {
    const { server, subject, timers } = setUp();
    await subject.state("ready");
    await server.opened.next();
    timers.advance(2000);
    expect((await server.received.next()).data).toBe("ping"); // which it never answers
    timers.advance(2999);
    expect(subject.downs.size).toBe(0);
    timers.advance(1);
    const { cause } = await subject.downs.next();
    expect(cause).toEqual({ kind: "silent", code: null, message: "nothing heard for 5000 ms" });
    timers.advance((await subject.state("waiting")).delayMs);
    expect(await subject.state("ready")).toEqual({ name: "ready", connectionId: 2 });
    await server.closed.next();
  });

  test("is kept while it answers, and the 5 s count from its last word", async () => {
    const { server, subject, timers } = setUp();
    await subject.state("ready");
    const peer = await server.opened.next();
    for (let round = 0; round < 10; round += 1) {
      timers.advance(2000);
      await server.received.next();
      timers.advance(2999);
      peer.send("pong");
      await subject.messages.next();
    }
    timers.advance(4999);
    expect(subject.downs.size).toBe(0);
    timers.advance(1);
    expect((await subject.downs.next()).cause.kind).toBe("silent");
  });

  test("by default is sent a ping frame, and its pong counts as a word", async () => {
    const reads = new Inbox<void>();
    class TellingTimers extends ManualTimers {
      override elapsedMs(): number {
        reads.push();
        return super.elapsedMs();
      }
    }
    const { server, subject, timers } = setUp(
      {},
      { timers: new TellingTimers(), nativePing: true },
    );
    await subject.state("ready");
    timers.advance(2000);
    reads.clear();
    await server.pings.next();
    await reads.next(); // the clock is read when the pong comes
    timers.advance(3000);
    expect(subject.downs.size).toBe(0);
  });
});

describe("rotation", () => {
  test("overlaps: no message is lost, and it is ready throughout", async () => {
    const { server, subject, socket, timers } = setUp({ lingerMs: 500 });
    let sent = 0;
    const publishing = setInterval(() => {
      sent += 1;
      for (const peer of server.peers) peer.send(String(sent));
    }, 0);
    cleanUps.push(() => clearInterval(publishing));
    const heard = new Map<number, Set<number>>();
    const hearFrom = async (id: number, count: number) => {
      for (let left = count; left > 0; ) {
        const { data, connection } = await subject.messages.next();
        const numbers = heard.get(connection.id) ?? new Set();
        heard.set(connection.id, numbers.add(Number(data)));
        if (connection.id === id) left -= 1;
      }
    };
    await hearFrom(1, 5);
    for (let id = 1; id <= 3; id += 1) {
      expect(socket.rotate()).toBe(true);
      expect(socket.rotate()).toBe(false); // under way
      await hearFrom(id + 1, 5);
      expect(server.peers.size).toBe(2);
      timers.advance(500);
      const { cause, connection } = await subject.downs.next();
      expect([cause.kind, connection.id]).toEqual(["retired", id]);
      expect((await server.closed.next()).code).toBe(1000);
      await hearFrom(id + 1, 5);
    }
    const union = new Set<number>();
    for (const numbers of heard.values()) for (const number of numbers) union.add(number);
    const numbers = [...union].sort((a, b) => a - b);
    const first = numbers[0] ?? 0;
    expect(numbers).toEqual(numbers.map((_, index) => first + index));
    const both = [...(heard.get(1) ?? [])].filter((number) => heard.get(2)?.has(number) === true);
    expect(both.length).toBeGreaterThan(0);
    expect(socket.state).toEqual({ name: "ready", connectionId: 4 });
    const states = Array.from({ length: subject.states.size }, () => subject.states.next());
    const names = (await Promise.all(states)).map(({ name }) => name);
    expect(names).toEqual(["connecting", "ready", "ready", "ready", "ready"]);
  });

  test("waits until the new one is ready; until then the old one is used", async () => {
    const { server, subject, socket } = setUp({}, { isReadyAtOnce: false });
    (await subject.opened.next()).markReady();
    const first = await server.opened.next();
    socket.rotate();
    const second = await subject.opened.next();
    socket.send("before");
    expect((await server.received.next()).peer).toBe(first);
    second.send("logon");
    expect((await server.received.next()).peer).toBe(await server.opened.next());
    second.markReady();
    socket.send("after");
    expect((await server.received.next()).peer).not.toBe(first);
  });

  test("comes by itself at the maximum age, and a renewed one is renewed in turn", async () => {
    const hourMs = 3_600_000;
    const { subject, timers } = setUp({ pingAfterMs: 90 * hourMs, silenceMs: 99 * hourMs });
    for (let id = 1; id <= 3; id += 1) {
      expect((await subject.state("ready")).connectionId).toBe(id);
      timers.advance(23 * hourMs - 1);
      timers.advance(1);
    }
    expect((await subject.state("ready")).connectionId).toBe(4);
  });

  test("that fails leaves the old one in use, and is tried again", async () => {
    const { server, subject, socket, timers } = setUp({ pingAfterMs: 90_000, silenceMs: 99_000 });
    await subject.state("ready");
    server.isRefusing = true;
    timers.delays.clear();
    socket.rotate();
    while ((await timers.delays.next()) >= BACKOFF.baseMs); // until it backs off
    expect(socket.send("still here")).toBe("sent");
    expect((await server.received.next()).data).toBe("still here");
    server.isRefusing = false;
    timers.advance(BACKOFF.baseMs);
    expect((await subject.state("ready")).connectionId).toBe(3);
  });

  test("takes over at once where the old one ends before the new one is ready", async () => {
    const { server, subject, socket } = setUp({}, { isReadyAtOnce: false });
    (await subject.opened.next()).markReady();
    const first = await server.opened.next();
    socket.rotate();
    const second = await subject.opened.next();
    first.close(1001, "bye");
    expect((await subject.downs.next()).connection.id).toBe(1);
    expect(socket.state.name).toBe("connecting");
    second.markReady();
    expect(socket.state).toEqual({ name: "ready", connectionId: 2 });
    expect(server.dialled).toBe(2);
  });

  test("a renewed connection that is lost is replaced like any other", async () => {
    const { server, subject, socket, timers } = setUp();
    await subject.state("ready");
    await server.opened.next();
    socket.rotate();
    await subject.state("ready");
    (await server.opened.next()).terminate();
    timers.advance((await subject.state("waiting")).delayMs);
    expect((await subject.state("ready")).connectionId).toBe(3);
  });
});

describe("back-off", () => {
  test("grows to its maximum and no further, and says why", async () => {
    const { server, subject, timers } = setUp();
    await subject.state("ready");
    server.isRefusing = true;
    (await server.opened.next()).terminate();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const { delayMs, cause } = await subject.state("waiting");
      expect(delayMs).toBeLessThan(Math.min(BACKOFF.baseMs * 2 ** attempt, BACKOFF.maxMs));
      expect(cause?.kind).toBe(attempt === 0 ? "closed" : "failed");
      expect(cause?.message).not.toContain(server.url); // it may hold a listen key
      delays.push(delayMs);
      timers.advance(delayMs);
    }
    expect(Math.max(...delays)).toBeGreaterThan(BACKOFF.baseMs * 2);
    expect(subject.downs.size).toBe(1); // those that never opened did not go down
  });

  test("starts afresh after a connection that lasted, not after one that only opened", async () => {
    const lasting = { pingAfterMs: 90_000, silenceMs: 99_000, stableAfterMs: 10_000 };
    const { server, subject, timers } = setUp(lasting);
    const longest = async (standsMs: number) => {
      let longestMs = 0;
      for (let round = 0; round < 12; round += 1) {
        await subject.state("ready");
        timers.advance(standsMs);
        (await server.opened.next()).terminate();
        const { delayMs } = await subject.state("waiting");
        longestMs = Math.max(longestMs, delayMs);
        timers.advance(delayMs);
      }
      return longestMs;
    };
    expect(await longest(9_999)).toBeGreaterThan(BACKOFF.baseMs);
    expect(await longest(10_000)).toBeLessThan(BACKOFF.baseMs);
  });

  test("waits as long as it is not admitted", async () => {
    const waits = [700, 300, 0];
    const { server, subject, timers } = setUp({ admit: () => waits.shift() ?? 0 });
    for (const delayMs of [700, 300]) {
      expect(await subject.state("waiting")).toEqual({ name: "waiting", delayMs, cause: null });
      timers.advance(delayMs);
    }
    await subject.state("ready");
    expect(server.dialled).toBe(1);
  });
});

test("a connection that does not get ready in time is given up", async () => {
  const { server, subject, timers } = setUp({ readyTimeoutMs: 1000 }, { isReadyAtOnce: false });
  const connection = await subject.opened.next();
  timers.advance(1000);
  expect((await subject.downs.next()).cause.kind).toBe("not-ready");
  connection.markReady(); // too late
  expect(subject.socket.state.name).toBe("waiting");
  await server.closed.next();
});

describe("a peer that accepts and never shakes hands", () => {
  function dialMute() {
    const dialled = new Inbox<void>();
    const hungUp = new Inbox<void>();
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: () => dialled.push(), close: () => hungUp.push() },
    });
    cleanUps.push(() => listener.stop(true));
    const url = `ws://127.0.0.1:${listener.port}/`;
    return { ...setUp({ url, readyTimeoutMs: 1000 }), dialled, hungUp };
  }

  test("is given up in time, and tried again", async () => {
    const { subject, timers, dialled, hungUp } = dialMute();
    for (let round = 0; round < 3; round += 1) {
      await dialled.next();
      timers.advance(1000);
      const { cause, delayMs } = await subject.state("waiting");
      expect(cause).toEqual({ kind: "not-ready", code: null, message: "not ready within 1000 ms" });
      await hungUp.next();
      timers.advance(delayMs);
    }
    expect(subject.downs.size).toBe(0);
  });

  test("is left when the socket is closed", async () => {
    const { subject, socket, timers, dialled, hungUp } = dialMute();
    await dialled.next();
    socket.close();
    await hungUp.next();
    timers.advance(100_000);
    expect([timers.pending, dialled.size, subject.downs.size]).toEqual([0, 0, 0]);
  });
});

describe("closing", () => {
  test("ends the connection and every timer", async () => {
    const { server, subject, socket, timers } = setUp();
    await subject.state("ready");
    socket.send("last");
    socket.close();
    expect((await subject.downs.next()).cause.kind).toBe("retired");
    expect((await server.received.next()).data).toBe("last"); // what was sent still goes out
    expect((await server.closed.next()).code).toBe(1000);
    expect([socket.state.name, socket.send("x"), socket.rotate()]).toEqual([
      "closed",
      "not-open",
      false,
    ]);
    timers.advance(100 * 3_600_000);
    expect([timers.pending, server.dialled]).toEqual([0, 1]);
  });

  test("while it waits to dial, nothing is dialled any more", async () => {
    const { server, subject, socket, timers } = setUp();
    await subject.state("ready");
    (await server.opened.next()).terminate();
    await subject.state("waiting");
    socket.close();
    socket.close();
    timers.advance(100_000);
    expect([timers.pending, server.dialled, subject.states.size]).toEqual([0, 1, 1]);
  });

  test("while it rotates, both connections end", async () => {
    const { server, subject, socket, timers } = setUp();
    await subject.state("ready");
    socket.rotate();
    await subject.state("ready");
    socket.close();
    await Promise.all([server.closed.next(), server.closed.next()]);
    timers.advance(100_000);
    expect([timers.pending, server.dialled, subject.downs.size]).toEqual([0, 2, 2]);
  });

  test("it can be opened again", async () => {
    const { subject, socket } = setUp();
    await subject.state("ready");
    socket.close();
    socket.open();
    expect((await subject.state("ready")).connectionId).toBe(2);
  });
});

test("options that make no sense are refused", () => {
  for (const options of [
    { url: "https://a.example" },
    { url: "nowhere" },
    { url: "wss://a.example", pingAfterMs: 5000 },
    { url: "wss://a.example", backoff: { baseMs: 0, maxMs: 1 } },
  ]) {
    expect(() => new Subject(options)).toThrow(InputError);
  }
});
