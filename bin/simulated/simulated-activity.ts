/**
 * What the actors of a simulated cluster do, for people: each node is looked at where it is.
 *
 * Owns:     when a look is taken, on the wall's clock: the world may stand still, or be wound back.
 * Does not: know what a frame says (`#activity`).
 */
import { Activity, encodeActivity, restAfterLook } from '#activity'
import type { ReplayableDay } from '#day'
import type { ActivityWatch } from '#gateway'
import type { NodeId } from '#ports'
import type { NodeCounts } from './node-counts.ts'

export class SimulatedActivity {
  readonly #play: ReplayableDay
  readonly #counts: NodeCounts
  readonly #viewers = new Set<(frame: Uint8Array) => void>()
  readonly #nodes = new Map<NodeId, { readonly life: number; readonly activity: Activity }>()
  #watches = 0
  #whole = false
  #timer: NodeJS.Timeout | undefined

  constructor(play: ReplayableDay, counts: NodeCounts) {
    this.#play = play
    this.#counts = counts
  }

  watch(see: (frame: Uint8Array) => void): ActivityWatch {
    const viewer = (frame: Uint8Array): void => see(frame)
    this.#viewers.add(viewer)
    this.#whole = true
    this.#counts.watcher ??= (node, event) => this.#activityOf(node)?.seen(event)
    this.#timer ??= setTimeout(() => this.#look(), 0)
    return {
      again: () => {
        this.#whole = true
      },
      stop: () => {
        this.#viewers.delete(viewer)
        if (this.#viewers.size === 0) this.close()
      },
    }
  }

  /** Time was wound back: what was counted has not happened. */
  rewound(): void {
    this.#nodes.clear()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#counts.watcher = undefined
    this.#viewers.clear()
    this.#nodes.clear()
  }

  #look(): void {
    const began = performance.now()
    const whole = this.#whole
    this.#whole = false
    let told = 0
    const { cluster } = this.#play.today
    for (const id of this.#nodes.keys()) if (!cluster.nodes.includes(id)) this.#nodes.delete(id)
    for (const id of cluster.nodes) {
      const node = cluster.nodeOf(id)
      // A frozen process says nothing.
      if (node === undefined || cluster.stateOf(id) === 'frozen') continue
      const { worldNow } = this.#play
      const frame = this.#activityOf(id)?.frame(node.residents(), worldNow, whole, node.budgets)
      if (frame === undefined) continue
      const bytes = encodeActivity(frame)
      if (!frame.head.whole) told += bytes.length
      for (const see of this.#viewers) see(bytes)
    }
    const rest = restAfterLook({ tookMs: performance.now() - began, bytes: told })
    if (this.#viewers.size > 0) this.#timer = setTimeout(() => this.#look(), rest)
  }

  /** Of the process that is there now. */
  #activityOf(node: NodeId): Activity | undefined {
    const { cluster } = this.#play.today
    const life = cluster.membership.members.find((member) => member.node === node)?.life
    if (life === undefined) return undefined
    const known = this.#nodes.get(node)
    if (known?.life === life) return known.activity
    this.#watches += 1
    const activity = new Activity(node, { life, watch: this.#watches })
    this.#nodes.set(node, { life, activity })
    return activity
  }
}
