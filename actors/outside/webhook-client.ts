/**
 * How a delivery reaches its receiver: signed, by HTTP, once for each call.
 *
 * Owns:     what is sent, what an answer means, and whom nobody may have us talk to.
 * Does not: try again (the webhook does), or follow a redirect: it could lead where `public-address.ts` lets nobody.
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import type { DeliveryArgs } from '#actors'
import type { CallOutcome } from '#ports'
import type { CallHandler } from './provider-client.ts'
import { isPublicAddress, notPublic, publicLookup } from './public-address.ts'
import { signatureOf, webhookSecretOf } from './webhook-secret.ts'

export interface WebhookOptions {
  readonly serviceKey: string
  /** Whether receivers may be on this machine or in its network: in development they are. */
  readonly allowPrivate: boolean
}

const answerWithinMs = 10_000
/** Nobody reads what a receiver says; it may say so much. */
const answerBytesMax = 64 * 1024

export function webhookHandler({ serviceKey, allowPrivate }: WebhookOptions): CallHandler {
  return async (call, signal) => {
    const { webhook, secretNumber, url, body } = call.args as DeliveryArgs
    const target = new URL(url)
    const host = target.hostname.replace(/^\[|\]$/g, '')
    if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
      return { kind: 'refused', detail: notPublic }
    }
    const text = JSON.stringify(body)
    const secret = webhookSecretOf(serviceKey, webhook, secretNumber)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'user-agent': 'Brigade-Webhooks/1',
      'idempotency-key': body.id,
      'brigade-delivery': body.id,
      'brigade-signature': signatureOf(secret, Math.floor(Date.now() / 1_000), text),
    }
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)])
    return post(target, text, { headers, signal: within, ...(!allowPrivate && { lookup: publicLookup }) })
  }
}

type Sent = Parameters<typeof requestHttp>[1] & object

function post(target: URL, text: string, options: Sent): Promise<CallOutcome> {
  const request = target.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve) => {
    const asked = request(target, { ...options, method: 'POST', agent: false }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > answerBytesMax) asked.destroy(new Error('the answer is too long'))
      })
      response.on('error', failed)
      response.on('end', () => resolve(meaningOf(response.statusCode ?? 0)))
    })
    const failed = (error: NodeJS.ErrnoException): void => {
      const isRefused = error.code === 'ENOTPUBLIC'
      resolve({ kind: isRefused ? 'refused' : 'unknown', detail: error.message })
    }
    asked.on('error', failed)
    asked.end(text)
  })
}

function meaningOf(status: number): CallOutcome {
  if (status >= 200 && status < 300) return { kind: 'done', result: { status } }
  // Gone: whoever was there wants to hear no more of it.
  return { kind: status === 410 ? 'refused' : 'unknown', detail: `HTTP ${status}` }
}
