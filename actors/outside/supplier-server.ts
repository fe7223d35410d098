/**
 * The suppliers as a stub HTTP server: `PUT /orders/{name}` orders, `GET /orders/{name}` tells how it stands.
 *
 * Owns:     the wire, the waiting, and the file that the ledger survives in (one order a line).
 * Does not: keep books (`supplier.ts`), or drive a clock: it is given the world's.
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Instant } from '#actor'
import { readBody, recordsIn } from './provider-server.ts'
import { SupplierLedger, type SupplierSettings, type SupplyRecord } from './supplier.ts'

export interface SupplierServerOptions {
  readonly worldNow: () => Instant
  /** Where the ledger is kept. Without it, in memory. */
  readonly file?: string
  readonly settings?: Partial<SupplierSettings>
  /** Uniform in [0, 1). */
  readonly draw?: () => number
}

export interface SupplierServer {
  readonly url: string
  readonly ledger: SupplierLedger
  close(): Promise<void>
}

/** The books that a file holds. */
export function supplierLedgerIn(text: string, settings?: Partial<SupplierSettings>): SupplierLedger {
  const ledger = new SupplierLedger(settings)
  ledger.restore(recordsIn<SupplyRecord>(text))
  return ledger
}

/** On loopback, at a free port. */
export async function startSupplier(options: SupplierServerOptions): Promise<SupplierServer> {
  const { worldNow, file, settings, draw = Math.random } = options
  const text = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
  const ledger = supplierLedgerIn(text, settings)
  const journal = file === undefined ? undefined : openSync(file, 'a')
  const timers = new Set<NodeJS.Timeout>()

  const answer = (response: ServerResponse, status: number, body: unknown, delayMs = 0): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }, delayMs)
    timers.add(timer)
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [collection, name] = (request.url ?? '/').slice(1).split('/').map(decodeURIComponent)
    const isOrder = request.method === 'PUT'
    if (collection !== 'orders' || name === undefined || !(isOrder || request.method === 'GET')) {
      answer(response, 404, { detail: 'not-found' })
      return
    }
    const args = { ...((await readBody(request)) as object), order: name }
    const operation = isOrder ? 'supplier.order' : 'supplier.lookup'
    const { outcome, delayMs, taken } = ledger.handle(operation, args, worldNow(), draw)
    // The line break comes first: half a line that a crash has left spoils no other.
    if (taken !== undefined && journal !== undefined) appendFileSync(journal, `\n${JSON.stringify(taken)}`)
    if (outcome === 'never') return
    if (outcome.kind === 'done') answer(response, 200, outcome.result, delayMs)
    else answer(response, outcome.kind === 'refused' ? 422 : 503, { detail: outcome.detail }, delayMs)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => answer(response, 400, { detail: 'bad-request' }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const timer of timers) clearTimeout(timer)
      server.close(() => {
        if (journal !== undefined) closeSync(journal)
        resolve()
      })
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${port}`,
    ledger,
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
