/** `brigade restore`: makes a data folder of a backup. */
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'

export const restore = defineCommand({
  name: 'restore',
  summary: 'make a data folder of a backup',
  args: [{ name: 'FOLDER', about: 'the backup' }],
  options: {
    data: { ...clusterOptions.data, about: 'the data folder to make: empty or not there' },
    ...jsonOption,
  },
  about: [
    'Looks at every checksum first, and writes over nothing. The restored house is a cluster of its own: nodes of the old one cannot talk to its nodes, nor write to its store.',
    'Everything that was acknowledged before the backup’s moment is there and goes on; what came later is not. World time goes on from that moment.',
  ],
  examples: [
    { line: 'restore /var/backups/brigade-friday --data ./restored', about: 'Into a folder that is made.' },
  ],
  next: 'npx brigade up --data DIR starts it; npx brigade check --data DIR looks at it once more.',
  async run({ args: [folder], options: { data, json } }, terminal) {
    if (folder === undefined) throw new UsageError('FOLDER is missing: the backup.')
    if (data === undefined) {
      throw new UsageError(
        'Where the data folder is to be made is missing.',
        `npx brigade restore ${folder} --data DIR`,
      )
    }
    const { restore } = await import('../storage/restore.ts')
    const { manifest, cluster } = await restore(folder, data)
    terminal.print(
      json
        ? `${JSON.stringify({ dataFolder: data, cluster, manifest })}\n`
        : `${data}: the house as it was at ${manifest.takenAt}, as cluster ${cluster}.\nStart it: npx brigade up --data ${data}\n`,
    )
    return exitCodes.held
  },
})
