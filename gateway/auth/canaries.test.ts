import { randomBytes } from 'node:crypto'
import { pack } from 'msgpackr'
import { expect, test } from 'vitest'
import { identityActors, type KeyRingView, keyRingRef, menu, menuRef, order } from '#actors'
import { Machine } from '#kernel'
import { startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { unsealed } from './sealed.ts'

// One guest registers, mistypes, logs in, refreshes, is caught with an old token, and orders. Then everything that is
// stored or logged is searched for each of the secrets, as text, as base64 and as the store would pack it.

const site = 'main'
const canary = (): string => `canary-${randomBytes(16).toString('hex')}`

test('no password, token or private key is in a record, a snapshot, a stored reply, a request or a log line', async () => {
  const serviceKey = randomBytes(32)
  const lines: string[] = []
  const types = [...identityActors, order, menu].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  const cluster = new FakeCluster(types, { connected: true })
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  const gateway = await startGateway({
    client: cluster,
    site,
    port: 0,
    opsPort: 0,
    accounts: { serviceKey },
    log: { level: 'trace', stream: { write: (line) => void lines.push(line) } },
  })
  const secrets = new Map<string, string>()
  const post = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const cookie = /=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? '')?.[1]
    const said = (await response.json()) as { readonly accessToken: string; readonly code?: string }
    return { status: response.status, body: said, cookie }
  }
  try {
    const password = canary()
    const wrong = canary()
    secrets.set('the password', password).set('a mistyped password', wrong)
    const email = 'ada@example.org'
    const key = () => ({ 'idempotency-key': randomBytes(16).toString('base64url') })
    expect((await post('/api/v1/auth/register', { email, password }, key())).status).toBe(201)
    expect((await post('/api/v1/auth/register', { email: 'x', password: wrong }, key())).status).toBe(400)
    expect((await post('/api/v1/auth/login', { email, password: wrong })).status).toBe(401)
    const login = await post('/api/v1/auth/login', { email, password })
    const refreshed = await post('/api/v1/auth/refresh', undefined, {
      cookie: `brigade_refresh=${login.cookie}`,
    })
    expect([login.status, refreshed.status]).toEqual([200, 200])
    secrets.set('an access token', login.body.accessToken).set('another', refreshed.body.accessToken)
    secrets.set('a refresh token', login.cookie ?? '').set('the next one', refreshed.cookie ?? '')
    const authorization = `Bearer ${refreshed.body.accessToken}`
    const basket = { items: [{ dish: 'caprese', quantity: 1 }] }
    expect((await post('/api/v1/orders', basket, { authorization, ...key() })).status).toBe(201)
    const again = await post('/api/v1/auth/refresh', undefined, {
      cookie: `brigade_refresh=${refreshed.cookie}`,
    })
    secrets.set('the third one', again.cookie ?? '')
    const reused = await post('/api/v1/auth/refresh', undefined, {
      cookie: `brigade_refresh=${login.cookie}`,
    })
    expect([again.status, reused.body.code]).toEqual([200, 'refresh-reused'])

    const ring = await cluster.request({
      actor: keyRingRef(site),
      body: { kind: 'query', name: 'view' },
      timeoutMs: 1,
    })
    const active = ring.kind === 'answer' ? (ring.value as KeyRingView).keys[0] : undefined
    const privateKey = unsealed(serviceKey, active?.kid ?? '', active?.sealed ?? '')
    expect(privateKey).toHaveLength(43)
    secrets.set('the private key', privateKey ?? '')
    secrets.set('the service key', serviceKey.toString('base64url'))
    // The tag is the part of a refresh token that cannot be made without the service key.
    for (const [name, text] of [...secrets])
      if (name.endsWith('one') || name === 'a refresh token')
        secrets.set(`the tag of ${name}`, text.slice(-22))

    const places = {
      records: cluster.stored,
      snapshots: cluster.snapshots,
      requests: cluster.requests,
      log: lines,
    }
    const found: string[] = []
    for (const [place, content] of Object.entries(places)) {
      const haystacks = [Buffer.from(JSON.stringify(content)), pack(JSON.parse(JSON.stringify(content)))]
      for (const [name, secret] of secrets) {
        expect(secret.length).toBeGreaterThanOrEqual(16)
        for (const needle of needlesOf(secret))
          if (haystacks.some((haystack) => haystack.includes(needle)))
            found.push(`${name} is in the ${place}`)
      }
      expect(haystacks[0]?.length).toBeGreaterThan(2)
    }
    expect(found).toEqual([])
    // The search itself finds what is there: the e-mail address is no secret.
    const all = Buffer.from(JSON.stringify(cluster.snapshots))
    expect(needlesOf(email).some((needle) => all.includes(needle))).toBe(true)
  } finally {
    await gateway.close()
  }
})

/** As it is, and as base64 would carry it at each of the three places at which it may begin. */
function needlesOf(secret: string): readonly Buffer[] {
  const encoded = (['base64', 'base64url', 'hex'] as const).map((encoding) =>
    Buffer.from(Buffer.from(secret).toString(encoding).replace(/=+$/, '').slice(0, -2)),
  )
  const shifted = [1, 2].map((n) =>
    Buffer.from(
      Buffer.from(' '.repeat(n) + secret)
        .toString('base64')
        .replace(/=+$/, '')
        .slice(4, -2),
    ),
  )
  return [Buffer.from(secret), ...encoded, ...shifted]
}
