import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { Notice } from '#actors'
import { mailHandler } from './mail-client.ts'
import { departuresIn, outboxFileIn } from './outbox-book.ts'
import { type OutboxServer, startOutbox } from './outbox-server.ts'
import { smsHandler } from './sms-client.ts'

// The handlers of the live nodes, over real sockets, against the stubs.

const notice: Notice = { id: 'ord_1.order.ready', topic: 'ready', event: 'order.ready', order: 'ord_1' }
const call = (handler: string, to: string, key = `${handler} 1`) => ({
  ...{ handler, key, expiresAt: 0 as Instant },
  args: { notification: 'ord_1.order.ready.email', to, notice },
})
const { signal } = new AbortController()
let folder: string
let file: string
let outbox: OutboxServer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-outbox-'))
  file = outboxFileIn(folder)
  outbox = await startOutbox(file)
})
afterEach(async () => {
  await outbox.close()
  rmSync(folder, { recursive: true, force: true })
})

const mail = (key?: string) => mailHandler(outbox.mail)(call('mail.send', 'ada@example.org', key), signal)
const text = (key?: string) => smsHandler(outbox.sms)(call('sms.send', '+4930123456', key), signal)
const kept = () => departuresIn(file).map(({ channel, to, summary }) => [channel, to, summary])

describe('the outbox', () => {
  test('has each mail and each text once, though it was sent again', async () => {
    for (const send of [mail, mail, text, text]) expect(await send()).toMatchObject({ kind: 'done' })
    expect(kept()).toEqual([
      ['mail', 'ada@example.org', 'Your order is ready'],
      ['sms', '+4930123456', expect.stringMatching(/^Your order is ready\. /)],
    ])
    expect(departuresIn(file)[0]?.content).toContain('To: ada@example.org')
    await mail('another')
    expect(kept()).toHaveLength(3)
  })

  test('goes on after a restart, and half a line that a crash has left spoils none', async () => {
    await mail()
    await outbox.close()
    appendFileSync(file, '\n{"channel":"sms","to":"+49')
    outbox = await startOutbox(file)
    await mail()
    await text()
    expect(kept().map(([channel]) => channel)).toEqual(['mail', 'sms'])
  })

  test('keeps the newest thousand when it starts again', async () => {
    await outbox.close()
    const one = (n: number) => ({
      channel: 'sms',
      at: '',
      key: `k${n}`,
      to: '',
      summary: `${n}`,
      content: '',
    })
    writeFileSync(file, Array.from({ length: 1_002 }, (_, n) => `\n${JSON.stringify(one(n))}`).join(''))
    outbox = await startOutbox(file)
    expect(kept()).toHaveLength(1_000)
    expect([kept().at(0)?.[2], kept().at(-1)?.[2]]).toEqual(['2', '1001'])
  })

  test('is for its owner’s eyes', async () => {
    await text()
    expect(statSync(file).mode & 0o077).toBe(0)
  })
})
