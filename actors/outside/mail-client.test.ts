import type { AddressInfo, Server } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { Notice } from '#actors'
import { letterOf } from './letter.ts'
import { mailHandler, messageIdOf } from './mail-client.ts'

// Against a real SMTP server, over real sockets.

const notice: Notice = { id: 'ord_1.order.ready', topic: 'ready', event: 'order.ready', order: 'ord_1' }
const servers: SMTPServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()))
})

async function serverOf(options: SMTPServerOptions): Promise<{ url: string; mails: string[] }> {
  const mails: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData: (stream, _session, done) => {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += String(chunk)
      })
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
    ...options,
  })
  servers.push(server)
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = (server.server as Server).address() as AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, mails }
}

const callOf = (to = 'ada@example.org', told: Notice = notice) => ({
  handler: 'mail.send',
  args: { notification: 'ord_1.order.ready.email', to, notice: told },
  key: 'notification/ord_1.order.ready.email:send',
  expiresAt: 0 as Instant,
})
const from = 'Brigade <house@brigade.example>'
const send = (url: string, signal: AbortSignal = new AbortController().signal, to?: string) =>
  mailHandler({ url, from })(callOf(to), signal)
const refusing = (responseCode: number) => Object.assign(new Error('no'), { responseCode })

describe('a letter', () => {
  test('arrives, with the Message-ID of its call: the same in each try', async () => {
    const { url, mails } = await serverOf({})
    const messageId = messageIdOf(callOf().key, from)
    expect(await send(url)).toEqual({ kind: 'done', result: { messageId } })
    await send(url)
    expect(mails).toHaveLength(2)
    for (const mail of mails) {
      expect(mail).toContain(`Message-ID: ${messageId}`)
      expect(mail).toContain('To: ada@example.org')
      expect(mail).toContain('Subject: Your order is ready')
    }
  })

  test('is not known to have arrived after 4xx, and arrives with the next try', async () => {
    let tries = 0
    const { url, mails } = await serverOf({
      onRcptTo: (_address, _session, done) => {
        tries += 1
        done(tries === 1 ? refusing(451) : null)
      },
    })
    expect(await send(url)).toEqual({ kind: 'unknown', detail: 'SMTP 451' })
    expect(await send(url)).toMatchObject({ kind: 'done' })
    expect(mails).toHaveLength(1)
  })

  test('is refused for good by 5xx', async () => {
    const { url } = await serverOf({ onRcptTo: (_address, _session, done) => done(refusing(550)) })
    expect(await send(url)).toEqual({ kind: 'refused', detail: 'SMTP 550' })
  })

  test('is of unknown outcome when the connection is cut in the middle of it', async () => {
    const { url } = await serverOf({
      onData: (stream) => {
        stream.resume()
        for (const client of servers[0]?.connections ?? [])
          (client as { _socket: { destroy(): void } })._socket.destroy()
      },
    })
    expect(await send(url)).toMatchObject({ kind: 'unknown' })
  })

  test('is given up when its call is, by a server that says nothing', async () => {
    const aborting = new AbortController()
    const { url } = await serverOf({ onMailFrom: () => aborting.abort() })
    expect(await send(url, aborting.signal)).toMatchObject({ kind: 'unknown' })
  })

  test('is of unknown outcome where nobody listens', async () => {
    expect(await send('smtp://127.0.0.1:1')).toMatchObject({ kind: 'unknown' })
  })

  test('is sent by whoever logs in, and a wrong password is a definitive no', async () => {
    const { url } = await serverOf({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username = '', password }, _session, done) =>
        password === 'right' ? done(null, { user: username }) : done(refusing(535)),
    })
    const as = (password: string) => url.replace('//', `//house:${password}@`)
    expect(await send(as('right'))).toMatchObject({ kind: 'done' })
    expect(await send(as('wrong'))).toEqual({ kind: 'refused', detail: 'SMTP 535' })
  })

  test.each(['ada', 'a@b,c@d', 'a@b\r\nBcc: c@d', 'Ada <a@b>'])(
    'goes to one address, and not to %j',
    async (to) => {
      const { url, mails } = await serverOf({})
      expect(await send(url, undefined, to)).toMatchObject({ kind: 'refused' })
      expect(mails).toEqual([])
    },
  )
})

test('T1: nothing in a letter is markup', () => {
  const lines = [{ dish: '<img src=x>', quantity: 2, price: 1_050 }]
  const { html, text } = letterOf({
    ...notice,
    event: 'order.completed',
    amount: 2_100,
    reason: '<b>"&\'',
    lines,
  })
  expect(html).not.toContain('<img')
  expect(html).toContain('2 × &lt;img src=x&gt;')
  expect(html).toContain('21.00 EUR')
  expect(text).toContain('2 × <img src=x>  21.00 EUR')
})
