import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

// What a clone does before its first command: nothing is compiled there yet.

const root = fileURLToPath(new URL('..', import.meta.url))
const clone = mkdtempSync(join(tmpdir(), 'brigade-clone-'))
const source = join(clone, 'bin', 'code-version.ts')

beforeAll(() => {
  const absent = /\/(node_modules|dist|\.git|\.brigade|\.mutants|docs)$/
  cpSync(root, clone, { recursive: true, filter: (path) => !absent.test(path) })
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
})

afterAll(() => rmSync(clone, { recursive: true, force: true }))

function brigade(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['bin/brigade.mjs', ...args], {
    cwd: clone,
    encoding: 'utf8',
  })
  return { stdout, stderr, status }
}

test('a clone compiles what is missing, then what has changed, then nothing', { timeout: 120_000 }, () => {
  expect(brigade('--version')).toMatchObject({
    stdout: '0.1.0\n',
    stderr: expect.stringMatching(/compiling \d{3} files/),
    status: 0,
  })
  writeFileSync(source, readFileSync(source, 'utf8').replace('.version\n', ".version + '-changed'\n"))
  expect(brigade('--version')).toMatchObject({
    stdout: '0.1.0-changed\n',
    stderr: expect.stringContaining('compiling 1 file\n'),
  })
  expect(brigade('--version')).toEqual({ stdout: '0.1.0-changed\n', stderr: '', status: 0 })
})

test('a file that cannot be compiled is named, and nothing runs', { timeout: 120_000 }, () => {
  writeFileSync(source, 'export const = 1\n')
  const { stderr, status } = brigade('--version')
  expect(stderr).toContain('bin/code-version.ts(1,14)')
  expect(status).toBe(1)
  const told = brigade('status', '--json')
  expect([told.status, JSON.parse(told.stdout).error.code]).toEqual([1, 'NOT_BUILT'])
})

test('the inspector is built when it is older than its sources, and put into its place whole', {
  timeout: 120_000,
}, () => {
  const build = () => {
    const { stderr, status } = spawnSync(process.execPath, ['scripts/run.mjs', 'inspector'], {
      cwd: clone,
      encoding: 'utf8',
    })
    return { stderr, status }
  }
  const room = join(clone, 'inspector', 'rooms', 'overview.vue')
  const written = readFileSync(room, 'utf8')
  expect(build()).toEqual({ stderr: 'brigade: building the inspector\n', status: 0 })
  expect(build()).toEqual({ stderr: '', status: 0 })
  const page = () => readFileSync(join(clone, 'dist', 'inspector', 'index.html'), 'utf8')
  const before = page()

  writeFileSync(room, '<template><p></template>')
  expect(build()).toMatchObject({ stderr: expect.stringContaining('could not be built'), status: 1 })
  expect(page()).toBe(before)

  writeFileSync(room, written)
  expect(build().status).toBe(0)
  expect(readdirSync(join(clone, 'dist')).filter((name) => name.startsWith('inspector'))).toEqual([
    'inspector',
  ])
})
