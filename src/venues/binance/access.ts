/**
 * An account's key in the form in which requests use it. Holds a secret: never logged. May import
 * net and node:crypto through signing.ts; does no I/O.
 */

import { InputError } from "#domain/errors.ts";
import type { Credentials } from "../venue.ts";
import { ed25519Signer, hmacSigner, type Signer } from "./signing.ts";

export interface BinanceAccess {
  readonly apiKey: string;
  readonly signer: Signer;
}

/** @throws {InputError} `bad-key` where the secret is neither an HMAC secret nor an Ed25519 key */
export function accessOf(credentials: Credentials): BinanceAccess {
  if (credentials.kind !== "api-key") {
    throw new InputError("bad-key", "Binance takes API keys, not agent wallets");
  }
  const { apiKey, secret } = credentials;
  const isPem = secret.trimStart().startsWith("-----BEGIN");
  return { apiKey, signer: isPem ? ed25519Signer(secret) : hmacSigner(secret) };
}
