import { invalid, notFound } from '../lib/errors.ts'
import { parse, shopRoute, type Route, type ShopRequest } from '../lib/http.ts'
import { segmentsOf } from '../segments/membership.ts'
import { addByHand } from '../subscribers/add.ts'
import { changePerson } from '../subscribers/change.ts'
import { fieldChange, fieldInput, mergeInput, personAdded, personChange, restriction, subscriberFilter, subscriberQuery, tagInput, type SubscriberProfile } from '../subscribers/contract.ts'
import { duplicatesOf } from '../subscribers/duplicates.ts'
import { addField, changeField, deleteField, listFields } from '../subscribers/fields.ts'
import { findSubscriber } from '../subscribers/find.ts'
import { previewMerge } from '../subscribers/merge-preview.ts'
import { mergeSubscribers } from '../subscribers/merge.ts'
import { profileOf, unsubscribeByMerchant } from '../subscribers/profile.ts'
import { askToForget } from '../subscribers/requests.ts'
import { lift, restrict } from '../subscribers/restrict.ts'
import { olderTimeline } from '../subscribers/timeline.ts'
import { choicesOf } from './choices.ts'
import { countPeople } from './counts.ts'
import { listPeople } from './list.ts'
import { tagPeople } from './tag.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/subscribers', ({ app, shop, query }) => listPeople(app, shop, parse(subscriberQuery, query))),
  shopRoute('get', '/api/subscribers/counts', ({ app, shop, query }) => countPeople(app, shop, parse(subscriberFilter, query))),
  shopRoute('get', '/api/subscribers/choices', ({ app, shop }) => choicesOf(app, shop)),
  shopRoute('post', '/api/subscribers', ({ app, shop, body, userId }) => addByHand(app, shop, parse(personAdded, body), userId)),
  shopRoute('post', '/api/subscribers/tag', ({ app, shop, body }) => tagPeople(app, shop, parse(tagInput, body))),
  shopRoute('get', '/api/subscribers/:id', profile),
  shopRoute('put', '/api/subscribers/:id', async (request) => {
    await changePerson(request.app, request.shop.id, idOf(request), parse(personChange, request.body))
    return profile(request)
  }),
  shopRoute('get', '/api/subscribers/:id/timeline', (request) => olderTimeline(request.app, request.shop, idOf(request), request.query.before)),
  shopRoute('post', '/api/subscribers/:id/unsubscribe', async (request) => {
    await unsubscribeByMerchant(request.app, request.shop.id, idOf(request), request.userId)
    return profile(request)
  }),
  shopRoute('post', '/api/subscribers/:id/restrict', async (request) => {
    await restrict(request.app, request.shop.id, idOf(request), { ...parse(restriction, request.body), userId: request.userId })
    return profile(request)
  }),
  shopRoute('post', '/api/subscribers/:id/lift', async (request) => {
    await lift(request.app, request.shop.id, idOf(request), { ...parse(restriction, request.body), userId: request.userId })
    return profile(request)
  }),
  shopRoute('post', '/api/subscribers/:id/erase', (request) => askToForget(request.app, request.shop.id, idOf(request))),
  shopRoute('get', '/api/subscribers/:id/duplicates', (request) => duplicatesOf(request.app, request.shop.id, idOf(request))),
  shopRoute('get', '/api/subscribers/:id/merge', async (request) => {
    const { app, shop, query } = request
    if (!(await findSubscriber(app, shop.id, idOf(request)))) throw notFound()
    return previewMerge(app, shop, idOf(request), parse(mergeInput, query).removedId)
  }),
  shopRoute('post', '/api/subscribers/:id/merge', async (request) => {
    const { app, shop } = request
    const { removedId } = parse(mergeInput, request.body)
    const [kept, removed] = [await findSubscriber(app, shop.id, idOf(request)), await findSubscriber(app, shop.id, removedId)]
    if (kept && kept.id === removed?.id) throw invalid('This is one record already.', { removedId: 'is the same person' })
    if (kept && removed) await mergeSubscribers(app, shop.id, kept.id, removed.id)
    else throw notFound()
    return profile(request)
  }),
  shopRoute('get', '/api/fields', ({ app, shop }) => listFields(app, shop.id)),
  shopRoute('post', '/api/fields', async ({ app, shop, body }) => {
    await addField(app, shop.id, parse(fieldInput, body))
    return listFields(app, shop.id)
  }),
  shopRoute('put', '/api/fields/:id', async ({ app, shop, params, body }) => {
    await changeField(app, shop.id, params.id ?? '', parse(fieldChange, body))
    return listFields(app, shop.id)
  }),
  shopRoute('delete', '/api/fields/:id', async ({ app, shop, params }) => {
    await deleteField(app, shop.id, params.id ?? '')
    return listFields(app, shop.id)
  }),
]

const idOf = ({ params }: ShopRequest): string => params.id ?? ''

async function profile({ app, shop, params }: ShopRequest): Promise<SubscriberProfile> {
  const person = await profileOf(app, shop, params.id ?? '')
  return { ...person, segments: await segmentsOf(app, shop, person.id) }
}
