/**
 * What operators see of a body, a state or a message: all but what is secret.
 *
 * Owns:     which names say that a member is secret.
 * Does not: know configuration, whose secret keys are named where they are defined (`config-keys.ts`).
 */
import { redacted } from '../settings.ts'

const secretName =
  /token|secret|password|passphrase|authorization|cookie|credential|private|card|cvc|pan$|^hash$|sealed/i

/** A copy in which every member whose name says that it is secret is redacted, however deep. */
export function withoutSecrets<T>(value: T): T
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets<unknown>(each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      member !== null && secretName.test(name) ? redacted : withoutSecrets<unknown>(member),
    ]),
  )
}
