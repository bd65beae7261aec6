import { defineConfig } from "vitest/config";

const slow = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000, teardownTimeout: 30_000 };

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
          exclude: ["**/node_modules/**"],
          testTimeout: 20_000,
        },
      },
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
