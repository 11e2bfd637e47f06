import { type Choice, setTheme, useTheme } from './useTheme'

/** System, light or dark. */
export function ThemeSwitch() {
  const { choice } = useTheme()
  return (
    <select
      aria-label="Theme"
      className="input small px-1 text-[13px]"
      value={choice}
      onChange={(event) => setTheme(event.target.value as Choice)}
    >
      <option value="system">theme: system</option>
      <option value="light">theme: light</option>
      <option value="dark">theme: dark</option>
    </select>
  )
}
