import { createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Message } from '#actor'
import {
  accountRef,
  identityActors,
  keyRingRef,
  menu,
  menuRef,
  order,
  orderRef,
  profileRef,
  sessionRef,
} from '#actors'
import { Machine } from '#kernel'
import type { Outcome } from '#ports'
import { passwordHash } from '../auth/passwords.ts'
import type { ActorRequest, Gateway, GatewayOptions } from '../index.ts'
import { startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'
import { ProfileCache } from './profile-cache.ts'

// Over real HTTP, in front of the real machines of identity, connected as a cluster would connect them. Every answer
// is checked against the OpenAPI document of its listener.

const site = 'main'
const serviceKey = new Uint8Array(32).fill(9)
const password = 'correct horse battery staple'
let cluster: FakeCluster
let gateways: Gateway[] = []
/** Of the public listener and of the operators': every gateway here describes itself alike. */
let contracts: readonly ReturnType<typeof contractOf>[] = []
let keys = 0
const freshKey = (): string => `${String(++keys).padStart(8, '0')}-a-key-for-this-test`

const newCluster = (): FakeCluster => {
  const types = [...identityActors, order, menu].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  const made = new FakeCluster(types, { connected: true })
  made.deliver(menuRef(site), { type: 'menu.open' })
  return made
}
async function open(options: Partial<GatewayOptions> = {}, client = cluster): Promise<Gateway> {
  const gateway = await startGateway({
    client,
    site,
    port: 0,
    opsPort: 0,
    accounts: { serviceKey },
    ...options,
  })
  gateways.push(gateway)
  const documentOf = async (url: string) => (await fetch(`${url}/openapi.json`)).json()
  if (contracts.length === 0)
    contracts = (await Promise.all([gateway.url, gateway.opsUrl].map(documentOf))).map(contractOf)
  return gateway
}
const closeAll = async (): Promise<void> => {
  await Promise.all(gateways.map((gateway) => gateway.close()))
  gateways = []
}

let gateway: Gateway
beforeEach(async () => {
  await closeAll()
  cluster = newCluster()
  gateway = await open()
})
afterAll(closeAll)

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
  readonly body: any
}
interface Sent {
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly base?: string
  readonly type?: string
}

async function call(method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { body, headers = {}, base = gateway.url, type = 'application/json' } = sent
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  for (const check of contracts) check(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

const credentials = (email = 'ada@example.org') => ({ email, password })
const register = (body: unknown = credentials(), key = freshKey(), base = gateway.url): Promise<Answer> =>
  call('POST', '/api/v1/auth/register', { body, headers: { 'idempotency-key': key }, base })
const login = (body: unknown = credentials(), base = gateway.url): Promise<Answer> =>
  call('POST', '/api/v1/auth/login', { body, base })
const cookieOf = ({ headers }: Answer): string => headers.getSetCookie()[0]?.split(';')[0] ?? ''
const refresh = (cookie: string, base = gateway.url): Promise<Answer> =>
  call('POST', '/api/v1/auth/refresh', { headers: { cookie }, base })
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code]
const commands = (type: string): readonly ActorRequest[] =>
  cluster.requests.filter(({ body }) => body.kind === 'command' && body.message.type === type)

interface Somebody {
  readonly id: string
  readonly token: string
  readonly cookie: string
  readonly auth: Record<string, string>
}
async function somebody(email = 'ada@example.org'): Promise<Somebody> {
  const { body: registered } = await register(credentials(email))
  const answer = await login(credentials(email))
  const token = answer.body.accessToken
  return { id: registered.id, token, cookie: cookieOf(answer), auth: bearer(token) }
}
async function admin(email = 'root@example.org'): Promise<Somebody> {
  const { status, body } = await call('POST', '/ops/v1/admins', {
    base: gateway.opsUrl,
    headers: { 'idempotency-key': freshKey() },
    body: { email, hash: await passwordHash(password), another: true },
  })
  expect(status).toBe(201)
  const answer = await login(credentials(email))
  const token = answer.body.accessToken
  return { id: body.id, token, cookie: cookieOf(answer), auth: bearer(token) }
}

describe('registering', () => {
  test('answers 201 with the account and where its profile is', async () => {
    const { status, headers, body } = await register({ ...credentials('Ada@Example.org'), name: 'Ada' })
    expect([status, headers.get('location'), headers.get('etag')]).toEqual([201, '/api/v1/users/me', '"1"'])
    expect(body).toEqual({ id: expect.stringMatching(/^usr_[0-9a-f]{32}$/), email: 'Ada@Example.org' })
  })

  test('of one address there is one account, however it is written', async () => {
    await register()
    expect(codeOf(await register(credentials('ADA@example.org')))).toEqual([409, 'email-taken'])
  })

  test('a retry with the same key finds the same account, also through another gateway', async () => {
    const other = await open()
    const key = freshKey()
    const first = await register(credentials(), key)
    const again = await register(credentials(), key, other.url)
    expect([again.status, again.body]).toEqual([201, first.body])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(codeOf(await register(credentials('eve@example.org'), key))).toEqual([
      422,
      'idempotency-key-reused',
    ])
  })

  const unfit = [
    ['is short', 'short'],
    ['is the address', 'ada@example.org'],
    ['is the address in capitals', 'ADA@EXAMPLE.ORG'],
    ['is too long', 'x'.repeat(129)],
  ] as const
  for (const [claim, word] of unfit) {
    test(`a password that ${claim} is refused, and is not in the answer`, async () => {
      const answer = await register({ email: 'ada@example.org', password: word })
      expect([...codeOf(answer), answer.body.errors[0].pointer]).toEqual([400, 'validation', '#/password'])
      expect(cluster.requests.filter(({ body }) => body.kind === 'command')).toEqual([])
    })
  }

  test('needs a key, and a long one', async () => {
    const body = credentials()
    expect(codeOf(await call('POST', '/api/v1/auth/register', { body }))).toEqual([
      400,
      'idempotency-key-missing',
    ])
    expect(codeOf(await register(body, 'short'))).toEqual([400, 'idempotency-key-invalid'])
  })

  const lost: Outcome = { kind: 'timeout' }
  /** The gateway dies there: what was sent before has been heard. */
  const crashes = [
    ['before the claim', (n: ActorRequest) => n.body.kind === 'query', true],
    ['before the claim is heard', (n: ActorRequest) => isCommand(n, 'address.claim'), true],
    ['after the claim, before its answer', (n: ActorRequest) => isCommand(n, 'address.claim'), false],
    ['before the account is told', (n: ActorRequest) => isCommand(n, 'account.register'), true],
    [
      'after the account is told, before its answer',
      (n: ActorRequest) => isCommand(n, 'account.register'),
      false,
    ],
  ] as const
  for (const [claim, isHere, isUnheard] of crashes) {
    test(`A1: broken off ${claim}, a retry through another gateway finishes it`, async () => {
      const dying = newCluster()
      cluster = dying
      const mortal: FakeCluster = Object.create(dying, {
        request: {
          value: async (request: ActorRequest): Promise<Outcome> => {
            if (!isHere(request)) return dying.request(request)
            if (!isUnheard) await dying.request(request)
            return lost
          },
        },
        watch: { value: dying.watch.bind(dying) },
        idempotencyKey: { value: () => dying.idempotencyKey() },
      })
      const first = await open({}, mortal)
      const second = await open({}, dying)
      const key = freshKey()
      expect((await register(credentials(), key, first.url)).status).toBe(504)
      const retry = await register(credentials(), key, second.url)
      expect(retry.status).toBe(201)
      expect((await login(credentials(), second.url)).status).toBe(200)
      expect(codeOf(await register(credentials(), freshKey(), second.url))).toEqual([409, 'email-taken'])
    })
  }
})

const isCommand = ({ body }: ActorRequest, type: string): boolean =>
  body.kind === 'command' && body.message.type === type

describe('logging in', () => {
  test('gives an access token of ten minutes, and a cookie that no script and no other site sees', async () => {
    await register()
    const { status, headers, body } = await login(credentials(' ADA@example.org'.trim()))
    expect([status, body.tokenType, body.expiresIn]).toEqual([200, 'Bearer', 600])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^brigade_refresh=[\w.-]+; Path=\/api\/v1\/auth; Max-Age=604800; HttpOnly; SameSite=Strict$/,
      ),
    ])
  })

  test('the token says who and what, and is signed with a published key', async () => {
    const { id, token } = await somebody()
    const [header, claims] = token
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    const { body, headers } = await call('GET', '/.well-known/jwks.json')
    expect(headers.get('cache-control')).toBe('public, max-age=60')
    expect(header).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: body.keys[0].kid })
    expect(claims).toMatchObject({ sub: id, scope: 'customer', iss: 'brigade', aud: 'brigade-api' })
    expect([claims.exp - claims.iat, claims.sid.startsWith(`${id}.`)]).toEqual([600, true])
    expect(JSON.stringify(body)).not.toMatch(/"d"|sealed/)
  })

  test('a wrong password and an unknown address are one answer, after the same questions', async () => {
    await register()
    const asked = async (body: unknown) => {
      cluster.requests.length = 0
      const { status, body: said, headers } = await login(body)
      const queries = cluster.requests.filter((request) => request.body.kind === 'query')
      return {
        status,
        code: said.code,
        detail: said.detail,
        queries: queries.length,
        www: headers.get('www-authenticate'),
      }
    }
    const wrong = await asked({ ...credentials(), password: 'not the password' })
    expect(wrong).toMatchObject({ status: 401, code: 'bad-credentials', www: 'Bearer' })
    expect(await asked(credentials('nobody@example.org'))).toEqual(wrong)
  })

  test('five wrong passwords lock it, also for the right one, until the time is over', async () => {
    const { id } = await somebody()
    for (let n = 0; n < 5; n += 1)
      expect((await login({ ...credentials(), password: 'not the password' })).status).toBe(401)
    const locked = await login()
    expect([...codeOf(locked), locked.headers.get('retry-after')]).toEqual([403, 'account-locked', '900'])
    cluster.fire(accountRef(id), { type: 'account.rested' })
    expect((await login()).status).toBe(200)
  })

  test('a right password that comes after four wrong ones at the same moment is refused if a fifth was faster', async () => {
    const { id } = await somebody()
    for (let n = 0; n < 5; n += 1) cluster.deliver(accountRef(id), { type: 'account.login-failed' })
    const refused = await Promise.all([login(), login()])
    expect(refused.map(codeOf)).toEqual([
      [403, 'account-locked'],
      [403, 'account-locked'],
    ])
  })

  test('too many at once are told to come back', async () => {
    await register()
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => login(credentials('nobody@example.org'))),
    )
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(32)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
  })
})

describe('refreshing', () => {
  test('exchanges the cookie for the next one and a new access token', async () => {
    const { cookie, id } = await somebody()
    const next = await refresh(cookie)
    expect(next.status).toBe(200)
    expect(cookieOf(next)).not.toBe(cookie)
    const { body } = await call('GET', '/api/v1/auth/validate', { headers: bearer(next.body.accessToken) })
    expect(body).toMatchObject({ active: true, sub: id, scope: 'customer' })
    expect((await refresh(cookieOf(next))).status).toBe(200)
  })

  test('a retry after a lost answer gives the very same cookie, through any gateway', async () => {
    const { cookie } = await somebody()
    const other = await open()
    const first = await refresh(cookie)
    const again = await refresh(cookie, other.url)
    expect([again.status, cookieOf(again)]).toEqual([200, cookieOf(first)])
  })

  test('a cookie that was used before ends the whole session', async () => {
    const { cookie, auth } = await somebody()
    const second = cookieOf(await refresh(cookie))
    const third = cookieOf(await refresh(second))
    const reused = await refresh(cookie)
    expect(codeOf(reused)).toEqual([401, 'refresh-reused'])
    expect(reused.headers.getSetCookie()[0]).toContain('brigade_refresh=; Path=/api/v1/auth; Max-Age=0')
    expect(codeOf(await refresh(third))).toEqual([401, 'session-ended'])
    expect(codeOf(await call('GET', '/api/v1/auth/validate', { headers: auth }))).toEqual([
      401,
      'session-ended',
    ])
  })

  test('one that was exchanged is in the answer, though the account cannot be asked', async () => {
    const { cookie } = await somebody()
    const request = cluster.request
    cluster.request = (asked) =>
      asked.body.kind === 'query' && asked.actor.startsWith('account/')
        ? Promise.resolve({ kind: 'timeout' })
        : request.call(cluster, asked)
    const cut = await refresh(cookie)
    cluster.request = request
    expect(codeOf(cut)).toEqual([504, 'actor-timeout'])
    expect(cookieOf(cut)).toContain('.2.')
    expect((await refresh(cookieOf(cut))).status).toBe(200)
  })

  test('the moment for retries passes', async () => {
    const { cookie, id } = await somebody()
    await refresh(cookie)
    const session = cookie
      .replace(/^brigade_refresh=/, '')
      .split('.')
      .slice(0, 2)
      .join('.')
    expect(session.startsWith(id)).toBe(true)
    cluster.fire(sessionRef(session), { type: 'session.settle' })
    expect(codeOf(await refresh(cookie))).toEqual([401, 'refresh-reused'])
  })

  test('what is not ours is nothing', async () => {
    const { cookie } = await somebody()
    const forged = cookie.replace(/\.1\./, '.2.')
    for (const bad of ['brigade_refresh=x', 'other=1', forged, `${cookie}x`])
      expect(codeOf(await refresh(bad))).toEqual([401, 'unauthorized'])
    const next = cookieOf(await refresh(`a=b; ${cookie}; c=d`))
    expect(next).toContain('.2.')
  })

  test('takes roles as they are now, and nothing for who is locked', async () => {
    const { cookie, id } = await somebody()
    cluster.deliver(accountRef(id), { type: 'account.set-roles', roles: ['customer', 'staff'] } as never)
    const next = await refresh(cookie)
    const { body } = await call('GET', '/api/v1/auth/validate', { headers: bearer(next.body.accessToken) })
    expect(body.scope).toBe('customer staff')
    cluster.deliver(accountRef(id), { type: 'account.lock' })
    expect(codeOf(await refresh(cookieOf(next)))).toEqual([401, 'session-ended'])
  })
})

describe('sessions', () => {
  test('are listed, and ended one by one; those of others are none', async () => {
    const ada = await somebody()
    const second = await login()
    const list = await call('GET', '/api/v1/auth/sessions', { headers: ada.auth })
    expect(list.body.items.map(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toEqual([true, false])
    const other = list.body.items[1].id
    const eve = await somebody('eve@example.org')
    expect(codeOf(await call('DELETE', `/api/v1/auth/sessions/${other}`, { headers: eve.auth }))).toEqual([
      404,
      'not-found',
    ])
    expect((await call('DELETE', `/api/v1/auth/sessions/${other}`, { headers: ada.auth })).status).toBe(204)
    expect((await call('DELETE', `/api/v1/auth/sessions/${other}`, { headers: ada.auth })).status).toBe(204)
    expect(codeOf(await refresh(cookieOf(second)))).toEqual([401, 'session-ended'])
    const left = await call('GET', '/api/v1/auth/sessions', { headers: ada.auth })
    expect(left.body.items).toHaveLength(1)
    const never = `/api/v1/auth/sessions/${ada.id}.never`
    expect(codeOf(await call('DELETE', never, { headers: ada.auth }))).toEqual([404, 'not-found'])
  })

  test('log-out ends the one of the token, or of the cookie alone', async () => {
    const ada = await somebody()
    const out = await call('POST', '/api/v1/auth/logout', { headers: ada.auth })
    expect([out.status, out.headers.getSetCookie()[0]]).toEqual([204, expect.stringContaining('Max-Age=0')])
    expect(codeOf(await refresh(ada.cookie))).toEqual([401, 'session-ended'])
    const cookie = cookieOf(await login())
    expect((await call('POST', '/api/v1/auth/logout', { headers: { cookie } })).status).toBe(204)
    expect(codeOf(await refresh(cookie))).toEqual([401, 'session-ended'])
    expect(codeOf(await call('POST', '/api/v1/auth/logout'))).toEqual([401, 'unauthorized'])
  })
})

describe('access tokens', () => {
  const me = (headers: Record<string, string>) => call('GET', '/api/v1/users/me', { headers })

  test('without one 401 says how', async () => {
    const { status, headers } = await me({})
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test('one that was changed, or that others made, is not good', async () => {
    const { token, id } = await somebody()
    const [header = '', claims = '', signature = ''] = token.split('.')
    const as = (change: object) =>
      Buffer.from(
        JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), ...change }),
      ).toString('base64url')
    const kid = JSON.parse(Buffer.from(header, 'base64url').toString()).kid
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const foreign = (protectedHeader: { alg: string; kid?: string }) =>
      new SignJWT({ sid: `${id}.x`, scope: 'admin' })
        .setProtectedHeader(protectedHeader)
        .setSubject(id)
        .setIssuer('brigade')
        .setAudience('brigade-api')
        .setExpirationTime('10m')
        .sign(privateKey)
    const x = String(publicKey.export({ format: 'jwk' }).x)
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
    const symmetric = Buffer.from(JSON.stringify({ alg: 'HS256', kid })).toString('base64url')
    const mac = createHmac('sha256', Buffer.from(x, 'base64url')).update(`${symmetric}.${claims}`)
    const bad = [
      `${header}.${as({ scope: 'admin' })}.${signature}`,
      `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
      `${none}.${claims}.AAAA`,
      `${symmetric}.${claims}.${mac.digest('base64url')}`,
      'a.b.c',
      await foreign({ alg: 'EdDSA', kid }),
      await foreign({ alg: 'EdDSA', kid: 'unknown' }),
      await foreign({ alg: 'EdDSA' }),
    ]
    for (const one of bad) {
      const answer = await me(bearer(one))
      expect([...codeOf(answer), answer.headers.get('www-authenticate')]).toEqual([
        401,
        'token-invalid',
        'Bearer error="invalid_token"',
      ])
    }
    expect((await me(bearer(token))).status).toBe(200)
  })

  test('stay good while their key retires, and not after; every gateway learns of a new key', async () => {
    const other = await open()
    const { token } = await somebody()
    expect((await call('GET', '/api/v1/users/me', { headers: bearer(token), base: other.url })).status).toBe(
      200,
    )
    const rotated = await call('POST', '/ops/v1/keys/rotation', { base: gateway.opsUrl })
    expect(rotated.body.items.map(({ status }: { status: string }) => status)).toEqual(['active', 'retiring'])
    const newer = (await login()).body.accessToken
    for (const base of [gateway.url, other.url])
      for (const one of [token, newer])
        expect((await call('GET', '/api/v1/users/me', { headers: bearer(one), base })).status).toBe(200)
    expect((await call('GET', '/.well-known/jwks.json')).body.keys).toHaveLength(2)
    cluster.fire(keyRingRef(site), { type: 'key-ring.retire', kid: rotated.body.items[1].kid } as never)
    expect(codeOf(await me(bearer(token)))).toEqual([401, 'token-invalid'])
    expect((await me(bearer(newer))).status).toBe(200)
    expect((await call('GET', '/.well-known/jwks.json')).body.keys).toHaveLength(1)
  })

  test('a key that is old is followed by another when it is next needed', async () => {
    const { token } = await somebody()
    cluster.fire(keyRingRef(site), { type: 'key-ring.age' })
    expect((await me(bearer(token))).status).toBe(200)
    const { body } = await call('GET', '/ops/v1/keys', { base: gateway.opsUrl })
    expect(body.items.map(({ status }: { status: string }) => status)).toEqual(['active', 'retiring'])
  })

  test('no more keys retire at once than there may be', async () => {
    await somebody()
    const answers: Answer[] = []
    for (let n = 0; n < 5; n += 1)
      answers.push(await call('POST', '/ops/v1/keys/rotation', { base: gateway.opsUrl }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 409])
    expect(answers[4]?.body.code).toBe('rotation-limit')
  })

  test('are checked without the cluster, once the keys are known', async () => {
    const { auth } = await somebody()
    await call('GET', '/api/v1/orders/ord_x', { headers: auth })
    cluster.requests.length = 0
    await call('GET', '/api/v1/orders/ord_x', { headers: auth })
    expect(cluster.requests.map(({ actor }) => actor)).toEqual(['order/ord_x'])
  })

  test('another service key opens nothing of this data, and is said to whoever runs the house', async () => {
    const { token, cookie } = await somebody()
    const lines: string[] = []
    const stranger = await open({
      accounts: { serviceKey: new Uint8Array(32).fill(1) },
      log: { level: 'warn', stream: { write: (line) => void lines.push(line) } },
    })
    const base = stranger.url
    expect((await call('GET', '/api/v1/users/me', { headers: bearer(token), base })).status).toBe(500)
    expect(lines.join()).toContain('SERVICE_KEY_MISMATCH')
    expect(codeOf(await refresh(cookie, base))).toEqual([401, 'unauthorized'])
  })
})

describe('the profile', () => {
  const patch = (auth: Record<string, string>, body: unknown, version?: string) =>
    call('PATCH', '/api/v1/users/me', {
      headers: { ...auth, ...(version !== undefined && { 'if-match': version }) },
      body,
      type: 'application/merge-patch+json',
    })

  test('begins with what was said, and is changed by a merge patch for the version that was read', async () => {
    await register({ ...credentials(), name: 'Ada' })
    const auth = bearer((await login()).body.accessToken)
    const first = await call('GET', '/api/v1/users/me', { headers: auth })
    expect(first.body).toMatchObject({ email: 'ada@example.org', name: 'Ada', version: 1 })
    expect(codeOf(await patch(auth, { phone: '+4915112345678' }))).toEqual([428, 'precondition-required'])
    const changed = await patch(auth, { phone: '+4915112345678', name: null }, '"1"')
    expect([changed.headers.get('etag'), changed.body.phone, changed.body.name]).toEqual([
      '"2"',
      '+4915112345678',
      undefined,
    ])
    const stale = await patch(auth, { name: 'Eve' }, '"1"')
    expect([...codeOf(stale), stale.headers.get('etag')]).toEqual([412, 'precondition-failed', '"2"'])
    expect(codeOf(await patch(auth, { email: 'x@y.z' }, '"2"'))).toEqual([400, 'validation'])
    const same = await call('GET', '/api/v1/users/me', { headers: { ...auth, 'if-none-match': '"2"' } })
    expect([same.status, same.body]).toEqual([304, undefined])
  })

  test('is asked once, and again when it has changed', async () => {
    const { id, auth } = await somebody()
    const read = async () => (await call('GET', '/api/v1/users/me', { headers: auth })).body
    const asked = () => cluster.requests.filter(({ actor }) => actor === profileRef(id)).length
    await Promise.all([read(), read(), read()])
    const first = asked()
    expect([await read(), asked()]).toEqual([expect.objectContaining({ version: 1 }), first])
    // Through another gateway: this one hears of it.
    cluster.deliver(profileRef(id), { type: 'profile.change', name: 'Augusta' } as Message)
    expect([await read(), asked()]).toEqual([
      expect.objectContaining({ name: 'Augusta', version: 2 }),
      first + 1,
    ])
    // Whoever is refused for an old version reads the new one, also when that was not heard of yet.
    await patch(auth, { name: 'Ada' }, '"1"')
    expect([(await read()).version, asked()]).toEqual([2, first + 3])
  })

  test('is held for the accounts that were read last, and no more', async () => {
    const people = await Promise.all([1, 2].map((n) => somebody(`guest-${n}@example.org`)))
    const [ada, bob] = people as [(typeof people)[0], (typeof people)[0]]
    const cache = new ProfileCache(cluster)
    await cache.read(ada.id)
    expect(cluster.watchers(profileRef(ada.id))).toBe(1)
    for (let n = 0; n < 199; n += 1) await cache.read(`usr_nobody${n}`).catch(() => {})
    await cache.read(ada.id)
    await cache.read(bob.id)
    expect(cluster.watchers(profileRef('usr_nobody0'))).toBe(0)
    expect(cluster.watchers(profileRef(ada.id))).toBe(1)
    cache.close()
    expect([ada, bob].map(({ id }) => cluster.watchers(profileRef(id)))).toEqual([0, 0])
  })

  test('has preferences, which are replaced whole', async () => {
    const { auth } = await somebody()
    const path = '/api/v1/users/me/preferences'
    expect((await call('GET', path, { headers: auth })).body).toEqual({})
    const body = { serve: 'table', avoids: ['basil'] }
    const put = await call('PUT', path, { headers: { ...auth, 'if-match': '"1"' }, body })
    expect([put.status, put.body, put.headers.get('etag')]).toEqual([200, body, '"2"'])
    expect((await call('PUT', path, { headers: { ...auth, 'if-match': '"1"' }, body })).status).toBe(412)
    const again = await call('GET', path, { headers: { ...auth, 'if-none-match': '"2"' } })
    expect(again.status).toBe(304)
  })
})

const deliver = (order: string, message: Message & Readonly<Record<string, unknown>>): void => {
  expect(cluster.deliver(orderRef(order), message).kind).toBe('done')
}
const place = (id: string, guest: string): void =>
  deliver(id, {
    type: 'order.place',
    site,
    items: [{ dish: 'caprese', quantity: 1, price: 1_050 }],
    needs: [{ ingredient: 'tomato', amount: 1 }],
    total: 1_050,
    serve: 'collect',
    promisedAt: cluster.now + 1_200_000_000,
    token: 'tok_ok',
    guest,
  })

describe('closing an account', () => {
  const leave = (auth: Record<string, string>, version?: string) =>
    call('DELETE', '/api/v1/users/me', {
      headers: { ...auth, ...(version !== undefined && { 'if-match': version }) },
    })

  test('ends its sessions and frees its address', async () => {
    const ada = await somebody()
    expect(codeOf(await leave(ada.auth))).toEqual([428, 'precondition-required'])
    expect(codeOf(await leave(ada.auth, '"7"'))).toEqual([412, 'precondition-failed'])
    const left = await leave(ada.auth, '"1"')
    expect([left.status, left.body]).toEqual([202, { id: ada.id, state: 'closed' }])
    expect(codeOf(await refresh(ada.cookie))).toEqual([401, 'session-ended'])
    expect(codeOf(await login())).toEqual([401, 'bad-credentials'])
    expect((await register()).status).toBe(201)
  })

  test('waits for open orders', async () => {
    const { id, auth } = await somebody()
    const bob = await somebody('bob@example.org')
    place('ord_1', id)
    place('ord_2', id)
    const listed = async () => (await call('GET', '/api/v1/orders', { headers: auth })).body.items
    await vi.waitFor(async () => expect(await listed()).toHaveLength(2))
    const refused = await leave(auth, '"1"')
    expect([...codeOf(refused), refused.body.detail]).toEqual([
      409,
      'open-orders',
      '2 orders are not finished yet.',
    ])
    expect((await leave(bob.auth, '"1"')).status, 'they are nobody else’s').toBe(202)
    for (const order of ['ord_1', 'ord_2']) deliver(order, { type: 'reservation.refused', shortages: [] })
    await vi.waitFor(async () =>
      expect(await listed()).toMatchObject([{ state: 'rejected' }, { state: 'rejected' }]),
    )
    expect((await leave(auth, '"1"')).status).toBe(202)
  })

  test('is refused to the last admin', async () => {
    const root = await admin()
    expect(codeOf(await leave(root.auth, '"1"'))).toEqual([409, 'last-admin'])
  })
})

describe('administering', () => {
  test('takes the role, and the refusal names it', async () => {
    const ada = await somebody()
    const routes = [
      ['GET', '/api/v1/users', undefined],
      ['GET', `/api/v1/users/${ada.id}`, undefined],
      ['POST', `/api/v1/users/${ada.id}/lock`, undefined],
      ['POST', `/api/v1/users/${ada.id}/unlock`, undefined],
      ['PUT', `/api/v1/users/${ada.id}/roles`, { roles: ['admin'] }],
    ] as const
    for (const [method, path, body] of routes) {
      const sent = { headers: { ...ada.auth, 'if-match': '"1"' }, ...(body && { body }) }
      const refused = await call(method, path, sent)
      expect([...codeOf(refused), refused.body.detail]).toEqual([
        403,
        'forbidden',
        expect.stringContaining('admin'),
      ])
      expect((await call(method, path, body ? { body } : {})).status).toBe(401)
    }
  })

  test('accounts are listed by state and role, with nothing of the person', async () => {
    const root = await admin()
    const ada = await somebody()
    const bob = await somebody('bob@example.org')
    await call('POST', `/api/v1/users/${bob.id}/lock`, { headers: root.auth })
    const list = (query = '') => call('GET', `/api/v1/users${query}`, { headers: root.auth })
    const idsOf = ({ body }: Answer): string[] => body.items.map(({ id }: Somebody) => id).toSorted()
    await vi.waitFor(async () => expect(idsOf(await list('?state=locked'))).toEqual([bob.id]))
    const all = await list()
    expect(idsOf(all)).toEqual([ada.id, bob.id, root.id].toSorted())
    expect(JSON.stringify(all.body)).not.toMatch(/example|argon2/)
    expect((await list('?state=locked')).body.items).toMatchObject([
      { roles: ['customer'], lockedBy: 'operator' },
    ])
    expect(idsOf(await list('?role=admin'))).toEqual([root.id])
    expect(idsOf(await list('?role=customer&state=active'))).toEqual([ada.id])
    const first = await list('?limit=2')
    const second = await list(`?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`)
    expect([...idsOf(first), ...idsOf(second)].toSorted()).toEqual(idsOf(all))
    expect(codeOf(await list('?state=refused'))).toEqual([400, 'validation'])
  })

  test('an account is shown, and its roles are set for the version that was read', async () => {
    const root = await admin()
    const ada = await somebody()
    const path = `/api/v1/users/${ada.id}`
    const shown = await call('GET', path, { headers: root.auth })
    expect(shown.body).toMatchObject({ id: ada.id, roles: ['customer'], state: 'active', sessions: 1 })
    const etag = shown.headers.get('etag') ?? ''
    expect((await call('GET', path, { headers: { ...root.auth, 'if-none-match': etag } })).status).toBe(304)
    const set = (roles: string[], version: string) =>
      call('PUT', `${path}/roles`, { headers: { ...root.auth, 'if-match': version }, body: { roles } })
    const staff = await set(['customer', 'staff'], etag)
    expect([staff.status, staff.body.roles]).toEqual([200, ['customer', 'staff']])
    expect(codeOf(await set(['manager'], etag))).toEqual([412, 'precondition-failed'])
    expect(codeOf(await set(['king'], etag))).toEqual([400, 'validation'])
    const unknown = `/api/v1/users/usr_${'0'.repeat(32)}`
    expect(codeOf(await call('GET', unknown, { headers: root.auth }))).toEqual([404, 'not-found'])
  })

  test('a locked account cannot log in or refresh until it is unlocked', async () => {
    const root = await admin()
    const ada = await somebody()
    const tell = (what: string) => call('POST', `/api/v1/users/${ada.id}/${what}`, { headers: root.auth })
    expect((await tell('lock')).body).toMatchObject({ state: 'locked', lockedBy: 'operator', sessions: 0 })
    const refused = await login()
    expect([...codeOf(refused), refused.headers.get('retry-after')]).toEqual([403, 'account-locked', null])
    expect((await refresh(ada.cookie)).status).toBe(401)
    expect((await tell('unlock')).body).toMatchObject({ state: 'active' })
    expect((await login()).status).toBe(200)
  })

  test('the last admin keeps the role and stays unlocked; with another one it need not', async () => {
    const root = await admin()
    const path = `/api/v1/users/${root.id}`
    const demote = async () => {
      const etag = (await call('GET', path, { headers: root.auth })).headers.get('etag') ?? ''
      return call('PUT', `${path}/roles`, {
        headers: { ...root.auth, 'if-match': etag },
        body: { roles: ['customer'] },
      })
    }
    expect(codeOf(await demote())).toEqual([409, 'last-admin'])
    expect(codeOf(await call('POST', `${path}/lock`, { headers: root.auth }))).toEqual([409, 'last-admin'])
    await admin('second@example.org')
    expect((await demote()).body.roles).toEqual(['customer'])
  })

  test('the first admin is made once; a further one is asked for by name', async () => {
    const make = async (body: object, key = freshKey()) =>
      call('POST', '/ops/v1/admins', {
        base: gateway.opsUrl,
        headers: { 'idempotency-key': key },
        body: { hash: await passwordHash(password), ...body },
      })
    const key = freshKey()
    const first = await make({ email: 'root@example.org' }, key)
    expect(first.status).toBe(201)
    expect((await make({ email: 'root@example.org' }, key)).body).toEqual(first.body)
    expect(codeOf(await make({ email: 'eve@example.org' }))).toEqual([409, 'admin-exists'])
    expect((await make({ email: 'eve@example.org', another: true })).status).toBe(201)
    expect(codeOf(await make({ email: 'eve@example.org', another: true }))).toEqual([409, 'email-taken'])
    expect(codeOf(await make({ email: 'x@example.org', hash: password }))).toEqual([400, 'validation'])
  })
})

describe('orders of an account', () => {
  const basket = { items: [{ dish: 'caprese', quantity: 1 }] }
  const place = (headers: Record<string, string>, key = freshKey(), base = gateway.url) =>
    call('POST', '/api/v1/orders', { headers: { ...headers, 'idempotency-key': key }, body: basket, base })

  test('belong to it, and its keys are its own', async () => {
    const ada = await somebody()
    const eve = await somebody('eve@example.org')
    const mine = await place(ada.auth, 'k')
    expect(mine.status).toBe(201)
    expect(commands('order.place')[0]?.body).toMatchObject({ message: { guest: ada.id } })
    const again = await place(ada.auth, 'k')
    expect([again.body.id, again.headers.get('idempotent-replayed')]).toEqual([mine.body.id, 'true'])
    expect((await place(eve.auth, 'k')).body.id).not.toBe(mine.body.id)
    expect(codeOf(await place({}, 'k'))).toEqual([400, 'idempotency-key-invalid'])
  })

  test('are read and cancelled by their owner and by staff; for others they are not there', async () => {
    const ada = await somebody()
    const eve = await somebody('eve@example.org')
    const { body: placed } = await place(ada.auth)
    const path = placed.links.self
    const cancel = (auth: Record<string, string>) =>
      call('POST', `${path}/cancellation`, { headers: { ...auth, 'idempotency-key': freshKey() } })
    for (const suffix of ['', '/story', '/events']) {
      const read = (auth: Record<string, string>) =>
        call('GET', `${path}${suffix}`, { headers: { ...auth, accept: 'application/json' } })
      expect((await read(ada.auth)).status).toBe(200)
      expect(codeOf(await read(eve.auth))).toEqual([404, 'not-found'])
    }
    expect(codeOf(await cancel(eve.auth))).toEqual([404, 'not-found'])
    cluster.deliver(accountRef(eve.id), { type: 'account.set-roles', roles: ['staff'] } as never)
    const staff = bearer((await refresh(eve.cookie)).body.accessToken)
    expect((await call('GET', path, { headers: staff })).status).toBe(200)
    expect((await cancel(ada.auth)).status).toBe(202)
  })

  test('a guest goes on as before, and a token of one order opens that order also for who is logged in', async () => {
    const { body: placed } = await place({})
    const ada = await somebody()
    const path = placed.links.self
    expect((await call('GET', path, { headers: bearer(placed.orderToken) })).status).toBe(200)
    expect((await call('GET', path, { headers: ada.auth })).status).toBe(404)
    const both = { ...ada.auth, 'x-order-token': placed.orderToken }
    expect((await call('GET', path, { headers: both })).status).toBe(200)
    const view = await cluster.request({
      actor: orderRef(placed.id),
      body: { kind: 'query', name: 'view' },
      timeoutMs: 1,
    })
    expect(view).toMatchObject({ value: { guest: null } })
  })

  test('where guests may not order, an account may', async () => {
    const house = await open({ guestCheckout: false })
    const ada = await somebody()
    expect(codeOf(await place({}, freshKey(), house.url))).toEqual([401, 'unauthorized'])
    expect((await place(ada.auth, freshKey(), house.url)).status).toBe(201)
    expect(codeOf(await place(bearer('a.b.c'), freshKey(), house.url))).toEqual([401, 'token-invalid'])
  })
})

describe('who operates', () => {
  const told = (auth: Record<string, string>, actor: string, message: object): Promise<Answer> =>
    call('POST', `/ops/v1/actors/${encodeURIComponent(actor)}/messages`, {
      base: gateway.opsUrl,
      headers: auth,
      body: { message },
    })
  const newAdmin = async (headers: Record<string, string>): Promise<Answer> =>
    call('POST', '/ops/v1/admins', {
      base: gateway.opsUrl,
      headers: { ...headers, 'idempotency-key': freshKey() },
      body: { email: 'mallory@example.org', hash: await passwordHash(password), another: true },
    })
  const operator = async (): Promise<Somebody> => {
    const { id } = await somebody('mallory@example.net')
    cluster.deliver(accountRef(id), { type: 'account.set-roles', roles: ['operator'] } as never)
    const answer = await login(credentials('mallory@example.net'))
    const token = answer.body.accessToken
    return { id, token, cookie: cookieOf(answer), auth: bearer(token) }
  }

  test('O3: gives themselves no role, and signs with no key of their own', async () => {
    const root = await admin()
    const mallory = await operator()
    const wish = { type: 'account.set-roles', roles: ['admin'] }
    expect(codeOf(await newAdmin(mallory.auth))).toEqual([403, 'forbidden'])
    expect(codeOf(await told(mallory.auth, accountRef(mallory.id), wish))).toEqual([403, 'forbidden'])
    const key = { type: 'key-ring.rotate', kid: 'k', x: 'x', sealed: 's' }
    expect(codeOf(await told(mallory.auth, keyRingRef(site), key))).toEqual([403, 'forbidden'])
    // It is open already: to the menu it may speak.
    expect((await told(mallory.auth, menuRef(site), { type: 'menu.open' })).body.code).toBe(
      'event-not-accepted',
    )
    expect((await newAdmin(root.auth)).status).toBe(201)
    expect((await told(root.auth, accountRef(mallory.id), wish)).status).toBe(202)
  })

  test('sees no hash of a password and no sealed key, in no state and no history', async () => {
    const ada = await somebody()
    for (const actor of [accountRef(ada.id), keyRingRef(site)]) {
      for (const part of ['snapshot', 'journal', 'mailbox']) {
        const path = `/ops/v1/actors/${encodeURIComponent(actor)}/${part}`
        const { status, body } = await call('GET', path, { base: gateway.opsUrl })
        expect([status, JSON.stringify(body)]).toEqual([200, expect.not.stringContaining('$argon2id$')])
        const sealed: readonly string[] = JSON.stringify(body).match(/"sealed":"[^"]*"/g) ?? []
        expect(new Set(sealed)).toEqual(new Set(sealed.length === 0 ? [] : ['"sealed":"<redacted>"']))
      }
    }
  })
})
