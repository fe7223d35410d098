/** Accounts for tests of routes that are not about logging in: the token says who it is. */
import type { Auth, Caller, Role } from '../auth/caller.ts'

/** A header that `fakeAuth` believes. */
export const bearer = (account: string, ...roles: readonly Role[]): { authorization: string } => ({
  authorization: `Bearer test.${account}.${roles.join(',')}`,
})

export const fakeAuth: Auth = {
  callerOf: async ({ headers: { authorization } }): Promise<Caller | undefined> => {
    const [, account, roles] = /^Bearer test\.([^.]+)\.([a-z,]*)$/.exec(authorization ?? '') ?? []
    if (account === undefined || roles === undefined) return undefined
    const has = roles.split(',').filter((role) => role !== '')
    return { account, session: `session-of-${account}`, roles: has as unknown as readonly Role[] }
  },
}
