// Dialogs that the admin itself draws for the app: questions, the grant page, the resource picker.

/** Makes an element: `make('p.quiet', { title: 'x' }, child, 'text')`. */
export function make(what, given = {}, ...children) {
  const [tag, ...classes] = what.split('.')
  const element = document.createElement(tag)
  if (classes.length) element.className = classes.join(' ')
  for (const [key, value] of Object.entries(given)) {
    if (key in element) element[key] = value
    else element.setAttribute(key, value)
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Opens a dialog; resolves with what `close(value)` was given, or undefined when it was dismissed. */
function open(title, wide, fill) {
  return new Promise((resolve) => {
    let answer
    const dialog = make(wide ? 'dialog.wide' : 'dialog', { ariaLabel: title })
    const close = (value) => {
      answer = value
      dialog.close()
    }
    dialog.append(make('header', {}, make('h2', {}, title), make('button.x', { type: 'button', ariaLabel: 'Close', onclick: () => close() }, '×')), ...fill(close))
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(answer)
    })
    dialog.addEventListener('click', (event) => event.target === dialog && close())
    document.body.append(dialog)
    dialog.showModal()
  })
}

/** True when the person pressed the button that goes on. */
export const confirmed = async (title, text, yes, no, critical = false) =>
  (await open(title, false, (close) => [
    make('div.inside', {}, make('p', {}, text)),
    make('footer', {}, make('span'), make('button.button', { type: 'button', onclick: () => close(false) }, no), make(`button.button.primary${critical ? '.critical' : ''}`, { type: 'button', onclick: () => close(true) }, yes)),
  ])) === true

/** The grant page for optional scopes. */
export const granted = async (scopes) =>
  (await open('Homing needs more access', false, (close) => [
    make('div.inside', {}, make('p', {}, 'If you agree, Homing may also:'), make('ul.grants', {}, ...scopes.map(({ scope, words }) => make('li', {}, make('span', {}, words), make('code', {}, scope))))),
    make('footer', {}, make('span'), make('button.button', { type: 'button', onclick: () => close(false) }, 'Cancel'), make('button.button.primary', { type: 'button', onclick: () => close(true) }, 'Update access')),
  ])) === true

/**
 * The resource picker for products.
 * @param find asks the store for products: `(query) => Promise<Product[]>`
 * @returns the selection in the order in which it was made, or undefined when cancelled
 */
export async function pickProducts(options, find) {
  const most = options.multiple === true ? Infinity : Number(options.multiple) || 1
  const chosen = new Map((options.selectionIds ?? []).map(({ id }) => [id, null]))
  return open(most === 1 ? 'Select product' : options.action === 'select' ? 'Select products' : 'Add products', true, (close) => {
    const list = make('ul.choices')
    const count = make('span')
    const done = make('button.button.primary', { type: 'button', onclick: () => close([...chosen.values()].filter(Boolean)) }, options.action === 'select' ? 'Select' : 'Add')
    const search = make('input', { type: 'search', placeholder: 'Search products', ariaLabel: 'Search products', value: options.query ?? '' })
    const tally = () => {
      const n = [...chosen.values()].filter(Boolean).length
      count.textContent = Number.isFinite(most) ? `${n} of ${most} selected` : `${n} selected`
      done.disabled = n === 0 && options.action !== 'select'
      for (const box of list.querySelectorAll('input')) box.disabled = most > 1 && n >= most && !box.checked
    }
    const draw = (products) => {
      list.replaceChildren(...products.map((product) => {
        if (chosen.has(product.id)) chosen.set(product.id, product)
        const box = make('input', { type: most === 1 ? 'radio' : 'checkbox', name: 'choice', checked: chosen.has(product.id) })
        box.addEventListener('change', () => {
          if (most === 1) chosen.clear()
          if (box.checked) chosen.set(product.id, product)
          else chosen.delete(product.id)
          tally()
        })
        const picture = product.images[0] ? make('img', { src: product.images[0].originalSrc, alt: '', loading: 'lazy' }) : make('span.nopic')
        const stock = `${product.totalInventory} in stock${product.totalVariants > 1 ? ` · ${product.totalVariants} variants` : ''}`
        return make('li', {}, make('label', {}, box, picture, make('span.name', {}, product.title, make('small', {}, stock)), make('span.price', {}, product.variants[0]?.price ?? '')))
      }))
      if (products.length === 0) list.append(make('li.none', {}, 'No products found'))
      tally()
    }
    let asked = 0
    const look = async () => {
      const turn = ++asked
      const products = await find(search.value)
      if (turn === asked) draw(products)
    }
    let timer
    search.addEventListener('input', () => {
      clearTimeout(timer)
      timer = setTimeout(look, 150)
    })
    // What was chosen before may be outside the first search: ask for everything once, then for the words.
    void find('').then((all) => {
      for (const product of all) if (chosen.has(product.id)) chosen.set(product.id, product)
      return look()
    })
    return [make('div.find', {}, search), list, make('footer', {}, count, make('button.button', { type: 'button', onclick: () => close() }, 'Cancel'), done)]
  })
}
