/**
 * A judge of the JSON Schema keywords that configs/schema.json uses, so that tests can compare what
 * an editor accepts with what we accept. Any other keyword is an error here, not ignored.
 */

import { isJson, type Json } from "./support.ts";

type Judge = (value: unknown, limit: unknown, schema: Json) => boolean;

const JUDGES: Readonly<Record<string, Judge>> = {
  type: (value, type) => hasType(value, type),
  enum: (value, words) => Array.isArray(words) && words.includes(value),
  const: (value, word) => value === word,
  pattern: (value, source) =>
    typeof value !== "string" || new RegExp(String(source), "u").test(value),
  minimum: (value, limit) => typeof value !== "number" || value >= Number(limit),
  maximum: (value, limit) => typeof value !== "number" || value <= Number(limit),
  exclusiveMinimum: (value, limit) => typeof value !== "number" || value > Number(limit),
  exclusiveMaximum: (value, limit) => typeof value !== "number" || value < Number(limit),
  minItems: (value, limit) => !Array.isArray(value) || value.length >= Number(limit),
  maxItems: (value, limit) => !Array.isArray(value) || value.length <= Number(limit),
  items: (value, item) => !Array.isArray(value) || value.every((each) => accepts(item, each)),
  required: (value, keys) =>
    !isJson(value) || (Array.isArray(keys) && keys.every((key) => Object.hasOwn(value, key))),
  properties: (value, properties) =>
    !isJson(value) ||
    Object.entries(value).every(([key, each]) => accepts(ownOf(properties, key), each)),
  propertyNames: (value, names) =>
    !isJson(value) || Object.keys(value).every((key) => accepts(names, key)),
  additionalProperties: (value, rest, schema) =>
    !isJson(value) ||
    Object.entries(value).every(
      ([key, each]) => ownOf(schema["properties"], key) !== true || accepts(rest, each),
    ),
  anyOf: (value, options) => passing(options, value) > 0,
  oneOf: (value, options) => passing(options, value) === 1,
};

const NOTES: ReadonlySet<string> = new Set(["$schema", "title", "description", "default"]);

/** Whether a value is valid under a schema. @throws on a keyword that is not known here */
export function accepts(schema: unknown, value: unknown): boolean {
  if (typeof schema === "boolean") return schema;
  if (!isJson(schema)) throw new Error("a schema is an object or a boolean");
  return Object.entries(schema).every(([keyword, limit]) => {
    if (NOTES.has(keyword)) return true;
    const judge = JUDGES[keyword];
    if (judge === undefined) throw new Error(`no judge for ${keyword}`);
    return judge(value, limit, schema);
  });
}

/** The schema of a listed property; `true` (anything) for one that is not listed. */
function ownOf(properties: unknown, key: string): unknown {
  return isJson(properties) && Object.hasOwn(properties, key) ? properties[key] : true;
}

function passing(options: unknown, value: unknown): number {
  return Array.isArray(options) ? options.filter((option) => accepts(option, value)).length : 0;
}

function hasType(value: unknown, type: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isJson(value);
  return typeof value === type;
}
