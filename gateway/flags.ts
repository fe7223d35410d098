/**
 * Feature flags as this gateway goes by them.
 *
 * Owns:     the copy of the rules, and who falls under a share: a keyed hash of flag and subject, the same in every
 *           gateway and at every look.
 * Does not: store rules (the actor `flags` does).
 */
import {
  type FlagName,
  type FlagRule,
  type FlagSpec,
  type FlagsContext,
  flagNames,
  flagsRef,
  type StoredRule,
} from '#actors'
import type { Outcome } from '#ports'
import { Cached } from './cached.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { Keyring } from './keyring.ts'
import { answerOf } from './problems.ts'
import { settingsTtlMs } from './settings.ts'

export interface StoredFlags {
  readonly rules: Readonly<Record<string, StoredRule>>
  readonly version: number
}

const nothingStored: StoredFlags = { rules: {}, version: 0 }

export class Flags {
  readonly #cached: Cached<StoredFlags>
  readonly #keyring: Keyring

  constructor(client: Pick<ClusterClient, 'request' | 'watch'>, site: string, keyring: Keyring) {
    this.#keyring = keyring
    this.#cached = new Cached({
      client,
      actor: flagsRef(site),
      query: 'view',
      ttlMs: () => settingsTtlMs,
      valueIn: storedIn,
    })
    this.#cached.latest()
  }

  /** `subject`: the account that asks; for somebody without one, what they ask about. */
  async isOn(flag: FlagName, subject: string): Promise<boolean> {
    const { value } = await this.#cached.readOr(() => nothingStored)
    return isOnFor(ruleOf(flag, value), () => percentOf(this.#keyring, flag, subject), subject)
  }

  /** For operators. @throws Problem when the office cannot be asked. */
  stored(): Promise<StoredFlags> {
    return this.#cached.read()
  }

  put(stored: StoredFlags): void {
    this.#cached.put(stored)
  }

  close(): void {
    this.#cached.close()
  }
}

/** Where a subject stands among all of them, for this flag: from 0 to below 100. */
export function percentOf(keyring: Keyring, flag: FlagName, subject: string): number {
  return (Number.parseInt(keyring.digest(`flag\n${flag}\n${subject}`).slice(0, 8), 16) / 2 ** 32) * 100
}

export function ruleOf(flag: FlagName, { rules }: StoredFlags): FlagRule {
  const spec: FlagSpec = flagNames[flag]
  return Object.hasOwn(rules, flag) ? (rules[flag]?.rule ?? spec.default) : spec.default
}

export function isOnFor(rule: FlagRule, percent: () => number, subject: string): boolean {
  switch (rule.kind) {
    case 'on':
      return true
    case 'off':
      return false
    case 'share':
      return percent() < rule.percent
    case 'accounts':
      return rule.accounts.includes(subject)
  }
}

function storedIn(outcome: Outcome): StoredFlags {
  if (outcome.kind === 'unknown') return nothingStored
  const { value, version } = answerOf(outcome, 'The flags')
  return { rules: (value as FlagsContext).rules, version }
}
