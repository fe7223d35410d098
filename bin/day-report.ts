/** A day's result in words. */
import type { DayResult } from '#day'

export function reportOf(result: DayResult): string {
  const { orders, money, checks, latencyMs, traceHash, command, wallSeconds, events } = result
  const { p50, p95, p99 } = latencyMs['order.accept']
  const euros = (cents: number): string => (cents / 100).toFixed(2)
  return `${[
    `${result.day} (${result.mode}, seed ${result.seed}): ${events} events in ${wallSeconds.toFixed(1)}s`,
    `orders   ${orders.acknowledged} acknowledged: ${orders.completed} completed, ${orders.rejected} rejected, ${orders.cancelled} cancelled, ${orders.expired} expired, ${orders.lost} lost`,
    `money    ${euros(money.billed)} billed, ${euros(money.captured)} captured, ${euros(money.refunded)} refunded`,
    `accept   p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`,
    ...checks.map(
      ({ id, held, detail }) =>
        `${held ? 'held    ' : 'BROKEN  '} ${id}${detail === undefined ? '' : `: ${detail}`}`,
    ),
    `trace ${traceHash}   repeat with  ${command}`,
  ].join('\n')}\n`
}
