import { expect, test } from "vitest";
import * as errors from "./errors.ts";
import { failureCodes, type Failure } from "./errors.ts";

/** Every factory, called with plain words. */
const failures = Object.entries(errors)
  .filter(([name, value]) => typeof value === "function" && !["FailureError", "failureOf"].includes(name))
  .map(([name, value]) => {
    const make = value as (...args: string[]) => Failure;
    return [name, make(...["Kafka", "127.0.0.1:9092", "word", "Word."].slice(0, make.length))] as const;
  });

test.each(failures)("%s says in one to three sentences what happened and what to do", (_, { message, code }) => {
  expect(failureCodes).toContain(code);
  expect(message).toMatch(/^[^\s].*[.!?]$/);
  expect(message).not.toMatch(/\s{2}|undefined|\.\./);
  expect(message.split(/[.!?](?=\s[A-Z])/).length).toBeLessThanOrEqual(3);
  expect(message.length).toBeLessThan(320);
});

test("every code has a factory", () => {
  expect(failureCodes.filter((code) => !failures.some(([, failure]) => failure.code === code))).toEqual([]);
});
