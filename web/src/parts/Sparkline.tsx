interface Props {
  t: number[]
  values: (number | null)[]
  width?: number
  height?: number
  /** As wide as there is room. */
  wide?: boolean
}

/** A small curve without axes. */
export function Sparkline({ t, values, width = 90, height = 26, wide = false }: Props) {
  const points = t.flatMap((time, k) => {
    const value = values[k]
    return value === null || value === undefined ? [] : [[time, value] as const]
  })
  if (points.length < 2) return <svg width={width} height={height} aria-hidden="true" />
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const place = ([x, y]: readonly [number, number]) =>
    `${(2 + ((x - left) / (right - left || 1)) * (width - 4)).toFixed(1)},${(height - 3 - ((y - low) / (high - low || 1)) * (height - 6)).toFixed(1)}`
  return (
    <svg
      preserveAspectRatio="none"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      className={wide ? 'w-full' : 'max-w-full'}
      aria-hidden="true"
    >
      <polyline
        points={points.map(place).join(' ')}
        fill="none"
        stroke="var(--a)"
        strokeWidth="1.6"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}
