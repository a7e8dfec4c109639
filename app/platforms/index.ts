import type { App } from '../app.ts'
import type { Platform } from './platform.ts'
import { createShopify } from './shopify/index.ts'

/** The store platforms that this installation speaks to. */
export const createPlatforms = (getApp: () => App): { shopify: Platform } => ({ shopify: createShopify(getApp) })
