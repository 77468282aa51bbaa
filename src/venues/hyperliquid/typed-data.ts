/**
 * EIP-712: what a wallet signs of typed data. As much of it as Hyperliquid uses: one struct of
 * plain members. Pure; imports a hash.
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { InvariantError } from "#domain/errors.ts";

interface Member {
  readonly name: string;
  readonly type: string;
}

/** As wallets are given it; `types` may contain `EIP712Domain` and others that are not used. */
export interface TypedData {
  readonly domain: Domain;
  readonly types: Readonly<Record<string, readonly Member[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: string;
}

const DOMAIN_TYPE: readonly Member[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

const WORD_BYTES = 32;

/** The 32 bytes to sign. @throws {InvariantError} for a type or a value that is not known here */
export function typedDataDigest({ domain, types, primaryType, message }: TypedData): Uint8Array {
  const members = types[primaryType];
  if (members === undefined) throw new InvariantError(`no members of type ${primaryType}`);
  const struct = keccak_256(
    concatBytes(
      typeHash(primaryType, members),
      ...members.map(({ name, type }) => wordOf(type, message[name], name)),
    ),
  );
  return keccak_256(concatBytes(DIGEST_PREFIX, domainSeparator(domain), struct));
}

/** What stands before domain separator and struct hash. */
export const DIGEST_PREFIX: Uint8Array = Uint8Array.of(0x19, 0x01);

export function domainSeparator(domain: Domain): Uint8Array {
  return keccak_256(
    concatBytes(
      typeHash("EIP712Domain", DOMAIN_TYPE),
      wordOf("string", domain.name, "name"),
      wordOf("string", domain.version, "version"),
      wordOf("uint256", domain.chainId, "chainId"),
      wordOf("address", domain.verifyingContract, "verifyingContract"),
    ),
  );
}

export function typeHash(name: string, members: readonly Member[]): Uint8Array {
  const list = members.map((member) => `${member.type} ${member.name}`).join(",");
  return keccak_256(utf8ToBytes(`${name}(${list})`));
}

/** One member as its 32 bytes. */
function wordOf(type: string, value: unknown, name: string): Uint8Array {
  if (type === "string" && typeof value === "string") return keccak_256(utf8ToBytes(value));
  if (type === "bool" && typeof value === "boolean") return leftPadded(value ? "1" : "0");
  if (type === "bytes32" && isHexOf(value, 64)) return hexToBytes(value.slice(2));
  if (type === "address" && isHexOf(value, 40)) return leftPadded(value.slice(2));
  if (/^uint(?:64|256)$/.test(type) && isCount(value)) return leftPadded(value.toString(16));
  throw new InvariantError(`member ${name} cannot be hashed as ${type}`);
}

function isHexOf(value: unknown, digits: number): value is string {
  return typeof value === "string" && value.length === 2 + digits && /^0x[\da-f]+$/i.test(value);
}

function isCount(value: unknown): value is number | bigint {
  if (typeof value === "bigint") return value >= 0n && value < 2n ** 64n;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function leftPadded(hex: string): Uint8Array {
  return hexToBytes(hex.padStart(2 * WORD_BYTES, "0"));
}
