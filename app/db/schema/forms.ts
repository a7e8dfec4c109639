import { index, int, json, primaryKey, table, text, time } from '../columns.ts'

// Sign-up forms.

export const forms = table(
  'forms',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().$type<'popup' | 'inline'>().notNull(),
    name: text().notNull(),
    status: text().$type<'on' | 'off'>().notNull(),
    settings: json<unknown>().notNull(), // forms/contract.ts: formSettings
    version: int().notNull(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** Each published wording of a form is kept: the ledger points here. */
export const formVersions = table(
  'form_versions',
  {
    shopId: text().notNull(),
    formId: text().notNull(),
    version: int().notNull(),
    settings: json<unknown>().notNull(),
    hash: text().notNull(),
    createdAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.formId, t.version] })],
)

/**
 * What keeps sign-up forms from being a weapon: when a mailbox was last sent a confirmation, and when a network last sent a
 * form. The key is a keyed hash ('to:...' or 'from:...'), the times are milliseconds; a row is locked while it is judged.
 */
export const signupLimits = table(
  'signup_limits',
  { shopId: text().notNull(), key: text().notNull(), times: json<number[]>().notNull(), updatedAt: time().notNull() },
  (t) => [primaryKey({ columns: [t.shopId, t.key] }), index('signup_limits_age').on(t.shopId, t.updatedAt)],
)
