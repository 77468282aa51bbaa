/** Keys of an account of Binance, as their owner has them and as our mock venues do. */

import { generateKeyPairSync } from "node:crypto";
import type { ApiKeySetup } from "#mock-venues/binance/credentials.ts";
import type { ApiKeyCredentials } from "#venues/venue.ts";
import type { WrongKey } from "./venue-under-test.ts";

export type KeyKind = "hmac" | "ed25519";

export interface NewKey {
  readonly credentials: ApiKeyCredentials;
  readonly setup: ApiKeySetup;
}

/** A key of this kind as its owner has it, and as the venue does. */
export function newKey(kind: KeyKind, apiKey: string): NewKey {
  if (kind === "hmac") {
    const secret = `secret of ${apiKey}`;
    const setup = { apiKey, hmacSecret: secret };
    return { credentials: { kind: "api-key", apiKey, secret }, setup };
  }
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const secret = privateKey.export({ type: "pkcs8", format: "pem" });
  const ed25519PublicKeyPem = publicKey.export({ type: "spki", format: "pem" });
  const setup = { apiKey, ed25519PublicKeyPem };
  return { credentials: { kind: "api-key", apiKey, secret }, setup };
}

/** Keys that will not do, beside one that does. */
export function wrongKeys(kind: KeyKind, right: ApiKeyCredentials): readonly WrongKey[] {
  const another = newKey(kind, "another").credentials.secret;
  return [
    wrongKey(newKey(kind, "w".repeat(64)).credentials, /check the API key/),
    wrongKey({ ...right, secret: another }, /secret/),
  ];
}

function wrongKey(credentials: ApiKeyCredentials, hint: RegExp): WrongKey {
  return { credentials, hint, secrets: [credentials.apiKey, credentials.secret] };
}
