/**
 * Signatures of Hyperliquid's actions by an agent wallet, synchronously. An action is hashed by the
 * venue's SDK as its keys stand (MessagePack, then nonce, vault and expiry), and that hash is
 * signed as EIP-712 data of a fixed domain; the curve is @noble/secp256k1 (RFC 6979, low s). The
 * same wallet can be handed to the SDK. A key is kept in a private field and never part of a
 * message. May import domain, those libraries and Bun's hasher; does no I/O.
 */

import { createL1ActionHash } from "@nktkas/hyperliquid/signing";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { getPublicKey, hashes, sign, utils } from "@noble/secp256k1";
import { InputError, InvariantError } from "#domain/errors.ts";
import type { HlAction } from "./api.ts";
import {
  DIGEST_PREFIX,
  domainSeparator,
  type TypedData,
  typedDataDigest,
  typeHash,
} from "./typed-data.ts";

// The curve's synchronous half has no hash of its own, for its RFC 6979. Bun's is native: with
// @noble/hashes a signature took half as long again.
hashes.hmacSha256 = (key, message) =>
  new Uint8Array(new Bun.CryptoHasher("sha256", key).update(message).digest());

type Hex = `0x${string}`;

/** As it is sent: `r` and `s` are 0x and 64 digits. */
export interface Signature {
  readonly r: Hex;
  readonly s: Hex;
  readonly v: 27 | 28;
}

/** What is signed of an action besides itself. */
export interface SignOptions {
  readonly nonce: number;
  /** 0x and 40 hexadecimal digits; null: the master itself is traded. */
  readonly vaultAddress: string | null;
  /** Venue's clock; null: the action does not expire. */
  readonly expiresAfterMs: number | null;
}

const WORD_BYTES = 32;

const DOMAIN_SEPARATOR = domainSeparator({
  name: "Exchange",
  version: "1",
  chainId: 1337,
  verifyingContract: "0x0000000000000000000000000000000000000000",
});
const AGENT_TYPE_HASH = typeHash("Agent", [
  { name: "source", type: "string" },
  { name: "connectionId", type: "bytes32" },
]);

/** A private key that signs digests. Has what the SDK asks of a wallet. */
export class AgentWallet {
  /** 0x and 40 lower-case hexadecimal digits. */
  readonly address: Hex;
  readonly #key: Uint8Array;

  /**
   * @throws {InputError} `bad-key` where it is not 0x and 64 hexadecimal digits, or out of range
   */
  constructor(agentKey: string) {
    const digits = /^0x([\da-f]{64})$/i.exec(agentKey)?.[1];
    if (digits === undefined) throw badKey("the agent key is not 0x and 64 hexadecimal digits");
    this.#key = hexToBytes(digits);
    if (!utils.isValidSecretKey(this.#key)) throw badKey("the agent key is no key of secp256k1");
    // The address is the end of the hash of the public key, without the byte that says its form.
    const hash = keccak_256(getPublicKey(this.#key, false).subarray(1));
    this.address = `0x${bytesToHex(hash.subarray(-20))}`;
  }

  /** @param digest 32 bytes */
  signDigest(digest: Uint8Array): Signature {
    const bytes = sign(digest, this.#key, { prehash: false, format: "recovered" });
    const recovery = bytes[0];
    // A sum that passed the order of the group has 2 or 3: as likely as to guess the key.
    if (recovery !== 0 && recovery !== 1) throw new InvariantError("a signature without its side");
    const hex = bytesToHex(bytes.subarray(1));
    return {
      r: `0x${hex.slice(0, 2 * WORD_BYTES)}`,
      s: `0x${hex.slice(2 * WORD_BYTES)}`,
      v: recovery === 0 ? 27 : 28,
    };
  }

  /** For the SDK: one parameter, 65 bytes of r, s and v. */
  signTypedData(data: TypedData): Promise<Hex> {
    return Promise.try(() => {
      const { r, s, v } = this.signDigest(typedDataDigest(data));
      return `0x${r.slice(2)}${s.slice(2)}${v.toString(16)}` as const;
    });
  }
}

/** Signs actions of one account's agent. */
export class ActionSigner {
  /** Of the agent, lower case. */
  readonly address: string;
  readonly #wallet: AgentWallet;
  /** Type hash, hash of the source, and a place for the hash of the action. */
  readonly #struct: Uint8Array;
  /** Prefix, domain separator, and a place for the hash of the struct. */
  readonly #signed: Uint8Array;

  /** @throws {InputError} `bad-key` */
  constructor(agentKey: string, isTestnet: boolean) {
    this.#wallet = new AgentWallet(agentKey);
    this.address = this.#wallet.address;
    const source = keccak_256(utf8ToBytes(isTestnet ? "b" : "a"));
    this.#struct = joined(AGENT_TYPE_HASH, source);
    this.#signed = joined(DIGEST_PREFIX, DOMAIN_SEPARATOR);
  }

  /** @param action with its keys in the order in which they are sent */
  sign(action: HlAction, { nonce, vaultAddress, expiresAfterMs }: SignOptions): Signature {
    const hash = createL1ActionHash({
      action,
      nonce,
      ...(vaultAddress !== null && { vaultAddress: `0x${vaultAddress.slice(2)}` as const }),
      ...(expiresAfterMs !== null && { expiresAfter: expiresAfterMs }),
    });
    place(this.#struct, hexToBytes(hash.slice(2)));
    place(this.#signed, keccak_256(this.#struct));
    return this.#wallet.signDigest(keccak_256(this.#signed));
  }
}

/** Both, and room for 32 bytes more. */
function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length + WORD_BYTES);
  bytes.set(first, 0);
  bytes.set(second, first.length);
  return bytes;
}

/** Puts the 32 bytes into the room at the end. */
function place(bytes: Uint8Array, last: Uint8Array): void {
  bytes.set(last, bytes.length - WORD_BYTES);
}

function badKey(message: string): InputError {
  return new InputError("bad-key", message, {
    hint: "give the private key of an agent wallet (API wallet) that the account has approved",
  });
}
