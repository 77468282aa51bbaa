/**
 * Credentials: the API keys that the mock venue knows, and its check of signatures and timestamps,
 * with the real one's refusals. Knows secrets of HMAC keys; never puts one into a message. May
 * import domain, node:crypto and this folder.
 */

import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { InputError } from "#domain/errors.ts";
import { ApiError, badRequest, missing } from "./api-error.ts";
import type { Params } from "./params.ts";

/** By the venue's names: a key as it should be for a market maker. */
const TRADING_ONLY = {
  ipRestrict: true,
  enableReading: true,
  enableWithdrawals: false,
  enableInternalTransfer: false,
  enableMargin: false,
  enableFutures: false,
  permitsUniversalTransfer: false,
  enableVanillaOptions: false,
  enableFixApiTrade: false,
  enableFixReadOnly: false,
  enableSpotAndMarginTrading: true,
  enablePortfolioMarginTrading: false,
};
/** What the venue says that a key may do. It is told, not enforced. */
type KeyPermissions = Readonly<typeof TRADING_ONLY>;

/** A key that the venue shall know: of one kind or the other. */
export type ApiKeySetup = {
  readonly apiKey: string;
  /** What differs from a key that may trade on spot, from some addresses, and no more. */
  readonly permissions?: Partial<KeyPermissions>;
} & (
  | { readonly hmacSecret: string }
  /** SPKI: `-----BEGIN PUBLIC KEY-----` … */
  | { readonly ed25519PublicKeyPem: string }
);

export type KeyKind = "hmac" | "ed25519";

interface KnownKey extends Lock {
  readonly permissions: KeyPermissions;
}

interface Lock {
  readonly kind: KeyKind;
  readonly isSignedBy: (payload: string, signature: string) => boolean;
}

/** The form of a real key. Known keys need not have it. */
const KEY_FORM = /^[A-Za-z0-9]{64}$/;
const DEFAULT_WINDOW_MS = 5000;
const LONGEST_WINDOW_MS = 60_000;
const MOST_AHEAD_MS = 1000;
/** Timestamps from here on are microseconds. */
const MICROSECONDS_FROM = 1e15;

export class Credentials {
  readonly #keys: ReadonlyMap<string, KnownKey>;

  /** @throws {InputError} `bad-key` where a public key cannot be read */
  constructor(setups: readonly ApiKeySetup[]) {
    this.#keys = new Map(setups.map((setup) => [setup.apiKey, knownKey(setup)]));
  }

  /** @throws {ApiError} -2014, -2015 */
  kindOf(apiKey: string): KeyKind {
    return this.#known(apiKey).kind;
  }

  /**
   * @param payload exactly what the client is to have signed
   * @throws {ApiError} -2014, -2015, -1022
   */
  verify(apiKey: string, payload: string, signature: string): void {
    if (this.#known(apiKey).isSignedBy(payload, signature)) return;
    throw badRequest(-1022, "Signature for this request is not valid.");
  }

  /** @throws {ApiError} -2014, -2015 */
  permissionsOf(apiKey: string): KeyPermissions {
    return this.#known(apiKey).permissions;
  }

  #known(apiKey: string): KnownKey {
    const key = this.#keys.get(apiKey);
    if (key !== undefined) return key;
    if (!KEY_FORM.test(apiKey)) throw new ApiError(401, -2014, "API-key format invalid.");
    throw new ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.");
  }
}

/**
 * The venue's rule for `timestamp` and `recvWindow`.
 * @throws {ApiError} -1102, -1021, -1131
 */
export function checkTimestamp(params: Params, nowMs: number): void {
  const text = params.requiredText("timestamp");
  if (!/^\d{1,16}$/.test(text)) throw missing("timestamp");
  const sent = Number(text);
  const timestampMs = sent >= MICROSECONDS_FROM ? sent / 1000 : sent;
  const windowText = params.text("recvWindow");
  if (windowText !== undefined && !/^\d+(?:\.\d{1,3})?$/.test(windowText)) {
    throw missing("recvWindow");
  }
  const windowMs = windowText === undefined ? DEFAULT_WINDOW_MS : Number(windowText);
  if (windowMs > LONGEST_WINDOW_MS) {
    throw badRequest(-1131, "recvWindow must be less than 60000");
  }
  if (timestampMs >= nowMs + MOST_AHEAD_MS) {
    const message = "Timestamp for this request was 1000ms ahead of the server's time.";
    throw badRequest(-1021, message);
  }
  if (nowMs - timestampMs > windowMs) {
    throw badRequest(-1021, "Timestamp for this request is outside of the recvWindow.");
  }
}

function knownKey(setup: ApiKeySetup): KnownKey {
  return { ...lockOf(setup), permissions: { ...TRADING_ONLY, ...setup.permissions } };
}

function lockOf(setup: ApiKeySetup): Lock {
  if ("hmacSecret" in setup) {
    const { hmacSecret } = setup;
    return {
      kind: "hmac",
      isSignedBy: (payload, signature) => {
        const expected = createHmac("sha256", hmacSecret).update(payload).digest();
        const given = Buffer.from(signature, "hex");
        return given.length === expected.length && timingSafeEqual(given, expected);
      },
    };
  }
  const key = publicKey(setup.ed25519PublicKeyPem);
  return {
    kind: "ed25519",
    isSignedBy: (payload, signature) =>
      verify(null, Buffer.from(payload), key, Buffer.from(signature, "base64")),
  };
}

function publicKey(pem: string): KeyObject {
  const hint = "give an Ed25519 public key in PEM (SPKI)";
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new InputError("bad-key", "a public key of the mock venue cannot be read", { hint });
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  const kind = key.asymmetricKeyType ?? "unknown";
  throw new InputError("bad-key", `a public key of the mock venue is of type ${kind}`, { hint });
}
