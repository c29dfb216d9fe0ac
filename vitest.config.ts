import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/built.ts"],
    setupFiles: ["test/support/bytes.ts"],
    // Every core: the default leaves one of two idle.
    maxWorkers: "100%",
    // When to give up: nothing fails because the machine has much else to do.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
    expect: { poll: { timeout: 600_000 } },
    // A failure of a random test prints its seed; nothing here may depend on the order of files.
    sequence: { shuffle: { files: true, tests: false } },
  },
});
