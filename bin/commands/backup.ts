/** `brigade backup`: a copy of a data folder, while its cluster runs. */
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Manifest } from '../storage/backup.ts'
import { usualDataFolder } from './up.ts'

export const backup = defineCommand({
  name: 'backup',
  summary: 'copy a data folder while its cluster runs',
  args: [{ name: 'FOLDER', about: 'where the backup goes: a folder that is empty or not there' }],
  options: { data: clusterOptions.data, ...jsonOption },
  about: [
    'Copies the store as it is at one moment, with the archive of older turns and the books of the provider’s stub. Nobody is held up. The copy is checked as npx brigade check does it, and gets its name only when it is whole.',
    'The service key is not in it (BRIGADE_SERVICE_KEY, or its file): keep that elsewhere. A real payment provider keeps its own books: after a restore, payments of which nothing is known are asked for.',
  ],
  examples: [
    { line: 'backup /var/backups/brigade-friday', about: 'Of the folder of npm start.' },
    { line: 'backup /tmp/copy --data /srv/brigade --json', about: 'Of another one; prints its manifest.' },
  ],
  next: 'npx brigade restore makes a data folder of it.',
  async run({ args: [folder], options: { data = usualDataFolder, json } }, terminal) {
    if (folder === undefined) throw new UsageError('FOLDER is missing: where the backup goes.')
    const { backUp } = await import('../storage/backup.ts')
    const manifest = await backUp({ dataFolder: data, folder })
    terminal.print(json ? `${JSON.stringify(manifest)}\n` : textOf(folder, manifest))
    return exitCodes.held
  },
})

function textOf(folder: string, { counts, files, takenAt }: Manifest): string {
  const mebibytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20
  return [
    `${folder}: ${counts.actors} actors, ${counts.turns} turns, ${counts.openOrders} orders open, ${mebibytes.toFixed(1)} MiB, begun at ${takenAt}`,
    'It has been checked. The service key is not in it.',
    `Make a data folder of it: npx brigade restore ${folder} --data DIR`,
    '',
  ].join('\n')
}
