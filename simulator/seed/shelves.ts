import type { Shelf } from './catalogue.ts'

export const fernAndFig: Shelf[] = [
  { title: 'House plants', type: 'Plant', description: 'Grown slowly, packed carefully, happy to move in.', lines: `
Olive Tree|3800|Small,Medium,Large|A silvery little tree for the sunniest window you have.
Swiss Cheese Monstera|3400|Small,Large|Broad, holed leaves that unfurl one at a time.
Snake Plant|2400|Small,Medium|Stands up straight and forgives almost everything.
Golden Pothos|1800||Trails from a shelf and asks for very little.
Boston Fern|2200|Small,Medium|A soft green fountain for a bright bathroom.
Prickly Pear Cactus|1600||Round paddles and, in a good summer, a flower.
Fiddle Leaf Fig Tree|5200|Medium,Large|Violin-shaped leaves on a slender trunk.
Rosette Succulent|900||A small green rose that lives on light.
Lemon Tree|4600|Medium,Large|Glossy leaves, white blossom, real lemons.
Peace Lily Plant|2000||Tells you when it is thirsty and recovers in an hour.
Rubber Plant|2900|Small,Large|Dark, polished leaves on a sturdy stem.
String of Hearts Plant|1700||Fine threads of tiny grey hearts.` },
  { title: 'Pots & planters', type: 'Pot', description: 'Thrown, cast and glazed by small workshops.', lines: `
Terracotta Pot|1400|10 cm,14 cm,18 cm|Plain, breathing clay that grows more beautiful with age.
Speckled Stoneware Pot|2600|12 cm,16 cm|Cream glaze with freckles of iron.
Ribbed Planter|3100|14 cm,20 cm|Fine vertical lines that catch the evening light.
Hanging Planter|2800||With a braided cotton cord and a hidden saucer.
Footed Bowl Planter|3600||Lifts low plants up to where you can see them.
Concrete Cube Pot|2200|Small,Large|Cast in a shed two streets from here.
Sage Glazed Pot|2900|12 cm,16 cm|The green of dry herbs.
Seedling Pot, set of six|1200||Small clay pots for the window sill.
Long Window Planter|4200||Room for five herbs in a row.
Indigo Dipped Pot|2700||One dip, one drip, no two alike.` },
  { title: 'Watering', type: 'Watering', description: 'The right amount, in the right place.', lines: `
Brass Watering Can|5800||A long spout, a slow pour, a lifetime.
Little Watering Can|2400||For shelves and small hands.
Copper Plant Mister|3200||A fine cloud for ferns.
Glass Watering Globe, pair|1500||Looks after one pot for a week.
Enamel Watering Can|3900|Cream,Forest|Holds two litres and does not mind the rain.
Olla Watering Jug|2300||Bury it, fill it, forget it.
Rain Gauge Can|1800||A tin cup that counts the rain.
Balcony Watering Can|2700||Slim enough to stand behind a door.` },
  { title: 'Tools', type: 'Tool', description: 'Ash, steel and leather.', lines: `
Hand Trowel|2200||Forged in one piece, with a long ash handle.
Hand Fork|2200||Loosens a bed without hurting the worms.
Bypass Secateurs|4400||Clean cuts, and every part can be replaced.
Dibber|1400||Makes a hole exactly as deep as a bulb wants.
Herb Scissors|1900||Small blades for chives and thyme.
Transplanting Spade|3400||Narrow, for tight corners.
Soil Scoop Tool|1700||For potting at the kitchen table.
Moss Rake|2800||Five springy tines.
Tool Roll|3600||Waxed canvas with six pockets.
Potting Tool Set|5200||Trowel, fork and dibber in a linen bag.` },
  { title: 'Seeds & bulbs', type: 'Seeds', description: 'Open-pollinated and tested each winter.', lines: `
Sweet Pea Seeds|450||Old scents in eight colours.
Cherry Tomato Seeds|420||Sweet, early and generous.
Basil Seeds|380||Three kinds in one packet.
Meadow Flower Seeds|600|10 g,50 g|Two dozen native flowers for bees.
Tulip Bulbs, 20|1400||Late, tall and the colour of raspberries.
Daffodil Bulbs, 20|1200||The first yellow of the year.
Sunflower Seeds|420||Taller than you by August.
Rainbow Chard Seeds|400||Stems like stained glass.
Allium Bulbs, 10|1100||Purple globes on long stems.
Poppy Seeds|420||Scatter them and look away.` },
  { title: 'Gifts', type: 'Gift', description: 'Wrapped in paper that you can plant.', lines: `
Fig Leaf Candle|2800||Green, a little milky, forty hours long.
Window Garden Gift Box|4800||Three herbs, three pots, one small trowel.
Plant Lover Mug|1800||Holds a big tea and a small opinion.
Garden Journal Notebook|2200||Five years on one page a day.
Botanical Card Set|1600||Eight cards, eight envelopes, no glitter.
Beeswax Candle, pair|1900||Smells of summer, burns without smoke.
Linen Garden Apron|4600||Deep pockets, soft from the first day.
Tin Garden Lantern|3400||For the last hour on the porch.
Bud Vase|1500|Clear,Amber|For the one flower that you brought in.
Gift Card for the Shop|2500||Sent by mail, good for years.` },
]

export const kilnAndKettle: Shelf[] = [
  { title: 'Becher & Tassen', type: 'Becher', description: 'Jeden Morgen der gleiche gute Griff.', lines: `
Becher Nordwind|2400|Salbei,Sand|Dünne Lippe, ruhige Glasur.
Espressotasse Kiesel|1600||Klein, schwer und handwarm.
Milchkaffee-Becher|2800||Für zwei Hände am Sonntag.
Becher Tinte|2600||Kobaltblau, innen weiß.
Reisebecher mit Deckel|3200||Doppelwandig gedreht.` },
  { title: 'Kannen', type: 'Teekanne', description: 'Sie tropfen nicht. Versprochen.', lines: `
Teekanne Rund|6400|0.6 l,1.2 l|Ein Bauch, ein Schwung, kein Tropfen.
Kaffeekanne Hoch|7200||Hält drei große Tassen warm.
Krug Lehm|4200||Für Wasser, Wein oder Zweige.
Milchkännchen|1900||Passt in jede Lücke auf dem Tisch.` },
  { title: 'Schalen & Teller', type: 'Schale', description: 'Stapelbar und spülmaschinenfest.', lines: `
Müslischale|2200||Tief genug für Obst.
Servierschale Ufer|4800|24 cm,30 cm|Ein breiter Rand wie ein Strand.
Teller Mond|2600|18 cm,26 cm|Ganz leicht unrund.
Reisschale|1800||Mit kleinem Fuß.
Salatschale Groß|5600||Für den langen Tisch.` },
  { title: 'Vasen', type: 'Vase', description: 'Für einen Zweig oder einen ganzen Arm voll.', lines: `
Vase Flöte|3400||Schlank, für einen einzigen Stiel.
Vase Kürbis|5200||Bauchig und matt.
Vase Ton|4400||Unglasiert, innen dicht.` },
]

export const heronPapier: Shelf[] = [
  { title: 'Carnets', type: 'Carnet', description: 'Cousus à la main, ils s’ouvrent à plat.', lines: `
Carnet de poche|1200|Ligné,Blanc|Quarante-huit pages pour une idée.
Grand carnet toilé|2600||Papier crème, deux signets.
Carnet de jardin|2200||Une page par semaine.
Agenda perpétuel|2800||Commence quand vous voulez.` },
  { title: 'Écrire', type: 'Crayon', description: 'Ce qui glisse bien.', lines: `
Crayon graphite, lot de six|900||Cèdre et mine tendre.
Stylo à bille laiton|3400||Lourd, simple, réparable.
Crayon de couleur, lot de douze|2100||Des pigments qui tiennent.` },
  { title: 'Encres', type: 'Encre', description: 'Broyées à Lyon.', lines: `
Encre Rhône|1400||Un bleu de fin de journée.
Encre Brique|1400||Chaude et un peu rousse.
Encre Sapin|1400||Un vert presque noir.` },
  { title: 'Cartes', type: 'Carte', description: 'Imprimées au plomb.', lines: `
Cartes Merci, lot de huit|1500||Pour dire la chose simplement.
Cartes d’anniversaire|1500||Huit motifs, huit enveloppes.
Papier à lettres|1800||Vergé, vingt-quatre feuilles.
Coffret Correspondance|4200||Cartes, crayon et enveloppes.` },
]
