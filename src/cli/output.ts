/** What all commands print with: tables, figures, warnings, a progress bar; may write. */

/** One table: columns padded, the first to the left and the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === row.length - 1
            ? cell.padEnd(width)
            : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Lines of `name  value`, the names padded to one width. */
export function figures(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}

/** A fraction as a percentage. */
export function percent(fraction: number, digits = 1): string {
  return `${(fraction * 100).toFixed(digits)} %`;
}

export function warn(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`warning: ${line}\n`);
}

/** As for anything else that is not ours to mend: see program.ts. */
const EXIT_UNWRITABLE = 2;

/**
 * A reader that has seen enough (`mm … | head`) is no error: the rest is dropped. Anything else
 * that stops us from writing, such as a full disk, ends the program with one line.
 */
export function handleUnwritable(): void {
  process.stdout.off("error", onStdoutError).on("error", onStdoutError);
  process.stderr.off("error", onStderrError).on("error", onStderrError);
}

function onStdoutError(error: Error): void {
  if ("code" in error && error.code === "EPIPE") return;
  process.stderr.write(`mm: standard output cannot be written: ${error.message}\n`);
  process.exit(EXIT_UNWRITABLE);
}

/** There is nobody left to tell. */
function onStderrError(): void {}

const BAR_WIDTH = 30;

/** A bar on a terminal, nothing elsewhere. Call with 1 at the end: it is wiped then. */
export function progressBar(label: string): (fraction: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  let shown = -1;
  return (fraction) => {
    const percentDone = Math.floor(Math.min(1, fraction) * 100);
    if (percentDone === shown) return;
    shown = percentDone;
    if (fraction >= 1) {
      process.stderr.write("\r\u001b[K");
      return;
    }
    const filled = Math.floor((percentDone * BAR_WIDTH) / 100);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    process.stderr.write(`\r${label} ${bar} ${percentDone} %`);
  };
}
