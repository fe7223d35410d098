/**
 * How the restaurant reaches its suppliers.
 *
 * Does not: retry or wait longer: the runtime does, within the call's deadline and attempts.
 */
import type { SupplierArgs, SupplierOperation } from '#actors'
import { supplierAnswer } from '#actors'
import { answer, type CallHandler, written } from './provider-client.ts'

/** The handlers of the `supplier.*` calls, by name, for the suppliers at `url`. */
export function supplierHandlers(url: string): Record<SupplierOperation, CallHandler> {
  const at = (args: unknown): string =>
    `${url}/orders/${encodeURIComponent((args as SupplierArgs[SupplierOperation]).order)}`
  return {
    'supplier.order': (call, signal) => {
      const { sent, headers } = written(call)
      return answer(at(call.args), { method: 'PUT', headers, signal }, supplierAnswer, sent)
    },
    'supplier.lookup': ({ args }, signal) => answer(at(args), { signal }, supplierAnswer),
  }
}
