// The pretend DNS host: sets and removes records, and shows the page anew.
const say = (text) => {
  const toast = document.querySelector('.toast')
  toast.textContent = text
  toast.hidden = false
}
async function post(path, body) {
  const response = await fetch(`/__sim/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (response.ok) location.reload()
  else say((await response.json().catch(() => null))?.error ?? `The simulator answered ${response.status}.`)
}
document.querySelector('[data-ask]').addEventListener('click', (event) => {
  event.target.disabled = true
  void post('dns/asked', { domain: event.target.dataset.ask }).finally(() => (event.target.disabled = false))
})
for (const button of document.querySelectorAll('[data-remove]')) button.addEventListener('click', () => void post('dns/remove', { type: button.dataset.type, name: button.dataset.name, value: button.dataset.value }))
document.querySelector('[data-set]').addEventListener('submit', (event) => {
  event.preventDefault()
  const { type, name, value } = event.target.elements
  const { domain } = name.dataset
  // As many hosts do: the domain is added by itself, even where somebody has written it already.
  void post('dns/set', { type: type.value, name: name.value === '@' ? domain : `${name.value}.${domain}`, value: value.value })
})
