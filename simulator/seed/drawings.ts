// Product pictures as code: each kind is a drawing on a 600 x 600 ground, its proportions and colours decided by a hash of the title.

export interface Palette { ground: string; wall: string; main: string; dark: string; light: string; accent: string }
export interface Pen {
  palette: Palette
  /** The n-th number of this picture, 0 <= x < 1. */
  dice(n: number): number
  /** Which of the drawing's shapes; left to the dice when absent. */
  shape?: number
}
export type Drawing = (pen: Pen) => string

const palettes: Palette[] = [
  { wall: '#eef1e8', ground: '#dfe5d5', main: '#7d9471', dark: '#556a4c', light: '#a9bb9e', accent: '#c4704f' },
  { wall: '#f7ece4', ground: '#ecd9cb', main: '#c4704f', dark: '#8f4b31', light: '#e0a48a', accent: '#4f6b58' },
  { wall: '#f6f0e4', ground: '#e9dcc3', main: '#cfa978', dark: '#9a7645', light: '#e6cfa9', accent: '#5b6f6a' },
  { wall: '#e8eff0', ground: '#d3dfe1', main: '#6f939d', dark: '#486871', light: '#a4bfc6', accent: '#d08a5b' },
  { wall: '#f8ebe8', ground: '#efd8d3', main: '#d08d85', dark: '#9c5d56', light: '#e8b9b3', accent: '#5e7a63' },
  { wall: '#eaecf2', ground: '#d6dae6', main: '#5d6c8d', dark: '#3d4964', light: '#97a3bf', accent: '#d9a441' },
  { wall: '#fbf4dd', ground: '#f1e4b8', main: '#dcae45', dark: '#a47c21', light: '#efd28d', accent: '#4d6b5a' },
  { wall: '#f3eaf1', ground: '#e3d2df', main: '#8f6a88', dark: '#644660', light: '#bb9db5', accent: '#c98a4b' },
]
export const paletteOf = (n: number): Palette => palettes[n % palettes.length]!

const f = (n: number): string => n.toFixed(1)
const shadow = (width: number): string => `<ellipse cx="300" cy="500" rx="${f(width)}" ry="20" fill="#000" opacity=".09"/>`
const greens = ['#5f7f57', '#6f8f5f', '#4f7358', '#7f9a63', '#5a8068']
const green = (pen: Pen, n: number): string => greens[Math.floor(pen.dice(n) * greens.length)]!

/** A leaf from (x, y), `length` long, turned by `angle` degrees from upright. */
const leaf = (x: number, y: number, length: number, width: number, angle: number, colour: string): string =>
  `<g transform="translate(${f(x)} ${f(y)}) rotate(${f(angle)})"><path d="M0 0C${f(-width)} ${f(-length * 0.3)} ${f(-width * 0.8)} ${f(-length * 0.8)} 0 ${f(-length)}C${f(width * 0.8)} ${f(-length * 0.8)} ${f(width)} ${f(-length * 0.3)} 0 0Z" fill="${colour}"/><path d="M0 0V${f(-length * 0.86)}" stroke="#fff" stroke-opacity=".35" stroke-width="2.5"/></g>`

/** A pot standing on the ground; returns it and the height of its rim. */
function potAt(pen: Pen, width: number, height: number): { svg: string; rim: number } {
  const { main, dark, light } = pen.palette
  const rim = 500 - height
  const taper = 0.62 + pen.dice(1) * 0.3
  const half = width / 2
  const band = pen.dice(2)
  const body = `<path d="M${f(300 - half)} ${rim}L${f(300 - half * taper)} ${488}Q${f(300 - half * taper)} 500 ${f(300 - half * taper + 14)} 500H${f(300 + half * taper - 14)}Q${f(300 + half * taper)} 500 ${f(300 + half * taper)} 488L${f(300 + half)} ${rim}Z" fill="${main}"/>`
  const stripe = band < 0.35 ? `<path d="M${f(300 - half * 0.93)} ${f(rim + height * 0.45)}H${f(300 + half * 0.93)}" stroke="${light}" stroke-width="10" opacity=".7"/>`
    : band < 0.6 ? Array.from({ length: 7 }, (_, i) => `<circle cx="${f(300 - half * 0.7 + (i * half * 1.4) / 6)}" cy="${f(rim + height * 0.5)}" r="7" fill="${light}" opacity=".8"/>`).join('') : ''
  const lip = `<rect x="${f(300 - half - 10)}" y="${rim - 14}" width="${width + 20}" height="30" rx="9" fill="${dark}"/><path d="M${f(300 + half * 0.55)} ${rim + 20}L${f(300 + half * 0.5 * taper)} 490" stroke="#fff" stroke-opacity=".16" stroke-width="16" stroke-linecap="round"/>`
  return { svg: shadow(half + 50) + body + stripe + lip, rim }
}

const plant: Drawing = (pen) => {
  const pot = potAt(pen, 150 + pen.dice(3) * 60, 120 + pen.dice(4) * 50)
  const y = pot.rim - 6
  const kind = pen.shape ?? Math.floor(pen.dice(5) * 6)
  let leaves = ''
  if (kind === 0) for (let i = 0; i < 9; i++) leaves += leaf(300 + (i - 4) * 10, y, 190 + pen.dice(10 + i) * 90, 34, (i - 4) * 14 + pen.dice(20 + i) * 8, green(pen, 30 + i))
  if (kind === 1) for (let i = 0; i < 7; i++) leaves += leaf(300 + (i - 3) * 22, y, 220 + pen.dice(10 + i) * 110, 22, (i - 3) * 4, green(pen, 30 + i))
  if (kind === 2) for (let i = 0; i < 16; i++) {
    const angle = -78 + i * 10.4
    const stem = 110 + pen.dice(10 + i) * 90
    const x = 300 + Math.sin((angle * Math.PI) / 180) * stem
    const top = y - Math.cos((angle * Math.PI) / 180) * stem * 1.15
    leaves += `<path d="M300 ${y}Q${f(300 + (x - 300) * 0.3)} ${f(top + 20)} ${f(x)} ${f(top)}" stroke="#58774f" stroke-width="4" fill="none"/>${leaf(x, top, 64, 26, angle, green(pen, 30 + i))}`
  }
  if (kind === 3) {
    const trunk = Math.min(196, y - 170) // the crown stays below the upper edge
    leaves += `<path d="M300 ${y}V${f(y - trunk - 4)}" stroke="#86694a" stroke-width="10"/>`
    // Twigs from the top of the stem, with leaves on both sides: a round crown.
    for (let i = 0; i < 9; i++) {
      const angle = ((-100 + i * 25) * Math.PI) / 180
      const reach = 84 + pen.dice(10 + i) * 22
      const [dx, dy] = [Math.sin(angle) * reach, -Math.cos(angle) * reach * 0.9]
      const top = y - trunk
      leaves += `<path d="M300 ${f(top + 14)}L${f(300 + dx)} ${f(top + dy)}" stroke="#86694a" stroke-width="3"/>`
      for (let k = 2; k < 6; k++) leaves += leaf(300 + (dx * k) / 5, top + (dy * k) / 5, 46, 12, (angle * 180) / Math.PI + (k % 2 ? 48 : -48), green(pen, 130 + i * 5 + k))
      leaves += leaf(300 + dx, top + dy, 48, 12, (angle * 180) / Math.PI, green(pen, 180 + i))
    }
  }
  if (kind === 4) {
    const tall = 170 + pen.dice(10) * 90
    leaves += `<rect x="255" y="${f(y - tall)}" width="90" height="${f(tall + 10)}" rx="45" fill="#5f8562"/><path d="M255 ${f(y - 60)}h-34q-26 0-26-26v-44" stroke="#5f8562" stroke-width="40" stroke-linecap="round" fill="none"/><path d="M345 ${f(y - 90)}h30q26 0 26-26v-30" stroke="#5f8562" stroke-width="36" stroke-linecap="round" fill="none"/>`
    for (let i = 0; i < 18; i++) leaves += `<circle cx="${f(270 + (i % 3) * 30)}" cy="${f(y - tall + 30 + Math.floor(i / 3) * (tall / 6.5))}" r="3" fill="#fff" opacity=".75"/>`
    leaves += `<circle cx="300" cy="${f(y - tall)}" r="20" fill="${pen.palette.accent}"/>`
  }
  if (kind === 5) for (let ring = 0; ring < 3; ring++) for (let i = 0; i < 11; i++) leaves += leaf(300, y - ring * 16, 150 - ring * 38, 36 - ring * 6, -80 + i * 16 + ring * 5, green(pen, 30 + ring))
  return leaves + pot.svg
}

const pot: Drawing = (pen) => potAt(pen, 220 + pen.dice(6) * 70, 190 + pen.dice(7) * 70).svg

const vase: Drawing = (pen) => {
  const { main, dark, light } = pen.palette
  const neck = 26 + pen.dice(3) * 26
  const belly = 90 + pen.dice(4) * 60
  const stems = Array.from({ length: 5 }, (_, i) => {
    const x = 300 + (i - 2) * 46 + (pen.dice(10 + i) - 0.5) * 20
    const y = 110 + pen.dice(20 + i) * 60
    return `<path d="M300 250Q300 190 ${f(x)} ${f(y)}" stroke="#6b8560" stroke-width="5" fill="none"/><circle cx="${f(x)}" cy="${f(y)}" r="${f(15 + pen.dice(30 + i) * 12)}" fill="${i % 2 ? pen.palette.accent : light}"/>`
  }).join('')
  return shadow(belly + 30) + stems + `<path d="M${f(300 - neck)} 230C${f(300 - neck)} 300 ${f(300 - belly)} 310 ${f(300 - belly)} 390C${f(300 - belly)} 470 ${f(300 - belly * 0.6)} 500 ${f(300 - belly * 0.5)} 500H${f(300 + belly * 0.5)}C${f(300 + belly * 0.6)} 500 ${f(300 + belly)} 470 ${f(300 + belly)} 390C${f(300 + belly)} 310 ${f(300 + neck)} 300 ${f(300 + neck)} 230Z" fill="${main}"/><ellipse cx="300" cy="230" rx="${f(neck)}" ry="9" fill="${dark}"/>`
}

const mug: Drawing = (pen) => {
  const { main, dark, light } = pen.palette
  const width = 190 + pen.dice(3) * 50
  const top = 270 - pen.dice(4) * 40
  const left = 290 - width / 2
  const right = 290 + width / 2
  return shadow(width * 0.7) + `<path d="M${f(right - 6)} ${f(top + 50)}h30a52 52 0 0 1 0 ${f(110)}h-34" fill="none" stroke="${dark}" stroke-width="24"/><path d="M${f(left)} ${f(top)}H${f(right)}V450Q${f(right)} 500 ${f(right - 50)} 500H${f(left + 50)}Q${f(left)} 500 ${f(left)} 450Z" fill="${main}"/><path d="M${f(left)} ${f(top + 120)}Q290 ${f(top + 150 + pen.dice(5) * 60)} ${f(right)} ${f(top + 110)}V${f(top)}H${f(left)}Z" fill="${light}"/><ellipse cx="290" cy="${f(top)}" rx="${f(width / 2)}" ry="20" fill="${dark}"/><ellipse cx="290" cy="${f(top + 4)}" rx="${f(width / 2 - 12)}" ry="13" fill="#4b3326"/>`
}

const teapot: Drawing = (pen) => {
  const { main, dark, light } = pen.palette
  const r = 125 + pen.dice(3) * 20
  return shadow(r + 60) + `<path d="M${f(300 + r - 20)} 370C${f(300 + r + 50)} 370 ${f(300 + r + 40)} 290 ${f(300 + r + 84)} 268" stroke="${main}" stroke-width="34" stroke-linecap="round" fill="none"/><path d="M${f(300 - r + 10)} 320c-90-20-110 120-6 118" stroke="${dark}" stroke-width="20" fill="none"/><ellipse cx="300" cy="385" rx="${f(r)}" ry="115" fill="${main}"/><path d="M${f(300 - r)} 385a${f(r)} 115 0 0 0 ${f(2 * r)} 0q-${f(r)} 60-${f(2 * r)} 0" fill="${light}" opacity=".6"/><ellipse cx="300" cy="284" rx="64" ry="18" fill="${dark}"/><circle cx="300" cy="258" r="17" fill="${dark}"/>`
}

const bowl: Drawing = (pen) => {
  const { main, dark, light } = pen.palette
  const r = 150 + pen.dice(3) * 40
  const top = 360 - pen.dice(4) * 40
  return shadow(r) + `<path d="M${f(300 - r)} ${f(top)}C${f(300 - r)} 470 ${f(300 - r * 0.45)} 500 ${f(300 - r * 0.35)} 500H${f(300 + r * 0.35)}C${f(300 + r * 0.45)} 500 ${f(300 + r)} 470 ${f(300 + r)} ${f(top)}Z" fill="${main}"/><ellipse cx="300" cy="${f(top)}" rx="${f(r)}" ry="34" fill="${dark}"/><ellipse cx="300" cy="${f(top + 5)}" rx="${f(r - 14)}" ry="25" fill="${light}"/>`
}

const plate: Drawing = (pen) => `<ellipse cx="300" cy="480" rx="200" ry="22" fill="#000" opacity=".08"/><circle cx="300" cy="300" r="190" fill="${pen.palette.main}"/><circle cx="300" cy="300" r="176" fill="${pen.palette.light}"/><circle cx="300" cy="300" r="118" fill="none" stroke="${pen.palette.main}" stroke-width="6"/>` +
  Array.from({ length: 24 }, (_, i) => `<circle cx="${f(300 + Math.cos((i * Math.PI) / 12) * 147)}" cy="${f(300 + Math.sin((i * Math.PI) / 12) * 147)}" r="${f(4 + pen.dice(3) * 6)}" fill="${pen.palette.dark}" opacity=".7"/>`).join('')

const can: Drawing = (pen) => {
  const { main, dark, light } = pen.palette
  return shadow(170) + `<path d="M345 380C420 370 430 280 486 246" stroke="${main}" stroke-width="30" stroke-linecap="round" fill="none"/><path d="M462 218l52 44" stroke="${dark}" stroke-width="22" stroke-linecap="round"/><path d="M190 300c-110-20-110 150 6 160" stroke="${dark}" stroke-width="18" fill="none"/><path d="M190 270H360L378 500H172Z" fill="${main}"/><path d="M183 ${f(340 + pen.dice(3) * 50)}H${372}" stroke="${light}" stroke-width="14"/><path d="M190 270H360" stroke="${dark}" stroke-width="18" stroke-linecap="round"/><path d="M212 264q60-90 126 0" stroke="${dark}" stroke-width="14" fill="none"/>`
}

const tool: Drawing = (pen) => {
  const { main, dark, accent } = pen.palette
  const turn = -24 + pen.dice(3) * 48
  const kind = pen.shape ?? Math.floor(pen.dice(4) * 3)
  const head = kind === 0 ? '<path d="M262 330h76v70c0 60-38 96-38 96s-38-36-38-96z" fill="#9aa5a8"/>'
    : kind === 1 ? [258, 286, 314, 342].map((x) => `<path d="M${x} 350V470" stroke="#9aa5a8" stroke-width="13" stroke-linecap="round"/>`).join('') + '<path d="M258 350H342" stroke="#9aa5a8" stroke-width="15" stroke-linecap="round"/>'
      : '<path d="M300 330C240 360 250 440 300 500C350 440 360 360 300 330Z" fill="#9aa5a8"/><path d="M300 340V490" stroke="#7d888b" stroke-width="5"/>'
  return `<g transform="rotate(${f(turn)} 300 300)"><rect x="282" y="96" width="36" height="180" rx="18" fill="${main}"/><rect x="282" y="120" width="36" height="22" fill="${accent}"/><rect x="291" y="262" width="18" height="80" fill="${dark}"/>${head}</g>`
}

const scissors: Drawing = (pen) => {
  const { main, dark } = pen.palette
  const blade = (turn: number, colour: string) => `<g transform="rotate(${turn} 300 300)"><path d="M286 300L300 92L314 300Z" fill="#9aa5a8"/><path d="M300 300C250 380 256 500 300 506C344 500 350 380 300 300Z" fill="none" stroke="${colour}" stroke-width="24"/></g>`
  return `<g transform="rotate(${f(-12 + pen.dice(3) * 24)} 300 300)">${blade(17, main)}${blade(-17, main)}<circle cx="300" cy="296" r="13" fill="${dark}"/></g>`
}

const packet: Drawing = (pen) => {
  const { main, light, dark, accent } = pen.palette
  const flowers = Array.from({ length: 3 }, (_, i) => {
    const x = 240 + i * 60
    const y = 320 - (i % 2) * 40
    return `<path d="M${x} ${y}V420" stroke="#5f7f57" stroke-width="6"/>${leaf(x, 410, 46, 14, i % 2 ? -50 : 50, '#6f8f5f')}${Array.from({ length: 6 }, (_, k) => `<circle cx="${f(x + Math.cos(k * 1.047) * 17)}" cy="${f(y + Math.sin(k * 1.047) * 17)}" r="12" fill="${accent}"/>`).join('')}<circle cx="${x}" cy="${y}" r="11" fill="${light}"/>`
  }).join('')
  return shadow(140) + `<rect x="180" y="130" width="240" height="370" rx="8" fill="#fffaf0"/><rect x="180" y="130" width="240" height="88" rx="8" fill="${main}"/><rect x="204" y="160" width="192" height="10" rx="5" fill="#fff" opacity=".85"/><rect x="204" y="182" width="120" height="8" rx="4" fill="#fff" opacity=".6"/>${flowers}<rect x="180" y="448" width="240" height="52" fill="${dark}" opacity=".12"/>`
}

const candle: Drawing = (pen) => {
  const { main, light, dark } = pen.palette
  const height = 150 + pen.dice(3) * 90
  const top = 500 - height
  return shadow(130) + `<circle cx="300" cy="${f(top - 60)}" r="80" fill="#ffdf9b" opacity=".35"/><path d="M300 ${f(top - 96)}c26 34 22 60 0 62c-22-2-26-28 0-62z" fill="#f3b04a"/><path d="M300 ${f(top - 36)}V${f(top + 6)}" stroke="#4b3a2f" stroke-width="5"/><rect x="215" y="${f(top)}" width="170" height="${f(height)}" rx="16" fill="${main}"/><ellipse cx="300" cy="${f(top + 4)}" rx="85" ry="18" fill="${light}"/><rect x="245" y="${f(top + height * 0.42)}" width="110" height="${f(height * 0.34)}" rx="6" fill="#fffaf0"/><path d="M262 ${f(top + height * 0.56)}h76m-60 16h44" stroke="${dark}" stroke-width="6" stroke-linecap="round"/>`
}

const lantern: Drawing = ({ palette: { main, dark } }) => shadow(130) + `<path d="M250 150q50-70 100 0" fill="none" stroke="${dark}" stroke-width="12"/><path d="M210 220L300 140L390 220Z" fill="${dark}"/><rect x="222" y="220" width="156" height="246" fill="#fff3d1"/><path d="M300 300c26 36 20 62 0 64c-20-2-26-28 0-64z" fill="#f3b04a"/><rect x="270" y="372" width="60" height="94" rx="6" fill="#fffaf0"/><path d="M222 220V466M378 220V466M300 220V290" stroke="${main}" stroke-width="13"/><rect x="204" y="462" width="192" height="38" rx="6" fill="${main}"/>`

const bag: Drawing = (pen) => {
  const { main, light, dark, accent } = pen.palette
  const dots = Array.from({ length: 20 }, (_, i) => `<circle cx="${f(205 + (i % 5) * 48)}" cy="${f(300 + Math.floor(i / 5) * 50)}" r="${f(8 + pen.dice(4) * 8)}" fill="${i % 3 ? light : accent}"/>`).join('')
  return shadow(160) + `<path d="M232 260c0-150 136-150 136 0" stroke="${dark}" stroke-width="18" fill="none"/><path d="M170 250H430L444 500H156Z" fill="${main}"/>${dots}<path d="M168 268H432" stroke="${dark}" stroke-width="7" opacity=".5"/>`
}

const card: Drawing = (pen) => {
  const { main, light, accent } = pen.palette
  const motif = pen.dice(4) < 0.5 ? `<path d="M300 372c-96-66-60-130-28-130 20 0 28 22 28 22s8-22 28-22c32 0 68 64-28 130z" fill="${accent}"/>` : leaf(300, 390, 150, 46, 12, main) + leaf(300, 390, 110, 34, -34, light)
  return `<g transform="rotate(${f(-7 + pen.dice(3) * 14)} 300 300)"><rect x="178" y="152" width="264" height="336" rx="8" fill="#000" opacity=".08"/><rect x="168" y="140" width="264" height="336" rx="8" fill="#fffdf7"/><rect x="186" y="158" width="228" height="300" rx="4" fill="none" stroke="${light}" stroke-width="5"/>${motif}<path d="M250 424h100" stroke="${main}" stroke-width="8" stroke-linecap="round"/></g>`
}

const notebook: Drawing = (pen) => {
  const { main, dark, accent } = pen.palette
  return shadow(150) + `<rect x="182" y="120" width="250" height="380" rx="10" fill="#fffaf0"/><rect x="170" y="120" width="250" height="380" rx="10" fill="${main}"/><rect x="170" y="120" width="42" height="380" rx="10" fill="${dark}"/><rect x="374" y="120" width="14" height="380" fill="${accent}"/><rect x="250" y="${f(190 + pen.dice(3) * 60)}" width="92" height="60" rx="5" fill="#fffaf0"/>`
}

const pencil: Drawing = (pen) => [0, 1, 2].map((i) => `<g transform="rotate(${f(-16 + i * 14 + pen.dice(3) * 8)} 300 520)"><rect x="286" y="170" width="28" height="300" fill="${[pen.palette.main, pen.palette.accent, pen.palette.dark][i]}"/><path d="M286 170L300 112L314 170Z" fill="#eccfa4"/><path d="M295 133L300 112L305 133Z" fill="#3a3a3a"/><rect x="286" y="452" width="28" height="18" fill="${pen.palette.light}"/></g>`).join('')

const bottle: Drawing = ({ palette: { main, light, dark } }) => shadow(110) + `<rect x="262" y="150" width="76" height="64" rx="8" fill="${dark}"/><path d="M256 214H344V262Q396 280 396 330V470Q396 500 366 500H234Q204 500 204 470V330Q204 280 256 262Z" fill="${light}"/><path d="M204 360H396V470Q396 500 366 500H234Q204 500 204 470Z" fill="${main}"/><rect x="236" y="350" width="128" height="92" rx="5" fill="#fffaf0"/><path d="M258 384h84m-70 26h56" stroke="${dark}" stroke-width="7" stroke-linecap="round"/>`

const box: Drawing = (pen) => {
  const { main, light, dark, accent } = pen.palette
  return shadow(180) + `<rect x="150" y="270" width="300" height="230" rx="8" fill="${main}"/><rect x="136" y="222" width="328" height="70" rx="9" fill="${light}"/><rect x="276" y="222" width="48" height="278" fill="${accent}"/><path d="M300 222c-80-8-104-84-56-90c34-4 56 50 56 90zm0 0c80-8 104-84 56-90c-34-4-56 50-56 90z" fill="${accent}"/><path d="M150 292H450" stroke="${dark}" stroke-width="6" opacity=".35"/>`
}

const clock: Drawing = (pen) => {
  const hour = pen.dice(3) * 360
  return shadow(140) + `<circle cx="300" cy="310" r="186" fill="${pen.palette.main}"/><circle cx="300" cy="310" r="154" fill="#fffaf0"/>` +
    Array.from({ length: 12 }, (_, i) => `<rect x="296" y="168" width="8" height="${i % 3 ? 16 : 30}" fill="${pen.palette.dark}" transform="rotate(${i * 30} 300 310)"/>`).join('') +
    `<rect x="294" y="222" width="12" height="96" rx="6" fill="${pen.palette.dark}" transform="rotate(${f(hour)} 300 310)"/><rect x="296" y="184" width="8" height="132" rx="4" fill="${pen.palette.accent}" transform="rotate(${f(hour * 12)} 300 310)"/><circle cx="300" cy="310" r="12" fill="${pen.palette.dark}"/>`
}

const heart: Drawing = ({ palette: { main, light, dark } }) => `<path d="M300 70V170" stroke="${dark}" stroke-width="7"/><circle cx="300" cy="178" r="14" fill="none" stroke="${dark}" stroke-width="7"/><path d="M300 490C110 360 130 190 232 190c48 0 68 46 68 46s20-46 68-46c102 0 122 170-68 300z" fill="${main}"/><path d="M212 262c10-26 26-32 40-32" stroke="${light}" stroke-width="16" stroke-linecap="round" fill="none"/>`

const bird: Drawing = ({ palette: { main, light, dark, accent } }) => `<path d="M90 440H510" stroke="#86694a" stroke-width="15" stroke-linecap="round"/>${leaf(450, 440, 80, 24, 30, '#6f8f5f')}${leaf(140, 440, 70, 22, -25, '#7f9a63')}<path d="M150 330C190 250 250 220 320 230C330 180 420 170 432 236L470 250L430 268C426 370 360 430 280 424C230 420 200 390 150 330Z" fill="${main}"/><path d="M236 300c60-30 110 0 124 40c-50 46-108 20-124-40z" fill="${light}"/><circle cx="394" cy="228" r="9" fill="#2b2b2b"/><path d="M432 236L474 250L430 262Z" fill="${accent}"/><path d="M290 424v18m26-20v18" stroke="${dark}" stroke-width="8"/>`

const star: Drawing = ({ palette: { main, light, accent } }) => {
  const points = (r: number) => Array.from({ length: 10 }, (_, i) => `${f(300 + Math.sin((i * Math.PI) / 5) * (i % 2 ? r * 0.46 : r))},${f(310 - Math.cos((i * Math.PI) / 5) * (i % 2 ? r * 0.46 : r))}`).join(' ')
  return `<path d="M300 40V120" stroke="${accent}" stroke-width="6"/><polygon points="${points(200)}" fill="${main}" stroke="${main}" stroke-width="22" stroke-linejoin="round"/><polygon points="${points(120)}" fill="${light}"/>`
}

const cushion: Drawing = (pen) => `${shadow(190)}<path d="M130 190Q300 150 470 190Q500 340 470 490Q300 520 130 490Q100 340 130 190Z" fill="${pen.palette.main}"/>` +
  Array.from({ length: 6 }, (_, i) => `<path d="M${135 + i * 62} ${196}Q${120 + i * 68} 340 ${135 + i * 62} 486" stroke="${i % 2 ? pen.palette.light : pen.palette.accent}" stroke-width="${f(10 + pen.dice(3) * 16)}" fill="none" opacity=".85"/>`).join('')

const abstract: Drawing = (pen) => {
  const { main, light, dark, accent } = pen.palette
  const r = 90 + pen.dice(3) * 50
  return shadow(150) + `<rect x="${f(160 + pen.dice(4) * 40)}" y="${f(250 + pen.dice(5) * 40)}" width="170" height="230" rx="22" fill="${main}"/><circle cx="${f(360 + pen.dice(6) * 30)}" cy="${f(400 - r * 0.2)}" r="${f(r)}" fill="${light}"/><path d="M${f(250 + pen.dice(7) * 60)} 490a80 80 0 0 1 160 0z" fill="${accent}"/><circle cx="${f(260 + pen.dice(8) * 60)}" cy="210" r="34" fill="${dark}"/>`
}

export const drawings = {
  plant, pot, vase, mug, teapot, bowl, plate, can, tool, scissors, packet, candle, lantern, bag, card, notebook, pencil, bottle, box, clock, heart, bird, star, cushion, abstract,
} satisfies Record<string, Drawing>
export type DrawingName = keyof typeof drawings
