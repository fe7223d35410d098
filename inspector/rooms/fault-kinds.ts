/**
 * The kinds of faults that this cluster knows, as its catalogue tells them.
 *
 * Does not: put one into words (`fault-words.ts`).
 */
import { type ComputedRef, computed, type ShallowRef } from 'vue'
import { ask } from '../data/operator.ts'
import { whileHere } from '../data/while-here.ts'
import type { Kind } from './fault-words.ts'

export type Kinds = ReadonlyMap<string, Kind>

export function kindsWhileHere(): {
  readonly kinds: ComputedRef<Kinds>
  readonly problem: ShallowRef<string | undefined>
} {
  const { answer, problem } = whileHere(
    (signal) => ask<{ readonly items: readonly Kind[] }>('faults/catalog', { signal }),
    60_000,
  )
  return {
    kinds: computed(() => new Map((answer.value?.items ?? []).map((kind) => [kind.kind, kind]))),
    problem,
  }
}
