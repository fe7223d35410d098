/**
 * What the read models of one edge cost for each thousand orders, beside the day that makes their turns.
 *
 * Method: a Friday is played in virtual time, and its turns are kept as the journal has them. They are folded by a
 * projector as an edge does it, five times: into a store on the disk, and into one in memory. The day itself, node and
 * actors in one process with all its checks, is the other side of the ratio. Memory is the heap that the day's turns
 * leave behind in a projector over the disk, with the garbage collected; it is the last round's.
 */
import { type DayResult, runSimDay } from '#day'
import { LmdbRowStore } from '#live'
import type { JournalRecord, RowStore, TurnSource, Turns } from '#ports'
import { MemoryStore, Projector, projections } from '#projections'
import { fridayRush } from '#scenarios'
import { cpuMs, heapBytes, median, type Report } from './side-by-side.ts'
import { bytesIn, newFolder, removeFolders } from './store.ts'

const rounds = 5
const seed = 7

interface Friday {
  readonly result: DayResult
  readonly batches: readonly (readonly JournalRecord[])[]
  readonly cpuMs: number
}

function playedFriday(): Friday {
  const batches: (readonly JournalRecord[])[] = []
  const from = cpuMs()
  const result = runSimDay(fridayRush, {
    seed,
    onCommit: (commit) => {
      if (commit.kind === 'appended' && commit.batch.records.length > 0) batches.push(commit.batch.records)
    },
  })
  return { result, batches, cpuMs: cpuMs() - from }
}

const sourceOf = (batches: Friday['batches']): TurnSource => ({
  async turns(after, { limit }): Promise<Turns> {
    const records: JournalRecord[] = []
    let read = after?.marks.batches ?? 0
    for (; read < batches.length && records.length < limit; read += 1) records.push(...(batches[read] ?? []))
    return { journal: 'friday', marks: { batches: read }, records, more: read < batches.length }
  },
})

async function folded(batches: Friday['batches'], store: RowStore): Promise<{ cpuMs: number; heap: number }> {
  const [heap, from] = [heapBytes(), cpuMs()]
  const projector = new Projector({ source: sourceOf(batches), store, projections })
  while (await projector.look()) {}
  const spentMs = cpuMs() - from
  const left = heapBytes() - heap
  if (projector.view().some(({ state }) => state !== 'live')) throw new Error('A read model has failed.')
  return { cpuMs: spentMs, heap: left }
}

export async function measure(): Promise<Report> {
  const { result, batches } = playedFriday()
  // The first one warmed up.
  const day = playedFriday().cpuMs
  const thousands = result.orders.attempted / 1_000
  const onDisk: number[] = []
  const inMemory: number[] = []
  let [heap, stored] = [0, 0]
  try {
    // Round 0 warms up and does not count.
    for (let round = 0; round <= rounds; round += 1) {
      const folder = newFolder()
      const store = await LmdbRowStore.open(folder)
      const disk = await folded(batches, store)
      await store.close()
      const memory = await folded(batches, new MemoryStore())
      ;[heap, stored] = [disk.heap, bytesIn(folder)]
      if (round === 0) continue
      onDisk.push(disk.cpuMs)
      inMemory.push(memory.cpuMs)
    }
  } finally {
    removeFolders()
  }
  const turns = batches.reduce((sum, records) => sum + records.length, 0)
  return {
    promise: 'read models',
    title: `the read models of a day of ${result.orders.attempted} orders and ${turns} turns, for each 1,000 orders`,
    figures: [
      { what: 'CPU, into a store on the disk', value: median(onDisk) / thousands, unit: 'ms' },
      { what: 'CPU, into a store in memory', value: median(inMemory) / thousands, unit: 'ms' },
      { what: 'the store on the disk', value: stored / 2 ** 20 / thousands, unit: 'MiB' },
      { what: 'CPU of the day itself, simulated', value: day / thousands, unit: 'ms' },
    ],
    goals: [
      {
        what: 'CPU of the read models to that of the day',
        value: median(onDisk) / day,
        unit: '×',
        atMost: 0.25,
      },
      {
        what: 'heap that the turns leave behind',
        value: Math.max(0, heap) / 2 ** 20 / thousands,
        unit: 'MiB',
        atMost: 1,
      },
    ],
    notMeasured: ['reading the journal, and asking owners to vouch for it', 'memory outside of the heap'],
  }
}
