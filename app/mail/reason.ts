/** A provider's words as we may keep them: without any address (it outlives the person), one line, not too long. */
export const withoutAddresses = (words: string): string =>
  words
    .slice(0, 1000) // before looking: a provider's answer may be long, and the look is not linear
    .replace(/[^\s<>"'(),;:=]+@[^\s<>"'(),;]+/g, '(address)')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 300)
