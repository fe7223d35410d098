/** What the public API answers, as far as this page reads it. */
import type { FieldError, Order, OrderTurn, Payment, ProblemCode } from '#gateway'

export type { Order, OrderTurn, ProblemCode }

/** As it is read: with what was asked for beside it. */
export type OrderRead = Order & { readonly payment?: Payment | null }

export interface Dish {
  readonly dish: string
  readonly name: string
  readonly price: Order['total']
  readonly available: boolean
  readonly ingredients: readonly { readonly ingredient: string; readonly substitute?: string }[]
}

export interface Menu {
  readonly edition: number
  readonly degraded?: true
  readonly items: readonly Dish[]
}

export interface Shortage {
  readonly ingredient: string
  readonly needed: number
  readonly free: number
}

export interface Quote {
  readonly total: Order['total']
  readonly shortages: readonly Shortage[]
}

/** Instants are of the restaurant's clock. */
export interface Story {
  readonly state: string
  readonly waitsFor?: string
  readonly until?: string
  readonly otherwise?: string
}

/** RFC 9457. */
export interface ProblemBody {
  readonly status: number
  readonly code: ProblemCode
  readonly title: string
  readonly detail?: string
  readonly retryable?: boolean
  readonly currentState?: unknown
  readonly shortages?: readonly Shortage[]
  readonly errors?: readonly FieldError[]
}
