/** How money and the ids of orders are written. */

/** `71.50`. */
export const moneyIn = (cents: number): string => {
  const whole = Math.abs(cents)
  const digits = String(Math.floor(whole / 100)).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${cents < 0 ? '−' : ''}${digits}.${String(whole % 100).padStart(2, '0')}`
}

/** Enough of an order's id to tell it from others on a screen. */
export const shortOrder = (id: string): string => (id.length > 14 ? id.slice(0, 10) : id)
