/**
 * A mail server for development: it takes every mail, over loopback, and sends none on.
 *
 * Owns:     as much of SMTP as a client needs that neither logs in nor encrypts.
 * Does not: keep what it takes (`outbox-book.ts`).
 */
import { createServer, type Server, type Socket } from 'node:net'

export interface TakenMail {
  readonly to: string
  /** Its headers and its body. */
  readonly source: string
}

const bytesMax = 1_024 * 1_024
const startsAnew: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'MAIL', 'RSET'])
const answers: Readonly<Record<string, string>> = {
  EHLO: '250 brigade.invalid',
  HELO: '250 brigade.invalid',
  MAIL: '250 from whom ever',
  RCPT: '250 noted',
  DATA: '354 until a line with a dot alone',
  RSET: '250 forgotten',
  NOOP: '250 still here',
  QUIT: '221 bye',
}
const endOfMail = '\r\n.\r\n'

export function mailStub(take: (mail: TakenMail) => void): Server {
  return createServer((socket) => {
    const session = new Session(socket, take)
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    socket.on('data', (text: string) => session.hear(text))
    session.greet()
  })
}

class Session {
  readonly #socket: Socket
  readonly #take: (mail: TakenMail) => void
  #heard = ''
  #to: readonly string[] = []
  #isMail = false

  constructor(socket: Socket, take: (mail: TakenMail) => void) {
    this.#socket = socket
    this.#take = take
  }

  greet(): void {
    this.#say('220 brigade.invalid takes what you have')
  }

  hear(text: string): void {
    this.#heard += text
    if (this.#heard.length > bytesMax) this.#socket.destroy()
    for (let whole = this.#next(); whole !== undefined; whole = this.#next()) {
      if (this.#isMail) this.#mail(whole)
      else this.#command(whole)
    }
  }

  /** A line, or the rest of a mail; undefined until it is here whole. */
  #next(): string | undefined {
    const mark = this.#isMail ? endOfMail : '\r\n'
    const end = this.#heard.indexOf(mark)
    if (end === -1) return undefined
    const whole = this.#heard.slice(0, end)
    this.#heard = this.#heard.slice(end + mark.length)
    return whole
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'RCPT') this.#to = [...this.#to, /<([^>]*)>/.exec(line)?.[1] ?? '']
    if (verb === 'DATA') this.#isMail = true
    if (startsAnew.has(verb)) this.#to = []
    this.#say(answers[verb] ?? '502 not known here')
    if (verb === 'QUIT') this.#socket.end()
  }

  #mail(stuffed: string): void {
    this.#isMail = false
    try {
      this.#take({ to: this.#to.join(', '), source: stuffed.replace(/^\.\./gm, '.') })
      this.#say('250 kept')
    } catch {
      this.#say('451 it could not be kept')
    }
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`)
  }
}
