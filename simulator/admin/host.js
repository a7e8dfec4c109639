// The pretend admin's side of App Bridge: loads the app into a frame of another origin and answers what it asks.
import { setMenu } from '/_/chrome.js'
import { confirmed, granted, make, pickProducts } from '/_/dialogs.js'

const { base, storefront, appOrigin, frame: address, scopeWords } = JSON.parse(document.getElementById('data').textContent)
const home = `${base}/apps/homing`
const $ = (selector) => document.querySelector(selector)
const api = async (path, body) => {
  const response = await fetch(`${home}/${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error((await response.json().catch(() => null))?.error ?? `the admin answered ${response.status}`)
  return response.json()
}

// Made here and not in the document, so that a reload or "back" never brings an old address of the frame again.
const frame = make('iframe', { title: 'Homing', src: address, allow: 'clipboard-write' })
$('.frame').append(frame)
const tell = (event, detail) => frame.contentWindow?.postMessage({ bridge: 'tell', event, detail }, appOrigin)

let menu = []
let bar = null
let path = ''
let lively = false

// A refused frame (CSP) fires `load` like any other; only silence tells it apart.
setTimeout(() => {
  if (lively) return
  $('.frame').append(make('div.refused', {}, make('p', {}, 'The app has not answered. Either it refused to be shown here (frame-ancestors), or it is not running.')))
}, 15_000)

const answers = {
  idToken: async () => (await api('token', {})).token,
  user: async () => ({ accountAccess: 'account-owner' }),
  extensions: () => api('extensions'),
  'scopes.query': () => api('scopes'),
  'scopes.request': async (scopes) => {
    const { granted: have, optional } = await api('scopes')
    const unknown = scopes.filter((scope) => !optional.includes(scope))
    if (unknown.length) throw new Error(`These scopes are not among the app's optional scopes: ${unknown.join(', ')}`)
    const missing = scopes.filter((scope) => !have.includes(scope))
    if (missing.length === 0) return { result: 'granted-all', detail: await api('scopes') }
    const agreed = await granted(missing.map((scope) => ({ scope, words: scopeWords[scope] ?? scope })))
    return { result: agreed ? 'granted-all' : 'declined-all', detail: agreed ? await api('scopes', { grant: missing }) : await api('scopes') }
  },
  'scopes.revoke': async (scopes) => ({ detail: await api('scopes', { revoke: scopes }) }),
  resourcePicker: async (options) => {
    const { draft = true, archived = true, query: within = '' } = options.filter ?? {}
    const selection = await pickProducts(options, async (query) => (await api(`products.json?${new URLSearchParams({ query: `${within} ${query}`.trim(), draft, archived })}`)).products)
    return selection && Object.assign(selection, { selection })
  },
  leave: async () => {
    if (!bar || (await mayLeave())) return
    throw new Error('the person stays on the page')
  },
}

const heard = {
  path({ path: to, how, state }) {
    lively = true
    $('.refused')?.remove()
    path = to
    const url = home + (to === '/' ? '' : to)
    const entry = { path: to, state }
    if (how === 'push') history.pushState(entry, '', url)
    else history.replaceState(entry, '', url)
    light()
  },
  menu(items) {
    menu = items
    $('[data-menu]')?.replaceChildren(...items.filter((item) => !item.home).map((item) => make('a', { href: home + item.href, onclick: (event) => go(event, item.href) }, item.label)))
    light()
  },
  title({ title, buttons }) {
    $('.title b').textContent = title
    $('.title i').hidden = !title
    document.title = `${title ? `${title} · ` : ''}Homing · pretend admin`
    const order = [...buttons].sort((a, b) => (a.variant === 'primary') - (b.variant === 'primary'))
    $('.title .acts').replaceChildren(...order.filter((button) => button.variant !== 'breadcrumb').map((button) =>
      make(`button.button${button.variant === 'primary' ? '.primary' : ''}${button.tone === 'critical' ? '.critical' : ''}`, { type: 'button', disabled: button.disabled || button.loading, onclick: () => tell('title', { n: button.n }) }, button.label)))
  },
  saveBar(shown) {
    bar = shown
    $('.unsaved').hidden = !shown
    for (const which of ['save', 'discard']) {
      const button = $(`.unsaved .${which}`)
      button.hidden = !shown?.[which]
      if (!shown?.[which]) continue
      button.textContent = shown[which].loading ? 'Saving…' : shown[which].label || (which === 'save' ? 'Save' : 'Discard')
      button.disabled = shown[which].disabled || shown[which].loading
    }
  },
  toast: showToast,
  toastHide: ({ id }) => document.getElementById(id)?.remove(),
  modal: (open) => document.body.classList.toggle('dimmed', open),
  loading: (on) => ($('.progress').hidden = !on),
  open({ url, newWindow }) {
    const inAdmin = url.replace(/^shopify:\/*(admin\/?)?/, '').replace(/^https:\/\/admin\.shopify\.com\/store\/[^/]+\/?/, '').replace(/^https:\/\/[^/]+\/admin\/?/, '')
    const to = inAdmin.startsWith('https:') ? inAdmin.replace(/^https:\/\/[^/]+/, storefront) : `${base}/${inAdmin}`
    if (newWindow) window.open(to, '_blank', 'noopener')
    else location.assign(to)
  },
}

window.addEventListener('message', (message) => {
  if (message.origin !== appOrigin || message.source !== frame.contentWindow || !message.data?.bridge) return
  const { bridge, id, call, args, event, detail } = message.data
  if (bridge === 'tell') return heard[event]?.(detail)
  const reply = (rest) => frame.contentWindow?.postMessage({ bridge: 'answer', id, ...rest }, appOrigin)
  const answer = answers[call]
  if (!answer) return reply({ error: `the pretend admin was not taught ${call}` })
  answer(...args).then((value) => reply({ value }), (error) => reply({ error: error.message }))
})

window.addEventListener('popstate', (event) => {
  const to = event.state?.path ?? (location.pathname.slice(home.length) || '/') + location.search
  path = to
  light()
  tell('back', { path: to, state: event.state?.state ?? null })
})

$('[data-app-home]').addEventListener('click', (event) => go(event, menu.find((item) => item.home)?.href ?? '/'))
$('.unsaved .save').addEventListener('click', () => tell('saveBar', { button: 'save' }))
$('.unsaved .discard').addEventListener('click', async () => {
  if (!bar?.confirm || (await confirmed('Discard all unsaved changes', 'If you discard changes, you’ll delete any edits that you made since you last saved.', 'Discard changes', 'Continue editing', true))) tell('saveBar', { button: 'discard' })
})

/** A press on the menu: the app moves itself; with unsaved changes it is asked about first. */
async function go(event, href) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return
  event.preventDefault()
  setMenu(false)
  if (bar && !(await mayLeave())) return
  tell('navigate', { href })
}

async function mayLeave() {
  const pill = $('.unsaved')
  pill.classList.remove('shake')
  void pill.offsetWidth
  pill.classList.add('shake')
  return confirmed('Leave page with unsaved changes?', 'Leaving this page will delete all unsaved changes.', 'Leave page', 'Stay', true)
}

/** Lights the entry whose address is the longest beginning of ours. */
function light() {
  const here = path.split(/[?#]/)[0]
  const best = menu.filter((item) => !item.home && (here === item.href || here.startsWith(`${item.href}/`))).sort((a, b) => b.href.length - a.href.length)[0]
  for (const link of document.querySelectorAll('[data-menu] a')) {
    const lit = best !== undefined && link.getAttribute('href') === home + best.href
    link.classList.toggle('lit', lit)
    if (lit) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  $('[data-app-home]').classList.toggle('lit', !best)
}

function showToast({ id, text, duration, isError, action }) {
  const leave = () => {
    if (!toast.isConnected) return
    toast.remove()
    tell('toast', { id, act: 'dismiss' })
  }
  const toast = make(isError ? 'div.toast.bad' : 'div.toast', { id }, text,
    action ? make('button', { type: 'button', onclick: () => tell('toast', { id, act: 'action' }) }, action) : null,
    make('button.x', { type: 'button', ariaLabel: 'Dismiss', onclick: leave }, '×'))
  $('.toasts').append(toast)
  setTimeout(leave, duration)
}
