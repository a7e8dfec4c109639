/** Two-letter codes of all countries that the browser can name, by name. */
export function allCountries(): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  // Codes that name groups or are kept free, not places where people live.
  const not = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'CQ', 'DG', 'EA', 'IC', 'TA', 'UK', 'AN', 'BU', 'CS', 'DD', 'FX', 'NT', 'SU', 'TP', 'YD', 'YU', 'ZR', 'DY', 'HV', 'NH', 'RH', 'VD', 'SF', 'QU', 'JT', 'MI', 'WK', 'PU', 'PZ', 'PC', 'FQ', 'NQ', 'CT', 'BV', 'HM', 'AQ'])
  return letters
    .flatMap((a) => letters.map((b) => a + b))
    .flatMap((code) => {
      const name = not.has(code) ? undefined : names.of(code)
      return name && name !== code ? [{ code, name }] : []
    })
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

/** The languages that stores are read in, by name. */
export const allLanguages = (): { code: string; name: string }[] => {
  const names = new Intl.DisplayNames(['en'], { type: 'language' })
  return languageCodes.map((code) => ({ code, name: names.of(code) ?? code })).toSorted((a, b) => a.name.localeCompare(b.name))
}
const languageCodes =
  'af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko lo lt lv mk ml mn mr ms mt my nb ne nl nn pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tr uk ur uz vi zh zu'.split(' ')
