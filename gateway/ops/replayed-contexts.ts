/**
 * What an actor's context was after each of its turns. The journal has messages, not contexts: they are done again.
 *
 * Owns:     how far that goes: an actor whose first turns are not kept, or that has more than `turnsMax`, is not done
 *           again, and from a turn of another build of its machine on nothing is told.
 * Does not: redact (`redaction.ts`).
 */
import type { ActorId } from '#actor'
import { departments, restaurant } from '#actors'
import { type LiveState, Registry, stepOf } from '#host'
import type { JournalRecord } from '#ports'
import type { ClusterClient } from '../cluster-client.ts'

const turnsMax = 1_000
const turnsAtOnce = 200

/** Only its machines are used: where an actor lives does not matter here. */
let machines: Registry | undefined
const registry = (): Registry => {
  machines ??= new Registry({
    departments: Object.entries(departments).map(([name, actors]) => ({ name, shards: 1, actors })),
    supervision: restaurant,
  })
  return machines
}

/** By the turn's number, of these turns; `page`: newest first. */
export async function replayedContexts(
  client: Pick<ClusterClient, 'history'>,
  actor: ActorId,
  page: readonly JournalRecord[],
): Promise<ReadonlyMap<number, unknown>> {
  const contexts = new Map<number, unknown>()
  const type = registry().find(actor)
  const records = [...page]
  while (records.length < turnsMax) {
    const before = records.at(-1)?.previous
    if (before === undefined) break
    const older = await client.history(actor, { before, limit: turnsAtOnce })
    if (older.length === 0) break
    records.push(...older)
  }
  if (type === undefined || records.at(-1)?.sequence !== 1) return contexts
  let state: LiveState | undefined
  for (const record of records.toReversed()) {
    const step = stepOf(type, state, record)
    if (step.kind !== 'state') break
    state = step.state
    contexts.set(record.sequence, state.context)
  }
  return contexts
}
