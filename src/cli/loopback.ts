/** Keeps calls to this machine away from proxies, which could not reach it. May set variables. */

const LOOPBACK = "localhost,127.0.0.1,::1,[::1]";

/**
 * Where the environment names an HTTP proxy, `fetch` (threads started later included) would send
 * calls to a mock venue or a control plane on this machine there, token and all.
 */
export function keepLoopbackDirect(env: Record<string, string | undefined>): void {
  // The first one goes before the other; both are set, since a program we start may differ.
  const given = env["no_proxy"] ?? env["NO_PROXY"] ?? "";
  const all = given === "" ? LOOPBACK : `${given},${LOOPBACK}`;
  env["no_proxy"] = all;
  env["NO_PROXY"] = all;
}
