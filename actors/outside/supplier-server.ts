/**
 * The suppliers as a stub HTTP server: `PUT /orders/{name}` orders, `GET /orders/{name}` tells how it stands.
 *
 * Owns:     the wire, and the file that the ledger survives in (one order a line).
 * Does not: keep books (`supplier.ts`), wait (`stub-server.ts`), or drive a clock: it is given the world's.
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Instant } from '#actor'
import { recordsIn } from './provider-server.ts'
import { bodyOf, type Reply, type StubServer, startStub } from './stub-server.ts'
import { SupplierLedger, type SupplierSettings, type SupplyRecord } from './supplier.ts'

export interface SupplierServerOptions {
  readonly worldNow: () => Instant
  /** Where the ledger is kept. Without it, in memory. */
  readonly file?: string
  readonly settings?: Partial<SupplierSettings>
  /** Uniform in [0, 1). */
  readonly draw?: () => number
}

export interface SupplierServer extends StubServer {
  readonly ledger: SupplierLedger
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

  const handle = async (request: IncomingMessage): Promise<Reply | 'never'> => {
    const [collection, name] = (request.url ?? '/').slice(1).split('/').map(decodeURIComponent)
    const isOrder = request.method === 'PUT'
    if (collection !== 'orders' || name === undefined || !(isOrder || request.method === 'GET'))
      return { status: 404, body: { detail: 'not-found' } }
    const args = { ...((await bodyOf(request)) as object), order: name }
    const operation = isOrder ? 'supplier.order' : 'supplier.lookup'
    const { outcome, delayMs, taken } = ledger.handle(operation, args, worldNow(), draw)
    // The line break comes first: half a line that a crash has left spoils no other.
    if (taken !== undefined && journal !== undefined) appendFileSync(journal, `\n${JSON.stringify(taken)}`)
    if (outcome === 'never') return 'never'
    if (outcome.kind === 'done') return { status: 200, body: outcome.result, delayMs }
    return { status: outcome.kind === 'refused' ? 422 : 503, body: { detail: outcome.detail }, delayMs }
  }

  const refusing = (request: IncomingMessage): Promise<Reply | 'never'> =>
    handle(request).catch(() => ({ status: 400, body: { detail: 'bad-request' } }))
  const atEnd = (): void => {
    if (journal !== undefined) closeSync(journal)
  }
  return { ledger, ...(await startStub(refusing, { atEnd })) }
}
