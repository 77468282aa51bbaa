/**
 * The routes of the control plane: each asks the desk and answers in JSON, or in lines where the
 * client asks for text. Who may call is guard.ts's. May import runtime.
 */

import type { Context, Hono } from "hono";
import { accepts } from "hono/accepts";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as v from "valibot";
import type { TradingDesk } from "#runtime/desk.ts";
import type { PairStatus } from "#runtime/pair-status.ts";
import { changesState } from "./guard.ts";
import { Refusal } from "./refusal.ts";
import { orderCounts, pairLine, pairLines, reloadLines } from "./text.ts";

/** What an operator may tell a pair; `stop` is the supervisor's alone. */
export const PAIR_COMMANDS = ["pause", "resume", "cancel", "flatten", "halt", "rearm"] as const;

/** For people who called something else. */
export const ROUTES: readonly string[] = [
  "GET /health",
  "GET /ready",
  "GET /pairs",
  "GET /pairs/ID",
  `GET or POST /pairs/ID/{${PAIR_COMMANDS.join(",")}}`,
  "POST /config/reload",
];

export interface RouteOptions {
  readonly desk: TradingDesk;
  readonly version: string;
}

/** What `/pairs` and the commands tell of a pair. */
export interface PairSummary
  extends Pick<
    PairStatus,
    "id" | "state" | "reasons" | "mode" | "venue" | "symbol" | "mid" | "fills" | "restarts"
  > {
  readonly bids: number;
  readonly asks: number;
  readonly base: string;
  readonly quote: string;
  /** A perp's, signed; null: spot. */
  readonly position: string | null;
  /** The hedge's position, signed; null: the pair does not hedge. */
  readonly hedgePosition: string | null;
  /** What is held beyond the target on both legs together, base currency. */
  readonly netDelta: number;
  /** Of both legs. */
  readonly equity: string | null;
  readonly iqvRatio: number;
  readonly timeMs: number;
}

const QuerySchema = v.strictObject(
  { format: v.optional(v.picklist(["json", "text"])) },
  "is unknown",
);
const ParamsSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{1,12}$/)),
  command: v.picklist(PAIR_COMMANDS),
});

/** Adds all routes. */
export function addRoutes(app: Hono, options: RouteOptions): void {
  const { desk, version } = options;
  app.get("/health", (c) => {
    // Before the desk has started, its start is 0.
    const upMs = desk.startedMs === 0 ? 0 : Date.now() - desk.startedMs;
    const uptimeSeconds = Math.max(0, Math.floor(upMs / 1000));
    const line = `alive, version ${version}, up for ${uptimeSeconds} s`;
    return answer(c, { alive: true, version, uptimeSeconds }, line);
  });
  app.get("/ready", (c) => {
    const { ready, reasons } = desk.readiness();
    const line = ready ? "ready" : `not ready: ${reasons.join("; ")}`;
    return answer(c, { ready, reasons }, line, ready ? 200 : 503);
  });
  app.get("/pairs", (c) => {
    const pairs = desk.pairs();
    return answer(c, { pairs: pairs.map(summaryOf) }, pairs.map(pairLine).join("\n"));
  });
  app.get("/pairs/:id", (c) => {
    const status = pairOf(desk, c.req.param("id"));
    return answer(c, status, pairLines(status));
  });
  app.on(["GET", "POST"], "/pairs/:id/:command", changesState, async (c) => {
    const { id } = pairOf(desk, c.req.param("id"));
    const params = v.safeParse(ParamsSchema, { id, command: c.req.param("command") });
    if (!params.success) {
      const message = `there is no command of that name; there is ${PAIR_COMMANDS.join(", ")}`;
      throw new Refusal(404, { code: "no-command", message });
    }
    const { command } = params.output;
    const status = await desk.command(id, command);
    return answer(c, summaryOf(status), pairLine(status));
  });
  app.post("/config/reload", changesState, async (c) => {
    const report = await desk.reload();
    return answer(c, report, reloadLines(report));
  });
}

/** Refuses what a query says beyond `format`, so that a slip of the pen is not passed over. */
export function checkQuery(c: Context): void {
  const result = v.safeParse(QuerySchema, c.req.query());
  if (result.success) return;
  const names = result.issues.map((issue) => v.getDotPath(issue) ?? "").join(", ");
  const message = `the query has ${names}, which is unknown or has a wrong value`;
  throw new Refusal(400, { code: "bad-query", message, hint: "give format=json or format=text" });
}

/** JSON, or lines where the client asks for text by `?format=text` or `Accept: text/plain`. */
export function answer(
  c: Context,
  data: object,
  lines: string,
  status: ContentfulStatusCode = 200,
): Response {
  return wantsText(c) ? c.text(`${lines}\n`, status) : c.json(data, status);
}

function wantsText(c: Context): boolean {
  const format = c.req.query("format");
  if (format !== undefined) return format === "text";
  const supports = ["application/json", "text/plain"];
  return accepts(c, { header: "Accept", supports, default: "application/json" }) === "text/plain";
}

function pairOf(desk: TradingDesk, id: string): PairStatus {
  const status = v.is(ParamsSchema.entries.id, id) ? desk.pair(id) : undefined;
  if (status !== undefined) return status;
  const ids = desk.pairs().map((pair) => pair.id);
  const there = ids.length === 0 ? "none" : ids.join(", ");
  const shown = JSON.stringify(id.length > 40 ? `${id.slice(0, 39)}…` : id);
  throw new Refusal(404, {
    code: "no-pair",
    message: `there is no pair ${shown}; there is ${there}`,
  });
}

function summaryOf(status: PairStatus): PairSummary {
  const { id, state, reasons, mode, venue, symbol, mid, fills, restarts, timeMs } = status;
  const { netDelta, hedge, equity } = status;
  const { base, quote, position, iqvRatio } = status.inventory;
  return {
    id,
    state,
    reasons,
    mode,
    venue,
    symbol,
    mid,
    ...orderCounts(status),
    base,
    quote,
    position,
    hedgePosition: hedge?.position ?? null,
    netDelta,
    equity,
    iqvRatio,
    fills,
    restarts,
    timeMs,
  };
}
