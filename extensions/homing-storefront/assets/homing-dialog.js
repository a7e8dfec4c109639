// The pop-up's card, fetched by homing-popup.js when it is about to show. Texts of the merchant reach it through textContent only.

function field(el, id, name, type, text, more) {
  const box = el('div', { class: 'homing-field' })
  box.appendChild(el('label', { for: id }, text))
  box.appendChild(el('input', Object.assign({ id: id, name: name, type: type }, more)))
  return box
}

// `tools` are the verbs of homing-form.js; the dialog is the browser's own, so that Escape and the layers are its own too.
export function open(node, form, tools) {
  const el = tools.el
  const doc = document
  const texts = form.texts
  const dialog = el('dialog', { class: 'homing-dialog', 'aria-labelledby': 'homing-popup-heading', lang: form.language })
  const close = el('button', { type: 'button', class: 'homing-close', 'aria-label': node.dataset.close })
  const body = el('form', { class: 'homing-form', method: 'dialog' })
  const heading = el('h2', { class: 'homing-heading', id: 'homing-popup-heading', tabindex: '-1' }, texts.heading)
  const actions = el('div', { class: 'homing-actions' })
  const fields = el('div')
  const status = el('p', { class: 'homing-status', role: 'status' })
  const trap = el('div', { class: 'homing-trap', 'aria-hidden': 'true', style: 'position:absolute;left:-9999px' })
  trap.appendChild(el('input', { name: 'website', type: 'text', tabindex: '-1', autocomplete: 'off' }))
  if (form.askName) fields.appendChild(field(el, 'homing-popup-name', 'firstName', 'text', texts.nameLabel, { maxlength: 100, autocomplete: 'given-name' }))
  fields.appendChild(
    field(el, 'homing-popup-email', 'email', 'email', texts.emailLabel, {
      required: '', maxlength: 254, autocomplete: 'email', autocapitalize: 'off', spellcheck: 'false', 'aria-describedby': 'homing-popup-consent',
    }),
  )
  fields.appendChild(el('p', { class: 'homing-consent', id: 'homing-popup-consent' }, texts.consent))
  fields.append(tools.tracking(texts, node.dataset.gpc))
  fields.appendChild(trap)
  const no = el('button', { type: 'button', class: 'homing-button homing-button--no' }, texts.decline)
  actions.appendChild(el('button', { type: 'submit', class: 'homing-button' }, texts.button))
  actions.appendChild(no)
  const words = el('p', { class: 'homing-body' }, texts.body)
  ;[heading, words, fields, status, actions].forEach(function (part) {
    body.appendChild(part)
  })
  dialog.appendChild(body)
  dialog.appendChild(close) // last in the order of keys, first in the corner
  tools.paint(dialog, form.look)

  const back = doc.activeElement
  let days = form.restDays
  let outside = false
  function isOutside(event) {
    const box = dialog.getBoundingClientRect()
    return event.target === dialog && (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom)
  }
  function shut() {
    dialog.close()
  }
  no.addEventListener('click', shut)
  close.addEventListener('click', shut)
  // Press and release must both be outside: a selection dragged out of the field does not close the form.
  dialog.addEventListener('pointerdown', function (event) {
    outside = isOutside(event)
  })
  dialog.addEventListener('click', function (event) {
    if (outside && isOutside(event)) shut()
  })
  dialog.addEventListener('keydown', function (event) {
    if (event.key !== 'Tab') return
    const stops = [].filter.call(dialog.querySelectorAll('input,button'), function (stop) {
      return stop.tabIndex >= 0 && stop.offsetParent !== null
    })
    const edge = stops[event.shiftKey ? 0 : stops.length - 1]
    if (doc.activeElement === edge || (event.shiftKey && doc.activeElement === heading)) {
      event.preventDefault()
      stops[event.shiftKey ? stops.length - 1 : 0].focus()
    }
  })
  dialog.addEventListener('close', function () {
    tools.rest(days)
    dialog.remove()
    if (back && back.focus) back.focus({ preventScroll: true })
  })
  tools.wire(
    body,
    { node: node, badEmail: node.dataset.badEmail, failed: node.dataset.failed },
    { id: form.id, version: form.version, language: form.language, wording: texts.consent, since: Date.now() },
    function (message) {
      days = 365
      fields.remove()
      words.remove()
      actions.firstChild.remove()
      no.textContent = node.dataset.close
      status.textContent = message || texts.success
      no.focus()
    },
  )
  doc.body.appendChild(dialog)
  dialog.showModal()
  heading.focus({ preventScroll: true })
}
