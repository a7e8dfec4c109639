// Sends sign-up forms and says what came of it; takes over the inline forms of the page. No library, no cookies.
// Texts of the merchant reach the page through textContent only: nothing in a setting can become markup or script.
(function () {
  'use strict'
  if (window.homing) return
  const doc = document

  function el(tag, attributes, text) {
    const node = doc.createElement(tag)
    for (const name in attributes) node.setAttribute(name, attributes[name])
    if (text) node.textContent = text
    return node
  }

  // The path is a setting of the theme: only a path of this very shop will do.
  function proxyOf(node) {
    const path = (node.dataset.proxy || '').replace(/\/+$/, '')
    return /^\/[\w-]+\/[\w-]+$/.test(path) ? path : '/apps/homing'
  }

  function paint(node, look) {
    for (const name in { background: 1, text: 1, accent: 1, accentText: 1 }) {
      if (/^#[0-9a-f]{6}$/i.test(look[name])) node.style.setProperty('--homing-' + name.replace('T', '-t'), look[name])
    }
    if (look.radius >= 0) node.style.setProperty('--homing-radius', Number(look.radius) + 'px')
  }

  function errorOf(input) {
    const id = input.id + '-error'
    let place = doc.getElementById(id)
    if (!place) {
      place = el('p', { class: 'homing-error', id: id })
      input.parentNode.appendChild(place)
    }
    return place
  }
  function fault(input, words) {
    const place = errorOf(input)
    place.textContent = words
    const others = (input.getAttribute('aria-describedby') || '').split(' ').filter(function (id) {
      return id && id !== place.id
    })
    if (words) others.unshift(place.id)
    if (others.length) input.setAttribute('aria-describedby', others.join(' '))
    else input.removeAttribute('aria-describedby')
    if (words) input.setAttribute('aria-invalid', 'true')
    else input.removeAttribute('aria-invalid')
  }

  // Sends the form once, whatever is pressed how often, and says beside the field what is wrong with it.
  // `state` carries id, version, language and the moment when the form was shown; `done` gets the words of success.
  function wire(form, words, state, done) {
    let busy = false
    const status = form.querySelector('.homing-status')
    form.noValidate = true
    form.addEventListener('submit', function (event) {
      event.preventDefault()
      if (busy) return
      const fields = form.elements
      const button = form.querySelector('[type=submit]')
      let faulty = null
      status.textContent = ''
      ;['email', 'firstName'].forEach(function (name) {
        if (fields[name]) fault(fields[name], '')
      })
      if (!fields.email.value.trim() || !fields.email.checkValidity()) {
        fault(fields.email, words.badEmail)
        fields.email.focus()
        return
      }
      busy = true
      button.setAttribute('aria-disabled', 'true')
      form.setAttribute('aria-busy', 'true')
      void fetch(proxyOf(words.node) + '/signup', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          formId: state.id,
          version: state.version,
          email: fields.email.value.trim(),
          firstName: (fields.firstName && fields.firstName.value.trim()) || undefined,
          tracking: !!(fields.tracking && fields.tracking.checked),
          language: state.language,
          page: location.origin + location.pathname,
          wording: state.wording,
          gpc: !!navigator.globalPrivacyControl,
          website: fields.website.value,
          elapsed: Date.now() - state.since,
        }),
      })
        .then(function (answer) {
          return answer.json()
        })
        .then(function (reply) {
          if (reply.ok) return done(reply.message)
          const told = reply.error || reply
          for (const name in told.fields || {}) {
            if (fields[name] && fields[name].type !== 'hidden' && name !== 'website') {
              fault(fields[name], told.fields[name])
              faulty = faulty || fields[name]
            }
          }
          if (faulty) faulty.focus()
          else status.textContent = told.message || words.failed
        })
        .catch(function () {
          status.textContent = words.failed
        })
        .then(function () {
          busy = false
          button.removeAttribute('aria-disabled')
          form.removeAttribute('aria-busy')
        })
    })
  }

  function tick(text) {
    const label = el('label', { class: 'homing-tick' })
    label.appendChild(el('input', { type: 'checkbox', name: 'tracking' }))
    label.appendChild(el('span', {}, text))
    return label
  }
  // A browser that says "do not track me" to everybody is not asked once more, and its owner reads that it was heard.
  function tracking(texts, heard) {
    if (navigator.globalPrivacyControl) return el('p', { class: 'homing-gpc' }, heard)
    return texts.tracking ? tick(texts.tracking) : ''
  }

  function inline(form) {
    const state = { id: 'inline', version: 0, language: form.dataset.locale, since: Date.now() }
    let texts = null
    const status = el('p', { class: 'homing-status', role: 'status' })
    form.appendChild(status)
    function part(name) {
      return form.querySelector('[data-homing=' + name + ']')
    }
    state.wording = part('consent').textContent.trim()
    wire(form, { node: form, badEmail: form.dataset.badEmail, failed: form.dataset.failed }, state, function (message) {
      ;[].slice.call(form.children).forEach(function (child) {
        if (child !== status && child.dataset.homing !== 'heading') child.hidden = true
      })
      status.tabIndex = -1
      status.textContent = message || (texts && texts.success)
      status.focus({ preventScroll: true })
      rest(365)
    })
    fetch(proxyOf(form) + '/form?kind=inline&locale=' + encodeURIComponent(form.dataset.locale), { headers: { accept: 'application/json' } })
      .then(function (answer) {
        return answer.ok ? answer.json() : {}
      })
      .then(function (answer) {
        const told = answer.form
        if (told === null) form.parentNode.hidden = true // switched off by the shop
        if (!told) return
        texts = told.texts
        paint(form.parentNode, told.look)
        ;['heading', 'body', 'emailLabel', 'nameLabel', 'button', 'consent'].forEach(function (name) {
          const place = part(name)
          if (place) place.textContent = texts[name]
        })
        if (part('name-field') && !told.askName) part('name-field').remove()
        part('consent').after(tracking(texts, form.dataset.gpc))
        form.lang = told.language
        state.id = told.id
        state.version = told.version
        state.language = told.language
        state.wording = texts.consent
      })
      .catch(function () {}) // the form goes on with the words of the theme
  }
  // The published words go in while the form is still below the fold, so that nothing moves under a reader's eyes.
  function whenNear(form) {
    if (!window.IntersectionObserver) return inline(form)
    const watch = new IntersectionObserver(
      function (seen) {
        if (!seen[0].isIntersecting) return
        watch.disconnect()
        inline(form)
      },
      { rootMargin: '800px' },
    )
    watch.observe(form)
  }

  function rest(days) {
    doc.dispatchEvent(new CustomEvent('homing:rest', { detail: days }))
  }

  window.homing = { el: el, wire: wire, paint: paint, tracking: tracking, rest: rest }
  function start() {
    doc.querySelectorAll('[data-homing-form]').forEach(whenNear)
  }
  if (doc.readyState === 'loading') doc.addEventListener('DOMContentLoaded', start)
  else start()
})()
