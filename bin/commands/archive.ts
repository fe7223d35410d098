/** `brigade archive`: turns that are no longer in the journal. */
import { basename } from 'node:path'
import type { JournalRecord } from '#ports'
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { table } from '../terminal/table.ts'
import { usualDataFolder } from './up.ts'

interface ArchivedFile {
  readonly file: string
  readonly batches: number
  readonly turns: number
  /** World time of the first and the last of them. */
  readonly from: string
  readonly to: string
}

export const archive = defineCommand({
  name: 'archive',
  summary: 'turns too old for the journal: list files, show an actor',
  args: [
    { name: 'VERB', about: 'list, or show' },
    { name: 'ACTOR', about: 'of show: whose turns, such as order/ord_1f', optional: true },
  ],
  options: { data: clusterOptions.data, ...jsonOption },
  about: [
    'Before turns leave the journal (journalKeptMs) they are written to files in the folder archive beside the data. They are never read by the cluster, and never removed by it: move them away or delete them as you like.',
    'What is not there is in the journal still: an actor that lives on has its newer turns there.',
  ],
  examples: [
    { line: 'archive list', about: 'Which files there are, and of which time.' },
    { line: 'archive show order/ord_1f --data /srv/brigade', about: 'What became of an order long ago.' },
  ],
  async run({ args: [verb, actor], options: { data = usualDataFolder, json } }, terminal) {
    if (verb === 'list') {
      const files = await filesIn(data)
      terminal.print(json ? `${JSON.stringify({ files })}\n` : listText(data, files))
      return exitCodes.held
    }
    if (verb !== 'show')
      throw new UsageError(`'${verb}' is not something to do with the archive.`, 'It is list, or show ACTOR.')
    if (actor === undefined)
      throw new UsageError('ACTOR is missing: whose turns.', 'npx brigade archive show order/ord_1f')
    const turns = await turnsOf(data, actor)
    terminal.print(json ? `${JSON.stringify({ actor, turns })}\n` : turnsText(actor, turns))
    return exitCodes.held
  },
})

async function filesIn(dataFolder: string): Promise<readonly ArchivedFile[]> {
  const { archivedBatches, archiveFiles, archiveIn } = await import('#live')
  return archiveFiles(archiveIn(dataFolder)).map((path) => {
    let [batches, turns, from, to] = [0, 0, Number.POSITIVE_INFINITY, 0]
    for (const { records } of archivedBatches(path)) {
      batches += 1
      turns += records.length
      for (const { at } of records) [from, to] = [Math.min(from, at), Math.max(to, at)]
    }
    const shown = (at: number): string => (turns === 0 ? '' : timeOf(at))
    return { file: basename(path), batches, turns, from: shown(from), to: shown(to) }
  })
}

async function turnsOf(dataFolder: string, actor: string): Promise<readonly JournalRecord[]> {
  const { archivedBatches, archiveFiles, archiveIn } = await import('#live')
  const turns = new Map<number, JournalRecord>()
  for (const path of archiveFiles(archiveIn(dataFolder))) {
    for (const { records } of archivedBatches(path))
      for (const record of records) if (record.actor === actor) turns.set(record.sequence, record)
  }
  return [...turns.values()].sort((a, b) => a.sequence - b.sequence)
}

const timeOf = (us: number): string => new Date(us / 1_000).toISOString()

function listText(dataFolder: string, files: readonly ArchivedFile[]): string {
  if (files.length === 0) return `Nothing of '${dataFolder}' is archived: its journal is whole.\n`
  const columns = [
    { title: 'FILE' },
    { title: 'BATCHES', align: 'right' },
    { title: 'TURNS', align: 'right' },
    { title: 'FROM' },
    { title: 'TO' },
  ] as const
  const rows = files.map(({ file, batches, turns, from, to }) => [
    file,
    String(batches),
    String(turns),
    from,
    to,
  ])
  return `${table(columns, rows).join('\n')}\n`
}

function turnsText(actor: string, turns: readonly JournalRecord[]): string {
  if (turns.length === 0)
    return `Nothing of ${actor} is archived: it is in the journal still, or there never was such an actor.\n`
  const rows = turns.map(({ sequence, at, message, from = '', state }) => [
    String(sequence),
    timeOf(at),
    message.type,
    from,
    typeof state === 'string' ? state : JSON.stringify(state),
  ])
  const columns = [
    { title: 'TURN', align: 'right' },
    { title: 'WORLD' },
    { title: 'MESSAGE' },
    { title: 'FROM' },
    { title: 'STATE' },
  ] as const
  return `${table(columns, rows).join('\n')}\n`
}
