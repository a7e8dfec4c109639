// What there is. Every table that holds a merchant's data begins with shop_id, and so do its keys: a question that forgets
// the shop finds no index to help it. Ids, times and states come from code; the database has no defaults.
export * from './schema/shops.ts'
export * from './schema/people.ts'
export * from './schema/store.ts'
export * from './schema/imports.ts'
export * from './schema/sending.ts'
export * from './schema/happened.ts'
export * from './schema/forms.ts'
export * from './schema/machine.ts'
