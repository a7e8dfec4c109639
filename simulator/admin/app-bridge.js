// A stand-in for Shopify's App Bridge: what our admin uses of `window.shopify`, spoken to the pretend admin by postMessage.
// Whatever it was not taught throws by name, so that a gap is a clear failure and not a silent one.
(() => {
  const hostOrigin = new URL(document.currentScript.src).origin
  const config = readConfig()
  const name = (config.shop ?? '').replace(/\.myshopify\.com$/, '')

  if (window.parent === window) {
    // Opened outside the admin: go there, as the real one does. Nothing to do when we do not know which store it is.
    if (name) location.replace(`${hostOrigin}/store/${name}/apps/homing${location.pathname}`)
    return
  }

  // --- messages -------------------------------------------------------------------------------------------------
  let asked = 0
  const waiting = new Map()
  const tell = (event, detail) => window.parent.postMessage({ bridge: 'tell', event, detail }, hostOrigin)
  const ask = (call, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set(++asked, { resolve, reject })
      window.parent.postMessage({ bridge: 'ask', id: asked, call, args }, hostOrigin)
    })
  const heard = {}
  window.addEventListener('message', (message) => {
    if (message.origin !== hostOrigin || message.source !== window.parent || !message.data?.bridge) return
    const { bridge, id, value, error, event, detail } = message.data
    if (bridge === 'answer') {
      const { resolve, reject } = waiting.get(id) ?? {}
      waiting.delete(id)
      if (error) reject?.(new Error(error))
      else resolve?.(value)
    } else if (bridge === 'tell') heard[event]?.(detail)
  })

  // --- session token on every request to our own origin -----------------------------------------------------------
  const plainFetch = window.fetch.bind(window)
  window.fetch = async (input, init) => {
    const request = new Request(input, init)
    if (new URL(request.url).origin !== location.origin || request.headers.has('Authorization')) return plainFetch(request)
    const send = async () => {
      const headers = new Headers(request.headers)
      headers.set('Authorization', `Bearer ${await ask('idToken')}`)
      headers.set('X-Requested-With', 'XMLHttpRequest')
      return plainFetch(new Request(request.clone(), { headers }))
    }
    const response = await send()
    return response.status === 401 && response.headers.has('X-Shopify-Retry-Invalid-Session-Request') ? send() : response
  }

  // --- the address above mirrors ours: the admin keeps the history, we only replace --------------------------------
  const replaceState = history.replaceState.bind(history)
  const pathNow = () => location.pathname + withoutParameters(location.search) + location.hash
  let lastPath = ''
  const moved = (how) => {
    if (pathNow() === lastPath) return
    lastPath = pathNow()
    tell('path', { path: lastPath, how, state: plain(history.state) })
  }
  history.pushState = (state, unused, url) => {
    replaceState(state, unused, url)
    moved('push')
  }
  history.replaceState = (state, unused, url) => {
    replaceState(state, unused, url)
    moved('replace')
  }
  window.addEventListener('hashchange', () => moved('replace'))
  heard.back = ({ path, state }) => {
    if (path === pathNow()) return
    lastPath = path
    replaceState(state, '', path)
    window.dispatchEvent(new PopStateEvent('popstate', { state }))
  }
  // `shopify://admin/…` is App Bridge's own; the real addresses of the store and its admin exist only in the pretend world, so they go the same way.
  const isOfTheStore = (url) => url.startsWith('shopify:') || (config.shop && [`https://${config.shop}`, `https://admin.shopify.com/store/${name}`].some((at) => url === at || url.startsWith(`${at}/`)))
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null
    if (!link || event.defaultPrevented || !isOfTheStore(link.getAttribute('href'))) return
    event.preventDefault()
    tell('open', { url: link.getAttribute('href'), newWindow: link.target === '_blank' })
  })
  const plainOpen = window.open.bind(window)
  window.open = (url, target, features) => {
    if (!isOfTheStore(String(url ?? ''))) return plainOpen(url, target, features)
    tell('open', { url: String(url), newWindow: target !== '_top' && target !== '_self' })
    return null
  }

  // --- elements ----------------------------------------------------------------------------------------------------
  const buttonOf = (element) => ({
    label: element.textContent.trim() || element.getAttribute('aria-label') || '',
    variant: element.getAttribute('variant'),
    tone: element.getAttribute('tone'),
    disabled: element.hasAttribute('disabled') && element.getAttribute('disabled') !== 'false',
    loading: element.hasAttribute('loading') && element.getAttribute('loading') !== 'false',
  })
  /** An element that is drawn elsewhere: hidden here, reports itself whenever it changes. */
  class Reporter extends HTMLElement {
    connectedCallback() {
      this.style.display = 'none'
      this.watcher ??= new MutationObserver(() => this.report())
      this.watcher.observe(this, { childList: true, subtree: true, attributes: true, characterData: true })
      queueMicrotask(() => this.isConnected && this.report())
    }
    disconnectedCallback() {
      this.watcher?.disconnect()
      this.gone?.()
    }
    report() {}
  }

  let menu = []
  class NavMenu extends Reporter {
    report() {
      menu = [...this.querySelectorAll('a[href], s-link[href]')]
      tell('menu', menu.map((link) => ({ href: link.getAttribute('href'), label: link.textContent.trim(), home: link.getAttribute('rel') === 'home' })))
    }
    gone() {
      menu = []
      tell('menu', [])
    }
  }
  heard.navigate = ({ href }) => {
    const link = menu.find((one) => one.getAttribute('href') === href)
    if (link instanceof HTMLAnchorElement) return link.click()
    const event = new CustomEvent('shopify:navigate', { bubbles: true, cancelable: true, detail: { href } })
    if ((link ?? document).dispatchEvent(event) && link) location.assign(href)
  }

  let titleButtons = []
  class TitleBar extends Reporter {
    report() {
      const modal = this.closest('ui-modal')
      if (modal) return modal.draw()
      const sections = [...this.querySelectorAll('section')].map((section) => ({ label: section.getAttribute('label') ?? '', from: section }))
      titleButtons = [...this.querySelectorAll('button, a')]
      tell('title', {
        title: this.getAttribute('title') ?? '',
        buttons: titleButtons.map((button, n) => ({ ...buttonOf(button), n, section: sections.find((one) => one.from.contains(button))?.label ?? null })),
      })
    }
    gone() {
      if (this.closest('ui-modal')) return
      titleButtons = []
      tell('title', { title: '', buttons: [] })
    }
  }
  heard.title = ({ n }) => titleButtons[n]?.click()

  let shownBar = null
  class SaveBar extends Reporter {
    get showing() {
      return shownBar === this
    }
    get discardConfirmation() {
      return this.hasAttribute('discardconfirmation')
    }
    set discardConfirmation(on) {
      this.toggleAttribute('discardconfirmation', Boolean(on))
    }
    get buttons() {
      const all = [...this.querySelectorAll('button')]
      const save = all.find((button) => button.getAttribute('variant') === 'primary')
      return { save, discard: all.find((button) => button !== save) }
    }
    report() {
      if (!this.showing) return
      const { save, discard } = this.buttons
      tell('saveBar', { save: save ? buttonOf(save) : null, discard: discard ? buttonOf(discard) : null, confirm: this.discardConfirmation })
    }
    async show() {
      if (this.showing) return
      shownBar = this
      this.report()
      this.dispatchEvent(new CustomEvent('show'))
    }
    async hide() {
      if (!this.showing) return
      shownBar = null
      tell('saveBar', null)
      this.dispatchEvent(new CustomEvent('hide'))
    }
    async toggle() {
      return this.showing ? this.hide() : this.show()
    }
    gone() {
      void this.hide()
    }
  }
  heard.saveBar = ({ button }) => shownBar?.buttons[button]?.click()

  class Modal extends HTMLElement {
    constructor() {
      super()
      this.content = document.createElement('div')
    }
    connectedCallback() {
      this.style.display = 'none'
    }
    disconnectedCallback() {
      void this.hide()
      this.dialog?.remove()
    }
    get variant() {
      return this.getAttribute('variant') ?? 'base'
    }
    set variant(value) {
      this.setAttribute('variant', value)
    }
    draw() {
      if (!this.dialog) return
      const bar = this.querySelector('ui-title-bar')
      const title = document.createElement('h2')
      title.textContent = bar?.getAttribute('title') ?? ''
      const close = document.createElement('button')
      close.setAttribute('aria-label', 'Close')
      close.textContent = '×'
      close.onclick = () => this.hide()
      this.header.replaceChildren(title, close)
      this.dialog.setAttribute('aria-label', title.textContent)
      const buttons = [...(bar?.querySelectorAll('button') ?? [])].map((from) => {
        const { label, variant, tone, disabled, loading } = buttonOf(from)
        const button = document.createElement('button')
        Object.assign(button, { textContent: label, disabled: disabled || loading, className: `${variant ?? ''} ${tone ?? ''}`, onclick: () => from.click() })
        return button
      })
      this.footer.replaceChildren(...buttons)
      this.footer.hidden = buttons.length === 0
    }
    async show() {
      if (this.hasAttribute('src')) untaught('<ui-modal src>')
      if (this.dialog?.open) return
      if (!this.dialog) {
        for (const part of ['dialog', 'header', 'footer']) this[part] = document.createElement(part)
        this.dialog.append(this.header, this.content, this.footer)
        this.content.className = 'content'
        this.dialog.addEventListener('close', () => {
          tell('modal', false)
          this.dispatchEvent(new CustomEvent('hide'))
        })
        this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.hide())
        new MutationObserver(() => this.draw()).observe(this, { childList: true, subtree: true, attributes: true, characterData: true })
      }
      this.dialog.className = `app-bridge-modal ${this.variant}`
      this.draw()
      modalStyle()
      document.body.append(this.dialog)
      this.dialog.showModal()
      tell('modal', true)
      this.dispatchEvent(new CustomEvent('show'))
    }
    async hide() {
      if (this.dialog?.open) this.dialog.close()
    }
    async toggle() {
      return this.dialog?.open ? this.hide() : this.show()
    }
  }
  // The save bar of a form's attribute is another road to the same bar; nobody here takes it, so it is not built.
  const unbuilt = () => document.querySelector('form[data-save-bar]') && untaught('<form data-save-bar>: use <ui-save-bar>')
  new MutationObserver(unbuilt).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-save-bar'] })

  customElements.define('ui-nav-menu', NavMenu)
  customElements.define('s-app-nav', class extends NavMenu {})
  customElements.define('ui-title-bar', TitleBar)
  customElements.define('ui-save-bar', SaveBar)
  customElements.define('ui-modal', Modal)

  // --- window.shopify ----------------------------------------------------------------------------------------------
  const byId = (kind, id) => {
    const element = document.getElementById(id)
    if (element?.localName !== kind) throw new Error(`there is no <${kind} id="${id}">`)
    return element
  }
  const elements = (kind) => ({
    show: async (id) => byId(kind, id).show(),
    hide: async (id) => byId(kind, id).hide(),
    toggle: async (id) => byId(kind, id).toggle(),
  })
  let toasts = 0
  const toastActs = new Map()
  heard.toast = ({ id, act }) => {
    if (act === 'action') toastActs.get(id)?.onAction?.()
    else toastActs.get(id)?.onDismiss?.()
    if (act === 'dismiss') toastActs.delete(id)
  }
  const show = (text, options = {}) => {
    const id = `toast-${++toasts}`
    toastActs.set(id, options)
    tell('toast', { id, text: String(text), duration: options.duration ?? 5000, isError: options.isError === true, action: options.action ?? null })
    return id
  }
  const resourcePicker = (options) => {
    if (options?.type !== 'product') untaught(`resourcePicker({ type: '${options?.type}' })`)
    return ask('resourcePicker', JSON.parse(JSON.stringify(options)))
  }
  window.shopify = taught('shopify', {
    config,
    origin: hostOrigin,
    ready: Promise.resolve(),
    environment: { mobile: false, embedded: true, pos: false, intent: false },
    idToken: () => ask('idToken'),
    user: () => ask('user'),
    loading: (on = true) => tell('loading', on !== false),
    toast: taught('shopify.toast', { show, hide: (id) => tell('toastHide', { id }) }),
    saveBar: taught('shopify.saveBar', { ...elements('ui-save-bar'), leaveConfirmation: () => (shownBar ? ask('leave') : Promise.resolve()) }),
    modal: taught('shopify.modal', elements('ui-modal')),
    resourcePicker,
    scopes: taught('shopify.scopes', {
      query: () => ask('scopes.query'),
      request: (scopes) => ask('scopes.request', [...scopes]),
      revoke: (scopes) => ask('scopes.revoke', [...scopes]),
    }),
    app: taught('shopify.app', { extensions: () => ask('extensions') }),
    webVitals: taught('shopify.webVitals', { onReport: async (callback) => void (vitals.callback = callback) }),
    reviews: taught('shopify.reviews', { request: async () => ({ success: false, code: 'recently-installed', message: 'The app was installed recently' }) }),
  })

  const vitals = { callback: null, largest: 0, shift: 0 }
  try {
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (vitals.largest = entry.startTime))).observe({ type: 'largest-contentful-paint', buffered: true })
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => entry.hadRecentInput || (vitals.shift += entry.value))).observe({ type: 'layout-shift', buffered: true })
  } catch {
    // an older browser measures nothing
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void vitals.callback?.({ metrics: [{ id: 'lcp', name: 'LCP', value: vitals.largest }, { id: 'cls', name: 'CLS', value: vitals.shift }] })
  })
  // The app's bounce page: go back to where the person wanted to be, with a fresh token.
  const wanted = new URLSearchParams(location.search).get('shopify-reload')
  if (wanted) {
    const to = new URL(wanted, location.origin)
    if (to.origin === location.origin)
      void ask('idToken').then((token) => {
        for (const key of ['shop', 'host', 'locale']) if (config[key] && !to.searchParams.has(key)) to.searchParams.set(key, config[key])
        to.searchParams.set('embedded', '1')
        to.searchParams.set('id_token', token)
        location.replace(to)
      })
    return
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => moved('replace'))
  else moved('replace')

  // --- helpers -----------------------------------------------------------------------------------------------------
  /** From the address; later documents of the same window, which come without parameters, remember it. */
  function readConfig() {
    const given = new URLSearchParams(location.search)
    let kept = {}
    try {
      kept = JSON.parse(sessionStorage.getItem('app-bridge') ?? '{}')
    } catch {
      // storage may be blocked inside a frame
    }
    const made = { apiKey: document.querySelector('meta[name="shopify-api-key"]')?.content ?? '' }
    for (const key of ['shop', 'host', 'locale']) made[key] = given.get(key) ?? kept[key]
    try {
      if (made.shop) sessionStorage.setItem('app-bridge', JSON.stringify(made))
    } catch {
      // the same
    }
    return { locale: 'en', disabledFeatures: [], appOrigins: [], ...made }
  }
  function withoutParameters(search) {
    const query = new URLSearchParams(search)
    for (const key of ['shop', 'host', 'embedded', 'id_token', 'locale', 'session', 'timestamp', 'hmac', 'shopify-reload']) query.delete(key)
    return query.size ? `?${query}` : ''
  }
  function plain(state) {
    try {
      return structuredClone(state)
    } catch {
      return null
    }
  }
  function untaught(what) {
    throw new Error(`The stand-in for App Bridge was not taught ${what}`)
  }
  function taught(path, known) {
    const harmless = new Set(['then', 'toJSON', 'constructor', '$$typeof', 'nodeType'])
    return new Proxy(known, { get: (all, key) => (key in all || typeof key === 'symbol' || harmless.has(key) ? all[key] : untaught(`${path}.${key}`)) })
  }
  function modalStyle() {
    if (document.getElementById('app-bridge-style')) return
    const style = document.createElement('style')
    style.id = 'app-bridge-style'
    style.textContent = `
.app-bridge-modal { border: 0; padding: 0; border-radius: 16px; width: min(620px, calc(100vw - 32px)); max-height: calc(100dvh - 48px); color: #303030; background: #fff; box-shadow: 0 20px 60px rgb(0 0 0 / .3); font-family: inherit; font-size: 13px; line-height: 20px; overflow: hidden }
.app-bridge-modal[open] { display: flex; flex-direction: column }
.app-bridge-modal.small { width: min(380px, calc(100vw - 32px)) }
.app-bridge-modal.large { width: min(980px, calc(100vw - 32px)) }
.app-bridge-modal.max { width: calc(100vw - 16px); max-width: none; height: calc(100dvh - 16px); max-height: none }
.app-bridge-modal::backdrop { background: rgb(0 0 0 / .5) }
.app-bridge-modal > header { display: flex; align-items: center; padding: 14px 16px; background: #f3f3f3; border-bottom: 1px solid #e3e3e3 }
.app-bridge-modal > header h2 { flex: 1; margin: 0; font-size: 14px; line-height: 20px; font-weight: 650 }
.app-bridge-modal > header button { border: 0; background: none; font-size: 22px; line-height: 20px; width: 28px; height: 28px; border-radius: 8px; cursor: pointer; color: #4a4a4a }
.app-bridge-modal > header button:hover { background: #e3e3e3 }
.app-bridge-modal > .content { overflow: auto; flex: 1 }
.app-bridge-modal > footer { display: flex; justify-content: flex-end; flex-direction: row-reverse; gap: 8px; padding: 12px 16px; border-top: 1px solid #e3e3e3; justify-content: flex-start }
.app-bridge-modal > footer[hidden] { display: none }
.app-bridge-modal > footer button { font: inherit; font-size: 12px; line-height: 16px; font-weight: 550; padding: 7px 12px; border-radius: 8px; border: 0; background: #fff; box-shadow: 0 0 0 1px #d4d4d4, 0 1px 0 #b5b5b5; cursor: pointer }
.app-bridge-modal > footer button.primary { background: #303030; color: #fff; box-shadow: none }
.app-bridge-modal > footer button.critical { background: #c70a24; color: #fff; box-shadow: none }
.app-bridge-modal > footer button:disabled { opacity: .5; cursor: default }`
    document.head.append(style)
  }
})()
