import { shopRoute, type Route } from '../lib/http.ts'
import { starterInput } from './newest.ts'
import { starterTemplates } from './starters.ts'

export const routes: Route[] = [shopRoute('get', '/api/templates', async ({ app, shop }) => ({ templates: starterTemplates(await starterInput(app, shop)) }))]
