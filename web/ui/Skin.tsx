import '@fontsource-variable/inter/wght.css'
import '@shopify/polaris/build/esm/styles.css'
import './skin.css'
import { AppProvider } from '@shopify/polaris'
import en from '@shopify/polaris/locales/en.json'
import type { ReactNode } from 'react'
import { Link, type LinkProps, useNavigate } from 'react-router-dom'
import { mayLeave } from '../bridge.ts'
import { somethingUnsaved } from './unsaved.ts'

/** The look of Shopify's admin, with links that change the route instead of loading the page. */
export const Skin = ({ children }: { children: ReactNode }) => (
  <AppProvider i18n={en} linkComponent={RouterLink}>
    {children}
  </AppProvider>
)

type PolarisLink = Omit<LinkProps, 'to'> & { url: string; external?: boolean | undefined }
function RouterLink({ url, external, children, target, onClick, ...rest }: PolarisLink) {
  const navigate = useNavigate()
  if (external || target === '_blank' || !url.startsWith('/')) {
    return (
      <a href={url} target={target ?? '_blank'} rel="noopener noreferrer" {...(onClick ? { onClick } : {})} {...rest}>
        {children}
      </a>
    )
  }
  return (
    <Link
      to={url}
      onClick={(event) => {
        onClick?.(event)
        if (!somethingUnsaved() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        void mayLeave().then((yes) => yes && navigate(url))
      }}
      {...rest}
    >
      {children}
    </Link>
  )
}
