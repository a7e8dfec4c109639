/** What Shopify's admin does for us. Outside it (a page opened by hand) these do nothing. */
const host = (): typeof shopify | undefined => (typeof shopify === 'undefined' ? undefined : shopify)

export const toast = (text: string): void => void host()?.toast.show(text)
export const toastFault = (text: string): void => void host()?.toast.show(text, { isError: true, duration: 8000 })

/** A fresh session token, for the one request that App Bridge does not make for us (an upload). Empty outside the admin. */
export const sessionToken = async (): Promise<string> => (await host()?.idToken()) ?? ''

// What the admin said when it opened us: a load without it would not know the shop.
const opened = new URLSearchParams(window.location.search)

/** Loads the page afresh, as the admin would. */
export function reload(): void {
  const query = new URLSearchParams(window.location.search)
  for (const name of ['shop', 'host', 'embedded', 'locale']) if (opened.has(name) && !query.has(name)) query.set(name, opened.get(name) ?? '')
  window.location.replace(`${window.location.pathname}?${query}`)
}

/** Lets the store owner choose products in Shopify's own picker. Null when they changed their mind. */
export async function pickProducts(chosen: string[], most: number): Promise<{ id: string; title: string; imageUrl: string | null }[] | null> {
  const picked = await host()?.resourcePicker({
    type: 'product',
    action: 'select',
    multiple: most === 1 ? false : most,
    filter: { variants: false, draft: false, archived: false },
    selectionIds: chosen.map((id) => ({ id: id.startsWith('gid:') ? id : `gid://shopify/Product/${id}` })),
  })
  if (!picked) return null
  return picked.map((product) => ({ id: product.id, title: product.title, imageUrl: product.images[0]?.originalSrc ?? null }))
}

/** Is one of our parts switched on in the theme? Null when the admin does not tell. `handle` is the block's file name. */
export async function themePartActive(handle: string): Promise<boolean | null> {
  try {
    const extensions = await host()?.app.extensions()
    const parts = extensions?.flatMap((one) => one.activations).filter((part) => 'handle' in part && part.handle === handle)
    const part = parts?.[0]
    if (!part || !('status' in part)) return null
    return part.status === 'active'
  } catch {
    return null
  }
}

/** Does the theme show one of our forms, as pop-up or as block? Null when the admin does not tell. */
export async function shownInTheme(): Promise<boolean | null> {
  const parts = await Promise.all([themePartActive('popup'), themePartActive('signup')])
  return parts.includes(true) ? true : parts.includes(false) ? false : null
}

/** Asks before unsaved changes are left behind. True: go on. */
export async function mayLeave(): Promise<boolean> {
  try {
    await host()?.saveBar.leaveConfirmation()
    return true
  } catch {
    return false
  }
}
