import { domainToASCII } from 'node:url'
import { parse } from 'tldts'

/** The domain of an address as the DNS knows it (lower case, ASCII), or null when there is none. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@')
  if (at < 1) return null
  const name = tidyName(address.slice(at + 1))
  const ascii = domainToASCII(name)
  return ascii.length > 0 && ascii.length <= 253 && isName(ascii) ? ascii : null
}

/**
 * The domain that somebody registered: fern.co.uk of mail.fern.co.uk. It is the "organisational domain" of DMARC (RFC 7489 3.2),
 * read from the public suffix list, and counts where a company gives names to its customers (fern.myshopify.com) too.
 * Null when the name itself is such a suffix.
 */
export const organisational = (name: string): string | null => parse(name, { allowPrivateDomains: true }).domain

/** Relaxed: the same registered domain. Strict: the same name. RFC 7489 3.1. */
export function aligned(from: string, other: string, how: 'r' | 's'): boolean {
  if (tidyName(from) === tidyName(other)) return true
  const registered = organisational(from)
  return how === 'r' && registered !== null && registered === organisational(other)
}

/** A name as it is compared: lower case, no dot at the end. */
export const tidyName = (name: string): string => name.trim().toLowerCase().replace(/\.$/, '')

const isName = (name: string): boolean => name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/.test(label)) && name.includes('.') && !/^[\d.]+$/.test(name)

/** What goes into the name field of most DNS hosts, which add the domain by themselves; '@' is the domain itself. */
export function shortName(name: string, domain: string): string {
  const zone = organisational(domain) ?? domain
  if (name === zone) return '@'
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name
}

/**
 * Why mail cannot leave in the name of this address, in words, or null when its domain can be set up. Mailbox companies tell the
 * world to refuse newsletters in their name (DMARC p=reject or quarantine), and their DNS is nobody's to set.
 */
export function obstacleOf(address: string): string | null {
  if (address.trim() === '') return 'Say in the settings which address your mail comes from. Its domain is the one to set up.'
  const domain = domainOf(address)
  if (!domain) return `“${address}” is not an address of a domain on the internet. Change it in the settings.`
  const registered = organisational(domain)
  if (mailboxCompanies.has(domain) || (registered !== null && mailboxCompanies.has(registered)))
    return `${address} is an address of a mailbox company. Only ${domain} itself may send in its name: newsletters from such addresses are refused or land in spam. Use an address of your own domain, the one of your shop for example; replies may still go to ${address}.`
  if (/(^|\.)myshopify\.com$/.test(domain)) return `${domain} belongs to Shopify, so nobody can let it send your mail. Use an address of your own domain.`
  if (registered === null) return `“${domain}” is not a domain that a shop can own. Use an address of your own domain.`
  return null
}

const mailboxCompanies = new Set(
  `gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.com.au yahoo.com.br yahoo.ca yahoo.de yahoo.fr yahoo.es yahoo.it ymail.com rocketmail.com myyahoo.com aol.com aol.de aim.com
  outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.co.uk hotmail.com hotmail.co.uk hotmail.de hotmail.fr hotmail.es hotmail.it live.com live.co.uk live.de live.fr live.nl msn.com passport.com
  icloud.com me.com mac.com proton.me protonmail.com pm.me tutanota.com tutanota.de tuta.io tuta.com keemail.me hey.com fastmail.com fastmail.fm zoho.com zohomail.com zohomail.eu
  gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.us gmx.co.uk gmx.fr web.de email.de mail.de freenet.de t-online.de magenta.de arcor.de posteo.de mailbox.org kabelmail.de vodafonemail.de 1und1.de online.de mail.com email.com
  orange.fr wanadoo.fr free.fr sfr.fr laposte.net bbox.fr neuf.fr libero.it virgilio.it tiscali.it alice.it tin.it iol.it telefonica.net terra.es wp.pl o2.pl onet.pl interia.pl op.pl seznam.cz email.cz centrum.cz
  ziggo.nl kpnmail.nl planet.nl home.nl telenet.be skynet.be proximus.be bluewin.ch hispeed.ch sunrise.ch a1.net aon.at chello.at btinternet.com btopenworld.com sky.com virginmedia.com ntlworld.com talktalk.net
  comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net optonline.net juno.com rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au iinet.net.au xtra.co.nz
  mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br`
    .split(/\s+/)
    .filter(Boolean),
)
