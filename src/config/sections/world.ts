/** Sections shared by all pairs: `control`, `runtime`, `accounts`, `venues`. */

import * as v from "valibot";
import { documented, flag, integer, section, text } from "../fields.ts";

/** Upper case only: a pasted key has lower-case letters and is refused instead of looked up. */
const variableName = (effect: string): v.GenericSchema<string> =>
  text(
    { effect: `Name of the environment variable that holds ${effect}` },
    'the name of an environment variable such as "MM_KEY" (never the key itself)',
    /^[A-Z][A-Z0-9_]{0,63}$/,
  );

const ControlSection = section(
  { effect: "Where health and commands are served: docs/control.md." },
  {
    host: v.optional(
      text(
        { effect: "Address to listen on; 127.0.0.1 is this machine only." },
        "a host name or address",
        /^[A-Za-z0-9.:_-]{1,253}$/,
      ),
      "127.0.0.1",
    ),
    port: v.optional(
      integer(
        { unit: "TCP port", effect: "Port to listen on; 0 takes a free one." },
        { min: 0, max: 65_535 },
      ),
      8787,
    ),
    tokenEnv: v.optional(
      variableName(
        "the token that every call must bring (`Authorization: Bearer …`). Needed where host is " +
          "not this machine only. Absent: no token.",
      ),
    ),
  },
);

/** Whether only programs of this machine can reach what listens at a host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export const ControlSchema = v.pipe(
  ControlSection,
  v.forward(
    v.check(
      ({ host, tokenEnv }) => isLoopback(host) || tokenEnv !== undefined,
      ({ input }) =>
        `control.host ${input.host} can be reached from other machines: give the name of the ` +
        'environment variable with a token, such as "MM_CONTROL_TOKEN", or host "127.0.0.1"',
    ),
    ["tokenEnv"],
  ),
);

export const RuntimeSchema = section(
  { effect: "How the program itself runs." },
  {
    busyPoll: v.optional(
      flag({
        effect:
          "Whether each pair's thread asks for messages without pause instead of sleeping until " +
          "one comes: some 50 microseconds less from market to order, for a core kept busy by " +
          "every pair.",
      }),
      false,
    ),
  },
);

const WHOSE = { effect: "Whose account it is." };

const BinanceAccountSchema = section(
  { effect: "An account at Binance (spot and USD-M)." },
  {
    venue: v.pipe(v.literal("binance"), documented<"binance">(WHOSE, '"binance"')),
    apiKeyEnv: variableName("the API key."),
    secretEnv: variableName("the secret: an Ed25519 private key (PEM) or an HMAC secret."),
    deadMansSwitch: v.optional(
      flag({
        effect:
          "Whether USD-M is asked to cancel when mm falls silent. It then cancels every order of " +
          "the symbol, also those of others. Switch it off where somebody else trades that " +
          "symbol on the account. Spot has none.",
      }),
      true,
    ),
  },
);

const address = (effect: string): v.GenericSchema<string> =>
  text({ effect }, "0x and 40 hexadecimal digits", /^0x[0-9a-fA-F]{40}$/);

const HyperliquidAccountSchema = section(
  { effect: "An account at Hyperliquid." },
  {
    venue: v.pipe(v.literal("hyperliquid"), documented<"hyperliquid">(WHOSE, '"hyperliquid"')),
    address: address("Address of the master account, never that of the agent wallet."),
    agentKeyEnv: variableName(
      "the private key of an agent wallet (API wallet) that the master has approved: it can " +
        "trade and not withdraw.",
    ),
    vaultAddress: v.optional(
      address(
        "Sub-account or vault that is traded instead of the master itself; its orders, position " +
          "and margin are read. Absent: the master.",
      ),
    ),
    testnet: v.optional(
      flag({
        effect:
          "Whether orders are signed for the testnet. Give its addresses under " +
          "venues.hyperliquid too.",
      }),
      false,
    ),
    deadMansSwitch: v.optional(
      flag({
        effect:
          "Whether the venue is asked to cancel when mm falls silent (scheduleCancel, only for " +
          "accounts with enough volume behind them). It then cancels every order of the account, " +
          "also those of others, some 60 seconds after it last heard of mm. Switch it off where " +
          "somebody else trades on the account.",
      }),
      true,
    ),
  },
);

const ACCOUNT_ALLOWED = '"binance" or "hyperliquid"';

const AccountSchema = v.variant(
  "venue",
  [BinanceAccountSchema, HyperliquidAccountSchema],
  ({ path }) =>
    path === undefined ? "must be an object with venue and keys" : `must be ${ACCOUNT_ALLOWED}`,
);

const accountName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,31}$/,
    "an account's name must be 1 to 32 letters, digits, _ or -, a letter first",
  ),
);

export const AccountsSchema = v.pipe(
  v.record(accountName, AccountSchema, "must be an object of accounts by name"),
  documented<Record<string, v.InferOutput<typeof AccountSchema>>>(
    {
      effect:
        "Accounts by a name of your choice. Keys stay in the environment; here stand only names.",
    },
    "an object",
  ),
);

const http = (effect: string): v.GenericSchema<string> =>
  text({ effect }, "an http:// or https:// address", /^https?:\/\/[^\s]+$/);
const ws = (effect: string): v.GenericSchema<string> =>
  text({ effect }, "a ws:// or wss:// address", /^wss?:\/\/[^\s]+$/);

const binanceUrls = {
  restUrl: v.optional(http("Root of the REST API.")),
  wsApiUrl: v.optional(ws("The WebSocket API that takes orders.")),
  streamUrl: v.optional(ws("Root of the market and user streams.")),
};

export const VenuesSchema = section(
  { effect: "Other addresses for the venues: testnets, mock venues." },
  {
    "binance-spot": v.optional(
      section({ effect: "Addresses of Binance Spot. Absent: the venue's own." }, binanceUrls),
    ),
    "binance-perp": v.optional(
      section({ effect: "Addresses of Binance USD-M. Absent: the venue's own." }, binanceUrls),
    ),
    hyperliquid: v.optional(
      section(
        { effect: "Addresses of Hyperliquid. Absent: the venue's own." },
        {
          restUrl: v.optional(http("Root of the REST API.")),
          wsUrl: v.optional(ws("The whole address of the WebSocket for orders and streams.")),
        },
      ),
    ),
  },
);
