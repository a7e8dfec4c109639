import { describe, expect, test } from 'vitest'
import { readSettings } from '../app/env.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const good = {
  APP_URL: 'https://mail.example.com/', SHOPIFY_API_KEY: 'id', SHOPIFY_API_SECRET: 'secret', SECRET_KEYS: `k2:${key},k1:${Buffer.alloc(32, 8).toString('base64')}`, HASH_KEY: key,
  MAIL_PROVIDER: 'sendgrid', SENDGRID_API_KEY: 'SG.x', SENDGRID_WEBHOOK_KEY: 'pub',
}
const fault = (env: Record<string, string | undefined>): string => {
  try {
    readSettings(env)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('the environment', () => {
  test('is read once, with sensible rest', () => {
    const settings = readSettings(good)
    expect(settings).toMatchObject({ APP_URL: 'https://mail.example.com', PORT: 3000, ROLE: 'all', DATABASE_URL: 'file:./data/homing.db' })
    expect(settings.keys.current.id).toBe('k2')
    expect([...settings.keys.all.keys()]).toEqual(['k2', 'k1'])
    expect(JSON.stringify(settings)).not.toContain(key)
  })

  test.each(['APP_URL', 'SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET', 'SECRET_KEYS', 'HASH_KEY', 'MAIL_PROVIDER', 'SENDGRID_API_KEY', 'SENDGRID_WEBHOOK_KEY'])('says that %s is missing', (name) => {
    expect(fault({ ...good, [name]: undefined })).toContain(`${name}:`)
    expect(fault({ ...good, [name]: '' })).toContain(`${name}:`)
  })

  test.each([
    ['APP_URL', 'mail.example.com'], ['SECRET_KEYS', 'k1:short'], ['HASH_KEY', 'c2hvcnQ='], ['MAIL_PROVIDER', 'pigeon'], ['PORT', 'http'], ['DATABASE_URL', 'mysql://x'], ['ROLE', 'boss'],
  ])('says what is wrong with %s=%s, without repeating a secret', (name, value) => {
    const message = fault({ ...good, [name]: value })
    expect(message).toContain(`${name}:`)
    expect(message).not.toContain(key)
  })

  test('names every fault at once', () => {
    const message = fault({})
    for (const name of ['APP_URL', 'SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET', 'SECRET_KEYS', 'HASH_KEY', 'MAIL_PROVIDER']) expect(message).toContain(name)
  })

  test.each([['FRAME_ANCESTORS', 'http://127.0.0.1:1'], ['APP_BRIDGE_URL', 'http://127.0.0.1:1/x.js'], ['MAIL_PROVIDER', 'outbox'], ['APP_URL', 'http://127.0.0.1:1']])('refuses the demo’s %s in production', (name, value) => {
    expect(fault({ ...good, [name]: value })).toBe('')
    expect(fault({ ...good, NODE_ENV: 'production', [name]: value })).toContain(`${name}:`)
  })

  test('smtp needs an address that makes sense, and a password never travels unencrypted', () => {
    const smtp = { ...good, MAIL_PROVIDER: 'smtp' }
    expect(fault(smtp)).toContain('SMTP_URL')
    for (const url of ['smtps://u:p@mail.example.com', 'smtp://u:p@mail.example.com:587?connections=3&name=mail.example.com', 'smtp://relay.example.com?tls=never', 'smtp://127.0.0.1:2525'])
      expect(fault({ ...smtp, SMTP_URL: url }), url).toBe('')
    for (const url of ['http://mail.example.com', 'smtp:', 'smtp://u:hunter2@mail.example.com?tls=never', 'smtp://u:hunter2@mail.example.com?tls=offered', 'smtp://mail.example.com?pool=true', 'smtp://mail.example.com?connections=500', 'smtps://mail.example.com?tls=never', 'smtp://u:hunter2%ZZ@mail.example.com']) {
      expect(fault({ ...smtp, SMTP_URL: url }), url).toContain('SMTP_URL:')
      expect(fault({ ...smtp, SMTP_URL: url })).not.toContain('hunter2')
    }
  })

  test('Mailgun needs its key, its domain and the key of its webhooks; its address is https in production', () => {
    const mailgun = { ...good, MAIL_PROVIDER: 'mailgun', MAILGUN_API_KEY: 'key-x', MAILGUN_DOMAIN: 'mail.example.com', MAILGUN_SIGNING_KEY: 'sign-x' }
    expect(fault(mailgun)).toBe('')
    expect(readSettings(mailgun).MAILGUN_URL).toBe('https://api.mailgun.net')
    for (const name of ['MAILGUN_API_KEY', 'MAILGUN_DOMAIN', 'MAILGUN_SIGNING_KEY']) expect(fault({ ...mailgun, [name]: '' })).toContain(`${name}:`)
    expect(fault({ ...mailgun, MAILGUN_DOMAIN: 'mail.example.com/../x' })).toContain('MAILGUN_DOMAIN:')
    expect(fault({ ...mailgun, MAILGUN_URL: 'http://127.0.0.1:1' })).toBe('')
    expect(fault({ ...mailgun, MAILGUN_URL: 'http://127.0.0.1:1', NODE_ENV: 'production' })).toContain('MAILGUN_URL:')
  })
})
