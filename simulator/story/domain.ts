import type { DomainView } from '../../app/domains/contract.ts'
import { removeRecord, setRecord } from '../mail/name-servers.ts'
import type { SimStore, World } from '../types.ts'
import { adminClient } from './admin-client.ts'

/**
 * What the owner does at their DNS host: copies every record that the app's page shows and that is not right yet. Where there may
 * be only one (SPF, a policy), it takes the place of what was there. Answers how many were set; sets the domain up where that is
 * still to be done. Throws, in the app's words, when it cannot be.
 */
export async function setAskedRecords(world: World, store: SimStore): Promise<number> {
  const admin = adminClient(world, store)
  const now = await admin.get<DomainView>('/api/domain')
  const view = now.state === 'none' && !now.obstacle ? await admin.post<DomainView>('/api/domain') : now
  if (view.obstacle) throw new Error(view.obstacle)
  const open = view.records.filter((one) => one.state !== 'ok')
  for (const { type, name, value, purpose, found } of open) {
    if (purpose === 'spf' || purpose === 'dmarc') for (const old of found) removeRecord(world, type, name, old)
    setRecord(world, type, name, value)
  }
  return open.length
}

/**
 * The owner sets up the sending domain from beginning to end, through the app's own page. `sentBefore`: the domain is not new to
 * newsletters, so nothing is spread over days. The check itself is a job: it has run when the simulation's `tick` is over.
 */
export async function setUpDomain(world: World, store: SimStore, { sentBefore = true } = {}): Promise<void> {
  await setAskedRecords(world, store)
  const admin = adminClient(world, store)
  await admin.put('/api/domain', { sentBefore })
  await admin.post('/api/domain/check')
}
