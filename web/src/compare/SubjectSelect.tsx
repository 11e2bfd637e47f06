import { useSubjects } from '../api/queries'

interface Props {
  label: string
  task: 'discover' | 'predict'
  value: string
  onChange(subject: string): void
}

/** A system or a scenario of the zoo, by category. */
export function SubjectSelect({ label, task, value, onChange }: Props) {
  const { data: subjects = [] } = useSubjects(task)
  const categories = [...new Set(subjects.map((each) => each.category))]
  return (
    <label className="field">
      {label}
      <select className="input w-44" value={value} onChange={(event) => onChange(event.target.value)}>
        {!subjects.length && <option value={value}>{value}</option>}
        {categories.map((category) => (
          <optgroup key={category} label={category}>
            {subjects
              .filter((each) => each.category === category)
              .map((each) => (
                <option key={each.name} value={each.name}>
                  {each.name.replaceAll('_', ' ')}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  )
}

interface LevelProps {
  value: number | null
  onChange(level: number | null): void
  /** Whether a problem may have none. */
  optional?: boolean
}

/** How hard the data are. */
export function LevelSelect({ value, onChange, optional = false }: LevelProps) {
  return (
    <label className="field">
      Level
      <select
        className="input"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value ? Number(event.target.value) : null)}
      >
        {optional && <option value="">–</option>}
        {[1, 2, 3, 4, 5].map((level) => (
          <option key={level}>{level}</option>
        ))}
      </select>
    </label>
  )
}
