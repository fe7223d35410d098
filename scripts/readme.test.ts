import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// The README's example does what the README says, in an empty project that has nothing but the package.

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```js\n\/\/ (\S+\.mjs)(.*?)```/gs)]
const shown = /```\n(after two crashes.*?)\n(.*?)\n```/s.exec(readme)
let project = ''

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'brigade-readme-'))
  const packed = execFileSync(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', project],
    { cwd: root, encoding: 'utf8' },
  )
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  const packages = [`./${packed.trim().split('\n').at(-1)}`, 'typebox', 'xstate']
  execFileSync('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
    cwd: project,
  })
  for (const [, name, code] of blocks) writeFileSync(join(project, name as string), `// ${name}${code}`)
}, 240_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

const run = (file: string): string =>
  execFileSync(process.execPath, [file], { cwd: project, encoding: 'utf8', timeout: 60_000 }).trim()

describe('the README', () => {
  test('shows an actor, a live run and a simulated run', () => {
    expect(blocks.map(([, name]) => name)).toEqual(['counter.mjs', 'live.mjs', 'simulated.mjs'])
  })

  test('and the live run prints what it says', () => {
    expect(run('live.mjs')).toBe(shown?.[1])
  }, 70_000)

  test('and the simulated run prints what it says, each time', () => {
    expect(run('simulated.mjs')).toBe(shown?.[2])
    expect(run('simulated.mjs')).toBe(shown?.[2])
  }, 70_000)
})

test('a script that asks a cluster that it has closed is told so', () => {
  const script = `
    import { launchCluster } from 'brigade/live'
    import { counter } from './counter.mjs'
    const cluster = await launchCluster({ module: new URL('./counter.mjs', import.meta.url), dataFolder: './closed' })
    await cluster.close()
    await cluster.ask(counter.ref('visits'), { type: 'add', amount: 1 }).catch(({ message }) => console.log(message))
  `
  writeFileSync(join(project, 'closed.mjs'), script)
  expect(run('closed.mjs')).toBe('The cluster is closed.')
}, 70_000)
