/**
 * The membership as one node knows it: the last view that its launcher pushed.
 *
 * Invariants:
 *   LM1. Views are told in the order they were made; an older one that comes late is not told.
 *   LM2. A watcher is never called before `watch` returns.
 */
import type { Member, Membership } from '#ports'
import type { MembersView } from './control.ts'

export class LauncherMembership implements Membership {
  readonly #watchers: ((members: readonly Member[]) => void)[] = []
  #view: MembersView

  constructor(view: MembersView) {
    this.#view = view
  }

  get members(): readonly Member[] {
    return this.#view.members
  }

  watch(change: (members: readonly Member[]) => void): void {
    setImmediate(() => {
      this.#watchers.push(change)
      change(this.#view.members)
    })
  }

  update(view: MembersView): void {
    if (view.version <= this.#view.version) return
    this.#view = view
    for (const change of this.#watchers) change(view.members)
  }
}
