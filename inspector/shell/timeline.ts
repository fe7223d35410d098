/** Which part of the world's time the time bar shows, and where a moment lies on it. */
export interface Timeline {
  readonly from: number
  readonly to: number
  /** Whole moments of the clock, with what stands there. */
  readonly ticks: readonly { readonly at: number; readonly words: string }[]
}

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000
const tickSteps = [
  10 * secondMs,
  30 * secondMs,
  minuteMs,
  5 * minuteMs,
  15 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  6 * hourMs,
]
/** A tick, its words and the room between them, in px. */
const tickPx = 78
/** Seconds of a person's time that the bar of a live cluster spans. */
const spanSeconds = 480

/** Of a day, the whole of it. */
export function timelineOf(from: number, to: number, width: number): Timeline {
  const ticksMax = Math.max(1, Math.floor(width / tickPx))
  const step = tickSteps.find((one) => (to - from) / one <= ticksMax) ?? 24 * hourMs
  const ticks: { at: number; words: string }[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step)
    ticks.push({ at, words: tickAt(at, step) })
  return { from, to, ticks }
}

/** Of a live cluster the last minutes, and a few to come. It stands still until now has come far, and then turns the page. */
export function liveTimeline(now: number, speed: number, width: number): Timeline {
  const page = (spanSeconds / 4) * secondMs * speed
  const from = (Math.floor(now / page) - 2) * page
  return timelineOf(from, from + 4 * page, width)
}

export const placeOf = ({ from, to }: Timeline, at: number): number => (at - from) / (to - from)

const tickAt = (at: number, step: number): string =>
  new Date(at).toISOString().slice(11, step < minuteMs ? 19 : 16)
