/**
 * Desk: questions and actions on their way to the exchange, whichever way they came: what they
 * weigh, whether the address of the internet may, and whether the chain stands. May import this
 * folder.
 */

import type { ConversationVenue } from "../conversation.ts";
import { isRecord, type JsonObject } from "../json.ts";
import type { UserStream } from "../user-stream.ts";
import type { ChainStatus } from "./fault-rules.ts";
import { answerInfo } from "./info.ts";
import type { IpLimits } from "./ip-limits.ts";
import type { HlMockVenue, HlReply, HlUserEvent } from "./venue.ts";
import { actionWeight, answerWeight, infoWeight } from "./weights.ts";

/** A request that was read. */
export interface Call {
  /** Type of the question or action; empty where it has none. */
  readonly name: string;
  /** `done` is called at most once, within this call or later. */
  readonly execute: (done: (reply: HlReply) => void) => void;
}

export type Transport = "rest" | "ws";

interface DeskParts {
  readonly venue: HlMockVenue;
  readonly limits: IpLimits;
  readonly events: UserStream<HlUserEvent>;
  /**
   * Whether posts over sockets weigh as much as REST calls. The documentation does not say.
   */
  readonly postsWeigh: boolean;
}

const TOO_MANY: HlReply = { status: 429, body: "null" };
const UNKNOWN_OUTCOME: HlReply = { status: 500, body: "Internal Server Error" };
/** No block is made, so no action is answered by one. */
const HALTED: HlReply = { status: 502, body: "Bad Gateway" };

export class Desk {
  readonly #parts: DeskParts;
  readonly conversation: ConversationVenue<HlReply>;
  /** Where the chain is halted, actions are refused; questions are not. */
  status: ChainStatus = "OPEN";

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { limits, events } = parts;
    const refuseFor = (durationMs: number): void => limits.refuseFor(durationMs);
    // The venue's news goes out with the block, its answer when that is committed.
    const order = "either";
    this.conversation = {
      events,
      order,
      refuseFor,
      ban: refuseFor,
      unknownOutcome: UNKNOWN_OUTCOME,
    };
  }

  info(request: JsonObject, transport: Transport): Call {
    const name = typeOf(request);
    return {
      name,
      execute: (done) => {
        if (!this.#mayAsk(infoWeight(name), transport)) return done(TOO_MANY);
        const reply = answerInfo(this.#parts.venue, request);
        if (this.#isWeighed(transport))
          this.#parts.limits.addWeight(answerWeight(name, reply.body));
        done(reply);
      },
    };
  }

  /** @param body action, nonce and signature */
  action(body: JsonObject, transport: Transport): Call {
    const action = isRecord(body["action"]) ? body["action"] : {};
    return {
      name: typeOf(action),
      execute: (done) => {
        if (!this.#mayAsk(actionWeight(action), transport)) return done(TOO_MANY);
        if (this.status === "HALT") return done(HALTED);
        this.#parts.venue.submit(body, done);
      },
    };
  }

  #mayAsk(weight: number, transport: Transport): boolean {
    const { limits } = this.#parts;
    if (limits.isRefusing) return false;
    return !this.#isWeighed(transport) || limits.useWeight(weight);
  }

  #isWeighed(transport: Transport): boolean {
    return transport === "rest" || this.#parts.postsWeigh;
  }
}

function typeOf(request: JsonObject): string {
  const { type } = request;
  return typeof type === "string" ? type : "";
}
