/**
 * A newer build of some actors: the same behaviour under a later version of every machine, which goes on from what
 * the builds before it have stored. What a build of older machines must not touch is then there to be touched.
 */
import { createMachine } from 'xstate'
import type { ActorDefinition, Birth, Instant, Migration } from '#actor'
import { ref } from '#actor'

/** `n`: how many builds it is newer. */
export function newerBuild(definitions: readonly ActorDefinition[], n: number): readonly ActorDefinition[] {
  return definitions.map((definition) => {
    const { machine, migrations = {} } = definition
    const first = machine.version ?? '1'
    const versions = Array.from({ length: n + 1 }, (_, build) => versionOf(first, build))
    const steps = versions.slice(0, n).map((version, build): [string, Migration] => [
      version,
      {
        to: versionOf(first, build + 1),
        keys: keysOf(definition),
        migrate: (state) => state,
      },
    ])
    return {
      ...definition,
      machine: createMachine({ ...machine.config, version: versionOf(first, n) }, machine.implementations),
      migrations: { ...migrations, ...Object.fromEntries(steps) },
    }
  })
}

/** Whether a newer build than the first has stored this. */
export const isNewer = (version: string): boolean => version.includes('+')

const versionOf = (first: string, build: number): string => (build === 0 ? first : `${first}+${build}`)

/** As the kernel finds them: of the first context. */
function keysOf({ type, machine: { config } }: ActorDefinition): readonly string[] {
  const first: unknown = config.context
  if (typeof first !== 'function') return Object.keys(first ?? {})
  const input: Birth = { id: ref(type, 'probe'), key: 'probe', at: 0 as Instant }
  return Object.keys(first({ input }))
}
