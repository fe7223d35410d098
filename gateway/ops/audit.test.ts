import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { AuditMessage } from '#actors'
import { menu, menuRef, officeActors } from '#actors'
import { Machine } from '#kernel'
import type { NodeId } from '#ports'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { fakeAuth as auth, bearer } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { FakeFaults } from '../testing/fake-faults.ts'
import { contractOf } from '../testing/openapi-contract.ts'
import { withoutSecrets } from './redaction.ts'

const site = 'main'
const crash = '/ops/v1/nodes/node-1/crash'
let cluster: FakeCluster
let faults: FakeFaults
let gateway: Gateway | undefined
let assertDescribed: ReturnType<typeof contractOf>

async function fresh(options: Partial<GatewayOptions> = {}): Promise<void> {
  await gateway?.close()
  const types = [menu, ...officeActors].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  faults = new FakeFaults()
  gateway = await startGateway({ client: cluster, faults, site, port: 0, opsPort: 0, ...options })
  const headers: Record<string, string> = options.token ? { authorization: `Bearer ${options.token}` } : {}
  assertDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`, { headers })).json())
}
beforeEach(() => fresh())
afterAll(() => gateway?.close())

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
): Promise<{ status: number; body: any; headers: Headers }> {
  const response = await fetch(`${gateway?.opsUrl}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, path, answer)
  return { status: response.status, body: answer, headers: response.headers }
}
const written = (): AuditMessage[] => cluster.entries as AuditMessage[]

describe('the audit', () => {
  test('says who did what, to whom, why and in which trace, and then how it went', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await call('POST', crash, undefined, { 'x-reason': 'a drill', traceparent })
    const { body } = await call('GET', '/ops/v1/audit')
    expect(body.day).toBe('2026-05-01')
    const begun = body.items.find(({ what }: { what: string }) => what === 'begun')
    expect(begun).toMatchObject({
      who: 'loopback',
      command: 'POST /ops/v1/nodes/:id/crash',
      target: crash,
      reason: 'a drill',
      trace: expect.stringContaining('a'.repeat(32)),
    })
    await expect.poll(() => written().length).toBe(2)
    const { body: after } = await call('GET', '/ops/v1/audit?limit=1')
    expect(after.items).toEqual([{ entry: begun.entry, what: 'ended', at: begun.at, status: 202 }])
    const next = await call('GET', `/ops/v1/audit?limit=1&cursor=${encodeURIComponent(after.nextCursor)}`)
    expect(next.body.items).toEqual([begun])
    expect((await call('GET', '/ops/v1/audit?day=2026-04-30')).body.items).toEqual([])
  })

  test('AU1: is written before the command is carried out', async () => {
    const command = cluster.command.bind(cluster)
    const before: number[] = []
    cluster.command = (given) => {
      before.push(written().length)
      return command(given)
    }
    await call('POST', crash)
    expect(before).toEqual([1])
  })

  test('AU1: a command that cannot be written down is refused, and not carried out', async () => {
    cluster.isAuditable = false
    const { status, body, headers } = await call('POST', crash)
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'audit-unavailable', '1'])
    expect(cluster.commands).toEqual([])
    const config = await call('PUT', '/ops/v1/config/rate.burst', { value: 5 }, { 'if-match': '"0"' })
    expect(config.status).toBe(503)
    expect((await call('GET', '/ops/v1/config')).body.version).toBe(0)
  })

  test('AU1: what mends a fault goes on, for the record may be behind it', async () => {
    cluster.isAuditable = false
    expect((await call('POST', '/ops/v1/nodes/node-1/resume')).status).toBe(202)
    expect((await call('DELETE', '/ops/v1/faults')).status).toBe(204)
    expect(cluster.commands).toEqual([{ kind: 'resume', node: 'node-1' as NodeId }])
    expect(faults.reverted).toEqual([undefined])
  })

  test('says what was refused, too, and nothing of what was only read', async () => {
    cluster.answerCommands({ kind: 'refused', reason: 'last-node', detail: 'It is the last.' })
    await call('POST', crash)
    await call('GET', '/ops/v1/nodes')
    await expect.poll(() => written().length).toBe(2)
    expect(written()[1]).toMatchObject({ type: 'audit.end', status: 409 })
  })

  test('AU2: nothing secret is in it', async () => {
    const secret = 'hunter2-and-more-of-it'
    const path = `/ops/v1/actors/${encodeURIComponent(menuRef(site))}/messages`
    await call('POST', path, {
      message: { type: 'menu.edit', token: secret, inner: [{ cardNumber: secret }] },
    })
    await call('PUT', '/ops/v1/config/gateway.ops-token', { value: secret }, { 'if-match': '"0"' })
    expect(written().length).toBeGreaterThan(1)
    expect(JSON.stringify(written())).not.toContain(secret)
    expect(JSON.stringify(written())).toContain('menu.edit')
    expect(
      withoutSecrets({ email: 'a@b.c', hash: '$argon2id$…', keys: [{ kid: 'k', sealed: 'x' }] }),
    ).toEqual({
      email: 'a@b.c',
      hash: '<redacted>',
      keys: [{ kid: 'k', sealed: '<redacted>' }],
    })
    expect(withoutSecrets({ a: 1, password: 'x', list: [{ refreshToken: 'y', dish: 'z' }] })).toEqual({
      a: 1,
      password: '<redacted>',
      list: [{ refreshToken: '<redacted>', dish: 'z' }],
    })
  })
})

describe('who operates', () => {
  const status = async (headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${gateway?.opsUrl}${crash}`, { method: 'POST', headers })).status

  test('stands in the audit by account, when they are logged in as one', async () => {
    await fresh({ auth })
    expect(await status(bearer('usr_bob', 'customer'))).toBe(403)
    expect(await status(bearer('usr_ann', 'operator'))).toBe(202)
    expect(written().map((entry) => ('who' in entry ? entry.who : entry.status))).toContain('usr_ann')
  })

  test('needs the token or such an account, where there is a token', async () => {
    const token = 'a-token-of-enough-length'
    await fresh({ token, auth })
    expect(await status()).toBe(401)
    expect(await status({ authorization: 'Bearer nonsense' })).toBe(401)
    expect(await status(bearer('usr_bob', 'customer'))).toBe(403)
    expect(await status(bearer('usr_ann', 'admin'))).toBe(202)
    expect(await status({ authorization: `Bearer ${token}` })).toBe(202)
  })
})
