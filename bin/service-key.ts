/**
 * The service key: 32 random bytes that are not part of the data, so that whoever has the data alone can forge nothing.
 *
 * It seals the private keys of access tokens, makes refresh tokens and names e-mail addresses. It is set from outside
 * (`BRIGADE_SERVICE_KEY`, or a file that `BRIGADE_SERVICE_KEY_FILE` names); else it is made at the first start, in a
 * file of the data folder that only its owner can read. A backup of the data goes without that file,
 * but with the key's check, so that what is restored refuses another key.
 *
 * Owns:     where the key comes from, and whether it is the one that this data was made with.
 * Does not: use it, or ever show it.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClusterError } from '#actor'
import { settingOf } from './settings.ts'

/** For the nodes that derive something from it. */
export interface ServiceKeyHolder {
  /** In base64url. Never logged. */
  readonly serviceKey: string
}

/** In the data folder: by it a key is known, and cannot be found. */
export const keyCheckName = 'service-key.check'

const variable = 'BRIGADE_SERVICE_KEY'
const bytesMin = 32

/**
 * The key of this data folder, which exists and is in nobody else's use.
 *
 * @throws ClusterError `CLUSTER_CONFIG_INVALID` when it is no key, `SERVICE_KEY_MISMATCH` when it is another one.
 */
export function serviceKeyOf(
  dataFolder: string,
  environment?: Readonly<Record<string, string | undefined>>,
): string {
  const keyFile = join(dataFolder, 'service.key')
  const checkFile = join(dataFolder, keyCheckName)
  const known = existsSync(checkFile) ? readFileSync(checkFile, 'utf8').trim() : undefined
  const given = settingOf(variable, environment)
  const key = checked(given ?? storedOrMade(keyFile, known !== undefined))
  const check = createHmac('sha256', Buffer.from(key, 'base64url'))
    .update('brigade service key')
    .digest('hex')
  if (known !== undefined && known !== check) {
    throw new ClusterError('SERVICE_KEY_MISMATCH', { problem: 'the data was made with another one' })
  }
  if (known === undefined) writeFileSync(checkFile, `${check}\n`)
  return key
}

function storedOrMade(file: string, isDataOld: boolean): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  if (isDataOld) {
    throw new ClusterError('SERVICE_KEY_MISMATCH', { problem: `none is set, and ${file} is gone` })
  }
  const made = randomBytes(bytesMin).toString('base64url')
  writeFileSync(file, `${made}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return made
}

function checked(key: string): string {
  const isKey = /^[\w-]+$/.test(key) && Buffer.from(key, 'base64url').length >= bytesMin
  if (isKey) return key
  throw new ClusterError('CLUSTER_CONFIG_INVALID', {
    field: variable,
    problem: `it is not at least ${bytesMin} bytes in base64url`,
    remedy: `Make one: node -p "crypto.randomBytes(${bytesMin}).toString('base64url')".`,
  })
}
