/** Signatures against the examples of Binance's documentation, and against a checker of our own. */

import { describe, expect, test } from "bun:test";
import { createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import * as fc from "fast-check";
import { InputError } from "#domain/errors.ts";
import {
  ed25519Signer,
  encodeParams,
  hmacSigner,
  type RequestParams,
  restSignature,
  signedParams,
  signedQuery,
  wsPayload,
} from "#venues/binance/signing.ts";

/** Published examples: rest-api.md and web-socket-api.md of binance-spot-api-docs. */
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
/** Key 1 of RFC 8032, section 7.1. */
const PEM = pem("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g");
const PUBLIC_KEY = createPublicKey(
  "-----BEGIN PUBLIC KEY-----\n" +
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" +
    "-----END PUBLIC KEY-----\n",
);
const ED25519_API_KEY = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO";

function pem(body: string): string {
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
}

const LIMIT_ORDER = {
  symbol: "LTCBTC",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTC",
  quantity: "1",
  price: "0.1",
  recvWindow: 5000,
  timestamp: 1499827319559,
};

describe("HMAC", () => {
  const signer = hmacSigner(SECRET);

  const rest: [name: string, params: RequestParams, payload: string, signature: string][] = [
    [
      "1: ASCII",
      LIMIT_ORDER,
      "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1" +
        "&recvWindow=5000&timestamp=1499827319559",
      "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ],
    [
      "2: full-width digits, encoded before they are signed",
      { ...LIMIT_ORDER, symbol: "１２３４５６" },
      "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT" +
        "&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
      "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ],
    [
      "6: a timestamp alone",
      { timestamp: 1578963600000 },
      "timestamp=1578963600000",
      "d84e6641b1e328e7b418fff030caed655c266299c9355e36ce801ed14631eed4",
    ],
  ];
  test.each(rest)("REST example %s", (_name, params, payload, signature) => {
    expect(encodeParams(params)).toBe(payload);
    expect(restSignature(signer, payload)).toBe(signature);
    expect(signedQuery(signer, params)).toBe(`${payload}&signature=${signature}`);
  });

  test("REST example 3: query and body are joined with nothing in between", () => {
    const query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC";
    const body = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
    expect(restSignature(signer, query, body)).toBe(
      "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
    );
  });

  const ws: [name: string, params: RequestParams, payload: string, signature: string][] = [
    [
      "4: ASCII",
      {
        symbol: "BTCUSDT",
        side: "SELL",
        type: "LIMIT",
        timeInForce: "GTC",
        quantity: "0.01000000",
        price: "52000.00",
        recvWindow: 100,
        timestamp: 1645423376532,
        apiKey: API_KEY,
      },
      `apiKey=${API_KEY}&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL` +
        "&symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT",
      "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
    ],
    [
      "5: full-width digits, not encoded",
      {
        symbol: "１２３４５６",
        side: "BUY",
        type: "LIMIT",
        timeInForce: "GTC",
        quantity: "1.00000000",
        price: "0.10000000",
        recvWindow: 5000,
        timestamp: 1645423376532,
        apiKey: API_KEY,
      },
      `apiKey=${API_KEY}&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY` +
        "&symbol=１２３４５６&timeInForce=GTC&timestamp=1645423376532&type=LIMIT",
      "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    ],
  ];
  test.each(ws)("WebSocket example %s", (_name, params, payload, signature) => {
    expect(wsPayload(params)).toBe(payload);
    expect(signedParams(signer, params)).toEqual({ ...params, signature });
    // Signing again what is signed changes nothing: the signature is no part of the payload.
    expect(signedParams(signer, signedParams(signer, params))).toEqual({ ...params, signature });
  });

  test("agrees with node's HMAC on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (payload) => {
        expect(signer.sign(payload)).toBe(
          createHmac("sha256", SECRET).update(payload).digest("hex"),
        );
      }),
    );
  });
});

describe("Ed25519", () => {
  const signer = ed25519Signer(PEM);

  const vectors: [name: string, payload: string, signature: string][] = [
    [
      "REST",
      "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2" +
        "&timestamp=1668481559918&recvWindow=5000",
      "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg==",
    ],
    [
      "WebSocket order",
      `apiKey=${ED25519_API_KEY}&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL` +
        "&symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT",
      "Ws+5m/CMnpkko0uBFxGTZ2+fjqqBXsUjRiaz173fPhXTkhoDBYNZ6wcYNeWItdrGn1pvG7vkwx2fhmJdAZ3KDQ==",
    ],
    [
      "logon",
      `apiKey=${ED25519_API_KEY}&timestamp=1649729878532`,
      "NBJq5sX1RkU7ta3XDctruMgnrhyBcouMvvPIxxQSCUbVWxhp3ai6W7a0Iip/3nOwmJxkVIv6n20cekYCOa5qAg==",
    ],
  ];
  test.each(vectors)("%s", (_name, payload, signature) => {
    expect(signer.sign(payload)).toBe(signature);
  });

  test("a signature is encoded in a query and raw in a message", () => {
    const params = { apiKey: ED25519_API_KEY, timestamp: 1649729878532 };
    const [, , logon] = vectors[2] ?? [];
    expect(signedParams(signer, params)["signature"]).toBe(logon ?? "");
    expect(signedQuery(signer, params)).toEndWith(
      "&signature=NBJq5sX1RkU7ta3XDctruMgnrhyBcouMvvPIxxQSCUbVWxhp3ai6W7a0Iip%2F3nOwmJxkVIv6n20" +
        "cekYCOa5qAg%3D%3D",
    );
  });

  test("the public key verifies a signature of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (payload) => {
        const signature = Buffer.from(signer.sign(payload), "base64");
        expect(verify(null, Buffer.from(payload), PUBLIC_KEY, signature)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

test("what is signed is what a URL sends, whatever the values are", () => {
  const params = fc.dictionary(
    fc.string({ unit: "grapheme", minLength: 1 }),
    fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean()),
  );
  fc.assert(
    fc.property(params, (values) => {
      const query = encodeParams(values);
      const url = new URL(`https://example.org/order?${query}`);
      expect(url.search).toBe(query === "" ? "" : `?${query}`);
      for (const [name, value] of Object.entries(values)) {
        expect(url.searchParams.get(name)).toBe(String(value));
      }
    }),
  );
});

describe("a bad key is refused and not shown", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const rsaPem = rsa.export({ type: "pkcs8", format: "pem" });
  const bad: [name: string, make: () => unknown, secret: string][] = [
    ["an empty secret", () => hmacSigner(""), SECRET],
    ["a secret with a line end", () => hmacSigner(`${SECRET}\n`), SECRET],
    ["a secret where a PEM belongs", () => ed25519Signer(SECRET), SECRET],
    ["a PEM that is cut short", () => ed25519Signer(pem("MC4CAQAwBQYDK2Vw")), "MC4CAQAwBQYDK2Vw"],
    ["an RSA key", () => ed25519Signer(rsaPem), rsaPem.split("\n")[3] ?? ""],
  ];
  test.each(bad)("%s", (_name, make, secret) => {
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InputError);
    expect(secret).not.toBe("");
    if (thrown instanceof InputError) {
      expect(thrown.code).toBe("bad-key");
      for (const text of [thrown.describe(), Bun.inspect(thrown), JSON.stringify(thrown)]) {
        // Bun.inspect quotes the source around the throw, never the value of a variable.
        expect(text).not.toContain(secret);
      }
    }
  });

  test("nor is a good one, where its signer is printed", () => {
    for (const [signer, secret] of [
      [hmacSigner(SECRET), SECRET],
      [ed25519Signer(PEM), PEM],
    ] as const) {
      expect(Bun.inspect(signer)).not.toContain(secret.slice(40, 60));
      expect(JSON.stringify(signer)).toBe(JSON.stringify({ kind: signer.kind }));
    }
  });
});
