/** `brigade outbox`: what left the house in development. */
import type { Departure } from '#outside'
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { table } from '../terminal/table.ts'
import { usualDataFolder } from './up.ts'

export const outbox = defineCommand({
  name: 'outbox',
  summary: 'mails, texts and webhook calls that left in development',
  args: [{ name: 'N', about: 'shows this one whole (default: lists all)', optional: true }],
  options: { data: clusterOptions.data, ...jsonOption },
  about: [
    'Without BRIGADE_SMTP_URL, mails go to a stub that keeps them in a file beside the data; so do text messages without BRIGADE_SMS_URL. The calls of webhooks go to their receivers, and are noted there with their answers.',
    'At each start all but the newest thousand go. The file is read as it is: the cluster may run, or not. Where mails and texts are both set up nothing is noted.',
  ],
  examples: [
    { line: 'outbox', about: 'What left, oldest first.' },
    { line: 'outbox 3', about: 'The third, as it was sent.' },
  ],
  async run({ args: [which], options: { data = usualDataFolder, json } }, terminal) {
    const { departuresIn, outboxFileIn } = await import('#outside')
    const all = departuresIn(outboxFileIn(data))
    if (which === undefined)
      terminal.print(json ? `${JSON.stringify({ items: all })}\n` : listText(data, all))
    else {
      const one = /^\d{1,9}$/.test(which) ? all[Number(which) - 1] : undefined
      if (one === undefined) throw new UsageError(`There is no number '${which}': ${all.length} have left.`)
      terminal.print(json ? `${JSON.stringify(one)}\n` : oneText(one))
    }
    return exitCodes.held
  },
})

function listText(data: string, all: readonly Departure[]): string {
  if (all.length === 0) return `Nothing has left from '${data}'.\n`
  const columns = [
    { title: 'N', align: 'right' },
    { title: 'AT' },
    { title: 'BY' },
    { title: 'TO' },
    { title: 'WHAT' },
  ] as const
  const rows = all.map(({ at, channel, to, summary }, n) => [
    ...[String(n + 1), at.slice(0, 19), channel],
    ...[to, summary].map(onOneLine),
  ])
  return `${table(columns, rows).join('\n')}\n`
}

const oneText = ({ channel, at, to, key, content }: Departure): string =>
  `${channel} to ${onOneLine(to)} at ${at}, key ${onOneLine(key)}\n\n${printable(content)}\n`

/** What guests wrote is in it: a terminal is not to be steered by it. */
const printable = (text: string): string => text.replaceAll('\r\n', '\n').replace(/[^\n\t\P{Cc}]/gu, '�')
const onOneLine = (text: string): string => printable(text).replaceAll('\n', ' ')
