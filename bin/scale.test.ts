import { afterEach, beforeEach, expect, test } from 'vitest'
import { autoscaler } from '#actors'
import { type Gateway, startGateway } from '#gateway'
import { Machine } from '#kernel'
import type { NodeId } from '#ports'
import { FakeCluster } from '../gateway/testing/fake-cluster.ts'
import { brigade } from './brigade.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'

// The command as it is typed, against a gateway with the real machine behind it.

let gateway: Gateway
beforeEach(async () => {
  const cluster = new FakeCluster([{ definition: autoscaler, machine: new Machine(autoscaler) }])
  const node = {
    state: 'up',
    life: 1,
    address: '',
    shardsOwned: 1,
    counters: {},
    gauges: {},
    latencies: {},
  } as const
  cluster.view = { ...cluster.view, nodes: [{ ...node, id: 'node-1' as NodeId, group: 'kitchen' }] }
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0 })
})
afterEach(() => gateway.close())

async function run(line: string) {
  const terminal = recordingTerminal({ BRIGADE_OPS: gateway.opsUrl })
  const code = await brigade(line.split(' '), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

test('brigade scale shows a policy, sets it whole the first time, and then what is said of it', async () => {
  expect(await run('scale')).toMatchObject({ code: 0, printed: expect.stringContaining('autoscaler is off') })
  expect(await run('scale cpu --target 60')).toMatchObject({
    code: 1,
    noted: expect.stringContaining('lacks --min and --max'),
  })
  expect(await run('scale --max 3')).toMatchObject({
    code: 1,
    noted: expect.stringContaining('lacks POLICY, --target and --min'),
  })
  expect((await run('scale cpu --target 60 --min 2 --max 5')).printed).toContain(
    "Group 'kitchen' has 2 to 5 nodes, with 60% of a processor for each; it has not looked yet.",
  )
  const changed = await run('scale --max 4 --json')
  expect(JSON.parse(changed.printed)).toMatchObject({ policy: 'cpu', target: 60, min: 2, max: 4, version: 2 })
  expect((await run('scale off')).printed).toBe("Group 'kitchen' is left as it is: its autoscaler is off.\n")
})

test('brigade scale says what cannot be', async () => {
  expect(await run('scale cpu --target 60 --min 5 --max 2')).toMatchObject({
    code: 1,
    noted: expect.stringContaining('min is more than max'),
  })
  expect((await run('scale ram --target 60 --min 1 --max 2')).code).toBe(1)
  expect(await run('scale --group attic')).toMatchObject({
    code: 1,
    noted: expect.stringContaining("There is no group 'attic'"),
  })
})
