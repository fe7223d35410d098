/**
 * The configuration as this gateway goes by it: default, start and stored, laid over each other.
 *
 * Owns:     which layer wins: what the start has set is locked; else the stored value, else the default. And the copy of
 *           the stored layer, which a change makes old at once.
 * Does not: store anything (the actor `config` does), or ever show a secret.
 *
 * Invariants:
 *   SE1. When the office cannot be asked, the last values known are gone by; without any, start and default.
 */
import { type ConfigContext, type ConfigKey, type ConfigValues, configKeys, configRef } from '#actors'
import type { Outcome } from '#ports'
import { Cached } from './cached.ts'
import type { ClusterClient } from './cluster-client.ts'
import { answerOf } from './problems.ts'

/** What the environment of this process has set, before it started. */
export type StartValues = Partial<ConfigValues>

export interface Setting {
  readonly key: ConfigKey
  /** `<redacted>` for a secret. */
  readonly value: boolean | number | string
  readonly source: 'default' | 'start' | 'stored'
  readonly isLocked: boolean
}

export type StoredConfig = Pick<ConfigContext, 'values'> & { readonly version: number }

/** A notice that was lost costs at most this much staleness. */
export const settingsTtlMs = 10_000
export const redacted = '<redacted>'

const keys = Object.keys(configKeys) as ConfigKey[]
const nothingStored: StoredConfig = { values: {}, version: 0 }

export class Settings {
  readonly #start: StartValues
  readonly #cached: Cached<StoredConfig>
  #laid: { readonly stored: StoredConfig; readonly values: ConfigValues } | undefined

  constructor(client: Pick<ClusterClient, 'request' | 'watch'>, site: string, start: StartValues = {}) {
    this.#start = start
    this.#cached = new Cached({
      client,
      actor: configRef(site),
      query: 'view',
      ttlMs: () => settingsTtlMs,
      valueIn: storedIn,
    })
    // So that the first request need not wait for it.
    this.latest()
  }

  /** Not older than `settingsTtlMs`, as long as the office answers. */
  async now(): Promise<ConfigValues> {
    return this.#values((await this.#cached.readOr(() => nothingStored)).value)
  }

  /** The values known last, at once. */
  latest(): ConfigValues {
    return this.#values(this.#cached.latest() ?? nothingStored)
  }

  /** As `latest`, for those whom the question itself goes through: nobody is asked. */
  known(): ConfigValues {
    return this.#values(this.#cached.known() ?? nothingStored)
  }

  /** For operators. @throws Problem when the office cannot be asked. */
  async shown(): Promise<{
    readonly version: number
    readonly stored: StoredConfig
    readonly settings: readonly Setting[]
  }> {
    const stored = await this.#cached.read()
    return { version: stored.version, stored, settings: keys.map((key) => this.#shown(key, stored)) }
  }

  /** What the actor has just said. */
  put(stored: StoredConfig): void {
    this.#cached.put(stored)
  }

  isLocked(key: ConfigKey): boolean {
    return this.#start[key] !== undefined || !configKeys[key].isHot
  }

  close(): void {
    this.#cached.close()
  }

  #shown(key: ConfigKey, stored: StoredConfig): Setting {
    const value = this.#values(stored)[key]
    const isStored = Object.hasOwn(stored.values, key) && !this.isLocked(key)
    return {
      key,
      value: 'isSecret' in configKeys[key] ? redacted : value,
      source: this.#start[key] !== undefined ? 'start' : isStored ? 'stored' : 'default',
      isLocked: this.isLocked(key),
    }
  }

  #values(stored: StoredConfig): ConfigValues {
    if (this.#laid?.stored !== stored) this.#laid = { stored, values: this.#lay(stored) }
    return this.#laid.values
  }

  #lay(stored: StoredConfig): ConfigValues {
    const laid = keys.map((key) => {
      const own = this.isLocked(key) ? undefined : stored.values[key]?.value
      return [key, this.#start[key] ?? own ?? configKeys[key].default]
    })
    return Object.fromEntries(laid) as ConfigValues
  }
}

function storedIn(outcome: Outcome): StoredConfig {
  // Nobody has set anything yet.
  if (outcome.kind === 'unknown') return nothingStored
  const { value, version } = answerOf(outcome, 'The configuration')
  return { values: (value as ConfigContext).values, version }
}
