/**
 * Whether an agent wallet may trade for its account, and what is to be known about both. The venue
 * tells who an address is; an agent can never withdraw, the account's own key can. Asks through
 * HlApi; does no other I/O.
 */

import * as v from "valibot";
import { decimal } from "#domain/decimal.ts";
import { InputError } from "#domain/errors.ts";
import { Amount, Count, parsed } from "../wire.ts";
import type { HlAccess } from "./access.ts";
import type { HlApi } from "./api.ts";
import { badKey, resultIn } from "./desk-errors.ts";

/** Before its end an agent wallet has to be replaced: time for somebody to do so. */
const EXPIRES_SOON_MS = 7 * 86_400_000;

const Role = v.variant("role", [
  v.object({ role: v.literal("agent"), data: v.object({ user: v.string() }) }),
  v.object({ role: v.literal("subAccount"), data: v.object({ master: v.string() }) }),
  v.object({ role: v.picklist(["missing", "user", "vault"]) }),
]);
const ExtraAgents = v.array(
  v.object({ address: v.string(), name: v.string(), validUntil: v.nullish(Count, null) }),
);
const Abstraction = v.string();
const SpotState = v.object({ balances: v.array(v.object({ coin: v.string(), total: Amount })) });

/** Balances lie together with those of spot, and an account's actions are capped by the day. */
const SHARED_MARGIN: ReadonlyMap<string, string> = new Map([
  ["unifiedAccount", "unified account"],
  ["portfolioMargin", "portfolio margin"],
]);

/**
 * @returns whose key signs: an agent's, or the account's own, which may withdraw
 * @throws {InputError} `bad-key`, `no-permission`; {MmError}
 */
export async function signerOf(
  api: HlApi,
  { signer, master, vaultAddress }: HlAccess,
): Promise<"agent" | "master"> {
  const address = signer.address.toLowerCase();
  const isMaster = address === master;
  if (!isMaster) await checkAgent(api, address, master);
  if (vaultAddress !== null) await checkVault(api, vaultAddress, master);
  return isMaster ? "master" : "agent";
}

async function checkAgent(api: HlApi, address: string, master: string): Promise<void> {
  const role = await roleOf(api, address);
  if (role.role === "agent" && role.data.user.toLowerCase() === master) return;
  const owner = role.role === "agent" ? `it is one of ${role.data.user}` : "it is nobody's";
  throw badKey(`${address} is no agent wallet of ${master}: ${owner}`);
}

async function checkVault(api: HlApi, vaultAddress: string, master: string): Promise<void> {
  const role = await roleOf(api, vaultAddress);
  // Whether a vault is led by this account is told by its refusals.
  if (role.role === "vault") return;
  if (role.role === "subAccount" && role.data.master.toLowerCase() === master) return;
  throw new InputError("no-permission", `${vaultAddress} is no sub-account of ${master}`, {
    hint: "check `vaultAddress`, and that `address` is the account that it belongs to",
  });
}

async function roleOf(api: HlApi, user: string): Promise<v.InferOutput<typeof Role>> {
  return parsed(Role, resultIn(await api.info({ type: "userRole", user })), "userRole");
}

/**
 * @returns warnings for people, a sentence each
 * @throws {InputError} `key-may-withdraw`, `bad-key`, `no-permission`; {MmError}
 */
export async function checkSigner(api: HlApi, access: HlAccess): Promise<string[]> {
  if ((await signerOf(api, access)) === "master") {
    throw new InputError("key-may-withdraw", "the key is the account's own: it may withdraw", {
      hint: "approve an agent wallet (API wallet) for the account, and give its private key",
    });
  }
  return [...(await expiryWarnings(api, access)), ...(await marginWarnings(api, access))];
}

async function expiryWarnings(api: HlApi, { signer, master }: HlAccess): Promise<string[]> {
  const json = resultIn(await api.info({ type: "extraAgents", user: master }));
  const agents = parsed(ExtraAgents, json, "extraAgents");
  const own = agents.find(({ address }) => address.toLowerCase() === signer.address.toLowerCase());
  const validUntil = own?.validUntil ?? null;
  if (validUntil === null || validUntil - api.venueNowMs() > EXPIRES_SOON_MS) return [];
  const when = new Date(validUntil).toISOString();
  return [`The agent wallet ${signer.address} expires on ${when}: replace it before.`];
}

async function marginWarnings(api: HlApi, { user }: HlAccess): Promise<string[]> {
  const answer = await api.info({ type: "userAbstraction", user });
  const mode = answer.kind === "answered" ? v.safeParse(Abstraction, answer.result) : null;
  const name = mode?.success === true ? SHARED_MARGIN.get(mode.output) : undefined;
  const advice = "market makers are advised to use the standard mode.";
  if (name === undefined) return [];
  const usdc = await spotUsdc(api, user);
  const where = usdc === null || !decimal(usdc).gt("0") ? "" : ` (USDC there: ${usdc})`;
  return [
    `The account is in the mode ${name}: its balances lie with those of spot${where} and its ` +
      `actions are capped at 50000 a day; ${advice}`,
  ];
}

/** Null where the venue does not tell. */
async function spotUsdc(api: HlApi, user: string): Promise<string | null> {
  const answer = await api.info({ type: "spotClearinghouseState", user });
  if (answer.kind !== "answered") return null;
  const state = v.safeParse(SpotState, answer.result);
  if (!state.success) return null;
  return state.output.balances.find(({ coin }) => coin === "USDC")?.total ?? "0";
}
