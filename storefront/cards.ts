/** What a guest can pay with here: the test cards of the payment provider that comes with Brigade. No money moves. */
export interface Card {
  /** Absent: it is paid later. */
  readonly token?: string
  readonly name: string
  readonly about: string
}

export const cards = [
  { token: 'tok_ok', name: 'A good card', about: 'pays at once' },
  { token: 'tok_slow', name: 'A slow bank', about: 'takes its time, and pays' },
  { token: 'tok_flaky', name: 'A shaky bank', about: 'fails twice, then pays' },
  { token: 'tok_timeout_captured', name: 'A silent bank', about: 'charges, and never says so' },
  { token: 'tok_declined', name: 'An empty card', about: 'is declined' },
] as const satisfies readonly Card[]

export const payLater: Card = { name: 'Later', about: 'your dishes are kept for a quarter of an hour' }
