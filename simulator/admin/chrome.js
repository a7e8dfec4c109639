// What every page of the pretend admin does: the menu on a phone.
const burger = document.querySelector('.burger')
const shade = document.querySelector('.shade')
export function setMenu(open) {
  document.body.classList.toggle('menu-open', open)
  burger.setAttribute('aria-expanded', String(open))
  shade.hidden = !open
}
burger.addEventListener('click', () => setMenu(!document.body.classList.contains('menu-open')))
shade.addEventListener('click', () => setMenu(false))
document.addEventListener('keydown', (event) => event.key === 'Escape' && setMenu(false))
