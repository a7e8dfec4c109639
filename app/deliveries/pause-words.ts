/**
 * Why a campaign was paused by the mail service, in words that a store owner can act on. `reason` are the service's own words as the
 * provider's code gives them (`Outcome`, kind `paused`); what is not known is shown as it was said.
 */
export function pauseWords(provider: string, reason: string): string {
  const name = names[provider] ?? provider
  return `Paused by itself: ${because(name, reason)} Nobody got it twice, and nobody was left out. When this is repaired, press “Go on”.`
}

const names: Record<string, string> = { sendgrid: 'SendGrid', mailgun: 'Mailgun', smtp: 'your mail server' }

function because(name: string, reason: string): string {
  const said = `It said: “${reason.replace(/[.\s]+$/, '')}”.`
  if (/\b5\.7\.(515|509|26|25|23|60)\b|\bSPF\b|\bDKIM\b|\bDMARC\b/i.test(reason))
    return `mail from your domain is turned away, because it does not prove that it is yours. Set the records of your sending domain, then wait until they are seen. ${said}`
  if (/credit|quota|billing|suspend|disabled/i.test(reason)) return `${name} takes no more mail from your account. Look there at your plan and your bills. ${said}`
  if (/\b401\b|EAUTH|\b535\b|\b5\.7\.8\b|api key|private key|credentials|authorization grant/i.test(reason))
    return name === names.smtp
      ? `${name} refused our user name or password. Have the right ones put into the settings of Homing’s server. ${said}`
      : `${name} refused our key. Make a new one there and have it put into the settings of Homing’s server. ${said}`
  if (/\b403\b|\bfrom\b|sender|identity|domain/i.test(reason)) return `${name} does not let you send from your sender’s address. Verify this address or its domain there. ${said}`
  return `${name} did not take the mail. ${said}`
}
