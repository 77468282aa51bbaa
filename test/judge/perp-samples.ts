/**
 * PerpSamples: every answer and event that the official SDK of USD-M handed out, by itself; as
 * `Samples` does for spot. May import the SDK's types.
 */

import type {
  DerivativesTradingUsdsFuturesRestAPI,
  DerivativesTradingUsdsFuturesWebsocketAPI,
} from "@binance/derivatives-trading-usds-futures";
import { isRecord, isRestAnswer, recorded, type Sample, textOf } from "./samples.ts";

type RestApi = DerivativesTradingUsdsFuturesRestAPI.RestAPI;
type WsConnection = DerivativesTradingUsdsFuturesWebsocketAPI.WebsocketAPIConnection;

export class PerpSamples {
  readonly all: Sample[] = [];

  /** An event of a market stream, with the name of the SDK's method that subscribed to it. */
  addStreamed(method: string, value: unknown): void {
    this.all.push({ label: `stream ${method}`, type: `Streamed<"${method}">`, value });
  }

  addUserEvent(value: unknown): void {
    const inner = isRecord(value) ? value["o"] : undefined;
    const account = isRecord(value) ? value["a"] : undefined;
    const words = [
      textOf(value, "e"),
      textOf(inner, "x") || textOf(inner, "X"),
      textOf(account, "m"),
    ];
    const label = ["event", ...words.filter((word) => word !== "")].join(" ");
    this.all.push({ label, type: "UserEvent", value });
  }

  ofRest(api: RestApi): RestApi {
    return recorded(api, async (method, _args, answer) => {
      if (!isRestAnswer(answer)) throw new Error(`${method}: no answer of the SDK`);
      const value: unknown = await answer.data();
      this.all.push({ label: `rest ${method}`, type: `RestData<"${method}">`, value });
      const { rateLimits } = answer;
      const type = `RestAnswer<"${method}">["rateLimits"]`;
      this.all.push({ label: "rest rateLimits", type, value: rateLimits });
    });
  }

  ofWsApi(connection: WsConnection): WsConnection {
    return recorded(connection, async (method, _args, answer) => {
      if (!isRecord(answer)) return;
      const { data, rateLimits } = answer;
      this.all.push({ label: `ws ${method}`, type: `WsResult<"${method}">`, value: data });
      this.all.push({ label: "ws rateLimits", type: "WsLimits", value: rateLimits });
    });
  }
}
