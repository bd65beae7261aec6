import { describe, expect, it } from "vitest";
import { detectContract } from "./index.ts";

describe("detectContract", () => {
  it.each([
    ["a.proto", "whatever", "proto"],
    ["api.yaml", "# the shop\nopenapi: 3.1.0\n", "openapi"],
    ["api.yml", "info: {}\nasyncapi: '2.6.0'\n", "asyncapi"],
    ["api.json", '{"openapi": "3.0.3"}', "openapi"],
    ["api.json", '{\n  "components": {"x": {"openapi": 1}},\n  "asyncapi": "3.0.0"\n}', "asyncapi"],
    ["api.json", `{"components":{"long":"${"x".repeat(9000)}"},"openapi":"3.1.0"}`, "openapi"],
    ["late.yaml", `components:\n${"  a: b\n".repeat(2000)}openapi: 3.1.0\n`, "openapi"],
    ["openapi.yaml", "\0\0\0", "openapi"],
    ["shop.asyncapi.yaml", "", "asyncapi"],
    ["flow.yaml", "{openapi: 3.1.0, info: {}}", "openapi"],
  ])("sees what %s is", (path, text, kind) => {
    expect(detectContract(path, text)).toBe(kind);
  });

  it.each([
    ["package.json", '{"dependencies": {"openapi": "3.0.0"}}'],
    ["nested.yaml", "tools:\n  openapi: 3.1.0\n"],
    ["swagger.yaml", "swagger: '2.0'\n"],
    ["readme.md", "openapi: 3.1.0"],
    ["words.yaml", "openapi: yes\n"],
  ])("leaves %s alone", (path, text) => {
    expect(detectContract(path, text)).toBeUndefined();
  });
});
