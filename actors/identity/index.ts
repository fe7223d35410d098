/**
 * Identity: who somebody is, on this visit and the next.
 */
import { account } from './account.ts'
import { address } from './address.ts'
import { adminRoll } from './admin-roll.ts'
import { keyRing } from './key-ring.ts'
import { profile } from './profile.ts'
import { session } from './session.ts'

export const identityActors = [address, account, session, profile, adminRoll, keyRing]

export type { AccountView, Credentials } from './account.ts'
export { account, accountStanding, restMs } from './account.ts'
export type { AddressView } from './address.ts'
export { address } from './address.ts'
export { adminRoll } from './admin-roll.ts'
export type { KeyRingView, RingKey } from './key-ring.ts'
export { keyRing } from './key-ring.ts'
export * from './messages.ts'
export type { ProfileView } from './profile.ts'
export { profile } from './profile.ts'
export type { SessionView } from './session.ts'
export { idleMaxMs, session } from './session.ts'
