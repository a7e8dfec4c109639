import { expect, test } from 'vitest'
import { pauseWords } from '../app/deliveries/pause-words.ts'

test.each([
  ['sendgrid', 'SendGrid answered 401: The provided authorization grant is invalid, expired, or revoked', /^Paused by itself: SendGrid refused our key\. Make a new one there/],
  ['mailgun', 'Mailgun answered 401: Invalid private key', /Mailgun refused our key/],
  ['smtp', 'The mail server said: 535 5.7.8 Authentication credentials invalid', /your mail server refused our user name or password/],
  ['sendgrid', 'SendGrid answered 403: The from address does not match a verified Sender Identity.', /SendGrid does not let you send from your sender’s address/],
  ['smtp', 'The mail server said: 550 5.7.515 Access denied, sending domain does not meet the required authentication level', /does not prove that it is yours/],
  ['sendgrid', 'SendGrid answered 401: Maximum credits exceeded', /SendGrid takes no more mail from your account/],
  ['mailgun', 'Mailgun answered 403: account disabled', /Mailgun takes no more mail from your account/],
  ['smtp', 'The mail server said: something new', /your mail server did not take the mail\. It said: “The mail server said: something new”\./],
])('a pause says what happened and what to do: %s, %s', (provider, reason, words) => {
  expect(pauseWords(provider, reason)).toMatch(words)
  expect(pauseWords(provider, reason)).toMatch(/Nobody got it twice.*press “Go on”\.$/)
})
