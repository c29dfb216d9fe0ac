import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/built.ts"],
    setupFiles: ["test/support/bytes.ts"],
    // Every core: the default leaves one of two idle.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A failure of a random test prints its seed; nothing here may depend on the order of files.
    sequence: { shuffle: { files: true, tests: false } },
  },
});
