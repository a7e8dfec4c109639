import { z } from 'zod'

/** What a shopper meets. Texts may be given per language; a missing one falls back to the first. */
export const formTexts = z.object({
  heading: z.string().trim().min(1, 'write a heading').max(120),
  body: z.string().trim().max(400),
  emailLabel: z.string().trim().min(1, 'label the e-mail field').max(60),
  nameLabel: z.string().trim().max(60),
  button: z.string().trim().min(1, 'write what the button says').max(40),
  decline: z.string().trim().min(1, 'write how to say no').max(40),
  /** The words of consent under the field: who will write, about what, and that one can leave at any time. */
  consent: z.string().trim().min(20, 'say who will write and that one can leave at any time (at least 20 characters)').max(600),
  /** Beside an unticked box: consent to see opens and clicks, apart from consent to mail. Empty: not asked. */
  tracking: z.string().trim().max(300),
  success: z.string().trim().min(1, 'write what happens next').max(300),
})
export type FormTexts = z.infer<typeof formTexts>
export const formSettings = z.object({
  askName: z.boolean(),
  texts: z.record(z.string().regex(/^[a-z]{2}(-[A-Za-z]{2})?$/), formTexts).refine((t) => Object.keys(t).length > 0, 'at least one language'),
  look: z.object({ background: z.string().regex(/^#[0-9a-fA-F]{6}$/), text: z.string().regex(/^#[0-9a-fA-F]{6}$/), accent: z.string().regex(/^#[0-9a-fA-F]{6}$/), accentText: z.string().regex(/^#[0-9a-fA-F]{6}$/), radius: z.number().int().min(0).max(24) }),
  /** Pop-up only: seconds on the page before it shows; days of rest after a "no". */
  afterSeconds: z.number().int().min(0).max(300),
  restDays: z.number().int().min(1).max(365),
})
export type FormSettings = z.infer<typeof formSettings>
export const formInput = z.object({ name: z.string().trim().min(1, 'give the form a name').max(100), status: z.enum(['on', 'off']), settings: formSettings, version: z.number().int().min(0).max(1_000_000_000) })
export const formView = z.object({
  id: z.string(),
  kind: z.enum(['popup', 'inline']),
  name: z.string(),
  status: z.enum(['on', 'off']),
  settings: formSettings,
  version: z.number(),
  updatedAt: z.string(),
  signups: z.number(), // last 30 days
  confirmed: z.number(),
})
/** GET /api/forms -> { forms: formView[], themeEditorUrl, embedHandle, blockHandle }; GET|PUT /api/forms/:id. Each shop has one pop-up and one inline form from the start. */
export const formList = z.object({ forms: z.array(formView), embedUrl: z.string(), blockUrl: z.string() })
export type FormView = z.infer<typeof formView>

/**
 * The storefront's side, through the app proxy (`/apps/homing/...` at the store, `/proxy/...` here):
 * GET  /proxy/form?kind=popup&locale=de -> publicForm, or { form: null } when it is off
 * POST /proxy/signup (JSON or form-encoded) -> signupReply; the same answer for known and unknown addresses
 */
export const publicForm = z.object({
  form: z
    .object({ id: z.string(), version: z.number(), kind: z.enum(['popup', 'inline']), language: z.string(), texts: formTexts, askName: z.boolean(), look: formSettings.shape.look, afterSeconds: z.number(), restDays: z.number() })
    .nullable(),
})
export const signupInput = z.object({
  /** The form's id, or its kind where a theme knows nothing else. */
  formId: z.string().max(40),
  /** 0: the theme's own words were shown. */
  version: z.coerce.number().int().min(0).max(1_000_000_000),
  email: z.string().trim().max(254).pipe(z.email('is not an e-mail address')),
  firstName: z.string().trim().max(100).optional(),
  /** Was the box for tracking ticked? A plain form sends 'on'. */
  tracking: z.union([z.boolean(), z.literal('on').transform(() => true), z.literal('').transform(() => false)]).default(false),
  language: z.string().max(10).default('en'),
  page: z.string().max(2000).default(''),
  /** The words of consent as the shopper saw them; they differ from the version's when the theme's own block was sent without script (version 0, formId 'inline'). */
  wording: z.string().trim().max(2000).default(''),
  /** The browser says "do not track me" to everybody (Global Privacy Control). Counts as a no to tracking. */
  gpc: z.union([z.boolean(), z.literal('1').transform(() => true), z.literal('').transform(() => false)]).default(false),
  /** A field that people do not see. Filled in: a machine. */
  website: z.string().max(500).default(''),
  /** Milliseconds between showing the form and sending it. */
  elapsed: z.coerce.number().min(0).optional(),
})
export type SignupInput = z.infer<typeof signupInput>
export type SignupReply = z.infer<typeof signupReply>
export type PublicForm = z.infer<typeof publicForm>
export const signupReply = z.object({ ok: z.boolean(), message: z.string(), fields: z.record(z.string(), z.string()).optional() })
