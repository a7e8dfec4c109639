import { useQuery } from '@tanstack/react-query'
import { formList } from '../../app/forms/contract.ts'
import { ask } from '../api.ts'
import { themePartActive } from '../bridge.ts'
import { plural } from '../format.ts'
import { Badge, BlockStack, InlineStack, Link, Section, Text } from '../ui/index.ts'

/** Do people meet the sign-up form? Our own switch, and the one in the theme. */
export function FormStatus() {
  const forms = useQuery({ queryKey: ['forms'], queryFn: ({ signal }) => ask(formList, '/api/forms', { signal }) })
  const embed = useQuery({ queryKey: ['embed'], queryFn: () => themePartActive('popup') })
  if (!forms.data) return null
  return (
    <Section title="Sign-up forms" end={<Link url="/forms">Open</Link>}>
      <BlockStack gap="200">
        {forms.data.forms.map((form) => (
          <InlineStack key={form.id} align="space-between" blockAlign="center" gap="200">
            <InlineStack gap="200" blockAlign="center">
              <Text as="span">{form.name}</Text>
              <Badge {...(form.status === 'on' ? { tone: 'success' as const } : {})}>{form.status === 'on' ? 'On' : 'Off'}</Badge>
              {form.kind === 'popup' && form.status === 'on' && embed.data === false && <Badge tone="warning">Not switched on in your theme</Badge>}
            </InlineStack>
            <Text as="span" tone="subdued">
              {plural(form.signups, 'sign-up', 'sign-ups')} in 30 days
            </Text>
          </InlineStack>
        ))}
      </BlockStack>
    </Section>
  )
}
