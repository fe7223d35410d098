/**
 * Faults that are in force, and the last that are over, as the stream tells them.
 *
 * Owns:     the line to that stream while the cluster answers, and how much time of each has passed since it was told.
 * Does not: set or revert any (rooms).
 */
import { computed, shallowRef, watch } from 'vue'
import type { FaultView } from '#gateway'
import { cluster, connection, time, worldAt } from './poll.ts'
import { follow } from './stream.ts'

const told = shallowRef<{ readonly faults: readonly FaultView[]; readonly at: number }>({ faults: [], at: 0 })

export const faultsInForce = computed(() => told.value.faults.filter(({ ended }) => ended === undefined))
export const faultsOver = computed(() => told.value.faults.filter(({ ended }) => ended !== undefined))

/** From now on. */
export function followFaults(): void {
  let leave: (() => void) | undefined
  watch(
    () => connection.value.kind === 'live',
    (isLive) => {
      if (isLive)
        leave ??= follow('faults', (words) => {
          if (words.type === 'faults') told.value = { faults: words.faults, at: ownNow(performance.now()) }
        })
      // The line itself comes back by itself; without a token there is none.
      else if (connection.value.kind === 'locked') {
        leave?.()
        leave = undefined
      }
    },
    { immediate: true },
  )
}

/** The cluster's own time, in milliseconds: the page's of a live one, the world's of a simulated one. */
function ownNow(pageNow: number): number {
  return time.value === undefined ? pageNow : (worldAt(pageNow) ?? 0)
}

const passedMs = (pageNow: number): number => Math.max(0, ownNow(pageNow) - told.value.at)

export const leftMsOf = ({ leftMs }: FaultView, pageNow: number): number | undefined =>
  leftMs === undefined ? undefined : Math.max(0, leftMs - passedMs(pageNow))

export interface Window {
  readonly from: number
  readonly to: number
}

/** When anything was broken, by the world's clock: what overlaps is one. Oldest first. */
export function brokenWindows(pageNow: number): readonly Window[] {
  const each = told.value.faults.map((fault) => windowOf(fault, pageNow)).sort((a, b) => a.from - b.from)
  const merged: Window[] = []
  for (const one of each) {
    const last = merged.at(-1)
    if (last === undefined || one.from > last.to) merged.push(one)
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, one.to) }
  }
  return merged
}

function windowOf({ ageMs, ended }: FaultView, pageNow: number): Window {
  const speed = time.value === undefined ? (cluster.value?.world.speed ?? 1) : 1
  const now = worldAt(pageNow) ?? 0
  const passed = passedMs(pageNow)
  return {
    from: now - (ageMs + passed) * speed,
    to: ended === undefined ? now : now - (ended.agoMs + passed) * speed,
  }
}
