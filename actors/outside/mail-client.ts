/**
 * How a letter reaches its mailbox: SMTP, by nodemailer.
 *
 * Owns:     what is sent, under which Message-ID, and what an answer means. 5xx of the server is a definitive no; 4xx, and
 *           a connection that broke, leave open what became of it.
 * Does not: try again: the runtime does, within the call's attempts, and then the notification.
 *
 * Invariants:
 *   M1. All tries of a call have one Message-ID: who gets it twice keeps it once.
 */
import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { LetterArgs } from '#actors'
import type { CallOutcome } from '#ports'
import { letterOf } from './letter.ts'
import type { CallHandler } from './provider-client.ts'

export interface MailOptions {
  /** `smtp://user:password@host:587`, or `smtps://…`. */
  readonly url: string
  readonly from: string
}

const patienceMs = 10_000

/** The same for each try of a call. */
export function messageIdOf(key: string, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'brigade.invalid'
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${domain}>`
}

export function mailHandler({ url, from }: MailOptions): CallHandler {
  return async (call, signal) => {
    const { to, notice } = call.args as LetterArgs
    if (!isAddress(to)) return { kind: 'refused', detail: 'the address is none' }
    const transport = createTransport({
      url,
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const aborted = (): void => transport.close()
    signal.addEventListener('abort', aborted, { once: true })
    try {
      const messageId = messageIdOf(call.key, from)
      await transport.sendMail({ from, to: { name: '', address: to }, messageId, ...letterOf(notice) })
      return { kind: 'done', result: { messageId } }
    } catch (error) {
      return meaningOf(error)
    } finally {
      signal.removeEventListener('abort', aborted)
      transport.close()
    }
  }
}

/** One address, and nothing that could be another header or a second address. */
const isAddress = (to: string): boolean => /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(to)

function meaningOf(error: unknown): CallOutcome {
  const { responseCode, message } = error as { readonly responseCode?: number; readonly message?: string }
  const detail = responseCode === undefined ? (message ?? 'no answer') : `SMTP ${responseCode}`
  const isDefinitive = responseCode !== undefined && responseCode >= 500
  return { kind: isDefinitive ? 'refused' : 'unknown', detail: detail.slice(0, 200) }
}
