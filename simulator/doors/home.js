// The page with three doors: looks once a second what is new, and passes on what is pressed.
const $ = (selector) => document.querySelector(selector)
const post = async (path, body) => {
  const response = await fetch(`/__sim/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) say((await response.json().catch(() => null))?.error ?? `The simulator answered ${response.status}.`)
  return response.ok
}
const words = { api: 'API', webhook: 'Webhook', mail: 'Mail', proxy: 'App proxy', token: 'Token', shopper: 'People', clock: 'Clock' }
let last = 0
let ahead = 0

function row(entry) {
  const item = document.createElement('li')
  item.dataset.kind = entry.kind
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  const part = (name, text, title) => {
    const span = document.createElement('span')
    span.className = name
    span.textContent = text
    if (title) span.title = title
    return span
  }
  const bad = entry.status !== null && entry.status >= 400
  summary.append(part('at', clockOf(new Date(entry.at), true)), part(`kind ${entry.kind}`, words[entry.kind] ?? entry.kind), part('what', entry.title), part('shop', entry.shop ? entry.shop.replace('.myshopify.com', '') : ''),
    part(bad ? 'status bad' : 'status', entry.status === null ? '' : String(entry.status), 'HTTP status'), part('ms', entry.ms === null ? '' : `${entry.ms} ms`))
  details.append(summary)
  if (entry.detail) {
    const pre = document.createElement('pre')
    pre.textContent = entry.detail
    details.append(pre)
  } else details.classList.add('bare')
  item.append(details)
  return item
}

const clockOf = (at, short) => at.toLocaleString('en-GB', short ? { hour: '2-digit', minute: '2-digit', second: '2-digit' } : { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' })

async function look() {
  try {
    const state = await (await fetch(`/__sim/state?after=${last}`)).json()
    ahead = new Date(state.now) - Date.now()
    const list = $('[data-wire]')
    for (const entry of state.wire) list.prepend(row(entry))
    while (list.children.length > 300) list.lastChild.remove()
    last = state.wire.at(-1)?.n ?? last
    $('[data-none]').hidden = list.children.length > 0
    $('[data-mails]').textContent = `${state.mails.toLocaleString('en')} ${state.mails === 1 ? 'mail' : 'mails'}`
    for (const store of state.stores) {
      const mark = document.querySelector(`[data-installed="${store.domain}"]`)
      if (mark) mark.textContent = store.installed ? 'Homing is installed' : 'not installed yet'
    }
    for (const box of document.querySelectorAll('[data-fault]')) box.checked = Boolean(valueOf(state.faults, box.dataset.fault))
    for (const button of document.querySelectorAll('[data-fault-add]')) button.toggleAttribute('data-armed', valueOf(state.faults, button.dataset.faultAdd) > 0)
    const waiting = [state.waiting.webhooks && `${state.waiting.webhooks} webhooks`, state.waiting.events && `${state.waiting.events} batches of mail events`].filter(Boolean)
    $('[data-waiting]').textContent = waiting.length ? `${waiting.join(' and ')} wait for their next try.` : ''
    const switchBox = $('[data-shoppers]')
    if (switchBox) switchBox.checked = state.shoppers
    document.body.classList.remove('gone')
  } catch {
    document.body.classList.add('gone')
  }
}
const valueOf = (all, path) => path.split('.').reduce((at, key) => at?.[key], all)
const tick = () => ($('[data-clock]').textContent = clockOf(new Date(Date.now() + ahead)))

let hide
function say(text) {
  const toast = $('.toast')
  toast.textContent = text
  toast.hidden = false
  clearTimeout(hide)
  hide = setTimeout(() => (toast.hidden = true), 4000)
}

async function jump(button) {
  button.disabled = true
  if (await post('jump', { ms: Number(button.dataset.jump) })) say(`${button.textContent.replace('+', '')} later.`)
  button.disabled = false
  await look()
  tick()
}
async function arm(button) {
  const times = Number(/\d+$/.exec(button.textContent)?.[0] ?? 1)
  if (await post('faults', { [button.dataset.faultAdd]: times })) say(`Armed: ${button.textContent.toLowerCase()}.`)
  await look()
}
for (const button of document.querySelectorAll('[data-jump]')) button.addEventListener('click', () => void jump(button))
for (const box of document.querySelectorAll('[data-fault]')) box.addEventListener('change', () => void post('faults', { [box.dataset.fault]: box.dataset.on ? (box.checked ? Number(box.dataset.on) : 0) : box.checked }))
for (const button of document.querySelectorAll('[data-fault-add]')) button.addEventListener('click', () => void arm(button))
$('[data-shoppers]')?.addEventListener('change', (event) => void post('shoppers', { on: event.target.checked }))
$('.kinds').addEventListener('change', () => {
  const off = [...document.querySelectorAll('.kinds input:not(:checked)')].map((box) => box.value)
  $('[data-wire]').dataset.off = off.join(' ')
})

await look()
tick()
setInterval(() => document.visibilityState === 'visible' && look(), 1000)
setInterval(tick, 1000)
