/** The scale of a parameter's slider: logarithmic over two decades about its value, linear at zero. */
export const STEPS = 200

export interface Scale {
  toValue(position: number): number
  toPosition(value: number): number
}

export function scaleOf(start: number): Scale {
  if (start === 0) {
    return {
      toValue: (position) => (position / STEPS) * 2 - 1,
      toPosition: (value) => clamp(((value + 1) / 2) * STEPS),
    }
  }
  const sign = Math.sign(start)
  const middle = Math.log10(Math.abs(start))
  return {
    toValue: (position) => {
      if (position === STEPS / 2) return start
      return sign * Number((10 ** (middle - 1 + (2 * position) / STEPS)).toPrecision(5))
    },
    toPosition: (value) => {
      if (value === 0 || !Number.isFinite(value)) return 0
      return clamp(((Math.log10(Math.abs(value)) - middle + 1) / 2) * STEPS)
    },
  }
}

function clamp(position: number): number {
  return Math.max(0, Math.min(STEPS, position))
}
