/**
 * The admin endpoint of a mock venue as HTTP: routes, JSON both ways, and what the caller did wrong
 * told with what to do. May import domain only.
 */

import { InputError } from "#domain/errors.ts";

export type AdminBody = Readonly<Record<string, unknown>>;
export type AdminRoute<Rules> = (rules: Rules, body: AdminBody) => unknown;
/** By method and path: `GET /mock/orders`. */
export type AdminRoutes<Rules> = ReadonlyMap<string, AdminRoute<Rules>>;

/** @param refusalOf how the venue's own errors are told; undefined for any other error */
export async function answerRoute<Rules>(
  routes: AdminRoutes<Rules>,
  rules: Rules,
  request: Request,
  refusalOf: (error: unknown) => Response | undefined,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = routes.get(`${request.method} ${pathname}`);
  if (route === undefined) {
    const error = `there is no ${request.method} ${pathname}`;
    return Response.json({ error, has: [...routes.keys()] }, { status: 404 });
  }
  try {
    return Response.json(route(rules, await readBody(request)));
  } catch (error) {
    if (error instanceof InputError) {
      return Response.json({ error: error.describe() }, { status: 400 });
    }
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refusal;
    throw error;
  }
}

async function readBody(request: Request): Promise<AdminBody> {
  const text = await request.text();
  if (text === "") return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badBody("the body", "is no JSON");
  }
  if (isBody(json)) return json;
  throw badBody("the body", "must be a JSON object");
}

function isBody(json: unknown): json is AdminBody {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

export function badBody(where: string, problem: string): InputError {
  return new InputError("bad-request", problem, { where });
}
