/**
 * UserSubscription: the subscription to the account's events on one socket of the WebSocket API; it
 * lives and dies with the socket, and where it came by a logon, with that too. May import this
 * folder.
 */

import { badRequest } from "../binance/api-error.ts";
import type { Params } from "../binance/params.ts";
import {
  type SessionExtras,
  type SessionMethod,
  sessionMethod,
  type WsSession,
} from "../binance/ws-api.ts";
import type { FaultyDelivery } from "../fault-actions.ts";
import type { JsonObject } from "../json.ts";
import type { Venue } from "./venue.ts";

interface SubscriptionParts {
  readonly venue: Venue;
  readonly delivery: FaultyDelivery;
  readonly session: WsSession;
}

const MAX_SUBSCRIPTION_IDS = 65_535;

export class UserSubscription implements SessionExtras {
  readonly methods: ReadonlyMap<string, SessionMethod>;
  readonly #parts: SubscriptionParts;
  /** The one subscription of the account, where there is one; `ofLogon` ends with the logon. */
  #subscription: { id: number; ofLogon: boolean; end: () => void } | null = null;
  #nextSubscriptionId = 0;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.methods = new Map([
      ["session.subscriptions", sessionMethod("none", () => this.#subscriptions())],
      ["userDataStream.subscribe", sessionMethod("none", () => this.#subscribeLoggedOn())],
      [
        "userDataStream.subscribe.signature",
        sessionMethod("signature-needed", () => this.#subscribe(false)),
      ],
      [
        "userDataStream.unsubscribe",
        sessionMethod("none", (params) => this.#unsubscribe(params), ["subscriptionId"]),
      ],
    ]);
  }

  readonly status = (): JsonObject => ({ userDataStream: this.#subscription !== null });

  readonly onLogOut = (): void => {
    if (this.#subscription?.ofLogon === true) this.#endSubscription();
  };

  readonly onClose = (): void => {
    this.#subscription?.end();
    this.#subscription = null;
  };

  #subscriptions(): readonly JsonObject[] {
    return this.#subscription === null ? [] : [{ subscriptionId: this.#subscription.id }];
  }

  #subscribeLoggedOn(): JsonObject {
    if (!this.#parts.session.isLoggedOn) {
      throw badRequest(-1002, "You are not authorized to execute this request.");
    }
    return this.#subscribe(true);
  }

  #subscribe(ofLogon: boolean): JsonObject {
    if (this.#subscription !== null) {
      throw badRequest(-2035, "User Data Stream subscription already active.");
    }
    const id = this.#nextSubscriptionId;
    if (id > MAX_SUBSCRIPTION_IDS) {
      throw badRequest(-2042, "The connection has used up its subscription ids.");
    }
    this.#nextSubscriptionId += 1;
    const end = this.#parts.venue.account.stream.subscribe((event) => this.#tell(id, event));
    this.#subscription = { id, ofLogon, end };
    return { subscriptionId: id };
  }

  #unsubscribe(params: Params): JsonObject {
    const id = params.integer("subscriptionId");
    const active = this.#subscription;
    if (active === null || (id !== undefined && id !== active.id)) {
      throw badRequest(-2036, "User Data Stream subscription not active.");
    }
    this.#endSubscription();
    return {};
  }

  #endSubscription(): void {
    const active = this.#subscription;
    if (active === null) return;
    active.end();
    this.#subscription = null;
    const E = Math.floor(this.#parts.venue.nowMs());
    const event = { e: "eventStreamTerminated", E };
    const { connection } = this.#parts.session;
    connection.reply(JSON.stringify({ subscriptionId: active.id, event }));
  }

  #tell(subscriptionId: number, event: JsonObject): void {
    const text = JSON.stringify({ subscriptionId, event });
    const { delivery, session } = this.#parts;
    delivery.deliverUserEvent(session.connection, text, String(event["e"]));
  }
}
