/**
 * Every mutant there is.
 *
 * To add one: a place in a source file, the bug in its stead, and who ought to find it. Nothing else of the project
 * has to change. `npx brigade mutants ID` hunts for it.
 */
import type { Mutant } from '../mutant.ts'
import { actorMutants } from './actors.ts'
import { blindMutants } from './blind.ts'
import { clusterMutants } from './cluster.ts'
import { gatewayMutants } from './gateway.ts'
import { journalMutants } from './journal.ts'
import { kernelMutants } from './kernel.ts'
import { projectionMutants } from './projections.ts'
import { transportMutants } from './transport.ts'

export const mutants: readonly Mutant[] = [
  ...kernelMutants,
  ...clusterMutants,
  ...journalMutants,
  ...transportMutants,
  ...actorMutants,
  ...projectionMutants,
  ...gatewayMutants,
  ...blindMutants,
]
