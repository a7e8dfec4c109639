import { tidyName } from './names.ts'

/** Known by the names of their name servers. */
const hosts: { name: string; ends: string[]; hint: string }[] = [
  { name: 'Cloudflare', ends: ['ns.cloudflare.com'], hint: 'Under DNS › Records. Switch “Proxy status” off (DNS only) for each of them: with the orange cloud they do not work.' },
  { name: 'Shopify', ends: ['googledomains.com'], hint: 'If you bought the domain from Shopify: Settings › Domains › your domain › DNS settings › Add a custom record.' },
  { name: 'GoDaddy', ends: ['domaincontrol.com'], hint: 'Under Domain portfolio › DNS. Enter the short name: GoDaddy adds your domain.' },
  { name: 'Namecheap', ends: ['registrar-servers.com'], hint: 'Under Domain list › Manage › Advanced DNS. Enter the short name as “Host”.' },
  { name: 'IONOS', ends: ['ui-dns.com', 'ui-dns.de', 'ui-dns.org', 'ui-dns.biz'], hint: 'Under Domains & SSL › DNS. Enter the short name as “Host name”.' },
  { name: 'Squarespace', ends: ['squarespacedns.com'], hint: 'Under Domains › DNS › Custom records. Enter the short name as “Host”.' },
  { name: 'Wix', ends: ['wixdns.net'], hint: 'Under Domains › Manage DNS records. Enter the short name as “Host name”.' },
  { name: 'OVH', ends: ['ovh.net', 'anycast.me'], hint: 'Under Domain names › DNS zone. Enter the short name as “Sub-domain”.' },
  { name: 'Gandi', ends: ['gandi.net'], hint: 'Under Domain › DNS records. Enter the short name.' },
  { name: 'Amazon Route 53', ends: ['awsdns.com', 'awsdns.net', 'awsdns.org', 'awsdns.co.uk'], hint: 'Under Hosted zones. Enter the short name as “Record name”.' },
  { name: 'Hetzner', ends: ['hetzner.com', 'hetzner.de', 'second-ns.de', 'your-server.de'], hint: 'In the DNS console. Enter the short name.' },
  { name: 'Strato', ends: ['rzone.de'], hint: 'Under Domains › DNS. A CNAME needs its subdomain to be made first.' },
]

/** Who keeps a zone, judged by its name servers; null when we do not know them. */
export function hostOf(nameServers: string[]): string | null {
  const known = hosts.find(({ ends }) => nameServers.some((one) => ends.some((end) => fits(tidyName(one), end))))
  return known?.name ?? null
}

/** Where in the host's pages the records go, in one line. */
export const hintFor = (host: string): string | null => hosts.find(({ name }) => name === host)?.hint ?? null

// Route 53 numbers its servers: ns-12.awsdns-34.com
const fits = (server: string, end: string): boolean => (end.startsWith('awsdns.') ? /\.awsdns-\d+\./.test(server) && server.endsWith(end.slice('awsdns'.length)) : server === end || server.endsWith(`.${end}`))
