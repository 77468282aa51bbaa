/** The keys that the SDKs sign by, and how the mock venues know them. Worth nothing anywhere. */

import { createPrivateKey, createPublicKey } from "node:crypto";
import type { ApiKeySetup } from "#mock-venues/binance/credentials.ts";

export const HMAC_KEY = { apiKey: "h".repeat(64), apiSecret: "a secret of tests" };
const ED_KEY = {
  apiKey: "e".repeat(64),
  /** The first key of RFC 8032. */
  privateKey: `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`,
};
export type KeyKind = "HMAC" | "Ed25519";
export type SdkKey = typeof HMAC_KEY | typeof ED_KEY;

export const VENUE_KEYS: readonly ApiKeySetup[] = [
  { apiKey: HMAC_KEY.apiKey, hmacSecret: HMAC_KEY.apiSecret },
  {
    apiKey: ED_KEY.apiKey,
    ed25519PublicKeyPem: createPublicKey(createPrivateKey(ED_KEY.privateKey)).export({
      type: "spki",
      format: "pem",
    }),
  },
];

export function keyOf(kind: KeyKind): SdkKey {
  return kind === "HMAC" ? HMAC_KEY : ED_KEY;
}

/** A key that the venue knows, with another secret than the venue has. */
export const WRONG_SECRET: SdkKey = { ...HMAC_KEY, apiSecret: "another secret" };
export const UNKNOWN_KEY: SdkKey = { ...HMAC_KEY, apiKey: "u".repeat(64) };
export const MALFORMED_KEY: SdkKey = { ...HMAC_KEY, apiKey: "no key" };
