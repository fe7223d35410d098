/**
 * Where mails and text messages go in development: two stubs on loopback, and a file of what came.
 *
 * Owns:     the stubs' sockets. A crash of the cluster leaves them: they live in the process that started it, as the
 *           payment provider's stub does.
 * Does not: note the calls of webhooks: those go to their receivers, and whoever sends them notes them.
 */
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { MailOptions } from './mail-client.ts'
import { mailStub } from './mail-stub.ts'
import { OutboxBook } from './outbox-book.ts'
import type { SmsOptions } from './sms-client.ts'
import { type Reply, startStub, textOf } from './stub-server.ts'

export interface OutboxServer {
  readonly mail: MailOptions
  readonly sms: SmsOptions
  close(): Promise<void>
}

export async function startOutbox(file: string): Promise<OutboxServer> {
  const book = new OutboxBook(file)
  const mails = await mailStub(({ to, source }) => {
    const header = (name: string): string =>
      new RegExp(`^${name}: *(.*)$`, 'im').exec(source)?.[1]?.trim() ?? ''
    book.keepOnce({
      ...{ channel: 'mail', key: header('message-id'), to },
      ...{ summary: header('subject'), content: source },
    })
  })
  const texts = await startStub((request) => takeText(book, request))
  const mailPort = await listening(mails.server as NetServer)
  return {
    mail: { url: `smtp://127.0.0.1:${mailPort}`, from: 'Brigade <no-reply@brigade.invalid>' },
    sms: { url: texts.url.replace('//', '//development:none@'), from: '+15550100' },
    close: async () => {
      await Promise.all([closed(mails), texts.close()])
    },
  }
}

/** `POST /2010-04-01/Accounts/{account}/Messages.json`, as `sms-client.ts` asks it. */
async function takeText(book: OutboxBook, request: IncomingMessage): Promise<Reply> {
  const text = await textOf(request).catch(() => undefined)
  if (text === undefined) return { status: 413, body: {} }
  if (request.method !== 'POST' || !/^\/2010-04-01\/Accounts\/[^/]+\/Messages\.json$/.test(request.url ?? ''))
    return { status: 404, body: {} }
  const fields = new URLSearchParams(text)
  const key = String(request.headers['idempotency-key'])
  const content = fields.get('Body') ?? ''
  book.keepOnce({ channel: 'sms', key, to: fields.get('To') ?? '', summary: content, content })
  return { status: 201, body: { sid: `SM${key}` } }
}

function listening(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** Clients hang up after each mail; one that has not by now is not waited for. */
function closed(server: { close(done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    setTimeout(resolve, 500).unref()
  })
}
