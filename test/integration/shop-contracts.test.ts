import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromFile, Parser } from "@asyncapi/parser";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../fixtures/shop/contracts");
const asyncapiFiles = readdirSync(folder).filter((file) => file.endsWith(".asyncapi.yaml"));

const errorsAndWarnings: readonly number[] = [0, 1];

/** The AsyncAPI parser reads whatever a document refers to as YAML; to it, events.proto is a mapping of its messages. */
function asyncapiParser(): Parser {
  const parser = new Parser({
    __unstable: {
      resolver: {
        resolvers: [
          {
            schema: "file",
            order: 1,
            canRead: (uri) => uri.path().endsWith(".proto"),
            read: (uri) => {
              const names = [...readFileSync(uri.path(), "utf8").matchAll(/^message (\w+)/gm)].map(([, name]) => name);
              return JSON.stringify(Object.fromEntries(names.map((name) => [`shop.events.v1.${name}`, {}])));
            },
          },
        ],
      },
    },
  });
  parser.registerSchemaParser({
    validate: () => [],
    parse: () => ({}),
    getMimeTypes: () => ["application/vnd.google.protobuf;version=3"],
  });
  return parser;
}

test.each(asyncapiFiles)("%s is valid AsyncAPI, its references to other contracts included", async (file) => {
  const { document, diagnostics } = await fromFile(asyncapiParser(), join(folder, file)).parse();
  const problems = diagnostics.filter(({ severity }) => errorsAndWarnings.includes(severity));
  expect(problems.map((problem) => `${problem.path.join(".")}: ${problem.message}`)).toEqual([]);
  expect(document?.info().title()).toBe(file.split(".")[0]);
});
