// One mail: somebody reads it, presses its links or leaves.
import '/_/times.js'

const aside = document.querySelector('[data-mail]')
const say = (text) => {
  const toast = document.querySelector('.toast')
  toast.textContent = text
  toast.hidden = false
}
const done = { human: 'A person opened it.', gmail: 'A person opened it in Gmail.', proxy: 'Apple’s proxy fetched its pictures.', scanner: 'A scanner asked for every picture and link.', 'one-click': 'Unsubscribed with one click.', page: 'Unsubscribed on the page.', spam: 'Reported as spam.' }

for (const button of document.querySelectorAll('[data-act]')) button.addEventListener('click', () => void act(button))

async function act(button) {
  const what = button.dataset.act
  button.disabled = true
  const [path, body] = what === 'click' ? ['click', { n: Number(button.dataset.n) }] : what === 'one-click' || what === 'page' ? ['unsubscribe', { how: what }] : what === 'spam' ? ['spam', {}] : ['open', { as: what }]
  const response = await fetch(`/__sim/mails/${aside.dataset.mail}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await response.json()
  button.disabled = false
  say(response.ok ? (what === 'click' ? `It leads to ${answer.url}` : done[what]) : answer.error)
  if (response.ok) setTimeout(() => location.reload(), 1600)
}
