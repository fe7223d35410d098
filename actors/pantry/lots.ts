/**
 * The lots on a shelf: what came when, and until when it is good. First to expire, first out.
 *
 * Owns:     the order of lots, and their bound.
 * Does not: know what is free and what is held: the lots are what is there, whoever it is kept for.
 *
 * Invariants:
 *   L1. Ascending by expiry, each with some of it left, at most `lotsMax`.
 */

/** `expires` is a world instant; `never` for what keeps. */
export interface Lot {
  readonly amount: number
  readonly expires: number
}

export const lotsMax = 12
export const never = Number.MAX_SAFE_INTEGER

/** With one more. Where there would be too many, the last two become one, as old as the older of them. */
export function added(lots: readonly Lot[], { amount, expires }: Lot): readonly Lot[] {
  if (amount === 0) return lots
  const at = lots.findIndex((lot) => lot.expires >= expires)
  const place = at === -1 ? lots.length : at
  const same = lots[place]
  if (same?.expires === expires) return lots.with(place, { amount: same.amount + amount, expires })
  const more = [...lots.slice(0, place), { amount, expires }, ...lots.slice(place)]
  if (more.length <= lotsMax) return more
  const [older, newer] = more.slice(-2) as [Lot, Lot]
  return [...more.slice(0, -2), { amount: older.amount + newer.amount, expires: older.expires }]
}

/** Without so much, the oldest first; and when the last of what went would have expired. */
export function taken(
  lots: readonly Lot[],
  amount: number,
): { readonly lots: readonly Lot[]; readonly from: number } {
  let left = amount
  let from = never
  for (const [n, lot] of lots.entries()) {
    if (left === 0) return { lots: lots.slice(n), from }
    from = lot.expires
    if (lot.amount > left)
      return { lots: [{ ...lot, amount: lot.amount - left }, ...lots.slice(n + 1)], from }
    left -= lot.amount
  }
  return { lots: [], from }
}

export function expiredIn(lots: readonly Lot[], at: number): number {
  let sum = 0
  for (const { amount, expires } of lots) {
    if (expires > at) break
    sum += amount
  }
  return sum
}

/** When the first that is still good will not be any more; `never` when nothing is left to wait for. */
export function nextExpiry(lots: readonly Lot[], at: number): number {
  return lots.find(({ expires }) => expires > at)?.expires ?? never
}
