import type { ResultTable } from '../api/types'

interface Props {
  table: ResultTable
  measure: string
}

/** One number for each player and subject, darker where it is larger. */
export function SubjectHeat({ table, measure }: Props) {
  const rows = table.rows.filter((row) => row.subjects.length)
  const subjects = [...new Set(rows.flatMap((row) => row.subjects.map((each) => each.subject)))]
  if (!rows.length || !subjects.length) return null
  const share = rows.some((row) => row.measures[measure]?.unit === '%')
  return (
    <details>
      <summary className="cursor-pointer text-[14px]">By subject ({subjects.length})</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
      <section className="overflow-x-auto" tabIndex={0} aria-label={`${table.title} by subject`}>
        <table className="table text-[12.5px]">
          <thead>
            <tr>
              <th scope="col">subject</th>
              {rows.map((row) => (
                <th key={row.player} scope="col">
                  {row.player}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {subjects.map((subject) => (
              <tr key={subject}>
                <th scope="row" className="font-normal">
                  {subject.replaceAll('_', ' ')}
                </th>
                {rows.map((row) => {
                  const value = row.subjects.find((each) => each.subject === subject)?.measures[measure] ?? null
                  const strength = value === null ? 0 : Math.max(0, Math.min(1, share ? value / 100 : value))
                  return (
                    <td
                      key={row.player}
                      style={{
                        background: `color-mix(in srgb, var(--a) ${Math.round(strength * 45)}%, var(--surface))`,
                      }}
                      className="px-2"
                    >
                      {value === null ? '–' : Number(value.toPrecision(3))}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}
