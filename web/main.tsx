import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router-dom'
import { Fault } from './api.ts'
import { App } from './App.tsx'
import { Skin } from './ui/Skin.tsx'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server refused once it refuses again; a lost connection may come back.
      retry: (count, error) => count < 2 && !(error instanceof Fault && error.status >= 400 && error.status < 500),
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <BrowserRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
          <Skin>
            <App />
          </Skin>
        </BrowserRouter>
      </QueryClientProvider>
    </StrictMode>,
  )
}
