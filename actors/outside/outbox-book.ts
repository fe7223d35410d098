/**
 * What left the house in development, on a file: one line for each mail, text message and call of a webhook.
 *
 * Owns:     the file. A mail or a text that comes again under its key is kept once; of a webhook's calls each is kept. What is
 *           older than the newest thousand goes at the next start, when nobody else writes.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Departure {
  readonly channel: 'mail' | 'sms' | 'webhook'
  /** By the clock of the machine, as ISO 8601. */
  readonly at: string
  /** Of all tries the same. */
  readonly key: string
  /** An address, a number, a URL. */
  readonly to: string
  /** A subject, the text, or how the call was answered. */
  readonly summary: string
  /** As it was sent. */
  readonly content: string
}

export const outboxFileIn = (dataFolder: string): string => join(dataFolder, 'outbox.jsonl')

/** Oldest first. Half a line, which a crash has left, is none. */
export function departuresIn(file: string): readonly Departure[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Departure]
      } catch {
        return []
      }
    })
}

/** In one write, so that processes may share the file. The line break comes first: half a line spoils no other. */
export function noteDeparture(file: string, departure: Omit<Departure, 'at'>): void {
  const at = new Date().toISOString()
  appendFileSync(file, `\n${JSON.stringify({ at, ...departure })}`, { mode: 0o600 })
}

const keptAtStart = 1_000

export class OutboxBook {
  readonly #file: string
  readonly #keys: Set<string>

  constructor(file: string) {
    this.#file = file
    const all = departuresIn(file)
    const kept = all.slice(-keptAtStart)
    if (kept.length < all.length) {
      const lines = kept.map((departure) => `\n${JSON.stringify(departure)}`)
      writeFileSync(file, lines.join(''), { mode: 0o600 })
    }
    this.#keys = new Set(kept.map(({ key }) => key))
  }

  keepOnce(departure: Omit<Departure, 'at'>): void {
    if (this.#keys.has(departure.key)) return
    noteDeparture(this.#file, departure)
    this.#keys.add(departure.key)
  }
}
