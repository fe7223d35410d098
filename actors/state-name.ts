/**
 * The name that people see of a state value.
 *
 * XState's value of a compound state is an object; the outer state is what the API, checks and projections
 * speak of, the inner one a detail.
 */
export function stateName(value: unknown): string {
  return typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? '')
}
