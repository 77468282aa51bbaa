/**
 * VenueAccesses: one desk and one set of shared budgets for each account (or, for paper, for each
 * venue's public part), opened when a pair first needs it. Reads keys from the environment that is
 * handed in; they are never logged and never part of a message.
 */

import type { Config, PairConfig } from "#config/schema.ts";
import { InputError, MmError } from "#domain/errors.ts";
import type { VenueId } from "#domain/instrument.ts";
import type { VenueDesk } from "#ports/venue.ts";
import type {
  Credentials,
  SharedBudgets,
  SocketSharing,
  VenueModule,
  VenueUrls,
  VenueWorld,
} from "#venues/venue.ts";
import { type LegName, legConfig } from "./legs.ts";

export interface VenueAccess {
  /** The same for all legs of pairs that share it. Holds no secret. */
  readonly key: string;
  /** What is traded: the same for every name and key of one account. Holds no secret. */
  readonly account: string;
  /** For people: `account bn` or `binance-spot, public`. */
  readonly name: string;
  readonly venue: VenueId;
  readonly urls: VenueUrls;
  /** Null: public data only. */
  readonly credentials: Credentials | null;
  readonly desk: VenueDesk;
  readonly budgets: SharedBudgets;
  /** How many may be open at this address; null: any number. */
  readonly sockets: Pick<SocketSharing, "maxOwnSockets" | "maxSockets"> | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AccessOptions {
  readonly venues: (id: VenueId) => VenueModule;
  readonly world: VenueWorld;
  readonly env: Environment;
}

export class VenueAccesses {
  readonly #options: AccessOptions;
  readonly #open = new Map<string, Promise<VenueAccess>>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /**
   * The access that a leg of a pair trades through; opened at the first call, which talks to the
   * venue. One account at Binance has one for spot and another for USD-M.
   * @throws {InputError} `no-key`, `bad-key`, `venue-unreachable`, `unsupported-venue`
   */
  of(pair: PairConfig, leg: LegName, config: Config): Promise<VenueAccess> {
    const place = placeOf(pair, leg, config, this.#module(pair, leg));
    // Asked for before the venue is: a variable that is not set needs no network to be found.
    const credentials = place.account === null ? null : this.#credentials(place.account, place);
    const opened = this.#open.get(place.key);
    if (opened !== undefined) return opened;
    const opening = this.#openDesk(place, credentials);
    this.#open.set(place.key, opening);
    // The next try begins anew.
    opening.catch(() => this.#open.delete(place.key));
    return opening;
  }

  /** Forgets what no pair uses any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#open.keys()) if (!keys.has(key)) this.#open.delete(key);
  }

  #module(pair: PairConfig, leg: LegName): VenueModule {
    try {
      return this.#options.venues(legConfig(pair, leg).venue);
    } catch (thrown) {
      throw asInputError(thrown, `pair ${pair.id}, ${leg}.venue`);
    }
  }

  async #openDesk(place: Place, credentials: Credentials | null): Promise<VenueAccess> {
    const { key, traded, name, venue, urls, module } = place;
    try {
      const opened = await module.openDesk({ urls, credentials }, this.#options.world);
      const sockets = module.sharing ?? null;
      return { key, account: traded, name, venue, urls, credentials, ...opened, sockets };
    } catch (thrown) {
      throw asInputError(thrown, `${name}, ${urls.restUrl}`);
    }
  }

  #credentials(account: Account, { name }: Place): Credentials {
    if (account.venue === "binance") {
      return {
        kind: "api-key",
        apiKey: this.#variable(account.apiKeyEnv, "the API key", name),
        secret: this.#variable(account.secretEnv, "the secret", name),
        deadMansSwitch: account.deadMansSwitch,
      };
    }
    const agentKey = this.#variable(account.agentKeyEnv, "the private key of the agent", name);
    return {
      kind: "agent",
      // What is signed and asked for is the same address however it is written.
      address: account.address.toLowerCase(),
      agentKey: privateKey(agentKey, account.agentKeyEnv, name),
      vaultAddress: account.vaultAddress?.toLowerCase() ?? null,
      isTestnet: account.testnet,
      deadMansSwitch: account.deadMansSwitch,
    };
  }

  #variable(variable: string, what: string, name: string): string {
    const value = this.#options.env[variable]?.trim() ?? "";
    if (value !== "") return value;
    throw new InputError("no-key", `the environment variable ${variable} is not set`, {
      where: name,
      hint: `set it to ${what} of the account before you start mm, or trade in mode paper`,
    });
  }
}

type Account = Config["accounts"][string];

/** What makes two accounts of the config one and the same at the venue. */
export function tradedAccount(account: Account): unknown {
  if (account.venue !== "hyperliquid") return account;
  return (account.vaultAddress ?? account.address).toLowerCase();
}

/**
 * A private key as it is signed with: 0x and 64 lower-case hexadecimal digits.
 * @throws {InputError} `bad-key`, which never shows it
 */
function privateKey(text: string, variable: string, where: string): string {
  const digits = text.replace(/^0x/i, "").toLowerCase();
  if (/^[\da-f]{64}$/.test(digits)) return `0x${digits}`;
  throw new InputError("bad-key", `the environment variable ${variable} holds no private key`, {
    where,
    hint: "it is 64 hexadecimal digits, with or without 0x: that of the agent wallet",
  });
}

interface Place {
  readonly key: string;
  /** `account` of a VenueAccess. */
  readonly traded: string;
  readonly name: string;
  readonly venue: VenueId;
  readonly urls: VenueUrls;
  readonly module: VenueModule;
  /** Null: public data only. */
  readonly account: Account | null;
}

function placeOf(pair: PairConfig, leg: LegName, config: Config, module: VenueModule): Place {
  const { venue, account: accountName } = legConfig(pair, leg);
  const urls = urlsOf(venue, config, module);
  const account = accountOf(pair, leg, config);
  const key = JSON.stringify([venue, account, urls]);
  return {
    key,
    traded: account === null ? key : JSON.stringify([venue, tradedAccount(account), urls.restUrl]),
    name: account === null ? `${venue}, public` : `account ${accountName}`,
    venue,
    urls,
    module,
    account,
  };
}

/** The venue's own addresses, or those that the config has for it. */
function urlsOf(venue: VenueId, { venues }: Config, { urls }: VenueModule): VenueUrls {
  const own: Partial<Given> =
    venue === "hyperliquid" ? hyperliquidUrls(venues) : (venues[venue] ?? {});
  return {
    restUrl: withoutSlash(own.restUrl ?? urls.restUrl),
    wsApiUrl: withoutSlash(own.wsApiUrl ?? urls.wsApiUrl),
    streamUrl: withoutSlash(own.streamUrl ?? urls.streamUrl),
  };
}

type Given = { readonly [Key in keyof VenueUrls]: string | undefined };

/** One socket is for orders and streams. */
function hyperliquidUrls({ hyperliquid: given }: Config["venues"]): Given {
  return { restUrl: given?.restUrl, wsApiUrl: given?.wsUrl, streamUrl: given?.wsUrl };
}

/** @throws {InputError} `no-account`: a config that was checked has one */
function accountOf(pair: PairConfig, leg: LegName, config: Config): Account | null {
  const { account: name } = legConfig(pair, leg);
  if (pair.mode === "paper") return null;
  const account = name === undefined ? undefined : config.accounts[name];
  if (account !== undefined) return account;
  throw new InputError("no-account", "mode live needs an account", {
    where: `pair ${pair.id}, ${leg}.account`,
    hint: "name one of the config's accounts",
  });
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** What may be wrong with a venue, by code, and what to do about it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    "venue-unreachable",
    "check the network, and the addresses under venues in the config; nothing was started",
  ],
]);

/**
 * An error of ours as one that a start or reload is refused with: with its place, and what to do.
 * A bug stays what it is.
 */
export function asInputError(thrown: unknown, where: string): unknown {
  if (!(thrown instanceof MmError)) return thrown;
  if (thrown instanceof InputError && thrown.where !== undefined) return thrown;
  const hint = thrown.hint ?? HINTS.get(thrown.code) ?? "try again in a moment";
  return new InputError(thrown.code, thrown.message, { where, hint, cause: thrown });
}
