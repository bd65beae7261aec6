import { defineConfig } from "vitest/config";

/** Unit tests stand beside what they test; tests that need a broker or an editor live in test/ and run elsewhere. */
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
          exclude: ["**/node_modules/**", "**/*.integration.test.ts"],
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
