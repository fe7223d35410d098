/**
 * How the restaurant reaches its suppliers.
 *
 * Does not: retry or wait longer: the runtime does, within the call's deadline and attempts.
 */
import type { SupplierArgs, SupplierOperation } from '#actors'
import { supplierAnswer } from '#actors'
import { answer, type CallHandler } from './provider-client.ts'

/** The handlers of the `supplier.*` calls, by name, for the suppliers at `url`. */
export function supplierHandlers(url: string): Record<SupplierOperation, CallHandler> {
  const at = (args: unknown): string =>
    `${url}/orders/${encodeURIComponent((args as SupplierArgs[SupplierOperation]).order)}`
  return {
    'supplier.order': ({ args, key }, signal) => {
      const sent = JSON.stringify(args)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(sent),
        'idempotency-key': key,
      }
      return answer(at(args), { method: 'PUT', headers, signal }, supplierAnswer, sent)
    },
    'supplier.lookup': ({ args }, signal) => answer(at(args), { signal }, supplierAnswer),
  }
}
