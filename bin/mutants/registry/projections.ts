/** Bugs of the read models: what lists show is not what their actors say, or not what a rebuild would find. */
import type { Mutant } from '../mutant.ts'

export const projectionMutants: readonly Mutant[] = [
  {
    id: 'revision-not-listed',
    where: 'projections',
    what: 'an order that was revised is listed with what was ordered first',
    file: 'projections/orders.ts',
    find: '      ...told.reduce(revised, {}),\n',
    replace: '',
    by: ['explore'],
  },
]
