/** `'19:42'` of microseconds since midnight. A day that goes on after midnight counts on: `'25:10'`. */
export function timeShown(us: number): string {
  const minutes = Math.floor(us / 60_000_000)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
