import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { readContrailConfig } from "./read-contrail-config.ts";

const schema = JSON.parse(readFileSync(join(import.meta.dirname, "../docs/contrail.schema.json"), "utf8")) as object;
const validate = new Ajv({ allErrors: true }).compile(schema);

describe("docs/contrail.schema.json says what contrail.yaml reads", () => {
  const agree = (text: string, valid: boolean) => {
    const { problems } = readContrailConfig("contrail.yaml", text);
    expect([text, problems.length === 0, validate(parse(text))]).toEqual([text, valid, valid]);
  };

  it("on what is right", () => {
    agree(
      "level: full-transitive\nagainst: git:main\ntags: 'v*'\nignore: [a]\nimportPaths: [p]\nsagas: [{name: x}]\n",
      true,
    );
    agree(
      "profiles: [{name: a, extends: strict, unknownFields: reject, unknownEnumValues: accept, missingFields: default, constraints: ignore, coercion: all, reads: [x]}]\ndecide: [a]\ndata: error\n",
      true,
    );
    agree("importPaths: [proto, ./third_party, .]\n", true);
    agree("accept: [{rule: X, path: p, element: e, reason: r, expires: 2027-01-31}]\n", true);
  });

  it("on what is wrong", () => {
    for (const text of [
      "levels: full",
      "level: both",
      "ignore: a",
      "data: maybe",
      "profiles: [{extends: strict}]",
      "profiles: [{name: strict}]",
      "profiles: [{name: a, coercion: some}]",
      "profiles: [{name: a, read: [x]}]",
      "accept: [{rule: X}]",
      "accept: [{reason: X}]",
      "accept: [{rule: X, reason: r, expires: soon}]",
      "accept: [{rule: X, reason: r, until: 2027-01-01}]",
      "proto: {paths: [x]}",
      "importPaths: proto",
      "importPaths: [/usr/include]",
      "importPaths: ['C:/x']",
      "importPaths: [../shared]",
      "importPaths: [./..]",
    ]) {
      agree(text, false);
    }
  });
});
