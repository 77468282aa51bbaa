/**
 * One message to the WebSocket API as a request: its envelope, its parameters as texts, and what is
 * to be signed of them. May import this folder.
 */

import { isRecord, type JsonObject, parseJson } from "../json.ts";
import { badRequest } from "./api-error.ts";
import { textsOf } from "./params.ts";

export interface WsRequest {
  readonly id: unknown;
  readonly method: string;
  /** Values as they are signed: numbers and booleans as JSON writes them. */
  readonly params: ReadonlyMap<string, string>;
}

/** @throws {ApiError} -1135 where it is no JSON, -1100 and -1102 where the envelope is wrong */
export function readWsRequest(text: string): WsRequest {
  const json = objectOf(text);
  if (json === undefined) throw badRequest(-1135, "Invalid JSON Request");
  const { id = null, method, params = {} } = json;
  if (!isRequestId(id)) {
    const range = "^[a-zA-Z0-9-_]{1,36}$";
    const what = `Illegal characters found in parameter 'id'; legal range is '${range}'.`;
    throw badRequest(-1100, what);
  }
  if (typeof method !== "string" || method === "") {
    const what = "Mandatory parameter 'method' was not sent, was empty/null, or malformed.";
    throw badRequest(-1102, what);
  }
  if (!isRecord(params)) {
    throw badRequest(-1135, "JSON sent for parameter 'params' is not valid");
  }
  return { id, method, params: textsOf(params) };
}

/** The id of a message that is no proper request otherwise; null where it has none. */
export function requestIdOf(text: string): unknown {
  const id = objectOf(text)?.["id"];
  return isRequestId(id) ? id : null;
}

/** All parameters but the signature, sorted by name, with nothing escaped. */
export function wsPayload(params: ReadonlyMap<string, string>): string {
  return [...params]
    .filter(([name]) => name !== "signature")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** A whole number, a word of at most 36 characters, or null. */
export function isRequestId(id: unknown): boolean {
  if (id === null || Number.isSafeInteger(id)) return true;
  return typeof id === "string" && /^[a-zA-Z0-9\-_]{1,36}$/.test(id);
}

function objectOf(text: string): JsonObject | undefined {
  const json = parseJson(text);
  return isRecord(json) ? json : undefined;
}
