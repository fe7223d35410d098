/**
 * How the tests run: from source, through the `source` condition of the doors in package.json.
 *
 * Most need nothing but a processor; their files share what a worker has loaded. Those that start processes, kill them
 * and look at the clock come after them, one file at a time.
 */
import { configDefaults, defineConfig } from 'vitest/config'

const conditions = ['source', 'module', 'node', 'development|production']
const exclude = [...configDefaults.exclude, '**/dist/**', '**/.mutants/**']
const ofActors = ['actors/**/*.test.ts']
const withProcesses = ['bin/**/*.test.ts', 'runtime/live/**/*.test.ts', 'scripts/readme.test.ts']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: 'node',
    reporters: ['default'],
    // Bounds against a test that hangs; a busy machine must not reach them.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Of the restaurant's actors alone: what they decide is decided in their machines, and tested there.
    coverage: {
      provider: 'v8',
      include: ['actors/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-kit.ts'],
      reporter: ['text', 'html'],
      thresholds: { branches: 90 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'actors',
          include: ofActors,
          exclude,
          benchmark: { include: [] },
          maxWorkers: '100%',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'in-process',
          include: ['**/*.test.ts'],
          exclude: [...exclude, ...ofActors, ...withProcesses],
          benchmark: { include: ['**/*.bench.ts'], exclude },
          // By default one core would be left alone, which of two is half.
          maxWorkers: '100%',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: withProcesses,
          exclude,
          benchmark: { include: [] },
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
