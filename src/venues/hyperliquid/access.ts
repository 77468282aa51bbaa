/**
 * An account of Hyperliquid in the form in which requests use it: whose state is read, for whom is
 * traded, and who signs. Holds a secret: never logged. May import domain; does no I/O.
 */

import { InputError } from "#domain/errors.ts";
import type { Credentials } from "../venue.ts";
import { ActionSigner } from "./signing.ts";

export interface HlAccess {
  /** Whose orders, fills and positions are read, lower case: the vault, else the master. */
  readonly user: string;
  /** Lower case. */
  readonly master: string;
  /** A sub-account or vault that is traded instead of the master, lower case. */
  readonly vaultAddress: string | null;
  readonly signer: ActionSigner;
  /** Whether the venue may be asked to cancel everything when we fall silent. */
  readonly deadMansSwitch: boolean;
}

/** @throws {InputError} `bad-key` where key or address are none */
export function accessOf(credentials: Credentials): HlAccess {
  if (credentials.kind !== "agent") {
    throw new InputError("bad-key", "Hyperliquid takes agent wallets, not API keys");
  }
  const { address, agentKey, vaultAddress, isTestnet, deadMansSwitch } = credentials;
  const master = addressOf(address, "address");
  const vault = vaultAddress === null ? null : addressOf(vaultAddress, "vaultAddress");
  const signer = new ActionSigner(agentKey, isTestnet);
  return { user: vault ?? master, master, vaultAddress: vault, signer, deadMansSwitch };
}

/** The text is not shown: it may be a key in the wrong place. */
function addressOf(text: string, field: string): string {
  if (/^0x[\da-f]{40}$/i.test(text)) return text.toLowerCase();
  throw new InputError("bad-key", `${field} is not 0x and 40 hexadecimal digits`, {
    hint: "give the address of the account itself, not of its agent wallet",
  });
}
