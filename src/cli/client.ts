/**
 * `mm status` and the commands to a pair: clients of a running MM's control plane. May use the
 * network (that one address) and write.
 */

import { Command } from "commander";
import * as v from "valibot";
import { loadConfig } from "#config/load.ts";
import { PAIR_COMMANDS } from "#control/routes.ts";
import { budgetText, hedgeTexts, switchText } from "#control/text.ts";
import { InputError, messageOf } from "#domain/errors.ts";
import { figures, table } from "./output.ts";

interface ClientOptions {
  readonly url?: string;
  readonly config?: string;
  readonly tokenEnv?: string;
  readonly json?: true;
}

/** Where MM listens unless its config says otherwise. */
const DEFAULT_URL = "http://127.0.0.1:8787";
const DEFAULT_TOKEN_ENV = "MM_CONTROL_TOKEN";
const TIMEOUT_MS = 30_000;

const EFFECTS: Readonly<Record<(typeof PAIR_COMMANDS)[number], string>> = {
  pause: "take a pair's orders off the market until it is resumed",
  resume: "quote again after a pause",
  cancel: "cancel a pair's orders now; it quotes on with new ones",
  flatten: "take a pair's orders off the market and close its hedge, until it is resumed",
  halt: "stop a pair until it is rearmed",
  rearm: "let a halted pair quote again",
};

/** `status` and one command for each thing that a pair can be told. */
export function clientCommands(): Command[] {
  const status = withOptions(new Command("status"))
    .description("show the pairs of a running mm, or one in full")
    .argument("[pair]", "the id of a pair")
    .action(showStatus);
  const commands = PAIR_COMMANDS.map((name) =>
    withOptions(new Command(name))
      .description(EFFECTS[name])
      .argument("<pair>", "the id of the pair")
      .action((pair: string, options: ClientOptions) => tell(pair, name, options)),
  );
  return [status, ...commands];
}

function withOptions(command: Command): Command {
  return command
    .option("--url <url>", `where mm listens (absent: the config's address, or ${DEFAULT_URL})`)
    .option("-c, --config <file>", "the config that mm runs with: its address and token")
    .option("--token-env <name>", `environment variable with the token (${DEFAULT_TOKEN_ENV})`)
    .option("--json", "print the answer as JSON");
}

/** What is shown of a pair; answers have more. */
const SummarySchema = v.object({
  id: v.string(),
  state: v.string(),
  reasons: v.array(v.string()),
  mode: v.string(),
  venue: v.string(),
  symbol: v.string(),
  mid: v.nullable(v.string()),
  bids: v.number(),
  asks: v.number(),
  base: v.string(),
  quote: v.string(),
  hedgePosition: v.nullable(v.string()),
  fills: v.number(),
});
const PairsSchema = v.object({ pairs: v.array(SummarySchema) });
const OrderSchema = v.object({
  side: v.string(),
  price: v.string(),
  size: v.string(),
  filled: v.string(),
  status: v.string(),
});
const BudgetSchema = v.object({
  name: v.string(),
  used: v.number(),
  limit: v.number(),
  windowMs: v.nullable(v.number()),
});
const SwitchSchema = v.variant("by", [
  v.object({ by: v.literal("venue"), afterMs: v.number() }),
  v.object({ by: v.literal("guardian"), reason: v.string() }),
]);
const StandingSchema = v.object({
  side: v.picklist(["buy", "sell"]),
  triggerPrice: v.string(),
  size: v.string(),
  isWorking: v.boolean(),
});
const ConnectionSchema = v.nullable(
  v.object({ budgets: v.array(BudgetSchema), deadMansSwitch: SwitchSchema }),
);
const HedgeSchema = v.object({
  venue: v.picklist(["binance-spot", "binance-perp", "hyperliquid"]),
  symbol: v.string(),
  baseAsset: v.string(),
  quoteAsset: v.string(),
  isConnected: v.boolean(),
  mid: v.nullable(v.string()),
  markPrice: v.nullable(v.string()),
  fundingRate: v.nullable(v.number()),
  nextFundingMs: v.nullable(v.number()),
  position: v.string(),
  activePosition: v.string(),
  passivePosition: v.string(),
  quote: v.string(),
  equity: v.nullable(v.string()),
  active: v.nullable(v.object({ state: v.string(), open: v.string(), isNeeded: v.boolean() })),
  passive: v.nullable(
    v.object({
      state: v.string(),
      anchorPrice: v.nullable(v.string()),
      entryPrice: v.nullable(v.string()),
      triggers: v.array(StandingSchema),
      stop: v.nullable(StandingSchema),
      open: v.string(),
      isCovered: v.boolean(),
    }),
  ),
  unhedgedSinceMs: v.nullable(v.number()),
  orders: v.array(OrderSchema),
  connection: ConnectionSchema,
});
const StatusSchema = v.object({
  id: v.string(),
  state: v.string(),
  reasons: v.array(v.string()),
  mode: v.string(),
  venue: v.string(),
  symbol: v.string(),
  mid: v.nullable(v.string()),
  orders: v.array(OrderSchema),
  inventory: v.object({
    base: v.string(),
    quote: v.string(),
    baseAsset: v.string(),
    quoteAsset: v.string(),
    position: v.nullable(v.string()),
  }),
  pnl: v.nullable(v.record(v.string(), v.string())),
  timeMs: v.number(),
  netDelta: v.number(),
  hedge: v.nullable(HedgeSchema),
  shape: v.string(),
  fills: v.number(),
  restarts: v.number(),
  guards: v.array(
    v.object({
      id: v.string(),
      tripped: v.boolean(),
      value: v.union([v.number(), v.string()]),
      limit: v.union([v.number(), v.string()]),
    }),
  ),
  connection: ConnectionSchema,
});
const ErrorSchema = v.object({
  error: v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) }),
});

async function showStatus(pair: string | undefined, options: ClientOptions): Promise<void> {
  const path = pair === undefined ? "/pairs" : `/pairs/${encodeURIComponent(pair)}`;
  const body = await call("GET", path, options);
  if (options.json === true) printJson(body);
  else if (pair === undefined) print(pairsText(read(PairsSchema, body).pairs));
  else print(statusText(read(StatusSchema, body)));
}

async function tell(pair: string, command: string, options: ClientOptions): Promise<void> {
  const body = await call("POST", `/pairs/${encodeURIComponent(pair)}/${command}`, options);
  if (options.json === true) printJson(body);
  else print(pairsText([read(SummarySchema, body)]));
}

function pairsText(pairs: readonly v.InferOutput<typeof SummarySchema>[]): string {
  const header = [
    "pair",
    "state",
    "mid",
    "bids",
    "asks",
    "base",
    "quote",
    "hedge",
    "fills",
    "market",
  ];
  const rows = pairs.map((pair) => [
    pair.id,
    stateText(pair),
    pair.mid ?? "-",
    String(pair.bids),
    String(pair.asks),
    pair.base,
    pair.quote,
    pair.hedgePosition ?? "-",
    String(pair.fills),
    `${pair.mode} ${pair.venue}:${pair.symbol}`,
  ]);
  return table(header, rows);
}

type Status = v.InferOutput<typeof StatusSchema>;

function statusText(status: Status): string {
  const { inventory, orders, guards, connection } = status;
  const hedge = status.hedge?.connection ?? null;
  const tripped = guards.filter((guard) => guard.tripped).map(({ id }) => id);
  const holds = inventory.position === null ? "holds" : "position";
  const head = figures([
    ["pair", `${status.id}, ${status.mode} on ${status.venue}:${status.symbol}`],
    ["state", stateText(status)],
    ["mid", status.mid ?? "unknown"],
    [holds, `${inventory.base} ${inventory.baseAsset}`],
    ["", `${inventory.quote} ${inventory.quoteAsset}`],
    ...under("hedge", hedgeTexts(status)),
    ...under("pnl", pnlTexts(status.pnl)),
    ["shape", status.shape],
    ["fills", String(status.fills)],
    ["restarts", String(status.restarts)],
    ["guards", tripped.length === 0 ? "all quiet" : tripped.join(", ")],
    ...under("", inventory.position === null ? [] : liquidationTexts(guards)),
    ...under("budgets", connection?.budgets.map(budgetText) ?? []),
    ...under("  of its hedge", hedge?.budgets.map(budgetText) ?? []),
    ...under("if mm dies", connection === null ? [] : [switchText(connection.deadMansSwitch)]),
    ...under("  to its hedge", hedge === null ? [] : [switchText(hedge.deadMansSwitch)]),
  ]);
  const own = ordersText(orders);
  if (status.hedge === null) return `${head}\n\n${own}`;
  return `${head}\n\n${own}\n\nhedge:\n${ordersText(status.hedge.orders)}`;
}

function ordersText(orders: Status["orders"]): string {
  if (orders.length === 0) return "no open orders";
  const rows = orders.map(({ side, price, size, filled, status }) => [
    side,
    price,
    size,
    filled,
    status,
  ]);
  return table(["side", "price", "size", "filled", "status"], rows);
}

/** Lines of one thing: its name before the first of them. */
function under(name: string, texts: readonly string[]): [string, string][] {
  return texts.map((text, index) => [index === 0 ? name : "", text]);
}

function pnlTexts(pnl: Status["pnl"]): string[] {
  return Object.entries(pnl ?? {}).map(([name, value]) => `${name} ${value}`);
}

function liquidationTexts(guards: Status["guards"]): string[] {
  return guards
    .filter(({ id }) => id === "liquidation-distance")
    .map(({ id, value, limit }) => {
      const distance = typeof value === "number" ? `${value} %` : value;
      return `${id} ${distance}, its limit ${limit} %`;
    });
}

function stateText({ state, reasons }: { state: string; reasons: readonly string[] }): string {
  return reasons.length === 0 ? state : `${state}: ${reasons.join("; ")}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printJson(body: unknown): void {
  print(JSON.stringify(body, null, 2));
}

/** One call. @throws {InputError} with what the other side says, or that there is none */
async function call(method: string, path: string, options: ClientOptions): Promise<unknown> {
  const { url, token } = await target(options);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      // A server that is no mm could send the token elsewhere.
      redirect: "error",
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body = await response.json();
  } catch (cause) {
    throw new InputError("no-answer", `nothing that speaks for mm answers: ${messageOf(cause)}`, {
      where: url,
      hint: "start it with mm run or mm demo, or name its address with --url or -c FILE",
      cause,
    });
  }
  if (response.ok) return body;
  const { error } = read(ErrorSchema, body);
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  throw new InputError(error.code, error.message, { where: `${url}${path}`, ...hint });
}

/** The address and token, from options first, then the config, then what is usual. */
async function target(options: ClientOptions): Promise<{ url: string; token: string | null }> {
  const control =
    options.config === undefined ? undefined : (await loadConfig(options.config)).config.control;
  const tokenEnv = options.tokenEnv ?? control?.tokenEnv;
  const token = process.env[tokenEnv ?? DEFAULT_TOKEN_ENV] ?? null;
  if (tokenEnv !== undefined && token === null) {
    throw new InputError("no-token", `the environment variable ${tokenEnv} is not set`, {
      where: options.tokenEnv === undefined ? "control.tokenEnv" : "--token-env",
      hint: "put the token of the running mm in it",
    });
  }
  const url = options.url ?? (control === undefined ? DEFAULT_URL : urlOf(control));
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new InputError("bad-option", `${JSON.stringify(url)} is no http address`, {
      where: "--url",
      hint: `give one such as ${DEFAULT_URL}`,
    });
  }
  return { url: url.replace(/\/+$/, ""), token };
}

/** A server that listens on every address is called on this machine. */
function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  if (port === 0) {
    throw new InputError("bad-option", "the config leaves the port open", {
      where: "control.port",
      hint: "name the address that mm printed with --url",
    });
  }
  if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
  return host.includes(":") ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

/** Reads an answer. What does not fit is another version of mm, or something else altogether. */
function read<const T extends v.GenericSchema>(schema: T, body: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  throw new InputError("bad-answer", "what answers is no mm, or one of another version", {
    hint: "name its address with --url or -c FILE",
  });
}
