/**
 * No secret is where it does not belong, after a day of real processes.
 *
 * Goal: nothing that is written, logged, answered to operators or stands in a command line has a password, a token, a card
 * number or a key in it. Method: every secret that there is is a canary, random and long. A guest does what there is to do,
 * right and wrong, an operator looks everywhere and kills a node; then everything is searched for each of them, as text and
 * as base64 and hexadecimal digits have it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url))
const dataFolder = join(mkdtempSync(join(tmpdir(), 'brigade-canaries-')), 'data')
const canary = (): string => `canary${randomBytes(16).toString('hex')}`
const secrets = new Map<string, string>()
function secret<Text extends string>(what: string, text: Text): Text {
  expect(text.length, what).toBeGreaterThanOrEqual(16)
  secrets.set(what, text)
  return text
}

let up: ChildProcess | undefined
afterAll(async () => {
  if (up?.exitCode === null && up.kill('SIGTERM')) await once(up, 'exit')
  rmSync(join(dataFolder, '..'), { recursive: true, force: true })
})

/** A number of sixteen digits whose check digit is right. */
function cardNumber(): string {
  const digits = [4, ...Array.from({ length: 14 }, () => randomInt(10))]
  const doubled = digits.map((digit, n) => (n % 2 === 0 ? digit * 2 - (digit > 4 ? 9 : 0) : digit))
  return `${digits.join('')}${(10 - (doubled.reduce((sum, digit) => sum + digit, 0) % 10)) % 10}`
}

/** As it is, and as base64 would carry it at each of the three places at which it may begin. */
function needlesOf(text: string): readonly Buffer[] {
  const encoded = (['base64', 'base64url', 'hex'] as const).map((encoding) =>
    Buffer.from(text).toString(encoding).replace(/=+$/, '').slice(0, -2),
  )
  const shifted = [1, 2].map((n) =>
    Buffer.from(' '.repeat(n) + text)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -2),
  )
  return [text, ...encoded, ...shifted].map((needle) => Buffer.from(needle))
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

/** Of every process of this machine: whoever may list them may read them. */
function commandLines(): string {
  const read = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(read)
    .join('\n')
}

/** Of all answers, what is looked at. */
interface Said {
  readonly id: string
  readonly state: string
  readonly accessToken: string
  readonly orderToken: string
  readonly secret: string
}

test('no secret is in the data folder, a log, an answer to operators or a command line', {
  timeout: 180_000,
}, async () => {
  const smtp = secret('the password of the mail server', canary())
  const sms = secret('the token of the SMS provider', canary())
  const opsToken = secret('the token of operators', canary())
  up = spawn(
    process.execPath,
    [main, 'up', '--data', dataFolder, '--port', '0', '--ops-port', '0', '--speed', '60'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        BRIGADE_SERVICE_KEY: secret('the service key', randomBytes(32).toString('base64url')),
        BRIGADE_OPS_TOKEN: opsToken,
        BRIGADE_PROVIDER_SECRET: secret('the secret of the provider', canary()),
        // Nobody is there: what fails is logged.
        BRIGADE_SMTP_URL: `smtp://house:${smtp}@127.0.0.1:9`,
        BRIGADE_SMS_URL: `http://AC1:${sms}@127.0.0.1:9`,
        BRIGADE_SMS_FROM: '+4930123456',
      },
    },
  )
  let logged = ''
  for (const stream of [up.stdout, up.stderr])
    stream?.on('data', (text) => {
      logged += String(text)
    })
  await expect.poll(() => logged, { timeout: 60_000 }).toContain('In another terminal')
  const [, url = ''] = /guests +(http:\/\/[^/]+)/.exec(logged) ?? []
  const [, opsUrl = ''] = /inspector +(http:\/\/[^/]+)/.exec(logged) ?? []

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        'idempotency-key': crypto.randomUUID(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const said = (text === '' ? {} : JSON.parse(text)) as Said
    return { status: response.status, said, cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
  }

  // What a guest does, right and wrong.
  const email = 'ada@example.org'
  const password = secret('the password', canary())
  const wrong = secret('a mistyped password', canary())
  expect((await call('POST', '/auth/register', { email, password })).status).toBe(201)
  expect((await call('POST', '/auth/register', { email: 'x', password: wrong })).status).toBe(400)
  expect((await call('POST', '/auth/register', `{"password":"${wrong}"`)).status).toBe(400)
  expect((await call('POST', '/auth/login', { email, password: wrong })).status).toBe(401)
  const login = await call('POST', '/auth/login', { email, password })
  secret('an access token', login.said.accessToken)
  const first = secret('a refresh token', login.cookie.split('=')[1] ?? '')
  const refreshed = await call('POST', '/auth/refresh', undefined, { cookie: login.cookie })
  const ada = { authorization: `Bearer ${secret('another access token', refreshed.said.accessToken)}` }
  const next = secret('the next refresh token', refreshed.cookie.split('=')[1] ?? '')
  // The tag is the part that cannot be made without the service key.
  for (const [what, token] of [
    ['the tag of one', first],
    ['the tag of the next', next],
  ] as const)
    secret(what, token.slice(-22))
  const number = secret('a card number', cardNumber())
  const card = { number, expMonth: 12, expYear: 2_099, cvc: '737' }
  const stored = await call('POST', '/payment-methods', card, ada)
  expect(stored.status).toBe(201)
  expect((await call('POST', '/payment-methods', { ...card, more: number }, ada)).status).toBe(400)
  const hook = await call('POST', '/webhooks', { url: 'http://127.0.0.1:9/hook' }, ada)
  expect(hook.status).toBe(201)
  secret('the secret of a webhook', hook.said.secret)
  const items = [{ dish: 'caprese', quantity: 1 }]
  const order = await call('POST', '/orders', { items, payment: { method: stored.said.id } }, ada)
  expect(order.status).toBe(201)
  const byGuest = await call('POST', '/orders', { items, payment: { token: 'tok_ok' } })
  const orderToken = secret('the token of an order', byGuest.said.orderToken)
  expect(
    (
      await call('GET', `/orders/${byGuest.said.id}/events?token=${orderToken}`, undefined, {
        accept: 'application/json',
      })
    ).status,
  ).toBe(200)
  await call('GET', `/orders/${order.said.id}?token=${password}`, undefined, ada)
  await expect
    .poll(async () => (await call('GET', `/orders/${order.said.id}`, undefined, ada)).said.state, {
      timeout: 60_000,
    })
    .toBe('ready')

  // What an operator sees, and does.
  const operator = { authorization: `Bearer ${opsToken}` }
  expect((await fetch(`${opsUrl}/ops/v1/cluster`)).status).toBe(401)
  let seen = ''
  const look = async (path: string, method = 'GET') => {
    const response = await fetch(`${opsUrl}${path}`, { method, headers: operator })
    seen += await response.text()
    return response.status
  }
  for (const path of ['config', 'flags', 'audit', 'cluster', 'dead-letters', 'keys', 'actors?limit=200'])
    expect([path, await look(`/ops/v1/${path}`)]).toEqual([path, 200])
  const listed = await fetch(`${opsUrl}/ops/v1/actors?limit=200`, { headers: operator })
  const { items: actors } = (await listed.json()) as { items: { id: string }[] }
  for (const { id } of actors)
    for (const part of ['snapshot', 'journal']) await look(`/ops/v1/actors/${encodeURIComponent(id)}/${part}`)
  expect(await look('/ops/v1/nodes/node-2/crash', 'POST')).toBe(202)
  expect((await fetch(`${url}/metrics`)).status).toBe(200)
  const commands = commandLines()
  expect(commands).toContain(dataFolder)
  up.kill('SIGTERM')
  await once(up, 'exit')

  const places: readonly (readonly [string, Buffer])[] = [
    ['the log', Buffer.from(logged)],
    ['an answer to operators', Buffer.from(seen)],
    ['a command line', Buffer.from(commands)],
    ...filesIn(dataFolder).map((path) => [path.slice(dataFolder.length), readFileSync(path)] as const),
  ]
  const found = [...secrets].flatMap(([what, text]) =>
    places.flatMap(([place, bytes]) =>
      needlesOf(text).some((needle) => bytes.includes(needle)) ? [`${what} is in ${place}`] : [],
    ),
  )
  expect(found).toEqual([])
  // The search finds what is there: an e-mail address is no secret of the store.
  expect(places.filter(([, bytes]) => bytes.includes(email)).map(([place]) => place)).toContain('/data.mdb')
  expect(seen).toContain('account/')
})
