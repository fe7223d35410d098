/**
 * The payment provider as a stub HTTP server.
 *
 * `POST /tokens` and `POST /payments/{id}/{authorize|capture|void|refund}` with an `Idempotency-Key`,
 * `GET /payments/{id}`, `GET /totals`, and `PUT /settings` for whoever plays outages. With `callbacks` it tells of each
 * change by itself.
 *
 * Owns:     the wire, and the file that the ledger survives in (one record a line, the last of a payment counts).
 * Does not: decide what a payment (`provider.ts`) or a card (`card-vault.ts`) does, or wait (`stub-server.ts`).
 */
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { ProviderOperation } from '#actors'
import { CardVault } from './card-vault.ts'
import type { PaymentRecord, ProviderSettings } from './provider.ts'
import { callbackDelaysMs, ProviderLedger } from './provider.ts'
import { type CallbackOptions, ProviderCallbacks } from './provider-callbacks.ts'
import { bodyOf, type Reply, type StubServer, startStub } from './stub-server.ts'

export interface ProviderServerOptions {
  /** Default: a free port, on loopback. */
  readonly port?: number
  /** Where the ledger is kept. Without it, in memory. */
  readonly file?: string
  readonly settings?: Partial<ProviderSettings>
  /** Whom it tells of changes. Default: nobody. */
  readonly callbacks?: CallbackOptions
  /** What tokens of cards are made with. Default: of this process, and a card has another token after a restart. */
  readonly tokenSecret?: string
  /** Uniform in [0, 1). */
  readonly draw?: () => number
}

export interface ProviderServer extends StubServer {
  readonly ledger: ProviderLedger
}

const badRequest: Reply = { status: 400, body: { detail: 'bad-request' } }
const notFound: Reply = { status: 404, body: { detail: 'not-found' } }

const operations: Readonly<Record<string, ProviderOperation>> = {
  authorize: 'provider.authorize',
  capture: 'provider.capture',
  void: 'provider.void',
  refund: 'provider.refund',
}

export async function startProvider(options: ProviderServerOptions = {}): Promise<ProviderServer> {
  const { file, draw = Math.random, settings } = options
  const callbacks = options.callbacks && new ProviderCallbacks(options.callbacks)
  const cards = new CardVault(options.tokenSecret)
  const ledger = ledgerIn(file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '', settings)
  const journal = file === undefined ? undefined : openSync(file, 'a')

  const ask = (operation: ProviderOperation, id: string, key: string, body: unknown): Reply | 'never' => {
    const { outcome, delayMs, changed, news } = ledger.handle(
      operation,
      { ...(body as object), payment: id },
      key,
      draw,
    )
    if (changed !== undefined && journal !== undefined)
      // The line break comes first: half a line that a crash has left spoils no other.
      appendFileSync(journal, `\n${JSON.stringify(changed)}`)
    if (news !== undefined && callbacks !== undefined) {
      for (const afterMs of callbackDelaysMs(ledger.settings, draw)) callbacks.send(news, delayMs + afterMs)
    }
    if (outcome === 'never') return 'never'
    if (outcome.kind === 'done') return { status: 200, body: outcome.result, delayMs }
    return { status: outcome.kind === 'refused' ? 422 : 503, body: { detail: outcome.detail }, delayMs }
  }

  const tokenise = (key: string, body: unknown): Reply => {
    const { number } = body as { readonly number?: unknown }
    const delayMs = Math.round(ledger.settings.latencyMs * (0.5 + draw()))
    if (ledger.settings.outage) return { status: 503, body: { detail: 'the provider is not available' } }
    if (typeof number !== 'string' || !/^\d{12,19}$/.test(number)) return badRequest
    const card = cards.tokenise(number, key)
    if (card === 'key-reused') return { status: 422, body: { detail: card }, delayMs }
    return { status: 201, body: card, delayMs }
  }

  const route = (request: IncomingMessage, body: unknown): Reply | 'never' => {
    const parts = new URL(request.url ?? '/', 'http://provider').pathname.split('/').slice(1)
    const [collection, id, verb] = parts.map(decodeURIComponent)
    const method = `${request.method} ${collection}`
    if (method === 'GET totals') return { status: 200, body: ledger.totals }
    if (method === 'PUT settings') return { status: 200, body: Object.assign(ledger.settings, body) }
    if (method === 'POST tokens') return tokenise(String(request.headers['idempotency-key']), body)
    const operation = method === 'GET payments' ? 'provider.lookup' : operations[verb ?? '']
    if (collection !== 'payments' || id === undefined || operation === undefined) return notFound
    return ask(operation, id, String(request.headers['idempotency-key']), body)
  }

  const handle = async (request: IncomingMessage): Promise<Reply | 'never'> => {
    const body = await bodyOf(request).catch(() => undefined)
    return body === undefined ? badRequest : route(request, body)
  }
  const atEnd = (): void => {
    callbacks?.close()
    if (journal !== undefined) closeSync(journal)
  }
  return { ledger, ...(await startStub(handle, { port: options.port, atEnd })) }
}

/** The books that a file holds. */
export function ledgerIn(text: string, settings?: Partial<ProviderSettings>): ProviderLedger {
  const ledger = new ProviderLedger(settings)
  ledger.restore(recordsIn<PaymentRecord>(text))
  return ledger
}

/** The whole lines. A crash may have left half of one. */
export function* recordsIn<Record>(text: string): Iterable<Record> {
  for (const line of text.split('\n')) {
    try {
      yield JSON.parse(line) as Record
    } catch {}
  }
}
