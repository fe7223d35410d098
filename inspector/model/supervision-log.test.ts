import { describe, expect, test } from 'vitest'
import { Activity, type ActivityFrame, type Incident } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { MessageId, NodeId, ShardId } from '#ports'
import { entriesKept, SupervisionLogger } from './supervision-log.ts'

const order = 'order/1' as ActorId
const cook = 'cook/1' as ActorId
const second = (n: number): Instant => (n * 1_000_000) as Instant
const failure = (n: number, more: Partial<Extract<Incident, { kind: 'failure' }>> = {}): Incident => ({
  kind: 'failure',
  actor: order,
  id: `m${n}` as MessageId,
  message: 'order.pay',
  error: 'no till',
  directive: 'restart',
  group: 'orders',
  attempt: 1,
  at: second(n),
  ...more,
})
const node = (name: string, life = 1, watch = 1): Activity => new Activity(name as NodeId, { life, watch })
const looking = (): SupervisionLogger => {
  const logger = new SupervisionLogger()
  logger.looks()
  return logger
}
const frame = (from: Activity, at: number, ...seen: Incident[]): ActivityFrame['head'] => {
  for (const one of seen) from.seen(one)
  return from.frame([], second(at)).head
}
const kinds = (logger: SupervisionLogger): string[] => logger.log.entries.map(({ kind }) => kind)

describe('the log of supervision', () => {
  test('has what failed, what was done about it, and who passed it on', () => {
    const [logger, one] = [looking(), node('node-1')]
    const passed = [{ group: 'station', because: 'budget' }] as const
    logger.take(
      frame(
        ...[one, 10],
        failure(9, { passed, group: 'kitchen' }),
        { kind: 'restarted', actor: cook, cause: order, group: 'station', at: second(9) },
        {
          kind: 'forgot',
          scope: 'node-1.a' as never,
          cause: 'escalated by order/1: no till',
          at: second(10),
        },
      ),
    )
    expect(logger.log).toMatchObject({ since: 10_000, isCut: false })
    expect(logger.log.entries).toMatchObject([
      { kind: 'failed', node: 'node-1', at: 9_000, error: 'no till', passed, group: 'kitchen' },
      { kind: 'restarted', actor: cook, cause: order },
      { kind: 'forgot', cause: 'escalated by order/1: no till' },
    ])
  })

  test('marks the failure whose message became a dead letter', () => {
    const [logger, one] = [looking(), node('node-1')]
    logger.take(frame(one, 3, failure(1), failure(2)))
    const letter = { kind: 'dead-letter', actor: order, message: 'order.pay', reason: 'failed' } as const
    logger.take(frame(one, 4, { ...letter, id: 'm1' as MessageId, at: second(3) }))
    expect(logger.log.entries).toMatchObject([{ isBuried: true }, { isBuried: false }])
  })

  test('knows nothing before it looks, and says between when it did not', () => {
    const [logger, one] = [new SupervisionLogger(), node('node-1')]
    logger.take(frame(one, 1, failure(1)))
    expect([logger.log.since, kinds(logger)]).toEqual([undefined, []])
    logger.looks()
    logger.take(frame(one, 2))
    logger.looksAway()
    logger.looks()
    logger.take(frame(node('node-1', 1, 2), 60, failure(59)))
    expect(logger.log.since).toBe(2_000)
    expect(logger.log.entries).toMatchObject([
      { kind: 'unknown', from: 2_000, at: 60_000 },
      { kind: 'failed' },
    ])
  })

  test('says what of a node it was not told: frames that are missing, another watch, too many events', () => {
    const [logger, one] = [looking(), node('node-1')]
    logger.take(frame(one, 1))
    frame(one, 2, failure(2))
    logger.take(frame(one, 3))
    logger.take(frame(node('node-1', 2), 9))
    logger.take(frame(node('node-2'), 9))
    expect(logger.log.entries).toMatchObject([
      // With nothing in between it is one.
      { kind: 'unknown', node: 'node-1', from: 1_000, at: 9_000 },
    ])
    expect(logger.log.entries).toHaveLength(1)
    const [other, many] = [looking(), node('node-3')]
    other.take(frame(many, 1, ...Array.from({ length: 102 }, () => failure(1))))
    expect(other.log.entries.slice(99)).toMatchObject([{ kind: 'failed' }, { kind: 'unknown', events: 2 }])
  })

  test('forgets what has not happened any more when time is wound back', () => {
    const logger = looking()
    logger.take(frame(node('node-1'), 100, failure(10), failure(90)))
    logger.take(frame(node('node-1', 1, 2), 50))
    expect(logger.log.entries).toMatchObject([{ at: 10_000 }])
    expect(logger.log.since).toBe(50_000)
  })

  test('forgets a moment as well, where the node was heard before', () => {
    const [logger, one] = [looking(), node('node-1')]
    logger.take(frame(one, 100, failure(99.5)))
    logger.take(frame(one, 99.2))
    expect(kinds(logger)).toEqual([])
  })

  test('keeps the newest, and says from when', () => {
    const [logger, one] = [looking(), node('node-1')]
    for (let n = 1; n <= entriesKept + 5; n += 1) logger.take(frame(one, n, failure(n)))
    const { entries, since, isCut } = logger.log
    expect([entries.length, since, isCut]).toEqual([entriesKept, 5_000, true])
  })

  test('has the budgets as its nodes told them last, and another version only when something changed', () => {
    const [logger, one] = [looking(), node('node-1')]
    const used = { group: 'till', shard: 'till.3' as ShardId, restarts: 2 }
    logger.take(one.frame([], second(1), false, [used]).head)
    const { version } = logger
    logger.take(one.frame([], second(2), false, [used]).head)
    expect([logger.version, logger.log.budgets]).toEqual([version, [{ node: 'node-1', ...used }]])
    logger.nodeEnded('node-1')
    expect([logger.version > version, logger.log.budgets]).toEqual([true, []])
  })
})
