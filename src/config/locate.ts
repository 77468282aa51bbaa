/**
 * Reads a config text into a plain value while remembering where each part stood, and finds what
 * a parsed value no longer shows: duplicate and unknown keys. Pure; imports valibot for types only.
 */

import { distance } from "fastest-levenshtein";
import { getNodeValue, type Node } from "jsonc-parser";
import type * as v from "valibot";

export interface Problem {
  /** `pairs[0].quoting.binStep`; empty for the file itself. */
  readonly path: string;
  /** Where in the text, in UTF-16 code units from its start. */
  readonly offset: number;
  /** Without where and path, which go in front of it. */
  readonly message: string;
}

export interface ReadTree {
  /** What the text says, with misspelt keys under their right names. */
  readonly value: unknown;
  /** The node of each path that is in the text. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly problems: readonly Problem[];
}

type Schema = v.GenericSchema;

/** `pairs[0].quoting` and `binStep` make `pairs[0].quoting.binStep`. */
export function joinPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** Line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** The node at a path, or the nearest one around it. */
export function nodeAround(nodes: ReadonlyMap<string, Node>, path: string): Node | undefined {
  let at = path;
  while (at !== "" && !nodes.has(at)) at = at.replace(/(?:^|\.)[^.[\]]+$|\[\d+\]$/, "");
  return nodes.get(at);
}

/** Walks the text's tree beside the schema. */
export function readTree(root: Node, schema: Schema): ReadTree {
  const reader = new TreeReader();
  const value = reader.read(root, schema, "");
  return { value, nodes: reader.nodes, problems: reader.problems };
}

/** Names that an object cannot hold as plain keys. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

class TreeReader {
  readonly nodes = new Map<string, Node>();
  readonly problems: Problem[] = [];

  read(node: Node, schema: Schema, path: string): unknown {
    this.nodes.set(path, node);
    const shape = shapeFor(unwrap(schema), node);
    if (shape === undefined) return getNodeValue(node);
    if (isArraySchema(shape)) {
      if (node.type !== "array") return null;
      const items = node.children ?? [];
      return items.map((item, index) => this.read(item, shape.item, joinPath(path, index)));
    }
    // Null instead of an array: the schema would take an array for an object without keys.
    if (node.type !== "object") return node.type === "array" ? null : getNodeValue(node);
    return this.#readObject(node, shape, path);
  }

  #readObject(node: Node, shape: ObjectSchema | RecordSchema, path: string): unknown {
    const entries = new Map<string, unknown>();
    const seen = new Set<string>();
    const properties = propertiesOf(node);
    const written = new Set(properties.map(({ name }) => name));
    for (const { name, key, value } of properties) {
      if (seen.has(name)) {
        this.#report(joinPath(path, name), key, "is given twice; keep one of them");
        continue;
      }
      seen.add(name);
      if (isRecordSchema(shape)) {
        if (RESERVED.has(name)) this.#report(path, key, `"${name}" is reserved; take another name`);
        else entries.set(name, this.read(value, shape.value, joinPath(path, name)));
        continue;
      }
      const known = Object.hasOwn(shape.entries, name) ? name : this.#meant(shape, path, key);
      // A misspelt key is read under its right name, so that its value is checked as well.
      if (known === undefined || (known !== name && (written.has(known) || entries.has(known)))) {
        continue;
      }
      const entry = shape.entries[known];
      if (entry !== undefined) entries.set(known, this.read(value, entry, joinPath(path, known)));
    }
    return Object.fromEntries(entries);
  }

  /** Reports an unknown key; returns the known one that it must have meant, where only one can. */
  #meant(shape: ObjectSchema, path: string, key: Node): string | undefined {
    const name = String(key.value);
    const names = Object.keys(shape.entries);
    const near = nearestNames(name, names);
    const help =
      near.length === 0
        ? `known here: ${names.join(", ")}`
        : `did you mean ${near.map((found) => `\`${found}\``).join(" or ")}?`;
    this.#report(path, key, `unknown key \`${name}\`; ${help}`);
    return near.length === 1 ? near[0] : undefined;
  }

  #report(path: string, node: Node, message: string): void {
    this.problems.push({ path, offset: node.offset, message });
  }
}

/** The known names nearest to `name` (several where equally near), none where all are far. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  const plainName = plainWord(name);
  const allowed = Math.max(1, Math.floor(plainName.length / 3));
  let best = allowed + 1;
  let found: string[] = [];
  for (const candidate of known) {
    const apart = distance(plainName, plainWord(candidate));
    if (apart < best) {
      best = apart;
      found = [];
    }
    if (apart === best && apart <= allowed) found.push(candidate);
  }
  return found;
}

/** bin_step, BinStep and binStep are one word: the original's names were in snake case. */
function plainWord(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

interface Property {
  readonly name: string;
  readonly key: Node;
  readonly value: Node;
}

/** The properties of an object node; none of any other. */
function propertiesOf(node: Node): Property[] {
  if (node.type !== "object") return [];
  return (node.children ?? []).flatMap(({ children }) => {
    const [key, value] = children ?? [];
    return key === undefined || value === undefined
      ? []
      : [{ name: String(key.value), key, value }];
  });
}

type ObjectSchema = Schema & { readonly entries: Readonly<Record<string, Schema>> };
type RecordSchema = Schema & { readonly value: Schema };
type ArraySchema = Schema & { readonly item: Schema };
type OptionalSchema = Schema & { readonly wrapped: Schema };
type UnionSchema = Schema & { readonly options: readonly Schema[] };
type VariantSchema = UnionSchema & { readonly key: string };

const isObjectSchema = (schema: Schema): schema is ObjectSchema => schema.type === "strict_object";
const isRecordSchema = (schema: Schema): schema is RecordSchema => schema.type === "record";
const isArraySchema = (schema: Schema): schema is ArraySchema => schema.type === "array";
const isOptionalSchema = (schema: Schema): schema is OptionalSchema => schema.type === "optional";
const isUnionSchema = (schema: Schema): schema is UnionSchema => schema.type === "union";
const isVariantSchema = (schema: Schema): schema is VariantSchema => schema.type === "variant";

function unwrap(schema: Schema): Schema {
  return isOptionalSchema(schema) ? unwrap(schema.wrapped) : schema;
}

/** The schema that says which keys a node may have; undefined for plain values. */
function shapeFor(
  schema: Schema,
  node: Node,
): ObjectSchema | RecordSchema | ArraySchema | undefined {
  if (isObjectSchema(schema) || isRecordSchema(schema) || isArraySchema(schema)) return schema;
  if (node.type !== "object") return undefined;
  if (isVariantSchema(schema)) {
    const property = propertiesOf(node).find(({ name }) => name === schema.key);
    const options = schema.options.filter(isObjectSchema);
    const meant = options.find((option) =>
      takes(option.entries[schema.key], property?.value.value),
    );
    // Which one is meant is not said (rightly): take the keys of all.
    return meant ?? { ...schema, type: "strict_object", entries: mergedEntries(options) };
  }
  return isUnionSchema(schema) ? schema.options.find(isObjectSchema) : undefined;
}

function mergedEntries(options: readonly ObjectSchema[]): Record<string, Schema> {
  return Object.fromEntries(options.flatMap(({ entries }) => Object.entries(entries)));
}

function takes(schema: Schema | undefined, word: unknown): boolean {
  return schema !== undefined && "literal" in schema && schema.literal === word;
}
