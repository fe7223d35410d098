/**
 * P3: durable turns of one node, beside what its two parts would make one after the other.
 *
 * T is the machine alone, L is LMDB alone writing the very batches that the node wrote, with as many in flight.
 * 1/(1/T + 1/L) is a node that does nothing else.
 *
 * Method: waiters tell ten orders each, again as soon as they are answered: enough of them that batches close full.
 */
import { BenchNode, ordersPerWaiter } from './bench-node.ts'
import { machineAlone } from './p2-local-tell.ts'
import { type Figure, type Goal, type Report, SideBySide } from './side-by-side.ts'
import { lmdbAlone, removeFolders } from './store.ts'

const inFlight = 2
/** Batches that LMDB is given, again and again. */
const keptTurns = 40_000

async function measureAt(batchTurns: number): Promise<{ figures: Figure[]; goal: Goal }> {
  // Enough for the batch that fills, and for those in flight.
  const waiters = Math.ceil((3 * batchTurns) / (ordersPerWaiter + 1))
  const node = await BenchNode.start(waiters, { batchTurnsMax: batchTurns, batchesInFlightMax: inFlight })
  await node.serve(500)
  node.journal.keep = Math.ceil(keptTurns / batchTurns)
  await node.serve(1_000)
  const found = await SideBySide.run(
    {
      node: (forMs) => node.serve(forMs),
      T: machineAlone(),
      L: await lmdbAlone(node.journal.kept, inFlight),
    },
    { rounds: 5, roundMs: 600 },
  )
  const { durableTurns, durableBatches, kept } = node.journal
  const writes = kept.reduce((sum, batch) => sum + batch.writes.length, 0)
  const turns = kept.reduce((sum, batch) => sum + batch.records.length, 0)
  node.stop()
  const [T, L] = [found.of('T'), found.of('L')]
  const ideal = (round: number): number => 1 / (1 / (T[round] as number) + 1 / (L[round] as number))
  const at = `batches of ${batchTurns}`
  return {
    figures: [
      { what: `${at}: durable turns of a node`, value: found.median('node'), unit: 'turns/s' },
      { what: `${at}: turns in a batch`, value: durableTurns / durableBatches, unit: 'turns' },
      { what: `${at}: rows written or removed for a turn`, value: writes / turns, unit: 'rows' },
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
      'a network, other nodes, requests: one command stands for eleven turns',
      'the disk of a server: what a flush costs depends on the machine',
    ],
  }
}
