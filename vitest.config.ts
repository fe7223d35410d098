/**
 * How the tests run: from source, through the `source` condition of the doors in package.json.
 *
 * Most need nothing but a processor. Their files share what a worker has loaded; but for the searches, some of which replace
 * a module. Those that start processes, kill them and look at the clock come after them. They mostly wait, each on ports
 * and in a folder of its own: there are two files at a time, on however small a machine. A browser without a graphics card
 * takes a whole processor to draw: those tests come last, one file at a time, beside none that look at the clock.
 */
import { configDefaults, defineConfig } from 'vitest/config'

const conditions = ['source', 'module', 'node', 'development|production']
const exclude = [...configDefaults.exclude, '**/dist/**', '**/.mutants/**']
const ofActors = ['actors/**/*.test.ts']
const searches = ['bin/explore/**/*.test.ts', 'bin/mutants/**/*.test.ts', 'bin/study/study.test.ts']
const withBrowser = ['inspector/browser/**/*.test.ts']
const withProcesses = ['bin/**/*.test.ts', 'runtime/live/**/*.test.ts', 'scripts/readme.test.ts']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: 'node',
    reporters: ['default'],
    // Bounds against a test that hangs; a busy machine must not reach them.
    testTimeout: 60_000,
    hookTimeout: 180_000,
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
          exclude: [...exclude, ...ofActors, ...withProcesses, ...withBrowser],
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
          name: 'searches',
          include: searches,
          exclude,
          benchmark: { include: [] },
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: withProcesses,
          exclude: [...exclude, ...searches],
          benchmark: { include: [] },
          // In full, drills hold what takes how long against a bound.
          maxWorkers: process.env.BRIGADE_DRILLS === 'full' ? 1 : 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: withBrowser,
          exclude,
          benchmark: { include: [] },
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
