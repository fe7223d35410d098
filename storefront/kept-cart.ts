/** What a guest has chosen and not ordered yet, as this phone keeps it. */
import type { Cart } from './cart.ts'
import { kept } from './kept.ts'

export const cart = kept<Cart>('cart', [])
export const note = kept<string>('note', '')
export const serve = kept<'collect' | 'table'>('serve', 'collect')
