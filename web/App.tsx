import { NavMenu } from '@shopify/app-bridge-react'
import { lazy, Suspense, useEffect } from 'react'
import { Route, Routes, useLocation, useNavigate } from 'react-router-dom'
import { Home } from './home/Home.tsx'
import { AtRest } from './components/AtRest.tsx'
import { Lost } from './components/Lost.tsx'
import { PageBoundary } from './components/PageBoundary.tsx'
import { PageSkeleton } from './ui/index.ts'

// Home is in the first bundle; every other page comes when it is opened.
const Campaigns = lazy(() => import('./campaigns/Campaigns.tsx'))
const Campaign = lazy(() => import('./campaigns/Campaign.tsx'))
const Rehearsal = lazy(() => import('./campaigns/Rehearsal.tsx'))
const Report = lazy(() => import('./reports/Report.tsx'))
const Subscribers = lazy(() => import('./subscribers/Subscribers.tsx'))
const Blocked = lazy(() => import('./subscribers/Blocked.tsx'))
const Imports = lazy(() => import('./imports/Imports.tsx'))
const Import = lazy(() => import('./imports/Import.tsx'))
const Profile = lazy(() => import('./subscribers/Profile.tsx'))
const Segments = lazy(() => import('./segments/Segments.tsx'))
const Segment = lazy(() => import('./segments/Segment.tsx'))
const Forms = lazy(() => import('./forms/Forms.tsx'))
const FormDesigner = lazy(() => import('./forms/FormDesigner.tsx'))
const Domain = lazy(() => import('./settings/domain/Domain.tsx'))
const Settings = lazy(() => import('./settings/Settings.tsx'))

export function App() {
  useHostNavigation()
  const { pathname } = useLocation()
  useEffect(() => {
    window.scrollTo(0, 0) // newer browsers answer with a promise, which is no clean-up
  }, [pathname])
  return (
    <>
      <NavMenu>
        <a href="/" rel="home">
          Home
        </a>
        <a href="/campaigns">Campaigns</a>
        <a href="/subscribers">Subscribers</a>
        <a href="/segments">Segments</a>
        <a href="/forms">Forms</a>
        <a href="/settings">Settings</a>
      </NavMenu>
      <AtRest />
      <PageBoundary key={pathname}>
        <Suspense fallback={<PageSkeleton />}>
          <Routes>
            <Route path="/" element={<Home />} />
            <Route path="/campaigns" element={<Campaigns />} />
            <Route path="/campaigns/:id" element={<Campaign />} />
            <Route path="/campaigns/:id/rehearsal" element={<Rehearsal />} />
            <Route path="/campaigns/:id/report" element={<Report />} />
            <Route path="/subscribers" element={<Subscribers />} />
            <Route path="/subscribers/blocked" element={<Blocked />} />
            <Route path="/subscribers/import" element={<Imports />} />
            <Route path="/subscribers/imports/:id" element={<Import />} />
            <Route path="/subscribers/:id" element={<Profile />} />
            <Route path="/segments" element={<Segments />} />
            <Route path="/segments/new" element={<Segment />} />
            <Route path="/segments/:id" element={<Segment />} />
            <Route path="/forms" element={<Forms />} />
            <Route path="/forms/:id" element={<FormDesigner />} />
            <Route path="/settings/domain" element={<Domain />} />
            <Route path="/settings" element={<Settings />} />
            <Route path="*" element={<Lost />} />
          </Routes>
        </Suspense>
      </PageBoundary>
    </>
  )
}

/**
 * The admin's own menu presses our plain links, or sends `shopify:navigate`. Both become a change of route
 * instead of a load, so that what is already here stays.
 */
function useHostNavigation(): void {
  const navigate = useNavigate()
  useEffect(() => {
    const go = (event: Event): void => {
      const link = event.target instanceof Element ? event.target.closest('a[href], [href]') : null
      const href = link?.getAttribute('href')
      if (!link || !href?.startsWith('/')) return
      const fromHost = event.type === 'shopify:navigate' || link.closest('ui-nav-menu, ui-title-bar') !== null
      if (!fromHost || event.defaultPrevented) return
      event.preventDefault()
      navigate(href)
    }
    document.addEventListener('shopify:navigate', go)
    document.addEventListener('click', go)
    return () => {
      document.removeEventListener('shopify:navigate', go)
      document.removeEventListener('click', go)
    }
  }, [navigate])
}
