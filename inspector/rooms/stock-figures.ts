/**
 * What the pantry and the till come to, and whether it adds up.
 *
 * Owns:     the sums over bins and accounts, the words of what should hold of them, and how amounts are written.
 * Does not: ask anybody (`stock.vue`), or repair anything.
 */
import type { Money } from '../data/house.ts'
import { moneyIn } from '../data/house-words.ts'
import { countIn, manyOf } from '../shell/words.ts'

export interface Bin {
  readonly ingredient: string
  readonly state: string
  readonly node?: string
  readonly unit: 'g' | 'piece'
  readonly opening: number
  readonly delivered: number
  readonly adjusted: number
  readonly free: number
  readonly held: number
  readonly issued: number
  readonly spoiled: number
  readonly par: number
  readonly low: number
  readonly ordered: number
  readonly lots: readonly { readonly amount: number; readonly expires: number }[]
  readonly holds: readonly { readonly amount: number; readonly firm: boolean }[]
  readonly waiting: readonly unknown[]
}

export interface SupplyOrder {
  readonly ingredient: string
  readonly n: number
  readonly amount: number
  readonly state: 'asked' | 'promised' | 'refused' | 'delivered'
  readonly dueAt: number | null
  readonly brought: number
  readonly unanswered: number
}

export interface Payment {
  readonly id: string
  readonly state: string
  readonly amount: Money
  readonly captured: Money
  readonly refunded: Money
}

export interface Entry {
  readonly id: string
  readonly order: string
  readonly at: string
  readonly kind: 'captured' | 'refunded' | 'earned'
  readonly debit: string
  readonly credit: string
  readonly amount: Money
}

export interface Balance {
  readonly account: string
  readonly debits: number
  readonly credits: number
  readonly balance: number
}

export interface Held {
  readonly words: string
  readonly holds: boolean
  readonly detail: string
}

/** Of a bin, as shares of what there could be: `par`, or what there is when that is more. */
export interface Level {
  readonly free: number
  /** Reserved for orders that have all they need. */
  readonly firm: number
  /** Held for orders that still ask other bins. */
  readonly asked: number
  readonly low: number
}

const sumOf = (parts: readonly { readonly amount: number }[]): number =>
  parts.reduce((sum, { amount }) => sum + amount, 0)

export const firmOf = ({ holds }: Bin): number => sumOf(holds.filter(({ firm }) => firm))
export const askedOf = ({ holds }: Bin): number => sumOf(holds.filter(({ firm }) => !firm))

export function levelOf(bin: Bin): Level {
  const most = Math.max(1, bin.par, bin.free + bin.held)
  return {
    free: bin.free / most,
    firm: firmOf(bin) / most,
    asked: askedOf(bin) / most,
    low: Math.min(1, bin.low / most),
  }
}

/** What is empty first, then low, then by name. */
export const urgency = (a: Bin, b: Bin): number =>
  rankOf(a) - rankOf(b) || (a.ingredient < b.ingredient ? -1 : 1)
const ranks = ['empty', 'low', 'on-order']
const rankOf = ({ state }: Bin): number => (ranks.includes(state) ? ranks.indexOf(state) : ranks.length)

/** `58.2 kg`, `320 g`, `120`. */
export function amountIn(amount: number, unit: Bin['unit']): string {
  if (unit === 'piece') return countIn(amount)
  return Math.abs(amount) < 1_000 ? `${amount} g` : `${Number((amount / 1_000).toPrecision(3))} kg`
}

export function stockHolds(bins: readonly Bin[]): readonly Held[] {
  const check = (words: string, good: string, isWrong: (bin: Bin) => string | undefined): Held => {
    const wrong = bins.flatMap((bin) => {
      const why = isWrong(bin)
      return why === undefined ? [] : [`${bin.ingredient}: ${why}`]
    })
    const more = wrong.length > 3 ? ` and ${wrong.length - 3} more` : ''
    return {
      words,
      holds: wrong.length === 0,
      detail: wrong.length === 0 ? good : `${wrong.slice(0, 3).join('; ')}${more}`,
    }
  }
  const inWords = ({ unit }: Bin, amount: number): string => amountIn(amount, unit)
  return [
    check(
      'No stock is lost or made',
      `what came is what is there or went, in ${manyOf(bins.length, 'bin')}`,
      (bin) => {
        const came = bin.opening + bin.delivered + bin.adjusted
        const is = bin.free + bin.held + bin.issued + bin.spoiled
        return came === is ? undefined : `${inWords(bin, came)} came, ${inWords(bin, is)} is accounted for`
      },
    ),
    check('What is held has a holder', `${manyOf(holdersIn(bins), 'hold')}, and not a gram more`, (bin) => {
      const holds = sumOf(bin.holds)
      return holds === bin.held
        ? undefined
        : `${inWords(bin, bin.held)} held, by holds of ${inWords(bin, holds)}`
    }),
    check('The lots are what is there', `${manyOf(lotsIn(bins), 'lot')} add up`, (bin) => {
      const lots = sumOf(bin.lots)
      return lots === bin.free + bin.held
        ? undefined
        : `lots of ${inWords(bin, lots)}, ${inWords(bin, bin.free + bin.held)} there`
    }),
    check('Nothing is less than nothing', 'no bin owes anything', (bin) =>
      Math.min(bin.free, bin.held, bin.issued, bin.spoiled) < 0 ? 'less than nothing' : undefined,
    ),
  ]
}
const holdersIn = (bins: readonly Bin[]): number => bins.reduce((sum, { holds }) => sum + holds.length, 0)
const lotsIn = (bins: readonly Bin[]): number => bins.reduce((sum, { lots }) => sum + lots.length, 0)

export function moneyHolds(balances: readonly Balance[], payments: readonly Payment[]): readonly Held[] {
  const off = balances.reduce((sum, { balance }) => sum + balance, 0)
  const accounts = balances.map(({ account, balance }) => `${account} ${moneyIn(balance)}`).join(', ')
  const twice = payments.filter(({ captured, amount }) => captured.amount > amount.amount)
  const tooMuch = payments.filter(({ captured, refunded }) => refunded.amount > captured.amount)
  const named = (wrong: readonly Payment[]): string =>
    wrong
      .slice(0, 3)
      .map(({ id }) => id)
      .join(', ')
  const last =
    payments.length === 0 ? 'no payment yet' : `in the ${manyOf(payments.length, 'newest payment')}`
  return [
    {
      words: 'The books balance',
      holds: off === 0,
      detail: off === 0 ? accounts : `${moneyIn(off)} too much: ${accounts}`,
    },
    {
      words: 'Nobody is charged twice',
      holds: twice.length === 0,
      detail:
        twice.length === 0 ? `captured is at most the bill, ${last}` : `more than the bill: ${named(twice)}`,
    },
    {
      words: 'Nothing is refunded that was not captured',
      holds: tooMuch.length === 0,
      detail: tooMuch.length === 0 ? last : `more than was captured: ${named(tooMuch)}`,
    },
  ]
}

/** How many payments stand where, the most first. */
export function standings(payments: readonly Payment[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { state } of payments) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}
