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
  // Lost with the process: a key asked again after it gets another token for the same card.
  readonly #secret = randomBytes(32)
  readonly #byKey = new Map<string, { readonly print: string; readonly card: CardToken }>()

  /** `key-reused`: the key stood for another card. */
  tokenise(number: string, key: string): CardToken | 'key-reused' {
    const print = createHmac('sha256', this.#secret).update(number).digest('hex')
    const known = this.#byKey.get(key)
    if (known !== undefined) return known.print === print ? known.card : 'key-reused'
    const token = testCards[number] ?? `tok_card_${randomBytes(16).toString('hex')}`
    const card = { token, last4: number.slice(-4), brand: brandOf(number) }
    this.#byKey.set(key, { print, card })
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size > keysMax && oldest !== undefined) this.#byKey.delete(oldest)
    return card
  }
}

const brands: readonly (readonly [RegExp, string])[] = [
  [/^4/, 'visa'],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, 'mastercard'],
  [/^3[47]/, 'amex'],
  [/^(6011|65|64[4-9])/, 'discover'],
]

const brandOf = (number: string): string => brands.find(([shape]) => shape.test(number))?.[1] ?? 'card'
