import { escape } from './html.ts'
import { officeDoor, postDoor, shopDoor } from './drawings.ts'
import { nameOf } from '../admin/tokens.ts'
import type { World } from '../types.ts'

export const shell = (title: string, body: string, script: string | null): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/_/fonts.css">
<link rel="stylesheet" href="/_/doors.css">
<link rel="icon" href="/_/icon.svg">
${script ? `<script type="module" src="${script}"></script>` : ''}
</head>
<body>${body}</body>
</html>`

/** The one page with three doors, the clock and everything that just happened. */
export function homePage(world: World, shoppers: boolean): string {
  const stores = [...world.stores.values()]
  const offices = stores.map((store) => `<li><a href="${escape(world.urls.admin)}/store/${nameOf(store)}"><b>${escape(store.name)}</b><span data-installed="${escape(store.domain)}">${store.installed ? 'Homing is installed' : 'not installed yet'}</span></a></li>`)
  const shops = stores.map((store) => `<li><a href="${escape(world.urls.storefront(store.domain))}/"><b>${escape(store.name)}</b><span>${escape(store.tagline || store.domain)}</span></a></li>`)
  const door = (drawing: string, title: string, href: string, text: string, list: string): string =>
    `<article class="door"><a class="way" href="${escape(href)}" aria-hidden="true" tabindex="-1">${drawing}</a><div class="words"><h2>${title}</h2><p>${text}</p><ul>${list}</ul></div></article>`
  const first = stores[0]
  const body = `
<header class="head">
  <div><h1>Homing, on a pretend Shopify</h1><p>The app is the real one. Shopify, the shoppers and the mail provider are made up, on this machine only.</p></div>
  <div class="clock" aria-live="off"><span>It is now</span><time data-clock></time></div>
</header>
<section class="doors" aria-label="Three doors">
  ${door(officeDoor, 'The back office', first ? `${world.urls.admin}/store/${nameOf(first)}` : '#', 'Where the owner works: Shopify’s admin, with Homing inside.', offices.join(''))}
  ${door(shopDoor, 'The shop', first ? `${world.urls.storefront(first.domain)}/` : '#', 'Where shoppers look around, sign up and buy.', shops.join(''))}
  ${door(postDoor, 'The inboxes', '/inbox', 'Every mail as its reader finds it: open, click, unsubscribe.', '<li><a href="/inbox"><b>All inboxes</b><span data-mails></span></a></li>')}
</section>
<div class="below">
  <section class="wire" aria-label="What just happened">
    <div class="bar"><h2>What just happened</h2><div class="kinds" role="group" aria-label="Show">${[['api', 'API'], ['webhook', 'Webhooks'], ['mail', 'Mail'], ['proxy', 'App proxy'], ['token', 'Tokens'], ['shopper', 'People']].map(([kind, label]) => `<label><input type="checkbox" value="${kind}" checked>${label}</label>`).join('')}</div></div>
    <ol data-wire></ol>
    <p class="none" data-none>Nothing yet. Open a door.</p>
  </section>
  <aside>
    <section class="card"><h2>Time</h2><p>Jumping brings everything that falls due on the way: scheduled mails, retries, new tokens.</p>
      <div class="buttons"><button data-jump="3600000">+1 hour</button><button data-jump="86400000">+1 day</button><button data-jump="604800000">+1 week</button></div></section>
    ${shoppers ? `<section class="card"><h2>Shoppers</h2><label class="line"><input type="checkbox" role="switch" data-shoppers><span>Shoppers come by themselves</span></label><p>They look around, sign up, open mails and buy.</p></section>` : ''}
    <section class="card"><h2>DNS</h2><p>Where the owners keep their domains. <a href="/dns">Look at the records and set what Homing asks for</a>.</p></section>
    <section class="card"><h2>Trouble</h2><p>How the pretend partners misbehave, if you ask them to.</p>
      <h3>Webhooks</h3>
      <label class="line"><input type="checkbox" role="switch" data-fault="webhooks.duplicate"><span>Deliver everything twice</span></label>
      <label class="line"><input type="checkbox" role="switch" data-fault="webhooks.reorder"><span>Deliver out of order</span></label>
      <div class="buttons"><button data-fault-add="webhooks.dropNext">Lose the next one</button></div>
      <h3>Admin API</h3>
      <div class="buttons"><button data-fault-add="api.throttleNext">Throttle the next 3</button><button data-fault-add="api.errorNext">Fail the next</button><button data-fault-add="bulk.failNext">Fail the next bulk read</button></div>
      <label class="line"><input type="checkbox" role="switch" data-fault="api.slowMs" data-on="3000"><span>Answer after 3 seconds</span></label>
      <h3>Name servers</h3>
      <label class="line"><input type="checkbox" role="switch" data-fault="dns.silent"><span>Do not answer</span></label>
      <h3>Mail provider</h3>
      <div class="buttons"><button data-fault-add="mail.tooManyNext">429 to the next 3</button><button data-fault-add="mail.errorNext">503 to the next</button><button data-fault-add="mail.hangNext">Hang at the next</button><button data-fault-add="mail.loseAnswerNext">Lose the next answer</button></div>
      <label class="line"><input type="checkbox" role="switch" data-fault="mail.duplicateEvents"><span>Tell every event twice</span></label>
      <p class="waiting" data-waiting></p>
    </section>
  </aside>
</div>
<p class="toast" role="status" hidden></p>`
  return shell('Homing, on a pretend Shopify', body, '/_/home.js')
}
