// Decides whether and when the pop-up shows; all the rest is fetched only then. Sets no cookie and keeps nothing that the visitor did not allow.
(function () {
  'use strict'
  if (window.homingPopup) return
  window.homingPopup = 1

  const doc = document
  const REST = 'homing:rest'
  const DAY = 864e5

  // The path is a setting of the theme: only a path of this very shop will do.
  function proxyOf(node) {
    const path = (node.dataset.proxy || '').replace(/\/+$/, '')
    return /^\/[\w-]+\/[\w-]+$/.test(path) ? path : '/apps/homing'
  }

  // What may be remembered is the visitor's choice, where the shop asks for it.
  function mayRemember(then) {
    const shop = window.Shopify
    function ask() {
      const privacy = shop && shop.customerPrivacy
      then(!privacy || !privacy.preferencesProcessingAllowed || !!privacy.preferencesProcessingAllowed())
    }
    if (!shop || !shop.loadFeatures || shop.customerPrivacy) return ask()
    shop.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], function (fault) {
      if (fault) then(false)
      else ask()
    })
  }
  function rest(days) {
    mayRemember(function (yes) {
      try {
        if (yes) localStorage.setItem(REST, String(Date.now() + days * DAY))
        else localStorage.removeItem(REST)
      } catch {}
    })
  }
  function resting() {
    try {
      return Number(localStorage.getItem(REST)) > Date.now()
    } catch {
      return false
    }
  }

  // The card and its style come only when they are needed; all of it is there before anything is drawn.
  function dress(node) {
    const sheet = doc.createElement('link')
    return Promise.all([
      import(node.dataset.dialog),
      window.homing || import(node.dataset.form),
      new Promise(function (done, fail) {
        sheet.onload = done
        sheet.onerror = fail
        sheet.rel = 'stylesheet'
        sheet.href = node.dataset.css
        doc.head.appendChild(sheet)
      }),
    ])
  }

  function popup(node) {
    const editor = node.dataset.editor
    if (editor === 'false') return
    const now = editor || location.hash === '#homing-popup'
    mayRemember(function (yes) {
      // Nothing may be remembered: then the form shows on the first page of a visit only, so that a "no" holds without a memory.
      if (!now && (yes ? resting() : doc.referrer.indexOf(location.origin + '/') === 0)) return
      fetch(proxyOf(node) + '/form?kind=popup&locale=' + encodeURIComponent(node.dataset.locale), { headers: { accept: 'application/json' } })
        .then(function (answer) {
          return answer.ok ? answer.json() : {}
        })
        .then(function (answer) {
          const form = answer.form
          if (!form) return
          return dress(node).then(function (parts) {
            setTimeout(function show() {
              // Nobody is interrupted while typing, in another dialog or in another tab.
              const at = doc.activeElement
              const typing = at && (at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName))
              if (typing || doc.hidden || doc.querySelector('dialog[open]')) return setTimeout(show, 2000)
              parts[0].open(node, form, window.homing)
            }, now ? 0 : form.afterSeconds * 1000)
          })
        })
        .catch(function () {}) // no form is better than a broken page
    })
  }

  // Said by either form: after a "no" or a sign-up the pop-up rests for so many days.
  doc.addEventListener('homing:rest', function (event) {
    rest(event.detail)
  })
  function start() {
    const node = doc.querySelector('[data-homing-popup]')
    if (!node || !window.HTMLDialogElement) return
    if (doc.readyState === 'complete') popup(node)
    else addEventListener('load', function () { popup(node) })
  }
  if (doc.readyState === 'loading') doc.addEventListener('DOMContentLoaded', start)
  else start()
})()
