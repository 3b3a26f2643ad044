import { defineConfig } from 'vitest/config';

const ignored = ['**/node_modules/**', '**/dist/**', '.rangeward/**'];

/**
 * Three projects, by what a test needs:
 * unit (`*.test.ts`): values only, seconds; servers (`*.servers.test.ts`): real nats-server, redis-server or anvil;
 * e2e (`test/e2e`): everything together.
 * The time limits are for hangs alone: a small machine with other work takes five times as long as a quiet one.
 */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['services/*/src/**/*.ts', 'packages/**/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/main.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 85 },
    },
    projects: [
      {
        test: {
          name: 'unit',
          // One after the other: what starts servers must not be short of a core.
          sequence: { groupOrder: 0 },
          include: ['{services,packages,apps,test,scripts,bench}/**/*.test.ts'],
          exclude: [...ignored, '**/*.servers.test.ts', 'test/e2e/**'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'servers',
          sequence: { groupOrder: 1 },
          include: ['{services,packages,apps,test}/**/*.servers.test.ts'],
          exclude: [...ignored, 'test/e2e/**'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/**/*.test.ts'],
          exclude: ignored,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
