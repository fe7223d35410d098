import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readTree, readWalls, report, tidy } from './tidy.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const walls = readWalls(root)
const header = '/** A file. */\n'
const found = (path: string, text: string): readonly string[] =>
  tidy([{ path, text }], walls).map(({ message }) => message)

test('the house is tidy', () => {
  expect(report(tidy(readTree(root), walls))).toBe('')
})

describe('bans', () => {
  const pure = [
    ['Date.now', 'const a = Date.now()'],
    ['new Date(', 'const a = new Date(0)'],
    ['performance', 'const a = performance.now()'],
    ['Temporal', 'const a = Temporal.Now.instant()'],
    ['setTimeout', 'setTimeout(go, 1)'],
    ['setInterval', 'setInterval(go, 1)'],
    ['setImmediate', 'setImmediate(go)'],
    ['queueMicrotask', 'queueMicrotask(go)'],
    ['Math.random', 'const a = Math.random()'],
    ['crypto', 'const a = crypto.randomUUID()'],
    ['async', 'const a = async () => 1'],
    ['await', 'for await (const a of b) go(a)'],
    ['Promise', 'type A = Promise<number>'],
    ['process', 'const a = process.pid'],
    ['WeakRef', 'const a = new WeakRef(b)'],
    ['Intl', 'const a = new Intl.NumberFormat()'],
    ['toLocale', 'const a = b.toLocaleString()'],
    ['localeCompare', 'a.sort((b, c) => b.localeCompare(c))'],
  ] as const
  const timed = pure.filter(([name]) => /^(Date|perf|Temp|set|Math)/.test(name))
  const todays = [['new Date()', 'const a = new Date()']] as const
  const chance = [['crypto.randomUUID', 'const a = crypto.randomUUID()']] as const
  const locale = pure.filter(([name]) => /^(Intl|toLocale|localeCompare)/.test(name))
  const promises = pure.filter(([name]) => /^(async|await|Promise|queueMicrotask)/.test(name))
  const table = {
    'runtime/actor': pure,
    'runtime/kernel': pure,
    'runtime/cluster': pure,
    'runtime/host': [...timed, ...todays, ...chance, ...promises],
    sim: [...timed, ...todays, ...chance, ...locale],
    actors: [...timed, ...todays, ...chance, ...locale],
  }
  for (const [layer, bans] of Object.entries(table)) {
    for (const [name, code] of bans) {
      test(`${layer} may not use ${name}`, () => {
        const messages = found(`${layer}/bin.ts`, `${header}${code}\n`)
        expect(messages).toHaveLength(1)
        expect(messages[0]).toContain(`\`${name}\` is not available in ${layer}/: `)
      })
    }
  }

  test('a finding names the place and the replacement', () => {
    const sources = [{ path: 'runtime/kernel/mailbox.ts', text: `${header}\nconst a = Date.now()\n` }]
    expect(report(tidy(sources, walls))).toBe(
      'runtime/kernel/mailbox.ts:3 `Date.now` is not available in runtime/kernel/: use `input.now`',
    )
  })

  test('a comment or a string may name what is banned', () => {
    const text = `${header}// never await a Promise
      /* Date.now() */
      const a = 'Date.now() in process.env'
      const b = \`await \${a} Math.random()\`
      const c = /Promise/\n`
    expect(found('runtime/kernel/mailbox.ts', text)).toEqual([])
  })

  test('code inside a template string is still code', () => {
    expect(found('runtime/kernel/mailbox.ts', `${header}const a = \`\${Date.now()}\`\n`)).toHaveLength(1)
  })

  test('a property with the name of a global is no finding', () => {
    const text = `${header}const a = { process: 1, async: 2, crypto: 3 }
      const b = a.process + a.async + input.process.id + a.crypto
      interface C { readonly async?: true; await: number }\n`
    expect(found('runtime/kernel/mailbox.ts', text)).toEqual([])
  })

  test('spreading a global is a finding', () => {
    expect(found('runtime/kernel/mailbox.ts', `${header}const a = [...process.argv]\n`)).toHaveLength(1)
  })

  test('a date made from a number is allowed where only real clocks are banned', () => {
    expect(found('actors/kitchen.ts', `${header}const a = new Date(at).toISOString()\n`)).toEqual([])
  })

  test('tests, benches, contract suites and outside handlers may use real clocks', () => {
    const code = `${header}const a = Date.now()\n`
    for (const path of [
      'runtime/kernel/mailbox.test.ts',
      'runtime/kernel/mailbox.bench.ts',
      'runtime/ports/contracts/clock.ts',
      'actors/outside/mail.ts',
    ]) {
      expect(found(path, code)).toEqual([])
    }
  })
})

describe('walls', () => {
  const allowed = [
    ['actors/kitchen.ts', '#actor'],
    ['actors/kitchen.ts', 'xstate'],
    ['actors/kitchen.ts', 'typebox/value'],
    ['actors/kitchen/line.ts', '../pantry/bin.ts'],
    ['runtime/host/node.ts', '#kernel'],
    ['runtime/live/store.ts', '#ports'],
    ['runtime/live/store.ts', 'lmdb'],
    ['runtime/kernel/kernel.test.ts', '#host'],
  ] as const
  for (const [path, specifier] of allowed) {
    test(`${path} may import ${specifier}`, () => {
      expect(found(path, `${header}import { a } from '${specifier}'\n`)).toEqual([])
    })
  }

  const refused = [
    ['actors/kitchen.ts', '#kernel'],
    ['actors/kitchen.ts', '../runtime/actor/effects.ts'],
    ['actors/kitchen.ts', 'fastify'],
    ['runtime/kernel/kernel.ts', '#host'],
    ['runtime/kernel/kernel.ts', 'node:fs'],
    ['runtime/live/store.ts', '#kernel'],
    ['runtime/live/store.ts', '../host/node.ts'],
    ['gateway/server.ts', '#kernel'],
  ] as const
  for (const [path, specifier] of refused) {
    const forms = [
      `import { a } from '${specifier}'`,
      `export * from '${specifier}'`,
      `type A = import('${specifier}').A`,
      `const a = import('${specifier}')`,
    ]
    test(`${path} may not import ${specifier}`, () => {
      for (const form of forms) expect(found(path, `${header}${form}\n`)).toHaveLength(1)
    })
  }
})

describe('everywhere', () => {
  for (const path of [
    'sim/utils.ts',
    'sim/utils/queue.ts',
    'gateway/common.ts',
    'docs/helpers.md',
    'bin/helper.ts',
  ]) {
    test(`${path} has a name that says nothing`, () => {
      expect(found(path, header)[0]).toContain('names no idea')
    })
  }

  for (const path of [
    'sim/faultPlan.ts',
    'sim/Faults.ts',
    'sim/fault_plan.ts',
    'Sim/faults.ts',
    'inspector/Map.vue',
  ]) {
    test(`${path} is not kebab-case`, () => {
      expect(found(path, header)[0]).toContain('is not kebab-case')
    })
  }

  test('kebab-case, dotted and upper-case documents are well named', () => {
    for (const path of ['sim/fault-plan.test.ts', 'cluster.config.ts', 'README.md', 'LICENSE']) {
      expect(found(path, header)).toEqual([])
    }
  })

  test('a source file begins with a header comment, after the line that starts an interpreter', () => {
    expect(found('sim/queue.ts', 'export {}\n')[0]).toContain('header comment')
    expect(found('sim/queue.ts', '// A queue.\nexport {}\n')[0]).toContain('header comment')
    expect(found('bin/brigade.mjs', `#!/usr/bin/env node\n${header}`)).toEqual([])
    expect(found('sim/queue.test.ts', 'export {}\n')).toEqual([])
  })

  test('`as any` is refused, in tests too', () => {
    expect(found('sim/queue.ts', `${header}const a = b as any\n`)[0]).toContain('`as any`')
    expect(found('sim/queue.test.ts', 'const a = b as any\n')[0]).toContain('`as any`')
    expect(found('sim/queue.ts', `${header}const a = 'as any'\n`)).toEqual([])
  })

  test('a comment may not silence the compiler or put work off', () => {
    for (const note of ['@ts-ignore', '@ts-nocheck', 'TODO: later', 'FIXME']) {
      expect(found('sim/queue.ts', `${header}// ${note}\nexport {}\n`)).toHaveLength(1)
      expect(found('sim/queue.ts', `/** ${note} */\nexport {}\n`)).toHaveLength(1)
    }
  })
})

describe('the inspector', () => {
  const component = (script: string) =>
    `<!-- A room. -->\n<script setup lang="ts">\n${script}\n</script>\n<template>\n  <p>as any</p>\n</template>\n`

  test('a component begins with a comment, and is checked as any file', () => {
    expect(found('inspector/rooms/a-room.vue', component('const a = 1'))).toEqual([])
    expect(found('inspector/rooms/a-room.vue', '<template><p>1</p></template>')).toEqual([
      expect.stringContaining('begin the file with a header comment (`<!--`)'),
    ])
    expect(
      tidy([{ path: 'inspector/rooms/a-room.vue', text: component('const a = 1 as any') }], walls),
    ).toEqual([
      {
        path: 'inspector/rooms/a-room.vue',
        line: 3,
        message: expect.stringContaining('`as any` is not allowed'),
      },
    ])
  })

  test('it imports types of the gateway, and of what runs only what knows no Node', () => {
    const types = `${header}import type { Gateway } from '#gateway'\nexport type B = import('#gateway').Role\n`
    expect(found('inspector/a.ts', types)).toEqual([])
    for (const text of [`import { problemOf } from '#gateway'`, `import { type Role } from '#gateway'`]) {
      const message = '`#gateway` is for Node, and this runs in a browser: import its types only'
      expect(found('inspector/a.ts', `${header}${text}\n`)).toEqual([message])
      expect(found('inspector/rooms/a-room.vue', component(text))).toEqual([message])
    }
    const shared = `${header}import { actorColumns } from '#activity'\nimport { a } from '../gateway/stream-protocol.ts'\n`
    expect(found('inspector/a.ts', shared)).toEqual([])
    expect(found('inspector/a.ts', `${header}import { a } from '../gateway/server.ts'\n`)).toEqual([
      expect.stringContaining('climbs a wall'),
    ])
    expect(found('inspector/a.ts', `${header}import type { Journal } from '#ports'\n`)).toEqual([
      expect.stringContaining('`#ports` is not available in inspector/'),
    ])
  })
})
