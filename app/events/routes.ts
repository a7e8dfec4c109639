import type { Route } from '../lib/http.ts'

export const routes: Route[] = []
