import { useMutation } from '@tanstack/react-query'
import { download, wordsOf } from '../api.ts'
import { toastFault } from '../bridge.ts'
import { CopyButton } from '../components/CopyButton.tsx'
import { BlockStack, Button, InlineStack, Section, Text } from '../ui/index.ts'
import css from './Settings.module.css'

/** The shop's consent ledger as a file that proves itself. */
export function LedgerProof({ ledgerKey, domain }: { ledgerKey: string; domain: string }) {
  const fetchFile = useMutation({
    mutationFn: () => download('/api/consent/ledger', `consent-ledger-${domain.split('.')[0]}.jsonl`),
    onError: (error) => toastFault(wordsOf(error)),
  })
  return (
    <Section title="Proof of consent" explain="Each yes and each no is kept with its words and its time, in a chain that shows when anything is changed later.">
      <BlockStack gap="300">
        <Text as="p">If somebody asks how a person agreed, hand over this file. It is signed, can be checked without us, and holds no addresses: people stand in it by their number.</Text>
        <div>
          <Button onClick={() => fetchFile.mutate()} loading={fetchFile.isPending}>
            Download the consent ledger
          </Button>
        </div>
        <BlockStack gap="100">
          <InlineStack gap="200" blockAlign="center">
            <Text as="span" tone="subdued">
              Whoever checks it compares this key with the one that is shown to them:
            </Text>
            <CopyButton text={ledgerKey} what="the key" />
          </InlineStack>
          <code className={css.key}>{ledgerKey}</code>
        </BlockStack>
      </BlockStack>
    </Section>
  )
}
