/**
 * Certificates for development, and reading those that a listener is given.
 *
 * Owns:     what is in them, and that keys are readable by their owner alone.
 *
 * Invariants:
 *   C1. The authority's key is never written: what trusts it trusts this one server certificate.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { ClusterError } from '#actor'

const days = 90
const dayMs = 86_400_000
const ownerOnly = 0o600

export interface CertificateFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** @throws ClusterError `CLUSTER_CONFIG_INVALID` when the folder has some already. */
export async function makeCertificates(folder: string): Promise<CertificateFiles> {
  const files = {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'server.pem'),
    key: join(folder, 'server-key.pem'),
  }
  for (const file of Object.values(files)) {
    if (existsSync(file))
      throw wrong('--out', `${file} is there already`, 'Name another folder, or remove it.')
  }
  const shared = {
    keyType: 'ec' as const,
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + days * dayMs),
  }
  const authority = await generate([{ name: 'commonName', value: 'Brigade development authority' }], {
    ...shared,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...shared,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(files.ca, authority.cert)
  writeFileSync(files.cert, server.cert)
  writeFileSync(files.key, server.private, { mode: ownerOnly })
  return files
}

export interface Tls {
  /** PEM: the certificate, and what leads from it to an authority. */
  readonly cert: string
  readonly key: string
}

/** @throws ClusterError `CLUSTER_CONFIG_INVALID` when they cannot be read, do not belong together, or have expired. */
export function tlsOf(certFile: string, keyFile: string): Tls {
  return checkedTls({ cert: readPem('--tls-cert', certFile), key: readPem('--tls-key', keyFile) })
}

/** @throws ClusterError `CLUSTER_CONFIG_INVALID`. */
export function checkedTls(tls: Tls): Tls {
  let expires: Date
  try {
    createSecureContext(tls)
    expires = new Date(new X509Certificate(tls.cert).validTo)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw wrong('--tls-cert', problem, 'Give a certificate and its own key, both as PEM.')
  }
  if (expires.getTime() < Date.now()) {
    throw wrong('--tls-cert', `it has expired at ${expires.toISOString()}`, 'Get a new one.')
  }
  return tls
}

function readPem(field: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrong(
      field,
      error instanceof Error ? error.message : String(error),
      'Name a file that can be read.',
    )
  }
}

const wrong = (field: string, problem: string, remedy: string): ClusterError =>
  new ClusterError('CLUSTER_CONFIG_INVALID', { field, problem, remedy })
