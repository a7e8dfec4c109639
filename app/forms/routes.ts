import { languageOf } from '../consent/words.ts'
import { escapeHtml, parse, proxyRoute, shopRoute, type ProxyRequest, type Route } from '../lib/http.ts'
import { formInput, signupInput, type SignupReply } from './contract.ts'
import { getForm, listForms, publicFormOf, saveForm } from './forms.ts'
import { replies, signUp } from './signup.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/forms', async ({ app, shop }) => ({ forms: await listForms(app, shop), ...editorLinks(shop.domain, app.settings.SHOPIFY_API_KEY) })),
  shopRoute('get', '/api/forms/:id', ({ app, shop, params }) => getForm(app, shop, params.id ?? '')),
  shopRoute('put', '/api/forms/:id', ({ app, shop, params, body }) => saveForm(app, shop, params.id ?? '', parse(formInput, body))),
  proxyRoute('get', '/proxy/form', ({ app, shop, query }) => publicFormOf(app, shop, query.kind === 'popup' ? 'popup' : 'inline', query.locale ?? shop.locale)),
  proxyRoute('post', '/proxy/signup', signup),
]

/** A script sends JSON and gets JSON; a plain form, whose values are all texts, gets a small page. */
async function signup(request: ProxyRequest): Promise<unknown> {
  const { app, shop, body, ip } = request
  const given = body !== null && typeof body === 'object' ? (body as Record<string, unknown>) : {}
  const parsed = signupInput.safeParse(given)
  const language = languageOf(typeof given.language === 'string' ? given.language : null, shop.locale)
  const reply: SignupReply = parsed.success ? await signUp(app, shop, parsed.data, ip) : refusal(parsed.error.issues.map((issue) => String(issue.path[0] ?? '')), language)
  return typeof given.version === 'string' ? pageOf(request, reply, language) : reply
}

function refusal(faulty: string[], language: keyof typeof replies): SignupReply {
  const words = replies[language]
  const email = faulty.includes('email')
  return { ok: false, message: email ? words.badEmail : words.failed, fields: Object.fromEntries(faulty.filter(Boolean).map((name) => [name, name === 'email' ? words.badEmail : words.failed])) }
}

/** What a browser without script sees after the plain form; it stands under the shop's own address. */
function pageOf({ shop }: ProxyRequest, reply: SignupReply, language: keyof typeof replies): { __html: string; status: number } {
  const back = replies[language].back
  return {
    status: reply.ok ? 200 : 422,
    __html: `<!doctype html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(shop.name)}</title>
</head>
<body style="margin:0;background:#f6f6f4;color:#1f2421;font:17px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif">
<main style="max-width:34rem;margin:12vh auto 0;padding:2rem 1.5rem;text-align:center">
<h1 style="font-size:1.25rem;margin:0 0 1rem">${escapeHtml(shop.name)}</h1>
<p role="status" style="margin:0 0 1.5rem">${escapeHtml(reply.message)}</p>
<p><a href="/" style="color:inherit;display:inline-block;padding:.75rem 0">${escapeHtml(back)}</a></p>
</main>
</body>
</html>
`,
  }
}

/** Straight to where the merchant switches the pop-up on and places the form in their theme (platform.md 9.1). */
export function editorLinks(domain: string, apiKey: string): { embedUrl: string; blockUrl: string } {
  const editor = `https://${domain}/admin/themes/current/editor`
  return {
    embedUrl: `${editor}?context=apps&template=index&activateAppId=${apiKey}/popup`,
    blockUrl: `${editor}?template=index&addAppBlockId=${apiKey}/signup&target=newAppsSection`,
  }
}
