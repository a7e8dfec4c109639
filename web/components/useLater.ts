import { useEffect, useState } from 'react'

/** The value as it was when nothing had changed for `wait` milliseconds. */
export function useLater<T>(value: T, wait: number): T {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), wait)
    return () => clearTimeout(timer)
  }, [value, wait])
  return later
}
