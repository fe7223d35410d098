/** How each type of actor is drawn, asked for once. */
import { shallowRef } from 'vue'
import type { ActorLook } from '#gateway'
import { ask } from './operator.ts'

export const looks = shallowRef<ReadonlyMap<string, ActorLook>>(new Map())

let isAsked = false

/** Until they are there, actors are squares at rest. */
export async function needLooks(): Promise<void> {
  if (isAsked) return
  isAsked = true
  try {
    const answer = await ask<{ readonly looks: readonly ActorLook[] }>('machines')
    looks.value = new Map(answer.looks.map((look) => [look.type, look]))
  } catch {
    // Whoever needs them next asks again.
    isAsked = false
  }
}
