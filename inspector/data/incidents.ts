/** What has happened to the cluster, in a person's words. */

import { durationIn, manyOf } from '../shell/words.ts'
import type { Cluster, ClusterIncident, Node } from './answers.ts'

export type Severity = 'ok' | 'note' | 'warn' | 'bad'

export interface Incident {
  /** By the world's clock. */
  readonly at: number
  readonly severity: Severity
  readonly words: string
}

type Told = Omit<Incident, 'at'>

/**
 * Of what the gateway has seen, also before this page was opened. How long something took is the machine's time, which
 * is another than the house's; a simulated cluster has one clock, and is looked at only so often.
 */
export const toldOf = (incident: ClusterIncident, { isSimulated }: Cluster['world']): Incident => ({
  at: Date.parse(incident.at),
  ...wordsOf(incident, (ms) => (isSimulated ? `about ${durationIn(ms)}` : `${durationIn(ms)} of real time`)),
})

function wordsOf(
  { kind, node, life = 0, shards = 0, tookMs }: ClusterIncident,
  lasting: (ms: number) => string,
): Told {
  const after = tookMs === undefined ? '' : `, after ${lasting(tookMs)}`
  switch (kind) {
    case 'joined':
      return {
        severity: 'ok',
        words: life > 1 ? `${node} is up in life ${life}${after}` : `${node} has joined`,
      }
    case 'left':
      return { severity: 'note', words: `${node} has left` }
    case 'ended':
      return { severity: 'bad', words: `${node} has ended` }
    case 'leaving':
      return { severity: 'note', words: `${node} hands its shards over` }
    case 'cordoned':
      return { severity: 'note', words: `${node} takes no more shards` }
    case 'uncordoned':
      return { severity: 'ok', words: `${node} takes shards again` }
    case 'unowned':
      return { severity: 'warn', words: `${manyOf(shards, 'shard')} without an owner` }
    case 'recovered':
      return { severity: 'ok', words: `every shard has an owner again${after}` }
  }
}

/** What only two looks at the cluster tell. */
export function changesBetween(before: Cluster, now: Cluster, at: number): readonly Incident[] {
  const known = new Map(before.nodes.map((node) => [node.id, node]))
  return now.nodes.flatMap((node) =>
    changesOf(known.get(node.id), node).map((incident) => ({ at, ...incident })),
  )
}

function changesOf(before: Node | undefined, { id, state, life, gauges }: Node): readonly Told[] {
  if (before?.life !== life) return []
  const told: Told[] = []
  if (state === 'paused' && before.state !== 'paused')
    told.push({ severity: 'warn', words: `${id} is frozen` })
  if (state === 'up' && before.state === 'paused')
    told.push({ severity: 'ok', words: `${id} goes on, and is the same process` })
  const dead = (gauges.deadLettersNow ?? 0) - (before.gauges.deadLettersNow ?? 0)
  if (dead > 0) told.push({ severity: 'warn', words: `${manyOf(dead, 'dead letter')} on ${id}` })
  return told
}
