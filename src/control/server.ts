/**
 * Serves the control plane over HTTP: on loopback only, unless a token is set. May import config,
 * runtime and Bun's server.
 */

import { hostname, networkInterfaces } from "node:os";
import { isLoopback } from "#config/sections/world.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import type { Log } from "#runtime/log.ts";
import { createControlApp } from "./app.ts";
import { MAX_BODY_BYTES } from "./guard.ts";
import type { RouteOptions } from "./routes.ts";

export interface ControlServerOptions extends RouteOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token: string | null;
  readonly log: Log;
}

export interface ControlServer {
  /** Where it listens, such as `http://127.0.0.1:8787`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Short ones can be guessed. */
const MIN_TOKEN_CHARACTERS = 16;
/** For a client to make its call: a silent one must not keep its connection for long. */
const IDLE_SECONDS = 10;
/** For us to answer: a reload may wait for pairs that stop. The longest that Bun allows is 255. */
const ANSWER_SECONDS = 240;

/** Begins to serve. @throws {InputError} `no-token`, `weak-token`, `port-in-use`, `no-listen` */
export function startControlServer(options: ControlServerOptions): ControlServer {
  const { host, port, token } = options;
  checkToken(host, token);
  const app = createControlApp({ ...options, hostNames: hostNamesOf(host) });
  const server = listen(host, port, (request, self) => {
    self.timeout(request, ANSWER_SECONDS);
    return app.fetch(request);
  });
  return {
    url: `http://${bracketed(host)}:${server.port}`,
    stop: () => server.stop(true),
  };
}

function checkToken(host: string, token: string | null): void {
  if (token === null && !isLoopback(host)) {
    throw new InputError("no-token", `${host} can be reached from other machines`, {
      where: "control.host",
      hint: 'set control.tokenEnv and the variable it names, or listen on "127.0.0.1"',
    });
  }
  if (token !== null && (token.length < MIN_TOKEN_CHARACTERS || /\s/.test(token))) {
    const message = `the token must have at least ${MIN_TOKEN_CHARACTERS} characters and no space`;
    throw new InputError("weak-token", message, {
      where: "control.tokenEnv",
      hint: "make one with: openssl rand -hex 32",
    });
  }
}

function listen(
  host: string,
  port: number,
  fetch: (request: Request, self: Bun.Server<undefined>) => Response | Promise<Response>,
): ReturnType<typeof Bun.serve> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch,
      maxRequestBodySize: 4 * MAX_BODY_BYTES,
      idleTimeout: IDLE_SECONDS,
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") {
      throw new InputError("port-in-use", `port ${port} of ${host} is in use`, {
        where: "control.port",
        hint:
          "is another mm running? Stop it, or choose another port: control.port in the config, " +
          "or mm demo --control-port PORT (0 takes a free one)",
        cause,
      });
    }
    throw new InputError("no-listen", `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      where: "control",
      hint: "give an address of this machine and a port that this user may open",
      cause,
    });
  }
}

/** What a server that listens on a host may be called: a wildcard, by all names of the machine. */
function hostNamesOf(host: string): Set<string> {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", bracketed(host.toLowerCase())]);
  if (host === "0.0.0.0" || host === "::") {
    names.add(hostname().toLowerCase());
    for (const { address } of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
      names.add(bracketed(address.toLowerCase()));
    }
  }
  return names;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
