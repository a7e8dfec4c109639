import { z } from 'zod'
import type { App } from '../../app.ts'
import type { Shop } from '../../shops/shops.ts'
import { globalId, plainId } from './api.ts'
import { segmentMembersDocument, segmentsDocument } from './documents.ts'
import { graphql } from './graphql.ts'

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })
const segmentsPage = z.object({ segments: z.object({ pageInfo, nodes: z.array(z.object({ id: z.string(), name: z.string(), query: z.string() })) }) })
const membersPage = z.object({ customerSegmentMembers: z.object({ pageInfo, edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }) })

export async function storeSegments(app: App, shop: Shop): Promise<{ platformId: string; name: string; query: string }[]> {
  const all: { platformId: string; name: string; query: string }[] = []
  for (let after: string | null = null; ; ) {
    const { segments }: z.infer<typeof segmentsPage> = await graphql(app, shop, segmentsDocument, { after }, segmentsPage)
    all.push(...segments.nodes.map(({ id, name, query }) => ({ platformId: plainId(id), name, query })))
    if (!segments.pageInfo.hasNextPage || !segments.pageInfo.endCursor) return all
    after = segments.pageInfo.endCursor
  }
}

/** A member has the number of the customer that it is. */
export async function* segmentMembers(app: App, shop: Shop, platformId: string): AsyncGenerator<string> {
  for (let after: string | null = null; ; ) {
    const { customerSegmentMembers: found }: z.infer<typeof membersPage> = await graphql(app, shop, segmentMembersDocument, { id: globalId('Segment', platformId), after }, membersPage)
    for (const { node } of found.edges) yield plainId(node.id)
    if (!found.pageInfo.hasNextPage || !found.pageInfo.endCursor) return
    after = found.pageInfo.endCursor
  }
}
