/**
 * Signatures of requests to Binance, by HMAC-SHA256 or Ed25519 key. REST signs the bytes of
 * query and body as they are sent (percent-encoded first); the WebSocket API signs the parameters
 * sorted by name, as raw UTF-8. A secret is kept in a closure and never part of a message. May
 * import domain, node:crypto and Bun's hasher; does no I/O.
 */

import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { InputError } from "#domain/errors.ts";

export interface Signer {
  /** Only an Ed25519 key can log a session on. */
  readonly kind: "hmac" | "ed25519";
  /** Hexadecimal for HMAC, base64 for Ed25519. */
  sign(payload: string): string;
}

/** Parameters of a request, as they appear in JSON. */
export type RequestParams = Readonly<Record<string, string | number | bigint | boolean>>;

/** @throws {InputError} `bad-key` where the secret is empty or has spaces around it */
export function hmacSigner(secret: string): Signer {
  if (secret === "" || secret.trim() !== secret) {
    throw badKey("the API secret is empty, or has spaces or line ends around it");
  }
  return {
    kind: "hmac",
    sign: (payload) => new Bun.CryptoHasher("sha256", secret).update(payload).digest("hex"),
  };
}

/**
 * @param pem an unencrypted Ed25519 private key, PKCS#8: `-----BEGIN PRIVATE KEY-----` …
 * @throws {InputError} `bad-key` where it is none
 */
export function ed25519Signer(pem: string): Signer {
  const key = privateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") {
    throw badKey(`the private key is of type ${key.asymmetricKeyType ?? "unknown"}, not Ed25519`);
  }
  return {
    kind: "ed25519",
    // Ed25519 hashes by itself, hence no algorithm.
    sign: (payload) => sign(null, Buffer.from(payload), key).toString("base64"),
  };
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is dropped: what a library says of a key it cannot read may quote the key.
    throw badKey("the private key cannot be read");
  }
}

function badKey(message: string): InputError {
  return new InputError("bad-key", message, {
    hint: "give the secret of an HMAC key, or an unencrypted Ed25519 private key in PEM (PKCS#8)",
  });
}

/** `name=value&…` percent-encoded, in the order given. */
export function encodeParams(params: RequestParams): string {
  return Object.entries(params)
    .map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
    .join("&");
}

/** All but RFC 3986's unreserved characters, so that no URL parser changes what was signed. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The signature of a REST request, percent-encoded: append `&signature=` and it, last.
 * @param query without its `?`, as it is sent
 * @param body of a form, as it is sent; the venue joins the two with nothing in between
 */
export function restSignature(signer: Signer, query: string, body = ""): string {
  return encode(signer.sign(query + body));
}

/** A whole signed query string for a REST request without a body. */
export function signedQuery(signer: Signer, params: RequestParams): string {
  const query = encodeParams(params);
  return `${query}&signature=${restSignature(signer, query)}`;
}

/** What is signed of a WebSocket API request: all parameters but the signature, by name. */
export function wsPayload(params: RequestParams): string {
  return Object.entries(params)
    .filter(([name]) => name !== "signature")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** The parameters with their signature; they contain `apiKey` and `timestamp` already. */
export function signedParams(signer: Signer, params: RequestParams): RequestParams {
  return { ...params, signature: signer.sign(wsPayload(params)) };
}
