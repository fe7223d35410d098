/**
 * What the payment provider does with a card: gives a token that stands for it, and forgets the number.
 *
 * Owns:     which card plays which part, what a token tells of its card, and that a key asked again gives the same token.
 * Does not: charge anything (`provider.ts`), or check a card: who sells does, and the provider again when it charges.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { testTokens } from './provider.ts'

/** Numbers that play a part, as payment sandboxes have them. Any other card is good. */
export const testCards: Readonly<Record<string, string>> = {
  '4242424242424242': testTokens.ok,
  '4000000000000002': testTokens.declined,
  '4000000000000077': testTokens.slow,
  '4000000000000259': testTokens.timeoutCaptured,
  '4000000000000341': testTokens.flaky,
}

export interface CardToken {
  readonly token: string
  readonly last4: string
  readonly brand: string
}

const keysMax = 10_000

export class CardVault {
  // No card may be found out by what is kept of it: this goes with the process.
  readonly #printSecret = randomBytes(32)
  readonly #tokenSecret: string | Uint8Array
  readonly #byKey = new Map<string, { readonly print: string; readonly card: CardToken }>()

  /** Of the same secret, whoever starts it again, a key and its card give the same token. Default: of this process. */
  constructor(tokenSecret: string | Uint8Array = randomBytes(32)) {
    this.#tokenSecret = tokenSecret
  }

  /** `key-reused`: the key stood for another card. */
  tokenise(number: string, key: string): CardToken | 'key-reused' {
    const print = createHmac('sha256', this.#printSecret).update(number).digest('hex')
    const known = this.#byKey.get(key)
    if (known !== undefined) return known.print === print ? known.card : 'key-reused'
    const shown = { last4: number.slice(-4), brand: brandOf(number) }
    const card = { token: testCards[number] ?? this.#tokenOf(key, shown), ...shown }
    this.#byKey.set(key, { print, card })
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size > keysMax && oldest !== undefined) this.#byKey.delete(oldest)
    return card
  }

  /** Made of nothing of the card that is not told anyway. */
  #tokenOf(key: string, { last4, brand }: Omit<CardToken, 'token'>): string {
    const intent = JSON.stringify(['card token', key, last4, brand])
    return `tok_card_${createHmac('sha256', this.#tokenSecret).update(intent).digest('hex').slice(0, 32)}`
  }
}

const brands: readonly (readonly [RegExp, string])[] = [
  [/^4/, 'visa'],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, 'mastercard'],
  [/^3[47]/, 'amex'],
  [/^(6011|65|64[4-9])/, 'discover'],
]

const brandOf = (number: string): string => brands.find(([shape]) => shape.test(number))?.[1] ?? 'card'
