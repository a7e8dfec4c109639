import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'react-router-dom'
import type { HomeView } from '../../app/reports/contract.ts'
import { tell, wordsOf } from '../api.ts'
import { shownInTheme, toastFault } from '../bridge.ts'
import { Box, Button, Card, Icon, icons, InlineStack, ProgressBar, Text } from '../ui/index.ts'
import css from './Checklist.module.css'

/** The way to a first campaign, with what is really done. May be put away for good. */
export function Checklist({ onboarding }: { onboarding: HomeView['onboarding'] }) {
  const client = useQueryClient()
  const dismiss = useMutation({
    mutationFn: () => tell('/api/home/dismiss-onboarding', { method: 'POST', body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['home'] }),
    onError: (error) => toastFault(wordsOf(error)),
  })
  const inTheme = useQuery({ queryKey: ['in-theme'], queryFn: shownInTheme })
  const steps = [
    { done: onboarding.synced, title: 'Your store’s customers and products are here', body: 'Homing reads them by itself.', url: '/settings?part=store' },
    { done: onboarding.sender, title: 'Say who the mail is from', body: 'Your name, your address, and the postal address that every mail must show.', url: '/settings' },
    { done: onboarding.domain, title: 'Set up your sending domain', body: 'A few records, set once, so that mailboxes trust your mail.', url: '/settings/domain' },
    { done: peopleCanJoin(onboarding, inTheme.data ?? null), title: 'Let people sign up in your shop', body: 'Switch a sign-up form on, here and in your theme.', url: '/forms' },
    { done: onboarding.campaign, title: 'Send your first campaign', body: 'Start from a template; see who gets it before it goes.', url: '/campaigns' },
  ]
  const done = steps.filter((step) => step.done).length
  return (
    <Card padding="0">
      <Box padding="400" paddingBlockEnd="200">
        <InlineStack align="space-between" blockAlign="center" wrap={false} gap="200">
          <Text as="h2" variant="headingMd">
            {done === steps.length ? 'You are set up' : 'Set up in five steps'}
          </Text>
          <Button variant="tertiary" onClick={() => dismiss.mutate()} loading={dismiss.isPending}>
            Hide this
          </Button>
        </InlineStack>
        <div className={css.progress}>
          <Text as="span" tone="subdued">
            {done} of {steps.length} done
          </Text>
          <div className={css.bar}>
            <ProgressBar progress={(done / steps.length) * 100} size="small" tone="primary" animated={false} />
          </div>
        </div>
      </Box>
      <ul className={css.steps}>
        {steps.map((step) => (
          <li key={step.title}>
            <Link to={step.url} className={css.step}>
              <span className={step.done ? css.done : css.open}>{step.done && <Icon source={icons.Check} />}</span>
              <span>
                <Text as="span" fontWeight="medium">
                  {step.title}
                  <span className="visually-hidden">{step.done ? ' (done)' : ' (not done yet)'}</span>
                </Text>
                {!step.done && (
                  <Text as="p" tone="subdued">
                    {step.body}
                  </Text>
                )}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** A pop-up that is on here but not in the theme meets nobody. Where the admin does not tell of the theme, our own switch counts, or that somebody has joined. */
const peopleCanJoin = ({ popupOn, joined }: HomeView['onboarding'], inTheme: boolean | null): boolean => (popupOn || joined) && inTheme !== false
