// Stands for the platform's Customer Privacy API: same names, kept in a cookie of the store.
(function () {
  const shop = window.Shopify
  const name = shop.consentCookie
  const none = { preferences: !shop.asksFirst, analytics: !shop.asksFirst, marketing: !shop.asksFirst, chosen: false }
  function read() {
    const found = document.cookie.split('; ').find(function (part) { return part.indexOf(name + '=') === 0 })
    if (navigator.globalPrivacyControl && !found) return { preferences: none.preferences, analytics: false, marketing: false, chosen: false }
    try {
      return found ? JSON.parse(decodeURIComponent(found.slice(name.length + 1))) : none
    } catch {
      return none
    }
  }
  const api = {
    preferencesProcessingAllowed: function () { return read().preferences },
    analyticsProcessingAllowed: function () { return read().analytics },
    marketingAllowed: function () { return read().marketing },
    saleOfDataAllowed: function () { return read().marketing && !navigator.globalPrivacyControl },
    shouldShowBanner: function () { return shop.asksFirst && !read().chosen },
    setTrackingConsent: function (choice, done) {
      const next = { preferences: !!choice.preferences, analytics: !!choice.analytics, marketing: !!choice.marketing, chosen: true }
      document.cookie = name + '=' + encodeURIComponent(JSON.stringify(next)) + '; path=/; max-age=31536000; samesite=lax'
      document.dispatchEvent(new CustomEvent('visitorConsentCollected', {
        detail: { preferencesAllowed: next.preferences, analyticsAllowed: next.analytics, marketingAllowed: next.marketing, saleOfDataAllowed: next.marketing },
      }))
      if (done) done()
    },
  }
  // The real one arrives only when it is asked for.
  shop.loadFeatures = function (features, done) {
    setTimeout(function () {
      const known = features.every(function (feature) { return feature.name === 'consent-tracking-api' })
      if (known) shop.customerPrivacy = api
      done(known ? undefined : new Error('unknown feature'))
    }, 0)
  }
  document.addEventListener('DOMContentLoaded', function () {
    const box = document.querySelector('[data-privacy]')
    if (!box) return
    const form = box.querySelector('form')
    const now = read()
    ;['preferences', 'analytics', 'marketing'].forEach(function (key) { form.elements[key].checked = now[key] })
    form.addEventListener('submit', function (event) {
      event.preventDefault()
      api.setTrackingConsent({ preferences: form.elements.preferences.checked, analytics: form.elements.analytics.checked, marketing: form.elements.marketing.checked }, function () {
        const status = form.querySelector('[role=status]')
        status.textContent = status.dataset.saved
      })
    })
  })
})()
