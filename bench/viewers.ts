/**
 * What people who look cost: a local tell with an observer that nobody has asked, that somebody has asked and left, and that
 * somebody asks now.
 *
 * Method: that of P2's kernel, with the counters of a node. Who looks takes a frame of what the kernel did after each
 * two hundred tells, which is more often than a page does.
 */
import { Activity } from '#activity'
import type { Instant } from '#actor'
import { Metrics } from '#live'
import type { NodeId } from '#ports'
import { kernel } from './p2-local-tell.ts'
import { type Report, SideBySide, type Way } from './side-by-side.ts'

const node = 'node-1' as NodeId

function left(): Way {
  const metrics = new Metrics(node)
  const way = kernel(metrics)
  let hasLeft = false
  return async (forMs) => {
    if (hasLeft) return way(forMs)
    const activity = new Activity(node, { life: 1, watch: 1 })
    const leave = metrics.watch((event) => activity.seen(event))
    await way(forMs)
    activity.frame([], 1 as Instant)
    leave()
    hasLeft = true
    return way(forMs)
  }
}

function looking(): Way {
  const metrics = new Metrics(node)
  const activity = new Activity(node, { life: 1, watch: 1 })
  let events = 0
  metrics.watch((event) => {
    activity.seen(event)
    events += 1
    if (events % 200 === 0) activity.frame([], 1 as Instant)
  })
  return kernel(metrics)
}

export async function measure(): Promise<Report> {
  const found = await SideBySide.run(
    { never: kernel(new Metrics(node)), left: left(), looking: looking() },
    { rounds: 21 },
  )
  const rate = (what: string, name: Parameters<typeof found.median>[0]) => ({
    what,
    value: found.median(name),
    unit: 'tells/CPU s',
  })
  return {
    promise: 'viewers',
    title: 'a local tell while nobody looks, after somebody has looked, and while somebody does',
    figures: [
      rate('nobody has ever looked', 'never'),
      rate('somebody has looked, and left', 'left'),
      rate('somebody looks', 'looking'),
    ],
    goals: [
      {
        what: 'after somebody has left / before anybody came',
        value: found.ratio('left', 'never'),
        unit: '×',
        atLeast: 0.97,
      },
    ],
    notMeasured: ['sending frames to the gateway, and from there to pages'],
  }
}
