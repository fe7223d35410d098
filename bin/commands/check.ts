/** `brigade check`: reads a whole data folder, and says whether it is what was written and makes sense. */
import type { Verdict } from '#day'
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import type { DataReport } from '../data-check.ts'
import type { Paint } from '../terminal/terminal.ts'
import { usualDataFolder } from './up.ts'

export const check = defineCommand({
  name: 'check',
  summary: 'check a data folder that no cluster uses',
  options: { data: clusterOptions.data, ...jsonOption },
  about: [
    'Reads every row and its checksum. Then it follows the journal from its first turn, and asks whether every turn has its number, every cent its payment and every gram its bin.',
    'After a failed flush a cluster does not start until a check has found nothing wrong.',
  ],
  examples: [
    { line: 'check', about: 'The folder of npm start, once that has ended.' },
    { line: 'check --data /tmp/brigade --json', about: 'Another one, for a program.' },
  ],
  next: 'a folder that is damaged is restored from a backup.',
  async run({ options: { data = usualDataFolder, json } }, terminal) {
    const { checkFolder } = await import('../data-check.ts')
    const report = await checkFolder(data)
    terminal.print(json ? `${JSON.stringify(report)}\n` : reportText(report, terminal.paint))
    const isWhole = report.problems.length === 0 && report.checks.every(({ held }) => held)
    return isWhole ? exitCodes.held : exitCodes.safety
  },
})

const sayings: Readonly<Record<string, string>> = {
  messages: 'every message was handled once, in order, and after it was sent',
  owner: 'every turn of every actor has its number, and one owner wrote it',
  money: 'no order was charged twice or kept more than its bill',
  stock: 'every gram that came in is somewhere',
  kitchen: 'what was plated was cooked, and none of it is back in the pantry',
  'read-models': 'lists that are made of these turns say what the actors say',
  conformance: 'every history is a path of its machine, and leads to what is stored',
  'nothing-left': 'nothing is left of orders that have ended',
}

function reportText(
  { folder, rows, turns, openOrders, archived, cut, problems, checks }: DataReport,
  paint: Paint,
): string {
  const line = ({ id, held, detail }: Verdict): string =>
    `  ${held ? '✓' : paint.red('✗')} ${sayings[id] ?? id}${detail === undefined ? '' : `: ${detail}`}`
  const sums = problems.length === 0 ? '✓' : paint.red('✗')
  return [
    `${folder}: ${rows} rows, ${turns} turns, ${openOrders} orders open`,
    ...(archived > 0
      ? [`  ${archived} batches of them are in the archive, and no longer in the journal`]
      : []),
    ...(cut > 0
      ? [
          `  The first turns of ${cut} actors are kept no longer: these actors are not judged, nor what needs the turns of all (messages, money, stock, kitchen).`,
        ]
      : []),
    `  ${sums} every row is what was written`,
    ...problems.map((problem) => `      ${problem}`),
    ...checks.map(line),
    '',
    problems.length === 0 && checks.every(({ held }) => held)
      ? 'All is well. Start it with npm start, or npx brigade up.'
      : paint.red('Something is wrong. Keep this folder for a report, and restore a backup.'),
    '',
  ].join('\n')
}
