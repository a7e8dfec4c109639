// Three doors in one street, drawn with few shapes. Decorative: the links beside them carry the words.

const frame = (inside: string, wall: string): string =>
  `<svg viewBox="0 0 360 240" role="presentation" aria-hidden="true"><rect width="360" height="240" fill="${wall}"/>${inside}<rect y="226" width="360" height="14" fill="#d9cdb8"/><rect y="226" width="360" height="2" fill="#c5b79d"/></svg>`

const bricks = (colour: string): string =>
  [
    [22, 34], [58, 34], [40, 46], [304, 66], [286, 78], [322, 78], [24, 150], [42, 162], [316, 176], [298, 188],
  ].map(([x, y]) => `<rect x="${x}" y="${y}" width="30" height="8" rx="1.5" fill="${colour}"/>`).join('')

/** The back office: a solid green door under a lamp, with a brass plate. */
export const officeDoor = frame(
  `${bricks('#d3dccf')}
  <path d="M126 226V86a54 54 0 0 1 108 0v140z" fill="#f7f3e8"/>
  <path d="M134 226V86a46 46 0 0 1 92 0v140z" fill="#244c3b"/>
  <path d="M144 86a36 36 0 0 1 72 0v6h-72z" fill="#f2c86b"/><path d="M180 50v42M152 64l28 28 28-28" stroke="#244c3b" stroke-width="4" fill="none"/>
  <rect x="146" y="104" width="30" height="48" rx="3" fill="#1a3a2d"/><rect x="184" y="104" width="30" height="48" rx="3" fill="#1a3a2d"/>
  <rect x="146" y="164" width="30" height="50" rx="3" fill="#1a3a2d"/><rect x="184" y="164" width="30" height="50" rx="3" fill="#1a3a2d"/>
  <circle cx="218" cy="160" r="4.5" fill="#f2c86b"/>
  <rect x="118" y="222" width="124" height="6" rx="2" fill="#b9ab8f"/>
  <path d="M262 96h20M282 96v10" stroke="#4b4237" stroke-width="3" fill="none"/><path d="M274 106h16l4 20h-24z" fill="#4b4237"/><circle cx="282" cy="128" r="5" fill="#f7d98c"/>
  <rect x="72" y="120" width="36" height="24" rx="3" fill="#e0b457"/><path d="M79 128h22M79 135h14" stroke="#8a6a24" stroke-width="2.5"/>
  <g fill="#4f7f5f"><path d="M58 226c-14-22-10-40-4-54 6 16 10 32 4 54z"/><path d="M66 226c0-22 8-34 20-42 0 18-6 34-20 42z"/><path d="M54 226c-2-16-12-28-24-32 2 16 10 28 24 32z"/></g><path d="M42 206h34l-5 22H47z" fill="#bf6a3f"/>`,
  '#e6ece2',
)

/** The shop: awning, glass and something growing in the window. */
export const shopDoor = frame(
  `<rect x="38" y="70" width="284" height="156" fill="#fbf5ea"/>
  <rect x="52" y="104" width="116" height="96" rx="3" fill="#cfe3e2"/><path d="M52 168 120 104h30L66 188z" fill="#e3f0ef"/>
  <rect x="52" y="200" width="116" height="26" fill="#b6552f"/>
  <g><path d="M76 176h26l-4 24H80z" fill="#d98b5f"/><path d="M89 176c-16-10-18-26-14-38 12 8 17 22 14 38z" fill="#3f7a57"/><path d="M89 176c2-18 10-28 22-32 2 16-6 28-22 32z" fill="#5c9a70"/></g>
  <g><path d="M122 184h30l-5 16h-20z" fill="#f4ead7"/><path d="M137 184c-8-14-6-30 0-40 6 10 8 26 0 40z" fill="#2f6a4a"/><path d="M135 184c-12-4-18-12-20-22 12 2 18 10 20 22zM139 184c12-4 18-12 20-22-12 2-18 10-20 22z" fill="#4d8a63"/></g>
  <path d="M196 226V104h104v122z" fill="#8c3f24"/><rect x="206" y="114" width="84" height="72" rx="2" fill="#cfe3e2"/><path d="M206 160l46-46h22l-68 68z" fill="#e3f0ef"/><rect x="206" y="196" width="84" height="20" rx="2" fill="#76331c"/><rect x="281" y="176" width="4" height="26" rx="2" fill="#f2c86b"/>
  <g transform="translate(226 128)"><rect width="44" height="22" rx="3" fill="#fffaf0"/><path d="M8 9h28M12 14.5h20" stroke="#8c3f24" stroke-width="2.5" stroke-linecap="round"/><path d="M22 0v-8" stroke="#8c3f24" stroke-width="1.5"/></g>
  <rect x="30" y="44" width="300" height="28" rx="3" fill="#2c2a26"/><path d="M132 58h96" stroke="#f4ead7" stroke-width="5" stroke-linecap="round"/><circle cx="116" cy="58" r="4" fill="#e0b457"/><circle cx="244" cy="58" r="4" fill="#e0b457"/>
  ${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `<path d="M${30 + n * 30} 72h30v22a15 12 0 0 1-30 0z" fill="${n % 2 ? '#fffaf0' : '#d4683d'}"/>`).join('')}`,
  '#f1e3d3',
)

/** The post room: a blue door with a letter slot, pigeonholes with letters beside it. */
export const postDoor = frame(
  `${bricks('#cfd9e4')}
  <path d="M62 226V66h104v160z" fill="#f7f3e8"/><path d="M70 226V74h88v152z" fill="#2d4f73"/>
  <rect x="82" y="88" width="64" height="46" rx="3" fill="#f5dc9a"/><path d="M114 88v46M82 111h64" stroke="#2d4f73" stroke-width="4"/>
  <rect x="84" y="156" width="60" height="14" rx="3" fill="#e0b457"/><rect x="90" y="161" width="48" height="4" rx="2" fill="#4b3a14"/>
  <path d="M96 163l6-22h34l-4 22z" fill="#fffdf7"/><path d="M103 141l15 12 17-12" stroke="#d4683d" stroke-width="2" fill="none"/>
  <circle cx="80" cy="186" r="4.5" fill="#e0b457"/><rect x="54" y="222" width="120" height="6" rx="2" fill="#b9ab8f"/>
  <rect x="196" y="82" width="126" height="122" rx="4" fill="#8a6845"/>
  ${[0, 1, 2].map((row) => [0, 1, 2].map((column) => {
    const [x, y] = [204 + column * 38, 90 + row * 38]
    const letters = (row * 3 + column * 2) % 4
    return `<rect x="${x}" y="${y}" width="34" height="30" rx="2" fill="#5b4229"/>${Array.from({ length: letters }, (_, n) => `<rect x="${x + 5 + n * 8}" y="${y + 8 + (n % 2) * 3}" width="6" height="${22 - (n % 2) * 3}" fill="${['#fffdf7', '#f3d9c8', '#dfe9f0'][n % 3]}"/>`).join('')}`
  }).join('')).join('')}
  <path d="M222 226v-22M296 226v-22" stroke="#6d5135" stroke-width="8"/>
  <g transform="rotate(-8 250 58)"><rect x="226" y="40" width="50" height="32" rx="3" fill="#fffdf7"/><path d="M227 42l24 18 24-18" stroke="#d4683d" stroke-width="2.5" fill="none"/></g><path d="M206 62h-14M210 50h-10M212 74h-12" stroke="#9fb2c6" stroke-width="2.5" stroke-linecap="round"/>`,
  '#e1e8f0',
)
