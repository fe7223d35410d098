/**
 * A broken promise is a bug to stop on, not an error to handle.
 */

/** An invariant that does not hold. It stops the activation or the node; nobody catches it to carry on. */
export class BrokenInvariant extends Error {
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(
      `Invariant ${invariant} does not hold${detail === '' ? '.' : `: ${detail}.`} This is a bug in Brigade; please report it with the seed or the journal.`,
    )
    this.name = 'BrokenInvariant'
    this.invariant = invariant
  }
}

/** Stops here when `holds` is false. `invariant` is the number in a file header: `M1`, `J4`. */
export function assert(holds: boolean, invariant: string, detail = ''): asserts holds {
  if (!holds) throw new BrokenInvariant(invariant, detail)
}
