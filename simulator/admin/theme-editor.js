// The theme editor: switches change nothing until they are saved.
const { save, saved } = JSON.parse(document.getElementById('data').textContent)
const button = document.querySelector('[data-save]')
const wanted = () => Object.fromEntries(['embed', 'block'].map((name) => [name, document.querySelector(`input[name=${name}]`)?.checked ?? saved[name]]))
const look = () => {
  const now = wanted()
  button.disabled = now.embed === saved.embed && now.block === saved.block
}
document.querySelector('aside').addEventListener('change', look)
async function publish() {
  button.disabled = true
  const now = wanted()
  const response = await fetch(save, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(now) })
  if (response.ok) {
    Object.assign(saved, now)
    const stage = document.querySelector('.stage iframe')
    stage.replaceWith(stage.cloneNode()) // a fresh copy shows the new theme
    const toast = document.createElement('div')
    toast.className = 'toast'
    toast.textContent = 'Theme saved'
    document.querySelector('.toasts').append(toast)
    setTimeout(() => toast.remove(), 3000)
  }
  look()
}
button.addEventListener('click', () => void publish())
look()
export {}
