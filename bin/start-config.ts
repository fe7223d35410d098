/**
 * The layer of the configuration that the environment sets: `BRIGADE_CONFIG`, one JSON object of keys and values, or a
 * file of it that `BRIGADE_CONFIG_FILE` names.
 *
 * Does not: know which value wins (the gateway does), or hold a secret: those have settings of their own.
 */
import { ClusterError } from '#actor'
import { configKeys, configProblem, isConfigKey } from '#actors'
import type { StartValues } from '#gateway'
import { settingOf } from './settings.ts'

const field = 'BRIGADE_CONFIG'

/** @throws ClusterError `CLUSTER_CONFIG_INVALID`. */
export function startConfig(environment?: Readonly<Record<string, string | undefined>>): StartValues {
  const text = settingOf(field, environment)
  if (text === undefined) return {}
  const values = objectIn(text)
  for (const [key, value] of Object.entries(values)) {
    if (!isConfigKey(key)) throw wrong(`there is no key '${key}'`, 'npx brigade config lists them.')
    if ('isSecret' in configKeys[key])
      throw wrong(`'${key}' is a secret`, 'Leave it out: this text is shown to those who operate.')
    const problem = configProblem(key, value)
    if (problem !== undefined) throw wrong(`'${key}' ${problem}`, configKeys[key].about)
  }
  return values as StartValues
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // It is told below, as any other text that is no object.
  }
  throw wrong('it is not one JSON object', `Write it as {"orders.open": false}.`)
}

const wrong = (problem: string, remedy: string): ClusterError =>
  new ClusterError('CLUSTER_CONFIG_INVALID', { field, problem, remedy })
