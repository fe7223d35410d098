/** How often a cluster that is watched is looked at: as often as an eye can follow, and less often when looks are dear. */

const lookMs = 100
/** A look takes no more than one part in so many of a node's time. */
const restPerLook = 20
/** Of all nodes together, on average: three quarters of what the gateway sends to one viewer, who sees other things, too. */
const bytesPerSecond = 192 * 1_024

/** Milliseconds until the next look. `bytes`: what all nodes have told of a look like the last one; of a whole one, 0. */
export const restAfterLook = ({
  tookMs,
  bytes,
}: {
  readonly tookMs: number
  readonly bytes: number
}): number => Math.max(lookMs, tookMs * restPerLook, (bytes / bytesPerSecond) * 1_000)
