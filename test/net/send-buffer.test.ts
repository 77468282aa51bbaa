import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Socket } from "bun";
import { Subject } from "./socket-subject.ts";
import { Inbox, ManualTimers } from "./support.ts";

/** RFC 6455 §4.2.2: what the server appends to the key before it hashes it. */
const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
const FRAME = "x".repeat(60_000);
/** RFC 6455 §5.2: 2 bytes, 2 of length up to 65 535, and 4 of mask, since a client sent it. */
const FRAME_BYTES = 8 + FRAME.length;

/** By hand, for it must stop reading from the socket: shakes hands, then is deaf until resumed. */
function listenDeaf(onBytes: (count: number) => void) {
  const shaken = new Inbox<Socket>();
  let isShaken = false;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        if (isShaken) {
          onBytes(data.byteLength);
          return;
        }
        isShaken = true;
        const key = /sec-websocket-key: (\S+)/i.exec(data.toString())?.[1] ?? "";
        const accept = createHash("sha1").update(`${key}${HANDSHAKE_GUID}`).digest("base64");
        socket.write(`${UPGRADED}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
        socket.pause();
        shaken.push(socket);
      },
    },
  });
  return { url: `ws://127.0.0.1:${listener.port}/`, shaken, stop: () => listener.stop(true) };
}

test("a peer that does not read fills the buffer; then sends are refused, none lost", async () => {
  const maxBufferedBytes = 500_000;
  const all = new Inbox<void>();
  let accepted = 0;
  let arrived = 0;
  const server = listenDeaf((count) => {
    arrived += count;
    if (arrived === accepted * FRAME_BYTES) all.push();
  });
  const subject = new Subject(
    { url: server.url, maxBufferedBytes },
    { timers: new ManualTimers() },
  );
  subject.socket.open();
  await subject.state("ready");
  const peer = await server.shaken.next();

  while (accepted < 10_000 && subject.socket.send(FRAME) === "sent") accepted += 1;
  // What the operating system buffers comes on top of ours, and is at least one frame.
  expect(accepted * FRAME_BYTES).toBeGreaterThan(maxBufferedBytes);
  expect(accepted).toBeLessThan(10_000);
  expect(subject.socket.send(FRAME)).toBe("buffer-full");
  expect(subject.downs.size).toBe(0);

  peer.resume();
  await all.next(); // to the byte what was accepted
  expect(subject.socket.send("room again")).toBe("sent");
  subject.socket.close();
  server.stop();
});
