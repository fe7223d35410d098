/**
 * A mail server for development: it takes every mail, over loopback, and sends none on.
 *
 * Does not: keep what it takes (`outbox-book.ts`).
 */
import type { SMTPServer } from 'smtp-server'

export interface TakenMail {
  readonly to: string
  /** Its headers and its body. */
  readonly source: string
}

/** A mail that `take` throws for is refused for now. */
export async function mailStub(take: (mail: TakenMail) => void): Promise<SMTPServer> {
  // Not loaded by nodes, which never need it.
  const { SMTPServer } = await import('smtp-server')
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        try {
          const source = Buffer.concat(chunks).toString('utf8')
          take({ to: envelope.rcptTo.map(({ address }) => address).join(', '), source })
          done()
        } catch {
          done(Object.assign(new Error('it could not be kept'), { responseCode: 451 }))
        }
      })
    },
  })
  // Of a connection that breaks. Its client comes again.
  server.on('error', () => {})
  return server
}
