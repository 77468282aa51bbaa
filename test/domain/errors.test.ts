import { expect, test } from "bun:test";
import { InputError, InvariantError, MmError, messageOf } from "#domain/errors.ts";

test("an error is one line: where, what, what to do", () => {
  const error = new InputError("bad-price", "-1 is no price", {
    where: "config.jsonc:7",
    hint: "give a number above 0",
  });
  expect(error.describe()).toBe("config.jsonc:7: -1 is no price; give a number above 0");
  expect(new InputError("bad-price", "-1 is no price").describe()).toBe("-1 is no price");
});

test("an error keeps its class, its code for machines, and its cause", () => {
  const cause = new Error("disk full");
  const error = new InputError("cannot-write", "the tape cannot be written", { cause });
  expect(error).toBeInstanceOf(MmError);
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("InputError");
  expect(error.code).toBe("cannot-write");
  expect(error.message).toBe("the tape cannot be written");
  expect(error.cause).toBe(cause);
  expect("cause" in new InputError("x", "no cause was given")).toBe(false);
});

test("a broken rule of our own is told apart from bad input", () => {
  const error = new InvariantError("an entry is out of balance", { where: "trade 7" });
  expect(error).not.toBeInstanceOf(InputError);
  expect([error.name, error.code]).toEqual(["InvariantError", "invariant"]);
  expect(error.describe()).toBe("trade 7: an entry is out of balance");
});

test("anything that was thrown has a message", () => {
  expect(messageOf(new InvariantError("no", { where: "here" }))).toBe("here: no");
  expect(messageOf(new TypeError("not a function"))).toBe("not a function");
  expect(messageOf("a string")).toBe("a string");
  expect(messageOf(undefined)).toBe("undefined");
});
