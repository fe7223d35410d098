/** `brigade dead-letters`: messages that could not be handled, and bringing them back. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption, post } from '../operator.ts'
import { table } from '../terminal/table.ts'

interface ShownLetter {
  readonly id: string
  readonly actor: string
  readonly message: string
  readonly reason: string
  readonly detail: string
  readonly at: string
  readonly replays: number
}

const shownMax = 50

export const deadLetters = defineCommand({
  name: 'dead-letters',
  summary: 'messages nobody could handle; replay one',
  args: [
    { name: 'replay', about: 'the word itself, to deliver one again', optional: true },
    { name: 'ID', about: 'which one, as listed', optional: true },
  ],
  options: { ...opsOption, ...jsonOption },
  about: [
    'Lists what could not be handled, with the reason. A dead letter is kept, not dropped: mend what was wrong, then replay it.',
  ],
  examples: [
    { line: 'dead-letters', about: `The ${shownMax} oldest.` },
    { line: 'dead-letters replay 17:order/ord_1f', about: 'Delivers it once more, in its turn.' },
  ],
  next: 'an empty list is a good sign.',
  async run({ args: [verb, id], options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    if (verb !== undefined) {
      await operator.ask(post(`dead-letters/${encodeURIComponent(replayed(verb, id))}/replay`))
      terminal.print(
        json
          ? `${JSON.stringify({ replayed: id })}\n`
          : `${id} is delivered once more. If it fails again it is back in the list: npx brigade dead-letters\n`,
      )
      return 0
    }
    const page = await operator.ask<{ items: readonly ShownLetter[]; nextCursor?: string }>(
      get(`dead-letters?limit=${shownMax}`),
    )
    terminal.print(json ? `${JSON.stringify(page)}\n` : `${lettersShown(page.items).join('\n')}\n`)
    return 0
  },
})

function replayed(verb: string, id: string | undefined): string {
  if (verb !== 'replay') {
    throw new UsageError(
      `'${verb}' is not something to do with dead letters.`,
      'Replay one: npx brigade dead-letters replay ID',
    )
  }
  if (id === undefined) {
    throw new UsageError('ID is missing: which dead letter.', 'npx brigade dead-letters lists them.')
  }
  return id
}

function lettersShown(letters: readonly ShownLetter[]): string[] {
  if (letters.length === 0) return ['There are no dead letters: every message was handled.']
  const rows = letters.map(({ id, message, reason, at, replays, detail }) => [
    id,
    message,
    reason,
    at.slice(11, 19),
    String(replays),
    detail,
  ])
  return [
    ...table(
      [
        { title: 'ID' },
        { title: 'MESSAGE' },
        { title: 'REASON' },
        { title: 'WORLD' },
        { title: 'REPLAYS', align: 'right' },
        { title: 'DETAIL' },
      ],
      rows,
    ),
    '',
    'Mend what was wrong, then: npx brigade dead-letters replay ID',
  ]
}
