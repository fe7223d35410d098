/**
 * The payment provider's own books.
 *
 * An outside party: the stub server speaks for it over HTTP, the simulator asks it directly. It is the other
 * side of every check on money.
 *
 * Owns:     where each payment stands, what the test tokens do, and the totals.
 * Does not: wait, or keep a file (`provider-server.ts` does both).
 *
 * Invariants:
 *   L1. A payment is captured at most once, each refund of it is given at most once, and all of them together are never
 *       more than the capture, whatever is repeated.
 *   L2. Every answer says where the payment stands after the operation.
 *   L3. A key stands for one operation with one set of arguments; with another it is refused.
 */
import type { ProviderAnswer, ProviderOperation, ProviderStatus } from '#actors'
import type { CallOutcome } from '#ports'

/** What a card's token makes the provider do. Any other token is declined. */
export const testTokens = {
  ok: 'tok_ok',
  declined: 'tok_declined',
  slow: 'tok_slow',
  /** The provider captures, and its answer never comes. */
  timeoutCaptured: 'tok_timeout_captured',
  /** Two failures, then good. */
  flaky: 'tok_flaky',
} as const

/** Of cards without a part to play. */
const usualToken = /^tok_card_[0-9a-f]{32}$/

const isGood = (token: string): boolean => goodTokens.has(token) || usualToken.test(token)

const goodTokens: ReadonlySet<string> = new Set([
  testTokens.ok,
  testTokens.slow,
  testTokens.timeoutCaptured,
  testTokens.flaky,
])

export interface PaymentRecord {
  readonly payment: string
  readonly status: ProviderStatus
  readonly amount: number
  readonly token: string
  readonly captured: number
  readonly refunded: number
  readonly reason: string | null
  /** How often the provider has failed on purpose. */
  readonly failures: number
  /** What was given back under each key. */
  readonly given?: Readonly<Record<string, number>>
  /** Every key seen, with its operation and arguments. */
  readonly keys: Readonly<Record<string, string>>
}

export interface ProviderSettings {
  /** Of good cards, the share that is declined all the same. */
  declineShare: number
  /** The middle of the time that an answer takes. */
  latencyMs: number
  /** Nothing is done, and nothing is answered but an error. */
  outage: boolean
  /** News of a change is sent after at most so long; a little of it much later. */
  callbackDelayMs: number
  /** Share of news that is sent twice. */
  callbackRepeatShare: number
}

/** What the provider tells by itself when a payment has changed. */
export interface ProviderNews extends ProviderAnswer {
  readonly payment: string
}

const lateShare = 0.05
const lateFactor = 20

/** When news is sent, in milliseconds from now: soon or late, once or twice. */
export function callbackDelaysMs(settings: ProviderSettings, draw: () => number): readonly number[] {
  const { callbackDelayMs, callbackRepeatShare } = settings
  const delayMs = (): number => {
    const longest = draw() < lateShare ? lateFactor * callbackDelayMs : callbackDelayMs
    return Math.round(longest * draw())
  }
  return draw() < callbackRepeatShare ? [delayMs(), delayMs()] : [delayMs()]
}

/** What is wrong with the provider, until it is mended. Shares are of the calls that it could meet. */
export type ProviderTrouble =
  | { readonly kind: 'outage' }
  | { readonly kind: 'declines'; readonly share: number }
  | { readonly kind: 'slow'; readonly byMs: number }
  /** It does what it is asked, and does not answer. */
  | { readonly kind: 'silent'; readonly share: number }

export interface ProviderDisturbance {
  /** Calls that met it: the proof that it struck. */
  readonly met: number
  heal(): void
}

type Disturbing = ProviderTrouble & { met: number }

export interface ProviderResult {
  /** `never`: what was asked is done, and nobody will hear of it. */
  readonly outcome: CallOutcome | 'never'
  readonly delayMs: number
  /** The payment's record, when it changed: what a restart has to know. */
  readonly changed?: PaymentRecord
  /** Set when the payment stands elsewhere now. */
  readonly news?: ProviderNews
}

const slowMs = 3_000

interface Args {
  readonly payment: string
  readonly amount?: number
  readonly token?: string
  readonly refund?: string
}

export class ProviderLedger {
  readonly settings: ProviderSettings
  /** In force; one may begin before another has ended. */
  readonly #troubles = new Set<Disturbing>()
  #payments = new Map<string, PaymentRecord>()

  constructor(settings: Partial<ProviderSettings> = {}) {
    const usual = { declineShare: 0, latencyMs: 40, outage: false }
    this.settings = { ...usual, callbackDelayMs: 500, callbackRepeatShare: 0.1, ...settings }
  }

  disturb(trouble: ProviderTrouble): ProviderDisturbance {
    const disturbing: Disturbing = { ...trouble, met: 0 }
    this.#troubles.add(disturbing)
    return {
      get met() {
        return disturbing.met
      },
      heal: () => void this.#troubles.delete(disturbing),
    }
  }

  /** Takes records back after a restart; the last one of a payment counts. */
  restore(records: Iterable<PaymentRecord>): void {
    for (const record of records) this.#payments.set(record.payment, record)
  }

  /** `draw` gives the next number in [0, 1). */
  handle(operation: ProviderOperation, args: unknown, key: string, draw: () => number): ProviderResult {
    const delayMs = Math.round(this.settings.latencyMs * (0.5 + draw())) + this.#slowerMs()
    const refuse = (detail: string): ProviderResult => ({ outcome: { kind: 'refused', detail }, delayMs })
    const fail = (changed?: PaymentRecord): ProviderResult => ({
      outcome: { kind: 'unknown', detail: 'the provider is not available' },
      delayMs,
      ...(changed === undefined ? {} : { changed }),
    })

    if (this.#meet('outage') || this.settings.outage) return fail()
    if (!areArgs(args)) return refuse('bad-request')
    const record = this.#payments.get(args.payment) ?? blank(args.payment)
    if (operation === 'provider.lookup') return { outcome: done(record), delayMs }
    const print = JSON.stringify([
      operation,
      args.payment,
      args.amount ?? null,
      args.token ?? null,
      args.refund ?? null,
    ])
    if ((record.keys[key] ?? print) !== print) return refuse('key-reused')
    const token = args.token ?? record.token
    if (token === testTokens.flaky && record.failures < 2) {
      return fail(this.#keep({ ...record, failures: record.failures + 1 }))
    }

    const drawn = draw()
    const asks = operation === 'provider.authorize' && record.status === 'none' && isGood(token)
    const isDeclined = drawn < this.settings.declineShare || (asks && this.#meet('declines', drawn))
    const next = apply(operation, record, args, key, isDeclined)
    if (next === 'refused') return refuse('amount-mismatch')
    const changed = this.#keep({ ...next, keys: { ...next.keys, [key]: print } })
    const isSilent =
      (operation === 'provider.capture' && token === testTokens.timeoutCaptured) ||
      (this.#isIn('silent') && this.#meet('silent', draw()))
    return {
      outcome: isSilent ? 'never' : done(changed),
      delayMs: token === testTokens.slow ? delayMs + slowMs : delayMs,
      changed,
      ...((next.status !== record.status || next.refunded !== record.refunded) && {
        news: { payment: args.payment, ...standing(next) },
      }),
    }
  }

  /** Where a payment stands. */
  payment(id: string): PaymentRecord | undefined {
    return this.#payments.get(id)
  }

  get payments(): readonly PaymentRecord[] {
    return [...this.#payments.values()]
  }

  /** In cents, of all payments. */
  get totals(): { readonly captured: number; readonly refunded: number } {
    const sum = { captured: 0, refunded: 0 }
    for (const { captured, refunded } of this.#payments.values()) {
      sum.captured += captured
      sum.refunded += refunded
    }
    return sum
  }

  #isIn(kind: ProviderTrouble['kind']): boolean {
    return [...this.#troubles].some((trouble) => trouble.kind === kind)
  }

  /** Whether a trouble of this kind strikes a call with this draw; counted where it does. */
  #meet(kind: ProviderTrouble['kind'], drawn = 0): boolean {
    let struck = false
    for (const trouble of this.#troubles) {
      if (trouble.kind !== kind || ('share' in trouble && drawn >= trouble.share)) continue
      trouble.met += 1
      struck = true
    }
    return struck
  }

  #slowerMs(): number {
    let sum = 0
    for (const trouble of this.#troubles) {
      if (trouble.kind !== 'slow') continue
      trouble.met += 1
      sum += trouble.byMs
    }
    return sum
  }

  #keep(record: PaymentRecord): PaymentRecord {
    this.#payments.set(record.payment, record)
    return record
  }
}

function apply(
  operation: ProviderOperation,
  record: PaymentRecord,
  { amount, token }: Args,
  key: string,
  isDeclined: boolean,
): PaymentRecord | 'refused' {
  const { status } = record
  switch (operation) {
    case 'provider.authorize':
      if (amount === undefined || token === undefined) return 'refused'
      if (status !== 'none') return status === 'voided' || amount === record.amount ? record : 'refused'
      return isGood(token) && !isDeclined
        ? { ...record, status: 'authorized', amount, token }
        : { ...record, status: 'declined', amount, token, reason: 'card-declined' }
    case 'provider.capture':
      if (amount !== record.amount) return 'refused'
      return status === 'authorized' ? { ...record, status: 'captured', captured: record.amount } : record
    case 'provider.void':
      return status === 'authorized' || status === 'none' ? { ...record, status: 'voided' } : record
    case 'provider.refund':
      return refund(record, key, amount)
    case 'provider.lookup':
      return record
  }
}

function refund(record: PaymentRecord, key: string, amount?: number): PaymentRecord | 'refused' {
  const { status, captured, refunded, given = {} } = record
  if (status !== 'captured' || given[key] !== undefined) return record
  const left = captured - refunded
  const sum = amount ?? left
  if (sum > left) return 'refused'
  return {
    ...record,
    status: sum === left ? 'refunded' : 'captured',
    refunded: refunded + sum,
    given: { ...given, [key]: sum },
  }
}

const standing = ({ status, captured, refunded, reason }: PaymentRecord): ProviderAnswer => ({
  status,
  captured,
  refunded,
  ...(reason === null ? {} : { reason }),
})

const done = (record: PaymentRecord): CallOutcome => ({ kind: 'done', result: standing(record) })

const blank = (payment: string): PaymentRecord => ({
  payment,
  status: 'none',
  amount: 0,
  token: '',
  captured: 0,
  refunded: 0,
  reason: null,
  failures: 0,
  keys: {},
})

function areArgs(args: unknown): args is Args {
  const { payment, amount, token, refund } = (args ?? {}) as Partial<Record<keyof Args, unknown>>
  return (
    typeof payment === 'string' &&
    payment !== '' &&
    (amount === undefined || (Number.isSafeInteger(amount) && (amount as number) > 0)) &&
    (token === undefined || typeof token === 'string') &&
    (refund === undefined || typeof refund === 'string')
  )
}
