import { type Choice, setTheme, useTheme } from './useTheme'

/** System, light or dark. */
export function ThemeSwitch() {
  const { choice } = useTheme()
  return (
    <select
      aria-label="Theme"
      title="Theme"
      className="input small px-1 text-[13px]"
      value={choice}
      onChange={(event) => setTheme(event.target.value as Choice)}
    >
      <option value="system">◐ system</option>
      <option value="light">◐ light</option>
      <option value="dark">◐ dark</option>
    </select>
  )
}
