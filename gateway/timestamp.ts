/** Instants of the world clock as the outside reads them: RFC 3339, UTC, to the millisecond. */
import { Type } from 'typebox'
import type { Instant } from '#actor'

export const Timestamp = Type.String({ format: 'date-time' })

export const timestampOf = (at: Instant): string => new Date(Math.floor(at / 1_000)).toISOString()
