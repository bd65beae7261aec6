import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { grantAll, inShell } from "./rabbitmqctl.ts";

test("plain names stay as they are", () => {
  expect(grantAll("/", "guest")).toBe('rabbitmqctl set_permissions -p / guest ".*" ".*" ".*"');
});

test.each(["a b/c", "it's", "$HOME", "`id`", "", "*", "ü; rm"])("a shell takes %j for one word", (name) => {
  expect(execFileSync("sh", ["-c", `printf '%s|' ${inShell(name)} end`], { encoding: "utf8" })).toBe(`${name}|end|`);
});
