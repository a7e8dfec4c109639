import { GraphQLError } from 'graphql'
import type { Access } from './schema.ts'

const documentation = 'https://shopify.dev/api/usage/rate-limits'

/** Thrown where the simulator was not taught something: a gap must never look like an answer. */
export class NotTaught extends Error {
  constructor(what: string) {
    super(`The simulator was not taught ${what}`)
    this.name = 'NotTaught'
  }
}

export const accessDenied = (fieldName: string, access: Access): GraphQLError =>
  new GraphQLError(`Access denied for ${fieldName} field. Required access: ${access.words}`, {
    extensions: { code: 'ACCESS_DENIED', documentation: 'https://shopify.dev/api/usage/access-scopes', requiredAccess: access.words },
  })

export const notApproved = (fieldName: string): GraphQLError =>
  new GraphQLError(`This app is not approved to use the ${fieldName} field. See https://partners.shopify.com/1/apps/1/customer_data for more details.`, {
    extensions: { code: 'ACCESS_DENIED', documentation: 'https://partners.shopify.com/1/apps/1/customer_data' },
  })

export const invalidId = (): GraphQLError => new GraphQLError('invalid id', { extensions: { code: 'RESOURCE_NOT_FOUND' } })

export const badRequest = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })

/** A mutation's own complaint, beside the top-level errors. */
export interface UserError { field: string[] | null; message: string; code?: string }

export const throttled = (cost: Record<string, unknown>): Record<string, unknown> => ({
  errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED', documentation } }],
  extensions: { cost },
})

export const tooDear = (cost: number): Record<string, unknown> => ({
  errors: [{
    message: `Query cost is ${cost}, which exceeds the single query max cost limit (1000).\n\nSee ${documentation} for how the cost of a query is calculated.`,
    extensions: { code: 'MAX_COST_EXCEEDED', cost, maxCost: 1000, documentation },
  }],
})
