/**
 * What is set from outside by the environment: `docs/guides/settings.md` has them all.
 *
 * Owns:     where a setting comes from. A secret may stand in a file instead, as container platforms mount it.
 * Does not: check what it means (whoever uses it does), or ever show it.
 */
import { readFileSync } from 'node:fs'
import { ClusterError } from '#actor'

/**
 * The variable `name`, or the content of the file that the variable `name_FILE` names, without the line break at its
 * end. Undefined when neither is set.
 *
 * @throws ClusterError `CLUSTER_CONFIG_INVALID` when both are set, or the file cannot be read.
 */
export function settingOf(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const value = environment[name] || undefined
  const file = environment[`${name}_FILE`] || undefined
  if (file === undefined) return value
  if (value !== undefined) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: name,
      problem: `${name}_FILE is set too`,
      remedy: 'Set one of the two.',
    })
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: `${name}_FILE`,
      problem: error instanceof Error ? error.message : String(error),
      remedy: 'Name a file that this process can read.',
    })
  }
}

/** What the operator listener asks for, and commands show. Without one it answers this machine only, and everybody on it. */
export const operatorToken = (
  environment?: Readonly<Record<string, string | undefined>>,
): string | undefined => settingOf('BRIGADE_OPS_TOKEN', environment)

/** Through the operator listener one may only look. @throws ClusterError `CLUSTER_CONFIG_INVALID`. */
export function isReadOnly(): boolean {
  const said = settingOf('BRIGADE_OPS_READ_ONLY')
  if (said === undefined || said === '0' || said === '1') return said === '1'
  throw new ClusterError('CLUSTER_CONFIG_INVALID', {
    field: 'BRIGADE_OPS_READ_ONLY',
    problem: `'${said}' says neither yes nor no`,
    remedy: 'Use 1, or leave it out.',
  })
}

/** What a request to the operator listener needs of headers. */
export function operatorHeaders(
  environment?: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const token = operatorToken(environment)
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
