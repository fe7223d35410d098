/**
 * Has a kernel do again what a recording says, and compares each step.
 *
 * Owns:     the comparison, and where it ends.
 * Does not: read files or know how a digest is made (`#live`).
 */
import { ClusterError, type Now } from '#actor'
import { type Input, Kernel, type Output, type Registry } from '#kernel'
import { blindObserver, type Observer } from '#ports'
import { type KernelStart, shapeOf } from './recorder.ts'

export interface RecordedStep {
  readonly input: Input
  readonly now: Now
  /** Absent: the process ended before it was through with this input, or before that was written. */
  readonly outputs?: RecordedOutputs
}

/** Of what a step led to: a digest of all of it, and the kinds for people. */
export interface RecordedOutputs {
  readonly digest: number
  readonly kinds: readonly Output['kind'][]
}

export interface ReplayOptions {
  readonly registry: Registry
  readonly digestOf: (outputs: readonly Output[]) => number
  readonly observer?: Observer
  /** Told before a step that the recording does not see the end of. It may be the one that ends processes. */
  readonly onUnfinished?: (step: number, input: Input) => void
}

export type ReplayEnd =
  /** Every step led to the same outputs; `unfinished` steps at the end had none to compare with. */
  | { readonly kind: 'same'; readonly steps: number; readonly unfinished: number }
  /** The first step that did not. Counted from 1. */
  | {
      readonly kind: 'differs'
      readonly step: number
      readonly input: Input
      readonly now: Now
      readonly recorded: RecordedOutputs
      readonly outputs: readonly Output[]
    }
  | {
      readonly kind: 'threw'
      readonly step: number
      readonly input: Input
      readonly now: Now
      readonly error: unknown
    }

/** @throws ClusterError `RECORDING_MISMATCH` when these actors are not those that were recorded. */
export function replayRecording(
  start: KernelStart,
  steps: Iterable<RecordedStep>,
  { registry, digestOf, observer = blindObserver, onUnfinished = () => {} }: ReplayOptions,
): ReplayEnd {
  checkShape(start, registry)
  const { node, scope, seed, wary, bounds } = start
  const kernel = new Kernel({ registry, bounds, node, scope, seed, wary, observer })
  let step = 0
  let unfinished = 0
  for (const { input, now, outputs: recorded } of steps) {
    step += 1
    if (recorded === undefined) {
      unfinished += 1
      onUnfinished(step, input)
    }
    let outputs: readonly Output[]
    try {
      outputs = kernel.step(input, now)
    } catch (error) {
      return { kind: 'threw', step, input, now, error }
    }
    if (recorded !== undefined && digestOf(outputs) !== recorded.digest)
      return { kind: 'differs', step, input, now, recorded, outputs }
  }
  return { kind: 'same', steps: step, unfinished }
}

function checkShape({ departments }: KernelStart, registry: Registry): void {
  const here = shapeOf(registry)
  const lines = (shape: KernelStart['departments']): readonly string[] =>
    shape.flatMap(({ name, shards, versions }) => [
      `${name}: ${shards} shards`,
      ...Object.entries(versions).map(([type, version]) => `'${type}' in ${name}, version ${version}`),
    ])
  const [then, now] = [lines(departments), lines(here)]
  const missing = then.filter((line) => !now.includes(line))
  const added = now.filter((line) => !then.includes(line))
  if (missing.length === 0 && added.length === 0) return
  const text = (list: readonly string[]): string => (list.length === 0 ? 'nothing' : list.join('; '))
  throw new ClusterError('RECORDING_MISMATCH', { recorded: text(missing), build: text(added) })
}
