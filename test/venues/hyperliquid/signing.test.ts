/**
 * Signatures against the shared vectors (of the Python SDK, of nktkas' SDK and others), through our
 * own path and through the SDK with our wallet; and against viem for any action.
 */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  createL1ActionHash,
  signL1Action,
  signUserSignedAction,
} from "@nktkas/hyperliquid/signing";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { recoverPublicKey } from "@noble/secp256k1";
import * as fc from "fast-check";
import * as v from "valibot";
import { hashTypedData } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { InputError, InvariantError } from "#domain/errors.ts";
import {
  ActionSigner,
  AgentWallet,
  type Signature,
  type SignOptions,
} from "#venues/hyperliquid/signing.ts";
import { typedDataDigest } from "#venues/hyperliquid/typed-data.ts";
import { sharedPath } from "../../shared.ts";

type Hex = `0x${string}`;

const Hex = v.custom<Hex>((text) => typeof text === "string" && /^0x[\da-f]*$/i.test(text));
const Signed = v.object({ r: Hex, s: Hex, v: v.picklist([27, 28]) });
const Vectors = v.object({
  vectors: v.array(
    v.variant("kind", [
      v.object({
        kind: v.literal("l1"),
        id: v.string(),
        privateKey: Hex,
        address: Hex,
        action: v.looseObject({ type: v.string() }),
        nonce: v.number(),
        vaultAddress: v.nullable(Hex),
        expiresAfter: v.nullable(v.number()),
        expected: v.object({
          msgpackHex: v.string(),
          connectionId: Hex,
          signingHashMainnet: Hex,
          signingHashTestnet: Hex,
          mainnet: Signed,
          testnet: Signed,
        }),
      }),
      v.object({
        kind: v.literal("userSigned"),
        id: v.string(),
        privateKey: Hex,
        action: v.looseObject({ signatureChainId: Hex }),
        primaryType: v.string(),
        types: v.record(v.string(), v.array(v.object({ name: v.string(), type: v.string() }))),
        expected: Signed,
      }),
    ]),
  ),
});

const path = sharedPath("vectors", "hyperliquid-signing.json");
const { vectors } =
  path === null
    ? { vectors: [] }
    : v.parse(Vectors, JSON.parse(readFileSync(path, "utf8")) as unknown);
const l1 = vectors.filter((vector) => vector.kind === "l1");
const userSigned = vectors.filter((vector) => vector.kind === "userSigned");

const KEY = "0x0123456789012345678901234567890123456789012345678901234567890123";
/** What the published vectors say belongs to it. */
const ADDRESS = "0x14791697260e4c9a71f18484c9f997b308e59325";

const DOMAIN = {
  name: "Exchange",
  version: "1",
  chainId: 1337,
  verifyingContract: "0x0000000000000000000000000000000000000000",
} as const;
const AGENT = [
  { name: "source", type: "string" },
  { name: "connectionId", type: "bytes32" },
];

/** Without what is null, as the SDK wants it. */
function sdkOptions({ nonce, vaultAddress, expiresAfterMs }: SignOptions): {
  nonce: number;
  vaultAddress?: Hex;
  expiresAfter?: number;
} {
  return {
    nonce,
    ...(vaultAddress !== null && { vaultAddress: v.parse(Hex, vaultAddress) }),
    ...(expiresAfterMs !== null && { expiresAfter: expiresAfterMs }),
  };
}

function agentDigest(connectionId: Hex, isTestnet: boolean): Uint8Array {
  return typedDataDigest({
    domain: DOMAIN,
    types: { Agent: AGENT },
    primaryType: "Agent",
    message: { source: isTestnet ? "b" : "a", connectionId },
  });
}

/** Who made it, by the curve alone. */
function signerOf(digest: Uint8Array, signature: Signature): string {
  const recovered = hexToBytes(
    `0${signature.v - 27}${signature.r.slice(2)}${signature.s.slice(2)}`,
  );
  const publicKey = recoverPublicKey(recovered, digest, { prehash: false, isCompressed: false });
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`;
}

describe.skipIf(path === null)("the shared vectors", () => {
  test("are there: 18 actions and 4 of the master's", () => {
    expect([l1.length, userSigned.length]).toEqual([18, 4]);
  });

  test.each(l1.map((vector) => [vector.id, vector] as const))("%s", async (_id, vector) => {
    const { action, privateKey, nonce, vaultAddress, expiresAfter, expected } = vector;
    const options = { nonce, vaultAddress, expiresAfterMs: expiresAfter };
    const wallet = new AgentWallet(privateKey);
    expect(wallet.address).toBe(vector.address);

    const nonceHex = nonce.toString(16).padStart(16, "0");
    const vaultHex = vaultAddress === null ? "00" : `01${vaultAddress.slice(2)}`;
    const expiryHex =
      expiresAfter === null ? "" : `00${expiresAfter.toString(16).padStart(16, "0")}`;
    const hashed = hexToBytes(`${expected.msgpackHex}${nonceHex}${vaultHex}${expiryHex}`);
    const connectionId = createL1ActionHash({ action, ...sdkOptions(options) });
    expect(connectionId).toBe(`0x${bytesToHex(keccak_256(hashed))}`);
    expect(connectionId).toBe(expected.connectionId);

    for (const isTestnet of [false, true]) {
      const hash = isTestnet ? expected.signingHashTestnet : expected.signingHashMainnet;
      const signature = isTestnet ? expected.testnet : expected.mainnet;
      expect(`0x${bytesToHex(agentDigest(connectionId, isTestnet))}`).toBe(hash);
      expect(new ActionSigner(privateKey, isTestnet).sign(action, options)).toEqual(signature);
      const theirs = await signL1Action({ wallet, action, isTestnet, ...sdkOptions(options) });
      expect(theirs).toEqual(signature);
    }
  });

  test.each(userSigned.map((vector) => [vector.id, vector] as const))(
    "%s, by the wallet within the SDK",
    async (_id, { privateKey, action, types, expected }) => {
      const wallet = new AgentWallet(privateKey);
      expect(await signUserSignedAction({ wallet, action, types })).toEqual(expected);
    },
  );
});

const digits = (length: number): fc.Arbitrary<Hex> =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((values) => `0x${values.map((value) => value.toString(16)).join("")}` as const);

/** Private keys below the order of the group, which all begin lower than this. */
const keys = digits(64).filter((key) => key < "0xffffffff" && !/^0x0+$/.test(key));

const names = fc.stringMatching(/^[a-zA-Z]\w{0,11}$/);

const { map: actionFields } = fc.letrec<{ value: unknown; list: unknown; map: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ maxLength: 40 }),
    fc.boolean(),
    fc.integer({ min: -(2 ** 40), max: 2 ** 53 - 1 }),
    tie("list"),
    tie("map"),
  ),
  list: fc.array(tie("value"), { maxLength: 20 }),
  map: fc.dictionary(names, tie("value"), { maxKeys: 18 }),
}));

const actions = fc
  .tuple(names, actionFields)
  .map(([type, fields]) => Object.assign({ type }, fields, { type }));

const options = fc.record({
  nonce: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
  vaultAddress: fc.option(digits(40)),
  expiresAfterMs: fc.option(fc.integer({ min: 0, max: 2 ** 53 - 1 })),
});

describe("any action", () => {
  test("is signed as viem signs it through the SDK, and by nobody else", async () => {
    await fc.assert(
      fc.asyncProperty(
        keys,
        actions,
        options,
        fc.boolean(),
        async (key, action, how, isTestnet) => {
          const signer = new ActionSigner(key, isTestnet);
          const account = privateKeyToAccount(key);
          const signature = signer.sign(action, how);
          const sdk = { action, isTestnet, ...sdkOptions(how) };
          expect(signature).toEqual(await signL1Action({ wallet: account, ...sdk }));
          expect(signature).toEqual(await signL1Action({ wallet: new AgentWallet(key), ...sdk }));
          expect(signer.address).toBe(account.address.toLowerCase());
          const connectionId = createL1ActionHash({ action, ...sdkOptions(how) });
          expect(signerOf(agentDigest(connectionId, isTestnet), signature)).toBe(signer.address);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("has another signature with another nonce, vault, expiry, network or order of keys", () => {
    const action = { type: "cancel", cancels: [{ a: 0, o: 91490942 }] };
    const how = { nonce: 1, vaultAddress: null, expiresAfterMs: null };
    const mainnet = new ActionSigner(KEY, false);
    const signatures = [
      mainnet.sign(action, how),
      mainnet.sign(action, { ...how, nonce: 2 }),
      mainnet.sign(action, { ...how, vaultAddress: ADDRESS }),
      mainnet.sign(action, { ...how, expiresAfterMs: 0 }),
      mainnet.sign({ type: "cancel", cancels: [{ o: 91490942, a: 0 }] }, how),
      new ActionSigner(KEY, true).sign(action, how),
    ].map(({ r, s }) => r + s);
    expect(new Set(signatures).size).toBe(signatures.length);
    // Nothing is left behind by the signatures in between.
    expect(signatures[0]).toBe(Object.values(mainnet.sign(action, how)).slice(0, 2).join(""));
  });

  test("whatever case the vault is written in, its signature is one", () => {
    const signer = new ActionSigner(KEY, false);
    const [lower, upper] = [ADDRESS, `0x${ADDRESS.slice(2).toUpperCase()}`].map((vaultAddress) =>
      signer.sign({ type: "noop" }, { nonce: 7, vaultAddress, expiresAfterMs: null }),
    );
    expect(lower).toEqual(upper);
  });
});

describe("typed data", () => {
  test("of any plain members is hashed as viem hashes it", () => {
    const messages = fc.record({
      text: fc.string({ unit: "grapheme" }),
      yes: fc.boolean(),
      hash: digits(64),
      who: digits(40),
      count: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      chain: fc.maxSafeNat(),
    });
    const types = {
      "Venue:Thing": [
        { name: "text", type: "string" },
        { name: "yes", type: "bool" },
        { name: "hash", type: "bytes32" },
        { name: "who", type: "address" },
        { name: "count", type: "uint64" },
      ],
    };
    fc.assert(
      fc.property(messages, ({ chain, ...message }) => {
        const domain = { ...DOMAIN, chainId: chain };
        const data = { domain, types, primaryType: "Venue:Thing", message } as const;
        expect(`0x${bytesToHex(typedDataDigest(data))}`).toBe(hashTypedData(data));
      }),
    );
  });

  const wrong: [name: string, type: string, value: unknown][] = [
    ["a type that the venue does not use", "int8", 1],
    ["a list", "string[]", ["a"]],
    ["a member that is missing", "string", undefined],
    ["a number for a text", "string", 1],
    ["a negative count", "uint64", -1],
    ["a fraction", "uint64", 1.5],
    ["a count that is too large", "uint64", 2n ** 64n],
    ["a hash that is too short", "bytes32", "0x00"],
    ["an address without 0x", "address", ADDRESS.slice(2).padEnd(42, "0")],
  ];
  test.each(wrong)("is refused: %s", async (_name, type, value) => {
    const types = { Thing: [{ name: "field", type }] };
    const data = { domain: DOMAIN, types, primaryType: "Thing", message: { field: value } };
    expect(() => typedDataDigest(data)).toThrow(InvariantError);
    const signed = new AgentWallet(KEY).signTypedData(data);
    expect(await signed.catch((error: unknown) => error)).toBeInstanceOf(InvariantError);
  });

  test("without its own type is refused", () => {
    const data = { domain: DOMAIN, types: {}, primaryType: "Thing", message: {} };
    expect(() => typedDataDigest(data)).toThrow("no members of type Thing");
  });
});

describe("a bad key is refused and not shown", () => {
  const digitsOf = (fill: string): string => fill.repeat(64).slice(0, 64);
  const bad: [name: string, key: string][] = [
    ["without 0x", digitsOf("12")],
    ["too short", `0x${digitsOf("12").slice(1)}`],
    ["too long", `0x${digitsOf("12")}1`],
    ["not hexadecimal", `0x${digitsOf("1g")}`],
    ["with a line end", `0x${digitsOf("12")}\n`],
    ["empty", ""],
    ["zero", `0x${digitsOf("0")}`],
    [
      "the order of the group",
      "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    ],
    ["beyond the order of the group", `0x${digitsOf("f")}`],
  ];
  test.each(bad)("%s", (_name, key) => {
    let thrown: unknown;
    try {
      expect(new ActionSigner(key, false).address).toBe("never made");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InputError);
    if (!(thrown instanceof InputError)) return;
    expect(thrown.code).toBe("bad-key");
    expect(thrown.cause).toBeUndefined();
    if (key.length < 10) return;
    for (const text of [thrown.describe(), Bun.inspect(thrown), JSON.stringify(thrown)]) {
      expect(text).not.toContain(key.slice(2).trim());
    }
  });

  test("nor is a good one, where its signer is printed, copied or compared", () => {
    for (const holder of [new ActionSigner(KEY, false), new AgentWallet(KEY)]) {
      for (const text of [
        Bun.inspect(holder, { depth: 9 }),
        JSON.stringify(holder),
        `${Object(holder)}`,
        JSON.stringify(structuredClone(Object.assign({}, holder))),
        Object.getOwnPropertyNames(holder).join(),
      ]) {
        expect(text).not.toContain("0123456789");
        expect(text).not.toContain("1, 35, 69, 103"); // its first bytes
      }
      expect(holder.address).toBe(ADDRESS);
      expect(JSON.stringify(holder)).toBe(JSON.stringify({ address: ADDRESS }));
    }
  });

  test("the largest and the least key are good", () => {
    const largest = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    for (const key of [largest, `0x${"1".padStart(64, "0")}`] as const) {
      const address = privateKeyToAccount(key).address.toLowerCase();
      expect(new AgentWallet(key).address).toBe(v.parse(Hex, address));
    }
  });
});
