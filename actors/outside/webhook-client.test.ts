import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import { isPublicAddress } from './public-address.ts'
import { smsHandler } from './sms-client.ts'
import { webhookHandler } from './webhook-client.ts'
import { webhookSecretOf } from './webhook-secret.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
})

interface Received {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

async function serverOf(answer: RequestListener): Promise<{ host: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      received.push({ path: request.url, headers: request.headers, text })
      answer(request, response)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}
const says =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body)
const signal = new AbortController().signal

describe('a delivery', () => {
  const serviceKey = 'a service key'
  const body = { id: 'ord_1.order.ready', type: 'order.ready', at: 1, order: 'ord_1' } as const
  const deliver = (url: string, allowPrivate = true, until = signal) =>
    webhookHandler({ serviceKey, allowPrivate })(
      {
        handler: 'webhook.deliver',
        args: { webhook: 'whk_1', secretNumber: 2, url, body },
        key: 'webhook/whk_1:ord_1.order.ready',
        expiresAt: 0 as Instant,
      },
      until,
    )

  test('is signed with the secret of its webhook, over the bytes that are sent', async () => {
    const { host, received } = await serverOf(says(204))
    expect(await deliver(`http://${host}/hook`)).toEqual({ kind: 'done', result: { status: 204 } })
    const [{ headers, text, path }] = received as [Received]
    expect([path, JSON.parse(text), headers['idempotency-key']]).toEqual(['/hook', body, body.id])
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['brigade-signature'])) ?? []
    const secret = webhookSecretOf(serviceKey, 'whk_1', 2)
    expect(createHmac('sha256', secret).update(`${t}.${text}`).digest('hex')).toBe(v1)
    expect(webhookSecretOf(serviceKey, 'whk_1', 1)).not.toBe(secret)
    expect(webhookSecretOf(serviceKey, 'whk_2', 2)).not.toBe(secret)
  })

  test.each([
    [500, 'unknown'],
    [404, 'unknown'],
    [302, 'unknown'],
    [410, 'refused'],
  ] as const)('that is answered by %i is %s', async (status, kind) => {
    const { host, received } = await serverOf(says(status, '', { location: 'http://127.0.0.1:1/' }))
    expect(await deliver(`http://${host}/`)).toEqual({ kind, detail: `HTTP ${status}` })
    expect(received).toHaveLength(1)
  })

  test('is not listened to for ever', async () => {
    const { host } = await serverOf(says(200, 'x'.repeat(100_000)))
    expect(await deliver(`http://${host}/`)).toEqual({ kind: 'unknown', detail: 'the answer is too long' })
  })

  test('ends with its call', async () => {
    const aborting = new AbortController()
    const { host } = await serverOf(() => aborting.abort())
    expect(await deliver(`http://${host}/`, true, aborting.signal)).toMatchObject({ kind: 'unknown' })
  })

  test('goes to nobody on this machine or beside it, by number or by name', async () => {
    const { host, received } = await serverOf(says(204))
    const port = host.split(':')[1]
    const urls = [
      `http://${host}/`,
      `http://localhost:${port}/`,
      `http://[::1]:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://2130706433:${port}/`,
    ]
    for (const url of urls) {
      expect([url, await deliver(url, false)]).toEqual([
        url,
        { kind: 'refused', detail: 'the address is not public' },
      ])
    }
    expect(received).toEqual([])
  })
})

test('an address is public, or it is not', () => {
  const closed = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'localhost',
  ]
  expect(closed.filter(isPublicAddress)).toEqual([])
  expect(
    ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'].filter((one) => !isPublicAddress(one)),
  ).toEqual([])
})

describe('a text message', () => {
  const send = async (answer: RequestListener, to = '+4930123456') => {
    const { host, received } = await serverOf(answer)
    const outcome = await smsHandler({ url: `http://AC1:secret@${host}`, from: '+15550001' })(
      {
        handler: 'sms.send',
        args: {
          notification: 'n',
          to,
          notice: { id: 'i', topic: 'ready', event: 'order.ready', order: 'ord_1' },
        },
        key: 'notification/n:send',
        expiresAt: 0 as Instant,
      },
      signal,
    )
    return { outcome, received }
  }

  test('is posted as a form, by the account, under the key of its call', async () => {
    const { outcome, received } = await send(says(201, '{"sid":"SM1"}'))
    expect(outcome).toEqual({ kind: 'done', result: { sid: 'SM1' } })
    const [{ path, headers, text }] = received as [Received]
    expect(path).toBe('/2010-04-01/Accounts/AC1/Messages.json')
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('AC1:secret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': 'notification/n:send',
    })
    expect(Object.fromEntries(new URLSearchParams(text))).toEqual({
      To: '+4930123456',
      From: '+15550001',
      Body: 'Your order is ready. It is plated: enjoy your meal. Order ord_1.',
    })
  })

  test.each([
    ['no such number', says(400, '{"code":21211}'), { kind: 'refused', detail: 'HTTP 400, code 21211' }],
    [
      'too many',
      says(429, '{"code":20429}', { 'retry-after': '7' }),
      { kind: 'unknown', detail: 'HTTP 429, code 20429, again after 7' },
    ],
    ['out of order', says(503, 'no'), { kind: 'unknown', detail: 'HTTP 503' }],
    [
      'an answer that says nothing',
      says(200, '<html>'),
      { kind: 'unknown', detail: 'the answer names no message' },
    ],
  ] as const)('%s', async (_what, answer, outcome) => {
    expect((await send(answer)).outcome).toEqual(outcome)
  })

  test('goes to a number in E.164, and to nothing else', async () => {
    const { outcome, received } = await send(says(201), '0301234')
    expect([outcome.kind, received]).toEqual(['refused', []])
  })
})
