import { TitleBar } from '@shopify/app-bridge-react'
import { Button, ButtonGroup, InlineStack, Text, useBreakpoints } from '@shopify/polaris'
import type { IconSource } from '@shopify/polaris'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { Back } from './icons.ts'
import css from './PageFrame.module.css'

// Comes with the first page that has one.
const Menu = lazy(() => import('./Menu.tsx'))

export interface Action {
  content: string
  url?: string
  onAction?: () => void
  loading?: boolean
  disabled?: boolean
  tone?: 'critical'
  icon?: IconSource
  external?: boolean
}

interface Props {
  /** The page's name, for the admin's title bar. */
  title: string
  /** The answer to the page's one question, in words: its first line. */
  sentence: ReactNode
  /** A quieter second line. */
  detail?: ReactNode
  back?: { content: string; url: string }
  badge?: ReactNode
  primary?: Action
  secondary?: Action[]
  /** What is done seldom, behind one button. */
  menu?: Action[]
  width?: 'full'
  children: ReactNode
}

/** A page: its name in the host's bar, its answer in the first line, one primary button at most. */
export function PageFrame({ title, sentence, detail, back, badge, primary, secondary = [], menu = [], width, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Homing`
  }, [title])
  // A phone has no room for many buttons beside each other.
  const { smDown } = useBreakpoints()
  const folds = smDown && secondary.length > 2
  const beside = folds ? [] : secondary
  const behind = folds ? [...secondary, ...menu] : menu
  return (
    <Frame {...(width ? { width } : {})}>
      <TitleBar title={title}>
        {back && (
          <a {...{ variant: 'breadcrumb' }} href={back.url}>
            {back.content}
          </a>
        )}
      </TitleBar>
      <header className={css.head}>
        {back && (
          <div className={css.back}>
            <Button icon={Back} url={back.url} variant="tertiary" accessibilityLabel={`Back to ${back.content}`} />
          </div>
        )}
        <div className={css.words}>
          <InlineStack gap="200" blockAlign="center">
            <Text as="h1" variant="headingLg">
              {sentence}
            </Text>
            {badge}
          </InlineStack>
          {detail && (
            <Text as="p" tone="subdued">
              {detail}
            </Text>
          )}
        </div>
        {(primary ?? beside[0] ?? behind[0]) && (
          <div className={css.actions}>
            <ButtonGroup>
              {beside.map((action) => (
                <ActionButton key={action.content} action={action} />
              ))}
              {behind.length > 0 && (
                <Suspense fallback={<Button disclosure>More actions</Button>}>
                  <Menu actions={behind} />
                </Suspense>
              )}
              {primary && <ActionButton action={primary} primary />}
            </ButtonGroup>
          </div>
        )}
      </header>
      {children}
      <div className={css.end} />
    </Frame>
  )
}

/** The width and the air of a page, without a head. */
export const Frame = ({ width, children }: { width?: 'full'; children: ReactNode }) => <main className={width === 'full' ? css.full : css.page}>{children}</main>

/** What stands above every page; as wide as it. */
export const Notice = ({ children }: { children: ReactNode }) => (
  <aside className={`${css.page} ${css.notice}`} role="status">
    {children}
  </aside>
)

function ActionButton({ action, primary = false }: { action: Action; primary?: boolean }) {
  return (
    <Button
      {...(primary ? { variant: 'primary' as const } : {})}
      {...(action.url ? { url: action.url } : {})}
      {...(action.external ? { external: true } : {})}
      {...(action.onAction ? { onClick: action.onAction } : {})}
      {...(action.loading ? { loading: true } : {})}
      {...(action.disabled ? { disabled: true } : {})}
      {...(action.tone ? { tone: action.tone } : {})}
      {...(action.icon ? { icon: action.icon } : {})}
    >
      {action.content}
    </Button>
  )
}
