/**
 * A notice as a letter: a subject, plain text, and the same as simple HTML.
 *
 * Invariants:
 *   T1. Nothing that came from outside is markup: all of it is escaped.
 */
import { dishText, moneyText, type Notice, wordsOf } from '#actors'

export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export function letterOf(notice: Notice): Letter {
  const { title, text } = wordsOf(notice)
  const lines = (notice.lines ?? []).map(
    ({ dish, quantity, price }) => [`${quantity} × ${dishText(dish)}`, moneyText(quantity * price)] as const,
  )
  const total =
    notice.amount === undefined || lines.length === 0 ? [] : [['Total', moneyText(notice.amount)] as const]
  const rows = [...lines, ...total]
  return {
    // One line: a line break would begin another header.
    subject: title.replace(/[\r\n]+/g, ' '),
    text: [text, '', ...rows.map(([what, sum]) => `${what}  ${sum}`), ''].join('\n'),
    html: [
      '<!doctype html><meta charset="utf-8">',
      `<h1>${escaped(title)}</h1>`,
      `<p>${escaped(text)}</p>`,
      ...(rows.length === 0
        ? []
        : [
            `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('')}</table>`,
          ]),
    ].join('\n'),
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? '')
