/**
 * Profiles, close at hand: a page of an account begins with its own.
 *
 * Owns:     a copy for each of the accounts that were read last, and no more: each is looked at for changes.
 * Does not: serve those who change one; they ask the profile itself.
 */
import { type ProfileView, profileRef } from '#actors'
import type { Versioned } from '../auth/accounts.ts'
import { Cached } from '../cached.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { answerOf } from '../problems.ts'

const profilesMax = 200
/** A notice that was lost costs at most this much staleness. */
const profileTtlMs = 30_000

export class ProfileCache {
  readonly #client: ClusterClient
  /** The one that was read last is the last. */
  readonly #profiles = new Map<string, Cached<Versioned<ProfileView>>>()

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** @throws Problem `not-found`, or when nobody can tell. */
  read(account: string): Promise<Versioned<ProfileView>> {
    const profile = this.#profiles.get(account) ?? this.#watched(account)
    this.#profiles.delete(account)
    this.#profiles.set(account, profile)
    const [oldest] = this.#profiles.keys()
    if (oldest !== undefined && this.#profiles.size > profilesMax) this.forget(oldest)
    return profile.read()
  }

  /** Whoever reads it next is told what the profile says then. */
  forget(account: string): void {
    this.#profiles.get(account)?.close()
    this.#profiles.delete(account)
  }

  close(): void {
    for (const profile of this.#profiles.values()) profile.close()
  }

  #watched(account: string): Cached<Versioned<ProfileView>> {
    return new Cached({
      client: this.#client,
      actor: profileRef(account),
      query: 'view',
      ttlMs: () => profileTtlMs,
      valueIn: (outcome) => {
        const { value, version } = answerOf(outcome, `The profile of account '${account}'`)
        return { view: value as ProfileView, version }
      },
    })
  }
}
