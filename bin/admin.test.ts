import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { identityActors, menu, menuRef } from '#actors'
import { type Gateway, startGateway } from '#gateway'
import { Machine } from '#kernel'
import { FakeCluster } from '../gateway/testing/fake-cluster.ts'
import { brigade } from './brigade.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'

// The commands as they are typed, against a gateway with the real machines behind it.

const password = 'correct horse battery staple'
let cluster: FakeCluster
let gateway: Gateway
beforeEach(async () => {
  const types = [...identityActors, menu].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types, { connected: true })
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await startGateway({
    client: cluster,
    site: 'main',
    port: 0,
    opsPort: 0,
    accounts: { serviceKey: new Uint8Array(32).fill(3) },
  })
})
afterEach(() => gateway.close())

async function run(line: string, typed: readonly string[] = [], env: Record<string, string> = {}) {
  const terminal = recordingTerminal({ BRIGADE_OPS: gateway.opsUrl, ...env }, typed)
  const code = await brigade(line.split(' '), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}
const login = (email: string) =>
  fetch(`${gateway.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })

describe('a listener with a token', () => {
  const token = 'a-token-of-enough-length'
  beforeEach(async () => {
    await gateway.close()
    gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0, token })
  })

  test.each([
    ['none', {}, 1, 'BRIGADE_OPS_TOKEN'],
    ['another', { BRIGADE_OPS_TOKEN: 'not-the-token-of-this' }, 1, 'BRIGADE_OPS_TOKEN is what'],
    ['its token', { BRIGADE_OPS_TOKEN: token }, 0, ''],
  ])('is asked with %s', async (_what, env, code, says) => {
    const { code: ended, noted } = await run('status', [], env)
    expect([ended, noted]).toEqual([code, expect.stringContaining(says)])
    expect(noted).not.toContain(token)
  })
})

describe('brigade admin', () => {
  test('asks for address and password, makes the first admin, and never says the password', async () => {
    expect((await run('admin')).printed).toContain('There is no admin yet')
    const made = await run('admin create', ['root@example.org', password, password])
    expect(made).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/root@example.org .* usr_[0-9a-f]{32}/),
    })
    expect((await login('root@example.org')).status).toBe(200)
    expect((await run('admin')).printed).toMatch(/^usr_[0-9a-f]{32}\n$/)
    expect(JSON.stringify([cluster.requests, cluster.stored, made])).not.toContain(password)
  })

  test('refuses a second one, unless another is wanted', async () => {
    const env = { BRIGADE_ADMIN_PASSWORD: password }
    expect((await run('admin create --email root@example.org', [], env)).code).toBe(0)
    const second = await run('admin create --email eve@example.org', [], env)
    expect(second).toMatchObject({
      code: 1,
      noted: expect.stringMatching(/There is an admin already[\s\S]*--another/),
    })
    expect((await login('eve@example.org')).status).toBe(401)
    expect((await run('admin create --another --email eve@example.org', [], env)).code).toBe(0)
    expect((await login('eve@example.org')).status).toBe(200)
  })

  const refused = [
    ['passwords that differ', ['root@example.org', password, `${password}!`], /not the same/],
    ['a short one', ['root@example.org', 'short', 'short'], /at least 10 characters/],
    ['the address itself', ['root@example.org', 'root@example.org', 'root@example.org'], /must not be/],
  ] as const
  for (const [what, typed, words] of refused) {
    test(`does nothing with ${what}`, async () => {
      expect(await run('admin create', typed)).toMatchObject({ code: 1, noted: expect.stringMatching(words) })
      expect(cluster.requests.filter(({ body }) => body.kind === 'command')).toEqual([])
    })
  }

  test('a script has to name the address', async () => {
    expect((await run('admin create')).noted).toContain('--email is missing')
  })
})

describe('brigade keys', () => {
  test('shows the keys, and signs with a new one', async () => {
    expect((await run('keys')).printed.match(/active|retiring/g)).toEqual(['active'])
    expect((await run('keys rotate')).printed.match(/active|retiring/g)).toEqual(['active', 'retiring'])
    expect((await run('keys turn')).noted).toContain("'turn' is not something to do with keys")
  })
})
