/**
 * A mail server for development: it takes every mail, over loopback, and sends none on.
 *
 * Does not: keep what it takes (`outbox-book.ts`).
 */
import type { SMTPServer } from 'smtp-server'

const bytesMax = 1_024 * 1_024

export interface TakenMail {
  readonly to: string
  /** Its headers and its body. */
  readonly source: string
}

/** A mail that `take` throws for is refused for now, one that is too large for good. */
export async function mailStub(take: (mail: TakenMail) => void): Promise<SMTPServer> {
  // Not loaded by nodes, which never need it.
  const { SMTPServer } = await import('smtp-server')
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    size: bytesMax,
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk)
      })
      stream.on('end', () => {
        if (stream.sizeExceeded) return done(refused(552, 'it is too large'))
        try {
          const source = Buffer.concat(chunks).toString('utf8')
          take({ to: envelope.rcptTo.map(({ address }) => address).join(', '), source })
          done()
        } catch {
          done(refused(451, 'it could not be kept'))
        }
      })
    },
  })
  // Of a connection that breaks. Its client comes again.
  server.on('error', () => {})
  return server
}

const refused = (responseCode: number, words: string): Error =>
  Object.assign(new Error(words), { responseCode })
