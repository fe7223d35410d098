/** `brigade certs`: a certificate authority for development, and a server certificate of it. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'

const usualFolder = 'certs'

export const certs = defineCommand({
  name: 'certs',
  summary: 'make a certificate authority and a server certificate, for development',
  options: {
    out: { kind: 'text', value: 'DIR', about: `where they are written (default ./${usualFolder})` },
    ...jsonOption,
  },
  about: [
    'Writes ca.pem, server.pem and server-key.pem: a server certificate for localhost, 127.0.0.1 and ::1, good for 90 days. The key of the authority is thrown away at once, so nothing else can be signed by what you trust.',
    'A folder that has such files already is refused.',
  ],
  examples: [
    {
      line: 'certs',
      about: 'Then: npx brigade up --tls-cert certs/server.pem --tls-key certs/server-key.pem',
    },
  ],
  next: 'curl --cacert certs/ca.pem https://127.0.0.1:4000/healthz; programs of Node trust it with NODE_EXTRA_CA_CERTS=certs/ca.pem.',
  async run({ options: { out = usualFolder, json } }, terminal) {
    const { makeCertificates } = await import('../certificates.ts')
    const made = await makeCertificates(out)
    terminal.print(
      json
        ? `${JSON.stringify(made)}\n`
        : [
            `${made.ca} is what clients have to trust:`,
            `  curl --cacert ${made.ca} https://127.0.0.1:4000/healthz`,
            `  NODE_EXTRA_CA_CERTS=${made.ca} BRIGADE_OPS=https://127.0.0.1:4001 npx brigade status`,
            '  a browser: import it among the authorities, and take it out again when you are done',
            '',
            `npx brigade up --tls-cert ${made.cert} --tls-key ${made.key}`,
            '',
          ].join('\n'),
    )
    return exitCodes.held
  },
})
