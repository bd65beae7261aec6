import { expect, it } from "vitest";
import { TestClient, TestRepository } from "./testing/client.ts";

/** A contract of about 2,000 lines. */
function large(typeOfLast: string): string {
  const messages = Array.from({ length: 200 }, (_, index) => {
    const fields = Array.from({ length: 8 }, (_, field) => `  string field_${field} = ${field + 1};`).join("\n");
    return `message M${index} {\n${fields}\n}\n`;
  });
  return `syntax = "proto3";\npackage big;\n${messages.join("\n")}\nmessage Last { ${typeOfLast} value = 1; }\n`;
}

it("shows a break within a second after a keystroke in a file of 2,000 lines", async () => {
  const repository = new TestRepository({
    "big.proto": large("int32"),
    "small.proto": 'syntax = "proto3";\npackage small;\n',
  });
  repository.commit("first");
  const client = await TestClient.start(repository.root);
  await client.open("big.proto", large("int32"));
  expect(await client.pull("big.proto")).toEqual([]);
  const times: number[] = [];
  for (let i = 0; i < 10; i++) {
    const started = performance.now();
    await client.edit("big.proto", large(i % 2 === 0 ? "string" : "int32"));
    expect(await client.pull("big.proto")).toHaveLength(i % 2 === 0 ? 1 : 0);
    times.push(performance.now() - started);
  }
  await client.stop();
  repository.dispose();
  times.sort((a, b) => a - b);
  console.log(`keystroke to diagnostic: median ${times[5]?.toFixed(0)} ms, slowest ${times.at(-1)?.toFixed(0)} ms`);
  // The median, as the machine that runs all tests at once is busy with others at times.
  expect(times[5]).toBeLessThan(1000);
});
