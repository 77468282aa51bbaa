/**
 * The control plane as a Hono app: guards, then routes, and one form for every error. It listens to
 * nothing itself (server.ts does), so that tests call it with `app.request`. May import runtime.
 */

import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { messageOf } from "#domain/errors.ts";
import type { Log } from "#runtime/log.ts";
import { bearerToken, methodRefusal, ownHost, shownPath, smallBody } from "./guard.ts";
import { errorAnswer, Refusal } from "./refusal.ts";
import { addRoutes, answer, checkQuery, ROUTES, type RouteOptions } from "./routes.ts";
import { errorLine } from "./text.ts";

export interface ControlOptions extends RouteOptions {
  /** What every call must bring; null: nothing. */
  readonly token: string | null;
  /** Names that the server is called by, lower case, IPv6 addresses in brackets. */
  readonly hostNames: ReadonlySet<string>;
  /** Hears of faults of ours; the desk tells of what was done. */
  readonly log: Log;
}

export function createControlApp(options: ControlOptions): Hono {
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    await next();
    // GET may change something here: no cache may answer in our place.
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
  });
  app.use(ownHost(options.hostNames), bearerToken(options.token), smallBody);
  app.use(async (c, next) => {
    checkQuery(c);
    await next();
  });
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        throw methodRefusal(c.req.method, methods);
      },
    }),
  );
  addRoutes(app, options);
  app.notFound((c) => {
    const message = `there is no ${shownPath(c)}`;
    const hint = `there is ${ROUTES.join(", ")}`;
    const { body, status } = errorAnswer(new Refusal(404, { code: "no-route", message, hint }));
    return answer(c, body, errorLine(body), status);
  });
  app.onError((error, c) => {
    const { body, status, headers, isFault } = errorAnswer(error);
    // A caller that went away in the midst of its body is no fault of ours.
    if (isFault && !c.req.raw.signal.aborted) {
      const fields = { path: shownPath(c), stack: error.stack ?? null };
      const message = messageOf(error);
      options.log({ level: "error", pair: null, event: "control-failed", message, fields });
    }
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    return answer(c, body, errorLine(body), status);
  });
  return app;
}
