/**
 * Accounts, as administrators list them.
 *
 * Does not: keep an e-mail address, a hash or anything else of the person: turns have them, rows do not.
 */
import { type Instant, keyOf, type Message } from '#actor'
import { type AccountMessage, type AccountRole, type AccountView, accountStanding } from '#actors'
import type { Projection, Table } from './projection.ts'

export interface UserRow extends Pick<AccountView, 'id' | 'roles' | 'lockedBy' | 'createdAt'> {
  /** Of what was refused there is no row. */
  readonly state: Exclude<AccountView['state'], 'refused'>
  /** Of the account, when it came to this. */
  readonly version: number
}

export const userTable: Table<UserRow> = {
  name: 'users',
  orders: {
    byTime: ({ createdAt, id }) => [createdAt, id],
    byState: ({ state, createdAt, id }) => [state, createdAt, id],
  },
}

type AccountEvent = Message & { readonly roles: readonly AccountRole[] }

export const usersProjection: Projection = {
  name: 'users',
  about: 'every account, with its roles and whether it may log in',
  version: 1,
  actors: ['account'],
  tables: [userTable],
  apply(rows, { actor, sequence, at, message, events = [], state }) {
    const id = keyOf(actor)
    const before = rows.get(userTable, [id]) ?? asked(id, at, message as AccountMessage)
    if (before === undefined) return
    const { state: standing, lockedBy } = accountStanding(state)
    // Somebody else has the address: there never was an account.
    if (standing === 'refused') {
      rows.remove(userTable, [id])
      return
    }
    const { roles } = (events as readonly AccountEvent[]).at(-1) ?? before
    rows.put(userTable, [id], { ...before, state: standing, lockedBy, roles, version: sequence })
  },
}

function asked(id: string, at: Instant, message: AccountMessage): UserRow | undefined {
  if (message.type !== 'account.register') return undefined
  return { id, roles: message.roles, state: 'registering', lockedBy: null, createdAt: at, version: 0 }
}
