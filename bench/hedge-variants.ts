/** What the experiments on hedging share: a pair with parts of its hedge, tables in the docs. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PairConfig } from "#config/schema.ts";

export const VARIANTS = ["no hedge", "active", "passive", "both"] as const;
export type Variant = (typeof VARIANTS)[number];

/** The pair with only this part of its hedge. */
export function withHedge(pair: PairConfig, variant: Variant): PairConfig {
  const { hedge } = pair;
  if (hedge === undefined) throw new Error(`pair ${pair.id} has no hedge`);
  const active = variant === "active" || variant === "both";
  const passive = variant === "passive" || variant === "both";
  return {
    ...pair,
    hedge: {
      ...hedge,
      activeHedgeIqvRatio: active ? hedge.activeHedgeIqvRatio : undefined,
      passiveHedgeRatio: passive ? hedge.passiveHedgeRatio : undefined,
      passiveHedgeSpRatio: passive ? hedge.passiveHedgeSpRatio : undefined,
    },
  };
}

/** A Markdown table. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n");
}

const PAGE = join(import.meta.dir, "..", "docs", "hedging.md");

/** Puts paragraphs between the marks of their name on docs/hedging.md, at its end without marks. */
export async function writeSection(name: string, paragraphs: readonly string[]): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const begin = `<!-- Made by bench/${name}.ts --write. -->`;
  const end = `<!-- End of ${name}. -->`;
  const section = `${[begin, ...paragraphs, end].join("\n\n")}\n`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  const whole =
    from === -1 || to === -1
      ? `${page.trimEnd()}\n\n${section}`
      : `${page.slice(0, from)}${section}${page.slice(to + end.length + 1)}`;
  await writeFile(PAGE, whole);
}
