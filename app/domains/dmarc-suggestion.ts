import { domainOf } from './names.ts'

/**
 * A policy that changes nothing for anybody and lets the owner see who sends in their name. Reports go to the sender's own
 * address, and only there: another domain would have to agree (RFC 7489 7.1).
 */
export const dmarcSuggestion = (senderEmail: string, domain: string): string =>
  `v=DMARC1; p=none${domainOf(senderEmail) === domain && /^[\w.+-]+@/.test(senderEmail) ? `; rua=mailto:${senderEmail.trim()}` : ''}`
