/** Where the shared material of the workshop is, for tests that read it; they skip without it. */

import { existsSync } from "node:fs";
import { join } from "node:path";

const SHARED = join(import.meta.dir, "..", "..", "shared");

/** The path of a shared file, or null (with a message) where it is absent. */
export function sharedPath(...parts: string[]): string | null {
  const path = join(SHARED, ...parts);
  if (existsSync(path)) return path;
  process.stderr.write(`skipped: shared/${parts.join("/")} is absent\n`);
  return null;
}
