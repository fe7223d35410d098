/** What has happened between two looks at the cluster, in a person's words. */
import type { Cluster, Node } from './answers.ts'

export type Severity = 'ok' | 'note' | 'warn' | 'bad'

export interface Incident {
  /** By the world's clock. */
  readonly at: number
  readonly severity: Severity
  readonly words: string
}

export function changesBetween(before: Cluster, now: Cluster, at: number): readonly Incident[] {
  const known = new Map(before.nodes.map((node) => [node.id, node]))
  const here = new Set(now.nodes.map(({ id }) => id))
  const told = [
    ...now.nodes.flatMap((node) => changesOf(known.get(node.id), node)),
    ...before.nodes.filter(({ id }) => !here.has(id)).map(({ id }) => note(`${id} has left`)),
    ...changesOfShards(before, now),
  ]
  return told.map((incident) => ({ at, ...incident }))
}

type Told = Omit<Incident, 'at'>
const note = (words: string): Told => ({ severity: 'note', words })

function changesOf(before: Node | undefined, { id, state, life, gauges }: Node): readonly Told[] {
  if (before === undefined) return [note(`${id} has joined`)]
  const told: Told[] = []
  if (state !== before.state || life !== before.life) told.push(...toldOfState(id, before, state, life))
  const dead = (gauges.deadLettersNow ?? 0) - (before.gauges.deadLettersNow ?? 0)
  if (dead > 0 && life === before.life)
    told.push({ severity: 'warn', words: `${dead} dead letter${dead === 1 ? '' : 's'} on ${id}` })
  return told
}

function toldOfState(id: string, before: Node, state: Node['state'], life: number): readonly Told[] {
  switch (state) {
    case 'down':
      return [{ severity: 'bad', words: `${id} is down` }]
    case 'paused':
      return [{ severity: 'warn', words: `${id} is frozen` }]
    case 'leaving':
      return [note(`${id} hands its shards over`)]
    case 'cordoned':
      return [note(`${id} takes no more shards`)]
    case 'up':
      if (life > before.life)
        return [{ severity: before.state === 'up' ? 'warn' : 'ok', words: `${id} is up in life ${life}` }]
      return [{ severity: 'ok', words: `${id} is up` }]
    default:
      return before.state === 'up' ? [{ severity: 'bad', words: `${id} is down, and ${state}` }] : []
  }
}

function changesOfShards({ shards: before }: Cluster, { shards: now }: Cluster): readonly Told[] {
  if (now.unowned > 0 && before.unowned === 0)
    return [{ severity: 'warn', words: `${now.unowned} of ${now.total} shards have no owner` }]
  if (now.unowned === 0 && before.unowned > 0)
    return [{ severity: 'ok', words: `all ${now.total} shards have an owner again` }]
  return []
}
