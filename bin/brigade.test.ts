import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { launcherDefaults } from '#live'
import { brigade } from './brigade.ts'
import { parse } from './command-line/parse.ts'
import { commands } from './commands/index.ts'
import { heartbeatBoundMs } from './commands/pause.ts'
import { exitCodeOf } from './judgement.ts'
import type { OperatorCommand } from './operator-command.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'

async function run(line: string, env: Record<string, string> = {}) {
  const terminal = recordingTerminal(env)
  const code = await brigade(line.split(' ').filter(Boolean), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

describe('help', () => {
  test('lists every command, in 80 columns', async () => {
    const { code, printed } = await run('--help')
    expect(code).toBe(0)
    for (const { name, summary } of commands) {
      expect(printed).toContain(`  ${name}`)
      expect(printed).toContain(summary.slice(0, 20))
    }
    expect(printed.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('beside it, --version says which code runs', async () => {
    expect(await run('--version')).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/^[0-9a-f.]+(\+changes)?\n$/),
    })
  })

  test.each(commands.map((command) => [command.name, command] as const))(
    '%s names its arguments and options, and its examples can be typed',
    async (name, { args = [], options = {}, examples }) => {
      const { code, printed } = await run(`help ${name}`)
      expect(code).toBe(0)
      for (const { name } of args) expect(printed).toContain(`  ${name}`)
      for (const option of Object.keys(options)) expect(printed).toContain(`  --${option}`)
      for (const { line } of examples) {
        // As a shell would read it.
        const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
        expect(parse(commands, words)).toMatchObject({ kind: 'run', command: { name } })
      }
      expect(examples.length).toBeGreaterThan(0)
      expect(printed.split('\n').filter((line) => line.length > 80)).toEqual([])
    },
  )
})

describe('with --json a failure is one JSON document on standard output, and nothing else', () => {
  const nowhere = '--ops http://127.0.0.1:1'
  const table: readonly [string, string, RegExp][] = [
    ['banana --json', 'USAGE', /no command 'banana'/],
    ['start --json', 'USAGE', /--json is not an option of 'brigade start'/],
    ['crash --json', 'USAGE', /NODE is missing/],
    ['status --json --json', 'USAGE', /given twice/],
    ['up --nodes 0 --json', 'USAGE', /--nodes is at least 1/],
    ['up --layout sideways --json', 'USAGE', /'sideways' is no layout/],
    ['up --speed 90 --json', 'CLUSTER_CONFIG_INVALID', /wrong at 'speed'/],
    ['day friday-rsh --json', 'USAGE', /no day 'friday-rsh'/],
    ['replay nothing.json --json', 'USAGE', /'nothing.json' cannot be read/],
    ['explore --seeds 0 --json', 'USAGE', /--seeds is at least 1/],
    ['study friday-rsh --json', 'USAGE', /no day 'friday-rsh'/],
    ['diff friday-rsh --json', 'USAGE', /no day 'friday-rsh'/],
    ['shrink nothing.json --json', 'USAGE', /'nothing.json' cannot be read/],
    ['mutants banana --json', 'USAGE', /'banana'/],
    ['check --data no-such-folder --json', 'USAGE', /no data in 'no-such-folder'/],
    ['backup nowhere --data no-such-folder --json', 'USAGE', /no data in 'no-such-folder'/],
    ['restore no-such-backup --data no-such-folder --json', 'BACKUP_DAMAGED', /no manifest\.json/],
    ['outbox 7 --data /nowhere --json', 'USAGE', /no number '7'/],
    ['archive banana --json', 'USAGE', /'banana' is not something to do/],
    ['certs banana --json', 'USAGE', /'banana'/],
    ['dead-letters bury x --json', 'USAGE', /'bury' is not something to do/],
    ['pause node-1 long --json', 'USAGE', /FOR is a length of time/],
    ...commands
      .filter(({ options = {} }) => 'ops' in options)
      .map(({ name, args = [] }): [string, string, RegExp] => {
        const given = args.flatMap(({ name, optional }, n) => (optional ? [] : [`${name.toLowerCase()}${n}`]))
        return [[name, ...given, nowhere, '--json'].join(' '), 'CLUSTER_UNREACHABLE', /No cluster answers/]
      }),
  ]
  test.each(table)('%s', async (line, code, message) => {
    const { printed, noted, code: exitCode } = await run(line)
    const { error, ...rest } = JSON.parse(printed)
    expect({ noted, exitCode, rest }).toEqual({ noted: '', exitCode: 1, rest: {} })
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    if (code === 'CLUSTER_CONFIG_INVALID') expect(error.fields).toMatchObject({ field: 'speed' })
  })

  test('every command that has --json is among them', () => {
    const withJson = commands.filter(({ options = {} }) => 'json' in options).map(({ name }) => name)
    const tried = new Set(table.map(([line]) => line.split(' ')[0]))
    expect(withJson.filter((name) => !tried.has(name))).toEqual([])
  })

  test('the same words are for people without it', async () => {
    expect(await run('crash')).toMatchObject({
      code: 1,
      printed: '',
      noted: expect.stringMatching(/^brigade: NODE is missing/),
    })
    expect(await run('crash -- --json')).toMatchObject({ printed: '' })
  })
})

describe('each command asks for exactly this', () => {
  const table: readonly [string, string, string, unknown][] = [
    ['crash node-2', 'POST', 'nodes/node-2/crash', undefined],
    ['crash a/b', 'POST', 'nodes/a%2Fb/crash', undefined],
    ['pause node-2', 'POST', 'nodes/node-2/pause', undefined],
    ['pause node-2 1.5s', 'POST', 'nodes/node-2/pause', { forMs: 1_500 }],
    ['resume node-2', 'POST', 'nodes/node-2/resume', undefined],
    ['drain node-2', 'POST', 'nodes/node-2/drain', undefined],
    ['drain node-2 --force', 'POST', 'nodes/node-2/drain', { force: true }],
    ['cordon node-2', 'POST', 'nodes/node-2/cordon', undefined],
    ['uncordon node-2', 'POST', 'nodes/node-2/uncordon', undefined],
    [
      'partition node-1 node-2',
      'POST',
      'faults',
      { kind: 'partition', target: { a: ['node-1'], b: ['node-2'] } },
    ],
    [
      'partition node-1,node-3 node-2 --for 10s',
      'POST',
      'faults',
      { kind: 'partition', target: { a: ['node-1', 'node-3'], b: ['node-2'] }, forMs: 10_000 },
    ],
    ['heal', 'DELETE', 'faults', undefined],
    ['add-node', 'POST', 'nodes', { group: 'kitchen' }],
    ['add-node edge', 'POST', 'nodes', { group: 'edge' }],
  ]
  test.each(table)('%s', (line, method, path, body) => {
    const parsed = parse(commands, line.split(' '))
    if (parsed.kind !== 'run') throw new Error('it is a command')
    const operation = (parsed.command as OperatorCommand).operation(parsed.given)
    expect(operation).toEqual({ method, path, ...(body === undefined ? {} : { body }) })
  })

  test('a side of a partition is never empty, and no node is on both', async () => {
    expect(await run('partition , node-1')).toMatchObject({ code: 1 })
    expect((await run('partition node-1,node-2 node-2')).noted).toMatch("'node-2' cannot be on both sides")
  })

  test('a pause has a length of time', async () => {
    expect((await run('pause node-1 long')).noted).toMatch('FOR is a length of time like 500ms, 10s or 2m')
  })

  test('a pause is told with the bound that the launcher keeps', () => {
    expect(heartbeatBoundMs).toBe(launcherDefaults.heartbeatBoundMs)
  })
})

const node = (id: string, more: object = {}) => ({
  id,
  group: 'kitchen',
  state: 'up',
  life: 1,
  address: 'ws://127.0.0.1:1',
  pid: 100 + Number(id.at(-1)),
  shardsOwned: 64,
  counters: {},
  gauges: { actors: 12, mailboxRows: 3, outboxRows: 1, deadLettersNow: 0, rssBytes: 92_000_000 },
  latencies: {},
  ...more,
})
const nodes = [
  node('node-1'),
  node('node-2'),
  node('node-3'),
  node('edge-1', { group: 'edge', shardsOwned: 0 }),
]
const view = {
  id: 'c',
  world: { now: '1970-01-01T19:42:10.000Z', speed: 60 },
  nodes,
  shards: { total: 192, unowned: 0, waiting: [] },
}

describe('against a cluster', () => {
  let server: Server
  let seen: string[] = []
  let answers: Record<string, { status: number; body: unknown }> = {}
  let url = ''

  beforeEach(async () => {
    seen = []
    answers = {}
    server = createServer((request, response) => {
      const asked = `${request.method} ${request.url}`
      seen.push(asked)
      const { status, body } =
        answers[asked] ??
        (asked === 'GET /ops/v1/cluster' ? { status: 200, body: view } : { status: 202, body: {} })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(status === 204 ? undefined : JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const told: readonly [string, string][] = [
    [
      'crash node-2',
      'node-2 was killed (pid 102). Its 64 shards move to node-1 and node-3; watch: npx brigade status\n',
    ],
    ['crash edge-1', 'edge-1 was killed (pid 101). It owned no shards; watch: npx brigade status\n'],
    [
      'pause node-3 500ms',
      'node-3 is frozen (pid 103). It goes on by itself in 500ms, with its shards; watch: npx brigade status\n',
    ],
    [
      'pause node-3 10s',
      'node-3 is frozen (pid 103). After 1s without a heartbeat the launcher kills it. Its 64 shards move to node-1 and node-2; watch: npx brigade status\n',
    ],
    ['resume node-3', 'node-3 goes on; watch: npx brigade status\n'],
    [
      'drain node-1',
      'node-1 is leaving. Its 64 shards move to node-2 and node-3, then it ends; watch: npx brigade status\n',
    ],
    ['cordon node-1', 'node-1 keeps its 64 shards and takes no more; watch: npx brigade status\n'],
    ['uncordon node-1', 'node-1 takes shards again; watch: npx brigade status\n'],
    [
      'partition node-1 node-2,node-3 --for 10s',
      "node-1 and node-2 and node-3 do not hear each other, and hear each other again in 10s. Nobody takes anybody's shards; watch: npx brigade status\n",
    ],
    ['heal', 'Every fault is reverted, and what waited goes out; watch: npx brigade status\n'],
  ]
  test.each(told)('%s tells what happened and what to look at', async (line, text) => {
    answers['DELETE /ops/v1/faults'] = { status: 204, body: undefined }
    expect(await run(`${line} --ops ${url}`)).toEqual({ code: 0, printed: text, noted: '' })
  })

  test('add-node tells the name of the new one, and --json gives it to a program', async () => {
    answers['POST /ops/v1/nodes'] = { status: 202, body: { accepted: true, node: 'node-4' } }
    expect((await run(`add-node --ops ${url}`)).printed).toMatch(/^node-4 is starting/)
    expect(JSON.parse((await run(`add-node --json --ops ${url}`)).printed)).toEqual({
      command: 'add-node',
      args: [],
      accepted: true,
      node: 'node-4',
    })
  })

  test('a node that there is not is answered with those that there are, and nothing is asked', async () => {
    const { code, noted } = await run(`crash node-9 --ops ${url}`)
    expect(code).toBe(1)
    expect(noted).toBe(
      "brigade: There is no node 'node-9'.\nNodes: node-1, node-2, node-3, edge-1. npx brigade status shows how they are.\n",
    )
    expect(seen).toEqual(['GET /ops/v1/cluster'])
  })

  test('a refusal is told in the words of the cluster, with what to do', async () => {
    answers['POST /ops/v1/nodes/node-1/drain'] = {
      status: 409,
      body: {
        code: 'last-node',
        detail: 'node-1 is the last of its group.',
        type: 'http://x/problems/last-node',
      },
    }
    const { code, noted } = await run(`drain node-1 --ops ${url}`)
    expect(code).toBe(1)
    expect(noted).toMatch(/node-1 is the last of its group\.\nNobody could take over for it\. Add one first/)
    const { error } = JSON.parse((await run(`drain node-1 --json --ops ${url}`)).printed)
    expect(error).toMatchObject({ code: 'last-node', message: 'node-1 is the last of its group.' })
  })

  test('status is an aligned table, and its JSON is what the cluster says', async () => {
    const { printed } = await run('status', { BRIGADE_OPS: url })
    expect(printed).toContain('World 19:42:10, x60. 192 shards, all owned.')
    expect(printed).toContain('node-1  kitchen  up           1      64      12        4     0   92 MB    101')
    expect(JSON.parse((await run(`status --json --ops ${url}`)).printed)).toEqual(view)
  })

  test('status names a node that starts, and the version that a shard waits for', async () => {
    const waiting = [{ type: 'order', needs: '3', has: '2', shards: 12 }]
    const changed = {
      ...view,
      nodes: [node('node-1'), node('node-2', { state: 'starting', shardsOwned: 0 })],
      shards: { total: 192, unowned: 2, waiting },
    }
    answers['GET /ops/v1/cluster'] = { status: 200, body: changed }
    const { printed } = await run(`status --ops ${url}`)
    expect(printed).toContain('node-2  kitchen  starting')
    expect(printed).toContain('192 shards, 2 without an owner, 12 wait for a newer build.')
    expect(printed).toContain("12 shards need version 3 of 'order', and this build has version 2")
    expect(JSON.parse((await run(`status --json --ops ${url}`)).printed).shards).toEqual(changed.shards)
  })

  test('dead letters are listed, and one is replayed by its id', async () => {
    const letter = {
      id: '17:order/o1',
      actor: 'order/o1',
      message: 'order.pay',
      reason: 'failed',
      detail: 'no till',
      at: '1970-01-01T19:00:00.000Z',
      replays: 0,
    }
    answers['GET /ops/v1/dead-letters?limit=50'] = { status: 200, body: { items: [letter] } }
    expect((await run(`dead-letters --ops ${url}`)).printed).toMatch(
      /17:order\/o1 +order\.pay +failed +19:00:00 +0/,
    )
    expect((await run(`dead-letters replay 17:order/o1 --ops ${url}`)).printed).toMatch(
      /is delivered once more/,
    )
    expect(seen.at(-1)).toBe('POST /ops/v1/dead-letters/17%3Aorder%2Fo1/replay')
    expect((await run(`dead-letters bury x --ops ${url}`)).noted).toMatch(/'bury' is not something to do/)
    expect((await run(`dead-letters replay --ops ${url}`)).noted).toMatch(/ID is missing/)
  })

  test('an answer that makes no sense is a bug, with the place of it', async () => {
    answers['GET /ops/v1/cluster'] = { status: 204, body: undefined }
    const asked = `crash node-1 --ops ${url}`
    expect(await run(asked)).toMatchObject({ code: 10, noted: expect.stringMatching(/a bug in Brigade/) })
    const { code, printed } = await run(`${asked} --json`)
    expect(code).toBe(10)
    expect(JSON.parse(printed).error).toMatchObject({
      code: 'BUG',
      next: expect.stringMatching(/TypeError[\s\S]*operator-command/),
    })
  })

  test('no cluster, or no address, is said so', async () => {
    await new Promise((resolve) => server.close(resolve))
    const { code, noted } = await run(`status --ops ${url}`)
    expect({ code, noted }).toEqual({
      code: 1,
      noted: `brigade: No cluster answers at ${url}.\nStart one with \`npm start\` or \`npx brigade up\`; or say where it is with --ops URL.\n`,
    })
    expect((await run('status --ops 4001')).noted).toMatch("'4001' is not the address of a cluster.")
    await new Promise<void>((resolve) => server.listen(0, resolve))
  })
})

describe('a judgement is an exit code', () => {
  const held = ['crash', 'orders', 'money', 'liveness', 'faults-fired', 'slo order.accept p95 < 200ms']
  const table: readonly [string, number][] = [
    ['', 0],
    ['slo order.accept p95 < 200ms', 13],
    ['faults-fired slo', 1],
    ['liveness slo', 11],
    ['orders', 12],
    ['money liveness slo', 12],
    ['crash', 10],
  ]
  test.each(table)('broken: %s', (broken, code) => {
    const isBroken = (id: string): boolean =>
      broken !== '' && broken.split(' ').includes(id.split(' ')[0] ?? '')
    expect(exitCodeOf({ checks: held.map((id) => ({ id, held: !isBroken(id) })) })).toBe(code)
  })
})

describe('day', () => {
  test('without a name the days are listed', async () => {
    expect((await run('day')).printed).toContain('  friday-rush')
    expect(JSON.parse((await run('day --json')).printed).days).toContainEqual({
      name: 'quiet-tuesday',
      title: 'A quiet Tuesday',
    })
  })

  test('what cannot be run is a usage error', async () => {
    expect((await run('day friday-rsh')).noted).toMatch(/no day 'friday-rsh'\. Did you mean 'friday-rush'\?/)
    expect((await run('day friday-rush --nodes 0')).code).toBe(1)
    expect((await run('day friday-rush --speed 60')).noted).toMatch('--speed is for a live day.')
  })

  test('a simulated day is one JSON document, and its command repeats it', async () => {
    const { code, printed, noted } = await run('day quiet-tuesday --seed 5 --json')
    const result = JSON.parse(printed)
    expect({ code, noted }).toEqual({ code: 0, noted: '' })
    expect(result).toMatchObject({
      day: 'quiet-tuesday',
      mode: 'sim',
      seed: 5,
      nodes: 3,
      orders: { lost: 0 },
    })
    const [, , ...again] = result.command.split(' ')
    const repeated = JSON.parse((await run(`${again.join(' ')} --json`)).printed)
    const lasting = { wallSeconds: 0, commit: '' }
    expect({ ...repeated, ...lasting }).toEqual({ ...result, ...lasting })
  }, 120_000)
})
