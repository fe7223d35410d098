/** How the tests run: from source, through the `source` condition of the doors in package.json. */
import { defineConfig } from 'vitest/config'

const conditions = ['source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    benchmark: { include: ['**/*.bench.ts'], exclude: ['**/node_modules/**', '**/dist/**'] },
    environment: 'node',
    // Bounds against a test that hangs; a busy machine must not reach them.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
})
