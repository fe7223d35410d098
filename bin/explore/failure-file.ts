/**
 * The file of a failure: found by a search, repeated by a replay, made smaller.
 *
 * Owns:     its name, and whether a file is one.
 * Does not: say what stands in it (`trial.ts`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { defineDay } from '#day'
import { UsageError } from '../command-line/usage-error.ts'
import { type Failure, failureFormat } from './trial.ts'

/** Named for its day, seed and options: what is drawn from a seed changes, and an older failure is not written over. */
export function writeFailure(failure: Failure, folder: string): string {
  const { day, seed, optionsHash } = failure
  return write(failure, join(folder, `${day.name}-${seed}-${optionsHash.slice(0, 8)}.json`))
}

/** Beside the one that it was made from. What was smaller already is made smaller in its place. */
export function writeSmaller(failure: Failure, found: string): string {
  return write(
    failure,
    join(dirname(found), `${basename(found).replace(/(\.smaller)?\.json$/, '')}.smaller.json`),
  )
}

function write(failure: Failure, file: string): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(failure, undefined, 2)}\n`)
  return file
}

/** @throws UsageError */
export function readFailure(file: string): Failure {
  const refuse = (problem: string): never => {
    throw new UsageError(`'${file}' ${problem}`, 'Give the file that npx brigade explore has named.')
  }
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    refuse(`cannot be read: ${(error as Error).message}.`)
  }
  let found: Partial<Failure> | null = null
  try {
    found = JSON.parse(text)
  } catch {
    refuse('is not JSON.')
  }
  const isWhole =
    typeof found === 'object' &&
    Number.isSafeInteger(found?.seed) &&
    typeof found?.day === 'object' &&
    typeof found.check?.id === 'string'
  if (!isWhole) refuse('is not the file of a failure.')
  if (found?.format !== failureFormat) {
    refuse(`has format ${found?.format}, and this build reads format ${failureFormat}.`)
  }
  // A day of an earlier build says nothing of what it did not know.
  return { ...(found as Failure), day: defineDay((found as Failure).day) }
}
