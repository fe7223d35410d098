/**
 * What the page knows of one actor, asked for each second while its room is open.
 *
 * Owns:     the rhythm, and the latest answers. One that has ended has a journal and no snapshot.
 * Does not: ask while the tab is hidden, or while the cluster does not answer: `poll.ts` finds out when it does again.
 */
import { computed, onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { MachineChart } from '#gateway'
import { ask, type Refusal, Refused } from '../data/operator.ts'
import { connection } from '../data/poll.ts'
import type { Journal, JournalTurn, Mailbox, Snapshot, Supervision } from './answers.ts'
import { joined } from './journal-pages.ts'

const everyMs = 1_000
const turnsAtOnce = 100

export interface Followed {
  readonly chart: ShallowRef<MachineChart | undefined>
  readonly snapshot: ShallowRef<Snapshot | undefined>
  readonly mailbox: ShallowRef<Mailbox | undefined>
  readonly journal: ShallowRef<Journal | undefined>
  readonly supervision: ShallowRef<Supervision | undefined>
  /** Why there is no snapshot. */
  readonly refusal: ShallowRef<Refusal | undefined>
  /** Why there is no chart. */
  readonly chartRefusal: ShallowRef<Refusal | undefined>
  /** Turns of the journal, oldest first. */
  readonly turns: Readonly<ShallowRef<readonly JournalTurn[]>>
  /** Does not wait for the next second. */
  askNow(): Promise<void>
  /** Turns before the oldest that is known. */
  askOlder(): Promise<void>
}

/** `id`: read once. A room of another actor is another room. */
export function followActor(id: string): Followed {
  const path = `actors/${encodeURIComponent(id)}`
  const chart = shallowRef<MachineChart>()
  const snapshot = shallowRef<Snapshot>()
  const mailbox = shallowRef<Mailbox>()
  const journal = shallowRef<Journal>()
  const supervision = shallowRef<Supervision>()
  const refusal = shallowRef<Refusal>()
  const chartRefusal = shallowRef<Refusal>()
  const turns = computed(() => (journal.value?.items ?? []).toReversed())
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOpen = true
  let latest: Promise<void> | undefined
  let told: string | undefined

  async function askEach(): Promise<void> {
    const [seen, waiting, groups] = await Promise.allSettled([
      ask<Snapshot>(`${path}/snapshot`),
      ask<Mailbox>(`${path}/mailbox`),
      ask<Supervision>(`${path}/supervision`),
      chart.value === undefined && chartRefusal.value === undefined ? askChart() : undefined,
    ])
    const now = seen.status === 'fulfilled' ? seen.value : undefined
    const refused =
      seen.status === 'rejected' && seen.reason instanceof Refused ? seen.reason.refusal : undefined
    // It has ended, or never began: what it was is no longer what it is.
    const next = now ?? (refused?.status === 404 ? undefined : snapshot.value)
    const page = await askTurns(next)
    if (!isOpen) return
    // All at once: a state is not shown before the turn that led to it.
    if (page !== undefined) journal.value = joined(journal.value, page)
    if (waiting.status === 'fulfilled') mailbox.value = waiting.value
    if (groups.status === 'fulfilled') supervision.value = groups.value
    if (now !== undefined || refused !== undefined) refusal.value = refused
    snapshot.value = next
  }

  /** The newest, unless nothing was written since: it is the same version in the same status. */
  async function askTurns(next: Snapshot | undefined): Promise<Journal | undefined> {
    const stand = `${next?.version} ${next?.inside.status}`
    if (stand === told) return undefined
    const page = await ask<Journal>(`${path}/journal?limit=${turnsAtOnce}&contexts=true`).catch(
      () => undefined,
    )
    if (page !== undefined) told = stand
    return page
  }

  async function askChart(): Promise<void> {
    try {
      chart.value = await ask<MachineChart>(`machines/${encodeURIComponent(id.slice(0, id.indexOf('/')))}`)
    } catch (error) {
      if (error instanceof Refused) chartRefusal.value = error.refusal
    }
  }

  async function askNow(): Promise<void> {
    clearTimeout(timer)
    await latest
    latest = askEach()
    await latest
    latest = undefined
    clearTimeout(timer)
    if (isOpen && !document.hidden && connection.value.kind === 'live')
      timer = setTimeout(() => void askNow(), everyMs)
  }

  async function askOlder(): Promise<void> {
    const { value: known } = journal
    if (known?.nextCursor === undefined) return
    const cursor = encodeURIComponent(known.nextCursor)
    const older = await ask<Journal>(`${path}/journal?limit=${turnsAtOnce}&contexts=true&cursor=${cursor}`)
    // What came meanwhile is kept.
    journal.value = { ...older, items: [...(journal.value?.items ?? []), ...older.items] }
  }

  const onVisible = (): void => {
    if (!document.hidden) void askNow()
  }
  document.addEventListener('visibilitychange', onVisible)
  watch(
    () => connection.value.kind,
    (kind) => kind === 'live' && void askNow(),
  )
  onScopeDispose(() => {
    isOpen = false
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onVisible)
  })
  void askNow()
  return { chart, snapshot, mailbox, journal, supervision, refusal, chartRefusal, turns, askNow, askOlder }
}
