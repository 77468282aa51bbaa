/**
 * Samples: every answer and event that the official SDK handed out, by itself: its clients are
 * wrapped, so that no call can forget to keep what it got. Each with the SDK's own type, as text.
 * May import the SDK's types.
 */

import type { SpotRestAPI, SpotWebsocketAPI } from "@binance/spot";

export interface Sample {
  /** What it is, for people and tables: `rest newOrder FULL`, `event executionReport NEW`. */
  readonly label: string;
  /** The SDK's type of it, in the words of `typed-samples.ts`. */
  readonly type: string;
  readonly value: unknown;
}

type Kept = (method: string, args: readonly unknown[], answer: unknown) => Promise<void>;

export class Samples {
  readonly all: Sample[] = [];

  /** An event of a market stream, with the name of the SDK's method that subscribed to it. */
  addStreamed(method: string, value: unknown): void {
    this.all.push({ label: `stream ${method}`, type: `Streamed<"${method}">`, value });
  }

  addUserEvent(value: unknown): void {
    const words = ["e", "x"].map((name) => textOf(value, name)).filter((word) => word !== "");
    const label = ["event", ...words].join(" ");
    this.all.push({ label, type: "SpotWebsocketAPI.UserDataStreamEventsResponse", value });
  }

  ofRest(api: SpotRestAPI.RestAPI): SpotRestAPI.RestAPI {
    return recorded(api, async (method, args, answer) => {
      if (!isRestAnswer(answer)) throw new Error(`${method}: no answer of the SDK`);
      const value: unknown = await answer.data();
      const label = `rest ${method}${formOf(method, args)}`;
      this.all.push({ label, type: `RestData<"${method}">`, value });
      const { rateLimits } = answer;
      const type = `RestAnswer<"${method}">["rateLimits"]`;
      this.all.push({ label: "rest rateLimits", type, value: rateLimits });
    });
  }

  ofWsApi(
    connection: SpotWebsocketAPI.WebsocketAPIConnection,
  ): SpotWebsocketAPI.WebsocketAPIConnection {
    return recorded(connection, async (method, args, answer) => {
      if (answer === undefined) return;
      const label = `ws ${method}${formOf(method, args)}`;
      const isSubscribed = isRecord(answer) && "stream" in answer;
      const type = `WsAnswer<"${method}">${isSubscribed ? '["response"]' : ""}`;
      this.all.push({ label, type, value: isSubscribed ? answer["response"] : answer });
    });
  }
}

/** The client itself, whose methods that answer later hand each answer to `keep` first. */
export function recorded<Client extends object>(client: Client, keep: Kept): Client {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(async (value: unknown) => {
          await keep(String(name), args, value);
          return value;
        });
      };
    },
  });
}

/** The form of answer that a new order asked for: a limit-maker's is ACK, others' FULL. */
function formOf(method: string, [params]: readonly unknown[]): string {
  if (method !== "newOrder" && method !== "orderPlace") return "";
  const asked = textOf(params, "newOrderRespType");
  if (asked !== "") return ` ${asked}`;
  return textOf(params, "type") === "LIMIT_MAKER" ? " ACK" : " FULL";
}

export function textOf(value: unknown, name: string): string {
  const member = isRecord(value) ? value[name] : undefined;
  return typeof member === "string" ? member : "";
}

export function isRestAnswer(
  value: unknown,
): value is { data: () => Promise<unknown>; rateLimits?: unknown } {
  return isRecord(value) && typeof value["data"] === "function";
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
