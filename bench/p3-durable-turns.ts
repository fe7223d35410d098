/**
 * P3: durable turns of one node, beside what its two parts would make one after the other.
 *
 * T is the machine alone, L is LMDB alone writing the very batches that the node wrote, with as many in flight.
 * 1/(1/T + 1/L) is a node that does nothing else.
 *
 * Method: waiters tell a hundred orders each, again as soon as they are answered, so that batches close full.
 */
import type { Batch } from '#ports'
import { BenchNode, ordersPerWaiter } from './bench-node.ts'
import { machineAlone } from './p2-local-tell.ts'
import { type Figure, type Goal, type Report, SideBySide, type Way } from './side-by-side.ts'
import { BareStore, removeFolders } from './store.ts'

const inFlight = 2
/** Batches that LMDB is given, again and again. */
const keptTurns = 40_000

async function bareStore(batches: readonly Batch[]): Promise<Way> {
  const store = new BareStore()
  await store.start()
  let next = 0
  return async (forMs) => {
    const from = performance.now()
    let turns = 0
    const write = async (): Promise<void> => {
      while (performance.now() - from < forMs) {
        const batch = batches[next % batches.length] as Batch
        next += 1
        await store.append(batch)
        turns += batch.records.length
      }
    }
    await Promise.all(Array.from({ length: inFlight }, write))
    return (turns * 1_000) / (performance.now() - from)
  }
}

async function measureAt(batchTurns: number): Promise<{ figures: Figure[]; goal: Goal }> {
  const waiters = Math.ceil((8 * batchTurns) / ordersPerWaiter)
  const node = await BenchNode.start(waiters, { batchTurnsMax: batchTurns, batchesInFlightMax: inFlight })
  await node.serve(500)
  node.journal.keep = Math.ceil(keptTurns / batchTurns)
  await node.serve(1_000)
  const found = await SideBySide.run(
    {
      node: (forMs) => node.serve(forMs),
      T: machineAlone(),
      L: await bareStore(node.journal.kept),
    },
    { rounds: 5, roundMs: 600 },
  )
  const { durableTurns, durableBatches } = node.journal
  node.stop()
  const [T, L] = [found.of('T'), found.of('L')]
  const ideal = (round: number): number => 1 / (1 / (T[round] as number) + 1 / (L[round] as number))
  const at = `batches of ${batchTurns}`
  return {
    figures: [
      { what: `${at}: durable turns of a node`, value: found.median('node'), unit: 'turns/s' },
      { what: `${at}: turns in a batch`, value: durableTurns / durableBatches, unit: 'turns' },
      { what: `${at}: T, the machine alone`, value: found.median('T'), unit: 'turns/s' },
      { what: `${at}: L, LMDB alone`, value: found.median('L'), unit: 'turns/s' },
    ],
    goal: {
      what: `${at}: of 1/(1/T + 1/L)`,
      value: found.ratioTo('node', ideal) * 100,
      unit: '%',
      atLeast: 60,
    },
  }
}

export async function measure(): Promise<Report> {
  const found = [await measureAt(100), await measureAt(1_000)]
  removeFolders()
  return {
    promise: 'P3',
    title: 'durable turns in one node',
    figures: found.flatMap(({ figures }) => figures),
    goals: found.map(({ goal }) => goal),
    notMeasured: [
      'a network, other nodes, requests: one command stands for a hundred turns',
      'the disk of a server: what a flush costs depends on the machine',
    ],
  }
}
