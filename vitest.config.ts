import { defineConfig } from "vitest/config";

const slow = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000, teardownTimeout: 30_000 };

/**
 * Unit tests that start processes or try thousands of inputs. They stand beside what they test like the others, and run
 * in a stage of their own, so that `npm run test:unit` answers in seconds.
 */
const thorough = [
  "cli/check.test.ts",
  "cli/interrupt.test.ts",
  "cli/output.test.ts",
  "cli/recordings.test.ts",
  "contracts/codec/avro.test.ts",
  "contracts/codec/protobuf-fit.test.ts",
  "contracts/compat/proto-properties.test.ts",
  "contracts/compat/proto-schemas.test.ts",
  "contracts/json-schema/evaluate.test.ts",
  "contracts/proto/parser.test.ts",
  "daemon/client/client.test.ts",
  "daemon/correlate/adversary.test.ts",
  "daemon/guardian/guardian.test.ts",
  "daemon/large-messages.test.ts",
  "daemon/otlp.test.ts",
  "daemon/pipeline.test.ts",
  "daemon/registry.test.ts",
  "daemon/secrets.test.ts",
  "daemon/serve/server.test.ts",
  "daemon/pipeline-follower.test.ts",
  "daemon/store/dropping.test.ts",
  "daemon/store/search.test.ts",
  "daemon/store/writer.test.ts",
  "daemon/tap/bad-ports.test.ts",
  "daemon/threads.test.ts",
  "daemon/trace.test.ts",
  "language-server/latency.test.ts",
  "language-server/live.test.ts",
  "language-server/server.test.ts",
  "language-server/whole-check.test.ts",
  "scripts/bench/undo.test.ts",
  "scripts/brokers/brokers.test.ts",
  "scripts/fuzz/fuzz.test.ts",
  "test/unit/proto-against-buf.test.ts",
  "workspace/archives.test.ts",
  "workspace/dependencies.test.ts",
  "workspace/sides.test.ts",
];

/** Unit tests stand beside what they test. Tests that need a broker, a browser or an editor live in test/. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{contracts,workspace,language-server,daemon,extension,webview,cli,fixtures,scripts}/**/*.test.ts",
            "test/unit/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", ...thorough],
          testTimeout: 20_000,
        },
      },
      { test: { name: "thorough", include: thorough, testTimeout: 20_000 } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/integration/global-setup.ts"],
          ...slow,
        },
      },
      { test: { name: "page", include: ["test/page/**/*.test.ts"], ...slow } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/integration/global-setup.ts"],
          ...slow,
        },
      },
    ],
  },
});
