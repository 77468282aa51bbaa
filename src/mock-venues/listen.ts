/**
 * The server of a mock venue: HTTP and WebSockets on one port, this machine's own unless told
 * otherwise. May import this folder.
 */

import type { Connections, SocketData } from "./connections.ts";

export type MockServer = Bun.Server<SocketData>;

/** A client that lets so much pile up is cut. */
const MAX_BACKPRESSURE = 16 * 1024 * 1024;
/** The longest that Bun allows; connections are kept by the venue's own rules. */
const IDLE_SECONDS = 960;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * @param where default: any free port of 127.0.0.1
 * @param answer undefined where the request became a socket
 * @throws {Error} with code EADDRINUSE where the port is taken
 */
export function listen(
  where: { readonly port?: number; readonly hostname?: string },
  connections: Connections,
  answer: (request: Request, server: MockServer) => Promise<Response | undefined>,
): MockServer {
  return Bun.serve<SocketData>({
    port: where.port ?? 0,
    hostname: where.hostname ?? "127.0.0.1",
    idleTimeout: 0,
    maxRequestBodySize: MAX_BODY_BYTES,
    development: false,
    // Without it, Bun lets two servers share a port where `development` is off.
    reusePort: false,
    fetch: answer,
    websocket: {
      idleTimeout: IDLE_SECONDS,
      sendPings: false,
      perMessageDeflate: false,
      backpressureLimit: MAX_BACKPRESSURE,
      closeOnBackpressureLimit: true,
      open: (socket) => connections.add(socket),
      message: (socket, message) => socket.data.connection?.onMessage(message.toString()),
      ping: (socket) => socket.data.connection?.onPing(),
      pong: (socket) => socket.data.connection?.onPong(),
      close: (socket) => connections.remove(socket),
    },
  });
}
