import type { SimCustomer, SimStore } from '../types.ts'
import type { Random } from './random.ts'

// Invented people. A name is written in its own alphabet and, for the address, in Latin letters: "Олена/olena".
const pools = {
  english: ['Ada Grace June Rose Ivy Maya Ruth Ellen Nora Clara Owen Theo Miles Felix Henry Jack Leo Sam Noah Ethan Priya Keisha Hazel Wren', 'Larkin Hollis Mercer Whitlock Ames Boone Calloway Delaney Finch Garner Hale Ingram Jarvis Kemp Lowry Marsh Nolan Osgood Pruitt Rhodes Sutter Thorne Vance Yates'],
  german: ['Greta Lena Hanna Jule Frieda Marlene Anke Jürgen/juergen Matthias Lukas Jonas Emil Karl Björn/bjoern Käthe/kaethe', 'Brandt Krüger/krueger Vogel Lindner Schäfer/schaefer Weiß/weiss Hoffmann Neumann Köhler/koehler Busch Arndt Seidel'],
  french: ['Élodie/elodie Camille Juliette Manon Chloé/chloe Hélène/helene Zoé/zoe Hugo Théo/theo Rémi/remi Baptiste Gaël/gael', 'Lefèvre/lefevre Moreau Girard Dubois Mercier Fontaine Garnier Chevalier Gauthier Perrin Rousseau Béranger/beranger'],
  spanish: ['Lucía/lucia Inés/ines Sofía/sofia Marta Elena Pablo Andrés/andres Mateo Joaquín/joaquin Íñigo/inigo', 'Ibáñez/ibanez Navarro Muñoz/munoz Herrera Castaño/castano Vidal Ortega Peña/pena Salinas'],
  polish: ['Zofia Agnieszka Małgorzata/malgorzata Kasia Paweł/pawel Łukasz/lukasz Jakub Wojciech', 'Wójcik/wojcik Zieliński/zielinski Kowalczyk Żuraw/zuraw Dąbrowska/dabrowska Nowicka'],
  turkish: ['Ayşe/ayse Zeynep Elif Çağla/cagla Emre Kerem Barış/baris İpek/ipek', 'Yıldız/yildiz Şahin/sahin Aydın/aydin Öztürk/ozturk Demir Koç/koc'],
  ukrainian: ['Олена/olena Марія/mariia Ірина/iryna Тарас/taras Андрій/andrii Софія/sofiia', 'Шевчук/shevchuk Бондар/bondar Мельник/melnyk Коваль/koval Лисенко/lysenko'],
  greek: ['Ελένη/eleni Μαρία/maria Γιώργος/giorgos Νίκος/nikos Κατερίνα/katerina', 'Παππάς/pappas Νικολάου/nikolaou Δήμου/dimou Αγγελής/angelis'],
  hebrew: ['נועה/noa תמר/tamar יעל/yael אורי/uri דניאל/daniel', 'לוי/levi כהן/cohen ברק/barak שגיא/sagi'],
  arabic: ['ليلى/layla مريم/maryam نور/nour يوسف/yusuf كريم/karim', 'حداد/haddad نصر/nasr منصور/mansour سليم/salim'],
  japanese: ['花子/hanako 陽菜/hina さくら/sakura 健太/kenta 翔/sho', '佐藤/sato 田中/tanaka 山本/yamamoto 中村/nakamura'],
  chinese: ['梅/mei 丽/li 静/jing 伟/wei 明/ming', '王/wang 李/li 张/zhang 陈/chen 林/lin'],
  korean: ['지민/jimin 서연/seoyeon 하은/haeun 민준/minjun 도윤/doyun', '김/kim 이/lee 박/park 최/choi'],
  hindi: ['प्रिया/priya अनिता/anita मीरा/meera अर्जुन/arjun रोहन/rohan', 'शर्मा/sharma वर्मा/verma गुप्ता/gupta नायर/nair'],
} satisfies Record<string, [string, string]>
type Pool = keyof typeof pools
const parsed = Object.fromEntries(Object.entries(pools).map(([name, lists]) => [name, lists.map((list) => list.split(' ').map((one) => {
  const [written = '', latin] = one.split('/')
  return { written, latin: (latin ?? written).toLowerCase() }
}))])) as Record<Pool, { written: string; latin: string }[][]>

/** Which names and language go with a country; unlisted countries get English ones. */
const countries: Record<string, [Pool, string]> = {
  US: ['english', 'en'], CA: ['english', 'en'], GB: ['english', 'en'], IE: ['english', 'en'], AU: ['english', 'en'], DE: ['german', 'de'], AT: ['german', 'de'], CH: ['german', 'de'],
  FR: ['french', 'fr'], BE: ['french', 'fr'], ES: ['spanish', 'es'], BR: ['spanish', 'pt'], PT: ['spanish', 'pt'], MX: ['spanish', 'es'], PL: ['polish', 'pl'], LT: ['polish', 'lt'], CZ: ['polish', 'cs'],
  TR: ['turkish', 'tr'], UA: ['ukrainian', 'uk'], GR: ['greek', 'el'], CY: ['greek', 'el'], IL: ['hebrew', 'he'], LB: ['arabic', 'ar'], AE: ['arabic', 'ar'], BH: ['arabic', 'ar'], SA: ['arabic', 'ar'], EG: ['arabic', 'ar'],
  JP: ['japanese', 'ja'], CN: ['chinese', 'zh-CN'], HK: ['chinese', 'zh-TW'], SG: ['chinese', 'en'], KR: ['korean', 'ko'], IN: ['hindi', 'en'],
}
/** Reserved names only (RFC 2606): no such address can exist. */
const mailHosts = ['post.example', 'mailbox.example', 'letters.example', 'inbox.example', 'home.example', 'briefkasten.example', 'courrier.example']

/** A person with a name that fits the country and an address that nobody else in the store has. */
export function invent(random: Random, country: string | null, taken: (email: string) => boolean): Pick<SimCustomer, 'firstName' | 'lastName' | 'locale' | 'email'> {
  // One in nine carries a name from elsewhere: people move.
  const [pool, locale] = countries[country ?? ''] ?? ['english', 'en']
  const [firsts = [], lasts = []] = parsed[random.chance(0.11) ? random.pick(Object.keys(parsed) as Pool[]) : pool]
  const first = random.pick(firsts)
  const last = random.pick(lasts)
  const plain = (text: string) => text.normalize('NFKD').replace(/[^a-z0-9]/g, '')
  const shape = random.int(0, 3)
  const [a, b] = [plain(first.latin), plain(last.latin)]
  const name = shape === 0 ? `${a}.${b}` : shape === 1 ? `${a}${b}` : shape === 2 ? `${a[0] ?? 'x'}.${b}` : `${a}_${b}`
  const host = random.pick(mailHosts)
  let email = `${name}@${host}`
  for (let n = random.int(2, 99); taken(email); n++) email = `${name}${n}@${host}`
  return { firstName: first.written, lastName: last.written, locale, email }
}

/** Adds a customer to the store's maps; the id follows the order of adding. */
export function addCustomer(store: SimStore, person: Omit<SimCustomer, 'id'>): SimCustomer {
  const customer: SimCustomer = { id: store.nextId++, ...person }
  store.customers.set(customer.id, customer)
  if (customer.email) store.customersByEmail.set(customer.email.toLowerCase(), customer.id)
  return customer
}

/**
 * Some subscribers whose mail does not simply arrive, as in every grown list; the address says which (simulator/mail/events.ts):
 * one in 200 bounces, a few are blocked or deferred, one complains. Shops with fewer than 40 subscribers have none. Call it before orders are made.
 */
export function giveFates(store: SimStore, random: Random): void {
  const left = [...store.customers.values()].filter((one) => one.email && one.marketing.state === 'SUBSCRIBED')
  if (left.length < 40) return
  const share = (one: number): number => Math.max(1, Math.round(left.length / one))
  const fates = { bounce: share(200), block: share(800), defer: share(600), complain: 1 }
  for (const [fate, people] of Object.entries(fates)) {
    for (let n = 0; n < people; n++) {
      const [customer] = left.splice(random.int(0, left.length - 1), 1)
      store.customersByEmail.delete(customer!.email!.toLowerCase())
      customer!.email = `${fate}.${customer!.email}`
      store.customersByEmail.set(customer!.email.toLowerCase(), customer!.id)
    }
  }
}

type Marketing = SimCustomer['marketing']
const levels: [Marketing['state'], Marketing['level'], number][] = [
  ['SUBSCRIBED', 'CONFIRMED_OPT_IN', 34], ['SUBSCRIBED', 'SINGLE_OPT_IN', 22], ['SUBSCRIBED', 'UNKNOWN', 3], ['NOT_SUBSCRIBED', 'SINGLE_OPT_IN', 25],
  ['PENDING', 'CONFIRMED_OPT_IN', 3], ['UNSUBSCRIBED', 'CONFIRMED_OPT_IN', 4.5], ['UNSUBSCRIBED', 'SINGLE_OPT_IN', 5], ['UNSUBSCRIBED', 'UNKNOWN', 0.7],
  ['INVALID', 'SINGLE_OPT_IN', 1], ['REDACTED', 'UNKNOWN', 0.4],
]

/**
 * Consent as a grown store has it: six in ten subscribed, every state and level present.
 * @param since when the person came; `until` bounds the time of a later change.
 */
export function inventConsent(random: Random, since: Date, until: Date): Marketing {
  const [state, level] = random.weighted(levels.map((one) => [one, one[2]] as const))
  if (state === 'NOT_SUBSCRIBED') return { state, level, updatedAt: null }
  const span = Math.max(0, until.getTime() - since.getTime())
  const later = state === 'SUBSCRIBED' || state === 'PENDING' ? Math.min(span, random.int(0, 3600) * 1000) : Math.floor(span * random.next())
  return { state, level, updatedAt: new Date(since.getTime() + later) }
}
