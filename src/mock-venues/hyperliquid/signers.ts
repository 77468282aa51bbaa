/**
 * Signers: who may act for the account, and who signed an action. Independent of our adapter: the
 * hash of the action is the SDK's, the rest follows the standards (EIP-712, secp256k1, keccak-256).
 * A signature by nobody known looks like one of a random address, as at the real venue.
 */

import { createL1ActionHash } from "@nktkas/hyperliquid/signing";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { recoverPublicKey } from "@noble/secp256k1";
import { InputError } from "#domain/errors.ts";
import type { HlAccountSetup, HlAgent, HlSubAccount } from "./rules.ts";

/** An action as its sender must have signed it: canonical key order and numbers. */
export interface SignedAction {
  readonly action: Readonly<Record<string, unknown>>;
  readonly nonce: number;
  /** Lower case. */
  readonly vaultAddress: `0x${string}` | null;
  readonly expiresAfter: number | null;
  readonly signature: { readonly r: string; readonly s: string; readonly v: 27 | 28 };
}

const WORD_DIGITS = 64;
const ADDRESS = /^0x[\da-f]{40}$/;
const CHAIN_ID = 1337;

const keccakOfText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

const DOMAIN = keccak_256(
  concatBytes(
    keccakOfText(
      "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    ),
    keccakOfText("Exchange"),
    keccakOfText("1"),
    hexToBytes(CHAIN_ID.toString(16).padStart(WORD_DIGITS, "0")),
    new Uint8Array(WORD_DIGITS / 2),
  ),
);
const AGENT_TYPE = keccakOfText("Agent(string source,bytes32 connectionId)");
const PREFIX = hexToBytes("1901");

export class Signers {
  /** Lower case, like every address here. */
  readonly master: string;
  readonly subAccount: HlSubAccount | null;
  readonly agents: readonly HlAgent[];
  readonly #source: Uint8Array;

  /** @throws {InputError} `bad-account` where an address is none */
  constructor(setup: HlAccountSetup, isTestnet: boolean) {
    this.master = addressOf(setup.master);
    this.agents = setup.agents.map((agent) => ({ ...agent, address: addressOf(agent.address) }));
    const { subAccount } = setup;
    this.subAccount =
      subAccount === undefined ? null : { ...subAccount, address: addressOf(subAccount.address) };
    this.#source = keccakOfText(isTestnet ? "b" : "a");
  }

  /** Whose state is traded. */
  get user(): string {
    return this.subAccount?.address ?? this.master;
  }

  /** Whether an address may act for the master now. */
  mayAct(address: string, nowMs: number): boolean {
    if (address === this.master) return true;
    return this.agents.some((agent) => {
      return agent.address === address && (agent.validUntilMs ?? Infinity) > nowMs;
    });
  }

  /** The address that signed, lower case; null where the signature is none at all. */
  signerOf({ action, nonce, vaultAddress, expiresAfter, signature }: SignedAction): string | null {
    const connectionId = createL1ActionHash({
      action,
      nonce,
      ...(vaultAddress === null ? {} : { vaultAddress }),
      ...(expiresAfter === null ? {} : { expiresAfter }),
    });
    const struct = keccak_256(
      concatBytes(AGENT_TYPE, this.#source, hexToBytes(connectionId.slice(2))),
    );
    const digest = keccak_256(concatBytes(PREFIX, DOMAIN, struct));
    const recovered = concatBytes(
      Uint8Array.of(signature.v - 27),
      hexToBytes(signature.r.slice(2).padStart(WORD_DIGITS, "0")),
      hexToBytes(signature.s.slice(2).padStart(WORD_DIGITS, "0")),
    );
    try {
      const publicKey = recoverPublicKey(recovered, digest, {
        prehash: false,
        isCompressed: false,
      });
      return addressOfKey(publicKey);
    } catch {
      // Out of the curve's range: no key can have made it.
      return null;
    }
  }
}

function addressOf(text: string): string {
  const address = text.toLowerCase();
  if (!ADDRESS.test(address)) {
    throw new InputError("bad-account", `${JSON.stringify(text)} is no address`);
  }
  return address;
}

function addressOfKey(publicKey: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(publicKey.slice(1)).slice(-20))}`;
}
