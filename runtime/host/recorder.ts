/**
 * A kernel that is written down: each input with its time before it is taken, and of its outputs a digest.
 *
 * A kernel is a function of what it was made with and of its inputs. So a recording is enough to have the same kernel
 * do the same again, elsewhere and as often as one likes (`replay-recording.ts`). Nothing is in it that is not a
 * message, a row or an answer to a call.
 *
 * Owns:     what is told to a recorder, and when.
 * Does not: write files (`#live`) or compare.
 *
 * Invariants:
 *   R1. An input is with the recorder before the kernel takes it: what ends a process is in the recording.
 *   R2. A recording begins with its kernel. One that can take no more ends with it: the kernel is forgotten, and
 *       another begins, which loads what is durable.
 */
import type { Instant, Now } from '#actor'
import { type Bounds, type Input, Kernel, type KernelOptions, type Output, type Registry } from '#kernel'
import type { NodeId, ScopeId } from '#ports'

export interface Recorder {
  /** A kernel begins, and a recording with it. */
  began(kernel: KernelStart): void
  input(input: Input, now: Now): void
  /** What the last input led to. `full`: no more can be taken. */
  outputs(outputs: readonly Output[]): 'goes-on' | 'full'
}

/** What a kernel was made with. */
export interface KernelStart {
  /** On the runtime clock. */
  readonly at: Instant
  readonly node: NodeId
  readonly scope: ScopeId
  readonly seed: number
  readonly wary: boolean
  readonly bounds: Bounds
  readonly departments: readonly DepartmentShape[]
}

/** What has to be the same of the actors that replay: shards by department, machine versions by type. */
export interface DepartmentShape {
  readonly name: string
  readonly shards: number
  readonly versions: Readonly<Record<string, string>>
}

export function shapeOf(registry: Registry): readonly DepartmentShape[] {
  return registry.departments.map(({ name, shards }) => ({
    name,
    shards,
    versions: Object.fromEntries(
      registry.types
        .filter(({ department }) => department.name === name)
        .map(({ definition, machine }) => [definition.type, machine.version]),
    ),
  }))
}

export class RecordedKernel extends Kernel {
  readonly #recorder: Recorder

  constructor(options: KernelOptions, recorder: Recorder, at: Instant) {
    super(options)
    this.#recorder = recorder
    const { node, scope, seed, wary = false, bounds, registry } = options
    recorder.began({ at, node, scope, seed, wary, bounds, departments: shapeOf(registry) })
  }

  override step(input: Input, now: Now): readonly Output[] {
    this.#recorder.input(input, now)
    const outputs = super.step(input, now)
    if (this.#recorder.outputs(outputs) === 'goes-on') return outputs
    return [...outputs, { kind: 'forget', cause: 'its recording is full: another begins' }]
  }
}
