const codes: Record<string, string> = {
  'United Kingdom': 'GB', Germany: 'DE', France: 'FR', EIRE: 'IE', Spain: 'ES', Netherlands: 'NL', Belgium: 'BE', Switzerland: 'CH', Portugal: 'PT', Australia: 'AU', Norway: 'NO', Italy: 'IT',
  'Channel Islands': 'JE', Finland: 'FI', Cyprus: 'CY', Sweden: 'SE', Austria: 'AT', Denmark: 'DK', Japan: 'JP', Poland: 'PL', Israel: 'IL', USA: 'US', 'Hong Kong': 'HK', Singapore: 'SG',
  Iceland: 'IS', Canada: 'CA', Greece: 'GR', Malta: 'MT', 'United Arab Emirates': 'AE', RSA: 'ZA', Lebanon: 'LB', Lithuania: 'LT', Brazil: 'BR', 'Czech Republic': 'CZ', Bahrain: 'BH', 'Saudi Arabia': 'SA',
}

/** The ISO code of a country as the file names it; null for "Unspecified" and "European Community". The Channel Islands count as Jersey. */
export const isoOf = (name: string): string | null => codes[name] ?? null
