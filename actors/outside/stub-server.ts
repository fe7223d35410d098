/**
 * A party outside as a stub HTTP server on loopback: JSON in and out, and answers that take their time.
 *
 * Owns:     the socket, the waiting, and the end of both.
 * Does not: know what is asked: each stub does.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Reply {
  readonly status: number
  readonly body: unknown
  readonly delayMs?: number
}

export interface StubServer {
  readonly url: string
  /** Ends with every connection, and with what waits to be answered. Again is the same end. */
  close(): Promise<void>
}

const bodyBytesMax = 16_384

export interface StubOptions {
  /** Default: a free one. */
  readonly port?: number | undefined
  /** When nobody is answered any more. */
  readonly atEnd?: () => void
}

/** `never`: it is not answered. What `handle` throws is a 500. */
export async function startStub(
  handle: (request: IncomingMessage) => Promise<Reply | 'never'>,
  { port = 0, atEnd = () => {} }: StubOptions = {},
): Promise<StubServer> {
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer((request, response) => {
    handle(request)
      .catch((): Reply => ({ status: 500, body: { detail: 'broken' } }))
      .then((reply) => {
        if (reply === 'never') return
        const timer = setTimeout(() => {
          timers.delete(timer)
          response.writeHead(reply.status, { 'content-type': 'application/json' })
          response.end(JSON.stringify(reply.body))
        }, reply.delayMs ?? 0)
        timers.add(timer)
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const timer of timers) clearTimeout(timer)
      server.close(() => {
        atEnd()
        resolve()
      })
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/** @throws Error when it is longer than any request to a stub. */
export async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    text += chunk
    if (text.length > bodyBytesMax) throw new Error('too large')
  }
  return text
}

/** @throws Error when it is no JSON, or too long. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const text = await textOf(request)
  return text === '' ? {} : JSON.parse(text)
}
