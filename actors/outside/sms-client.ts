/**
 * How a text message reaches its phone: the REST interface that Twilio and those who copy it speak.
 *
 * Owns:     what is sent, and what an answer means.
 * Does not: try again: the runtime does, within the call's attempts, and then the notification.
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { type LetterArgs, wordsOf } from '#actors'
import type { CallOutcome } from '#ports'
import type { CallHandler } from './provider-client.ts'

export interface SmsOptions {
  /** With account and token as user and password: `https://AC…:token@api.twilio.com`. */
  readonly url: string
  /** Who it is from: a number of the provider's. */
  readonly from: string
}

const numberPattern = /^\+[1-9][0-9]{6,14}$/
const textMax = 320
const answerBytesMax = 64 * 1024

export function smsHandler({ url, from }: SmsOptions): CallHandler {
  const { origin, username, password } = new URL(url)
  const account = decodeURIComponent(username)
  const target = `${origin}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`
  const authorization = `Basic ${Buffer.from(`${account}:${decodeURIComponent(password)}`).toString('base64')}`
  return async (call, signal) => {
    const { to, notice } = call.args as LetterArgs
    if (!numberPattern.test(to)) return { kind: 'refused', detail: 'the number is not in E.164' }
    const { title, text } = wordsOf(notice)
    const sent = new URLSearchParams({
      To: to,
      From: from,
      Body: `${title}. ${text}`.slice(0, textMax),
    }).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(sent),
      'idempotency-key': call.key,
      authorization,
    }
    return post(target, headers, sent, signal)
  }
}

function post(
  target: string,
  headers: Readonly<Record<string, string | number>>,
  sent: string,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const request = target.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ kind: 'unknown', detail: error.message })
    const asked = request(target, { method: 'POST', headers: { ...headers }, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > answerBytesMax) asked.destroy(new Error('the answer is too long'))
      })
      response.on('error', failed)
      response.on('end', () =>
        resolve(meaningOf(response.statusCode ?? 0, text, response.headers['retry-after'])),
      )
    })
    asked.on('error', failed)
    asked.end(sent)
  })
}

function meaningOf(status: number, text: string, retryAfter: string | undefined): CallOutcome {
  const { sid, code } = (parsed(text) ?? {}) as { readonly sid?: unknown; readonly code?: unknown }
  if (status >= 200 && status < 300) {
    if (typeof sid === 'string') return { kind: 'done', result: { sid: sid.slice(0, 64) } }
    return { kind: 'unknown', detail: 'the answer names no message' }
  }
  const detail = `HTTP ${status}${Number.isInteger(code) ? `, code ${code}` : ''}`
  if (status === 429) return { kind: 'unknown', detail: `${detail}, again after ${retryAfter ?? 'a while'}` }
  // What is wrong with a number or an account stays so. 408 and 425 say "not now".
  const isDefinitive = status >= 400 && status < 500 && status !== 408 && status !== 425
  return { kind: isDefinitive ? 'refused' : 'unknown', detail }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
