import { domainOf, recordsOf } from '../mail/name-servers.ts'
import type { World } from '../types.ts'
import { shell } from './home.ts'
import { escape } from './html.ts'

/** The pretend DNS host, where the owners keep their domains: what is set, a form for more, and a button that copies what Homing asks for. */
export function dnsPage(world: World, wanted: string | null): string {
  const stores = [...world.stores.values()]
  const store = stores.find((one) => one.domain === wanted) ?? stores[0]
  if (!store) return shell('DNS', '<p class="none">There is no store.</p>', null)
  const domain = domainOf(store)
  const side = stores.map((one) => `<a href="/dns?store=${encodeURIComponent(one.domain)}"${one === store ? ' aria-current="page"' : ''}><span>${escape(domainOf(one))}</span></a>`)
  const rows = recordsOf(world, domain).map(({ type, name, value }) => `<tr><th scope="row">${escape(type)}</th><td>${escape(name)}</td><td><code>${escape(value)}</code></td><td>${type === 'NS' ? '' : `<button data-remove data-type="${escape(type)}" data-name="${escape(name)}" data-value="${escape(value)}" aria-label="Remove ${escape(`${type} ${name}`)}">Remove</button>`}</td></tr>`)
  const body = `<a class="back" href="/">‹ The three doors</a>
<header class="head"><div><h1>${escape(domain)}</h1><p>What the owner of ${escape(store.name)} has set with the pretend DNS host “Namehaven”.</p></div></header>
<div class="post">
  <nav class="people" aria-label="Domains">${side.join('')}</nav>
  <main>
    <section class="card"><h2>What Homing asks for</h2><p>${store.installed ? 'Copies every record that the page “Sending domain” in the app shows, as the owner would by hand.' : 'The app must be installed first: open the back office.'}</p>
      <div class="buttons"><button class="primary" data-ask="${escape(store.domain)}"${store.installed ? '' : ' disabled'}>Set these records</button></div></section>
    <article class="sheet zone" tabindex="0" role="region" aria-label="Records"><table><thead><tr><th scope="col">Type</th><th scope="col">Name</th><th scope="col">Value</th><th scope="col"><span class="unseen">Remove</span></th></tr></thead><tbody>${rows.join('')}</tbody></table></article>
    <section class="card set"><h2>Set a record</h2><form data-set>
      <select name="type" aria-label="Type"><option>CNAME</option><option>TXT</option><option>MX</option></select>
      <input name="name" required aria-label="Name" placeholder="name, without .${escape(domain)}" data-domain="${escape(domain)}">
      <input name="value" required aria-label="Value" placeholder="value"><button>Set</button></form></section>
  </main>
</div>
<p class="toast" role="status" hidden></p>`
  return shell(`DNS of ${domain}`, body, '/_/dns.js')
}
