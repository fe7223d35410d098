/**
 * Server-Sent Events, read from the bytes of an answer.
 *
 * A browser's own `EventSource` sets no header, and gives up for good at the first answer that is not 200: here the token
 * stays out of addresses, and a node that is gone is waited for.
 *
 * Does not: ask, or come back (`follow.ts` does).
 */
export interface ServerEvent {
  readonly id: string
  readonly data: string
}

export class EventLines {
  #rest = ''
  #id = ''
  #data: string[] = []

  /** The events that are complete with this piece of text. */
  take(text: string): readonly ServerEvent[] {
    const events: ServerEvent[] = []
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#line(line.replace(/\r$/, ''))
      if (event !== undefined) events.push(event)
    }
    return events
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') {
      const event = this.#data.length > 0 ? { id: this.#id, data: this.#data.join('\n') } : undefined
      this.#data = []
      return event
    }
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'id') this.#id = value
    if (name === 'data') this.#data.push(value)
    return undefined
  }
}
