/**
 * What an operator did, in a person's words, as the audit has it.
 *
 * Does not: ask for it or show it (`command-list.vue`).
 */
import type { AuditEntry, FaultTarget } from '#gateway'
import type { Kinds } from './fault-kinds.ts'
import { targetIn } from './fault-words.ts'

interface Sent {
  readonly kind?: string
  readonly target?: FaultTarget
  readonly seed?: number
  readonly group?: string
  readonly action?: string
  readonly dryRun?: boolean
  readonly message?: { readonly type?: string }
}

const doneTo: Readonly<Record<string, string>> = {
  crash: 'killed',
  pause: 'froze',
  resume: 'resumed',
  drain: 'drained',
  cordon: 'cordoned',
  uncordon: 'uncordoned',
  restart: 'restarted',
  stop: 'stopped',
  start: 'started',
}

export const isOfFaults = ({ command = '' }: AuditEntry): boolean =>
  /\/(faults|fault-schedules)(\/|$)/.test(command)

export function doneIn({ command = '', target = '', body = '' }: AuditEntry, kinds: Kinds): string {
  const [method = '', route = ''] = command.split(' ')
  const [what = '', id = '', verb = ''] = target.replace('/ops/v1/', '').split('/').map(decodeURIComponent)
  const sent = sentIn(body)
  switch (`${method} ${route.replace('/ops/v1/', '')}`) {
    case 'POST faults':
      return `${kinds.get(sent.kind ?? '')?.name ?? sent.kind ?? 'set a fault'} ${targetIn(sent.target ?? {}, sent.kind ?? '')}`.trim()
    case 'DELETE faults':
      return 'reverted everything'
    case 'DELETE faults/:id':
      return 'reverted a fault'
    case 'POST fault-schedules':
      return `started the schedule of seed ${sent.seed ?? '…'}`
    case 'DELETE fault-schedules':
      return 'stopped the schedule'
    case 'POST nodes':
      return `added a node to ${sent.group ?? '…'}`
    case 'POST actors/:id/messages':
      return `sent ${sent.message?.type ?? 'a message'} to ${id}`
    case 'POST actors:batch':
      return sent.dryRun
        ? `counted what would ${sent.action}`
        : `${doneTo[sent.action ?? ''] ?? 'changed'} many actors`
    case 'POST dead-letters/:id/replay':
      return 'replayed a dead letter'
  }
  const done = doneTo[verb]
  return done !== undefined && ['nodes', 'actors'].includes(what) ? `${done} ${id}` : `${method} ${target}`
}

/** Nothing where it is no JSON: what was long is cut off. */
function sentIn(body: string): Sent {
  try {
    return JSON.parse(body) as Sent
  } catch {
    return {}
  }
}

export interface Done {
  readonly entry: string
  readonly at: number
  readonly who: string
  readonly words: string
  /** Of the answer; zero while there is none. */
  readonly status: number
}

/** Newest first, as the entries are: each command once, with how it was answered. */
export function commandsIn(entries: readonly AuditEntry[], kinds: Kinds): readonly Done[] {
  const answered = new Map(
    entries.flatMap(({ entry, what, status }) => (what === 'ended' ? [[entry, status]] : [])),
  )
  return entries
    .filter(({ what }) => what === 'begun')
    .map((one) => ({
      ...{ entry: one.entry, at: Date.parse(one.at), who: one.who ?? '', words: doneIn(one, kinds) },
      status: answered.get(one.entry) ?? 0,
    }))
}
