import { z } from 'zod'
import { parse, shopRoute, type Route, type ShopRequest } from '../lib/http.ts'
import { cancel, pause, resume, schedule, sendNow, unschedule } from './commands.ts'
import { confirmComplaints } from './complaints.ts'
import { campaignCreate, campaignInput, differingQuery, heldDecision, peopleQuery, rehearsedQuery, scheduleInput, testInput, whyQuestion } from './contract.ts'
import { createDraft, deleteDraft, duplicate, saveDraft } from './draft.ts'
import { heldPeople, leaveHeld, sendHeldAgain } from './held.ts'
import { campaignsUnderWay, liveCampaign } from './live.ts'
import { comparisonOf, differingPeople } from './comparison.ts'
import { peopleOf } from './people.ts'
import { preview, previewInput } from './preview.ts'
import { rehearse } from './rehearsal.ts'
import { mailRehearsed, peopleRehearsed } from './rehearsed.ts'
import { findCampaign, type Campaign } from './state.ts'
import { sendTest } from './test-send.ts'
import { listCampaigns, viewCampaign } from './views.ts'
import { why } from './why.ts'

/** A command on one campaign; answers how it is afterwards. */
const command = (name: string, verb: (request: ShopRequest) => Promise<Campaign>): Route =>
  shopRoute('post', `/api/campaigns/:id/${name}`, async (request) => viewCampaign(request.app, await verb(request)))

const paged = z.object({ cursor: z.string().max(200).optional() })

export const routes: Route[] = [
  shopRoute('get', '/api/campaigns', ({ app, shop, query }) => listCampaigns(app, shop, parse(paged, query).cursor)),
  shopRoute('get', '/api/campaigns/going', ({ app, shop }) => campaignsUnderWay(app, shop)),
  shopRoute('post', '/api/campaigns', async ({ app, shop, body }) => viewCampaign(app, await createDraft(app, shop, parse(campaignCreate, body)))),
  shopRoute('get', '/api/campaigns/:id', async ({ app, shop, params }) => viewCampaign(app, await findCampaign(app, shop.id, params.id!))),
  shopRoute('put', '/api/campaigns/:id', async ({ app, shop, params, body }) => viewCampaign(app, await saveDraft(app, shop, params.id!, parse(campaignInput, body)))),
  shopRoute('delete', '/api/campaigns/:id', async ({ app, shop, params }) => {
    await deleteDraft(app, shop.id, params.id!)
    return {}
  }),
  command('schedule', ({ app, shop, params, body }) => schedule(app, shop, params.id!, new Date(parse(scheduleInput, body).at))),
  command('send', ({ app, shop, params }) => sendNow(app, shop, params.id!)),
  command('unschedule', ({ app, shop, params }) => unschedule(app, shop, params.id!)),
  command('pause', ({ app, shop, params }) => pause(app, shop, params.id!)),
  command('resume', ({ app, shop, params }) => resume(app, shop, params.id!)),
  command('cancel', ({ app, shop, params }) => cancel(app, shop, params.id!)),
  command('duplicate', ({ app, shop, params }) => duplicate(app, shop, params.id!)),
  shopRoute('post', '/api/campaigns/:id/test', async ({ app, shop, params, body }) => {
    await sendTest(app, shop, params.id!, parse(testInput, body).to)
    return {}
  }),
  shopRoute('get', '/api/campaigns/:id/rehearsal', ({ app, shop, params, query }) => rehearse(app, shop, params.id!, query.fresh === '1')),
  shopRoute('get', '/api/campaigns/:id/rehearsal/people', ({ app, shop, params, query }) => peopleRehearsed(app, shop, params.id!, parse(rehearsedQuery, query))),
  shopRoute('get', '/api/campaigns/:id/rehearsal/mail/:subscriberId', ({ app, shop, params }) => mailRehearsed(app, shop, params.id!, params.subscriberId!)),
  shopRoute('get', '/api/campaigns/:id/comparison', ({ app, shop, params }) => comparisonOf(app, shop, params.id!)),
  shopRoute('get', '/api/campaigns/:id/comparison/people', ({ app, shop, params, query }) => differingPeople(app, shop, params.id!, parse(differingQuery, query))),
  // An address does not belong into a URL, so asking for somebody is a POST.
  shopRoute('post', '/api/campaigns/:id/why', ({ app, shop, params, body }) => why(app, shop, params.id!, parse(whyQuestion, body).q)),
  shopRoute('get', '/api/campaigns/:id/people', ({ app, shop, params, query }) => peopleOf(app, shop, params.id!, parse(peopleQuery, query))),
  shopRoute('get', '/api/campaigns/:id/live', ({ app, shop, params }) => liveCampaign(app, shop, params.id!)),
  shopRoute('get', '/api/campaigns/:id/held', ({ app, shop, params, query }) => heldPeople(app, shop, params.id!, parse(paged, query).cursor)),
  shopRoute('post', '/api/campaigns/:id/held/again', async ({ app, shop, params, body }) => ({ changed: await sendHeldAgain(app, shop, params.id!, parse(heldDecision, body).people) })),
  shopRoute('post', '/api/campaigns/:id/held/leave', async ({ app, shop, params, body }) => ({ changed: await leaveHeld(app, shop, params.id!, parse(heldDecision, body).people) })),
  shopRoute('post', '/api/complaints/confirm', async ({ app, shop, userId }) => {
    await confirmComplaints(app, shop.id, userId)
    return {}
  }),
  shopRoute('post', '/api/preview', ({ app, shop, body }) => preview(app, shop, parse(previewInput, body))),
]
