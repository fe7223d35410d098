/**
 * The till: the money of each order, and the cards that guests have stored.
 */
import { payment } from './payment.ts'
import { vault } from './vault.ts'
import { wallet } from './wallet.ts'

export const tillActors = [payment, vault, wallet]

export * from './messages.ts'
export type { PaymentView, Refund } from './payment.ts'
export { payment, refundsMax } from './payment.ts'
export * from './provider-contract.ts'
export type { VaultView } from './vault.ts'
export { vault } from './vault.ts'
export type { StoredMethod, WalletView } from './wallet.ts'
export { methodsMax, wallet } from './wallet.ts'
