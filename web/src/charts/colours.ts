/** The page's colours, for canvases: read from the stylesheet at every draw, since the theme may have changed. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || '#888'
}

/** `from` mixed into `to`: 0 gives `to`, 1 gives `from`. Both as #rrggbb or, as stylesheets are shortened, #rgb. */
export function mix(from: string, to: string, share: number): string {
  const parse = (text: string) => {
    const digits = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit).join('') : text.slice(1)
    return [0, 2, 4].map((k) => Number.parseInt(digits.slice(k, k + 2), 16))
  }
  const [one, other] = [parse(from), parse(to)]
  return `rgb(${one.map((value, k) => Math.round(value * share + (other[k] as number) * (1 - share))).join(' ')})`
}
