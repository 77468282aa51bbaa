/** Paths of documented fields, as tables of them are written. No imports. */

/** Each of these fields, under a path. */
export function each(path: string, fields: string): string {
  return fields
    .split(" ")
    .map((field) => `${path}.${field}`)
    .join(" ");
}
