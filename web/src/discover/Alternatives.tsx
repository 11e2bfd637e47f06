import type { Report } from '../api/types'

interface Props {
  report: Report
  chosen: number | null
  onChoose(number: number | null): void
}

/** Other laws that were weighed: how much worse they are, how well they fit; choosing one draws it over the data. */
export function Alternatives({ report, chosen, onChoose }: Props) {
  return (
    <section aria-label="Alternatives" className="card min-w-0 p-3">
      <h3 className="mb-1 font-semibold">Alternatives</h3>
      {!report.alternatives.length && <p className="text-[14px] text-muted">None was weighed.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="Alternatives, table">
        <table className="table laws w-full">
          {report.alternatives.length > 0 && (
            <thead>
              <tr>
                <th scope="col">equation</th>
                <th scope="col">operators</th>
                <th scope="col" title="-2 log posterior beyond the law's; 10 is strong evidence">
                  worse by
                </th>
                <th scope="col">match</th>
              </tr>
            </thead>
          )}
          <tbody>
            {report.alternatives.map((each, k) => (
              <tr key={each.equation} className={chosen === k ? 'bg-sunken' : ''}>
                <td>
                  <button
                    type="button"
                    className="cursor-pointer text-left font-mono text-[13px] text-accent underline"
                    aria-pressed={chosen === k}
                    onClick={() => onChoose(chosen === k ? null : k)}
                  >
                    {each.equation}
                  </button>
                </td>
                <td>{each.complexity}</td>
                <td>{each.delta === null ? '–' : each.delta.toFixed(1)}</td>
                <td>{each.match === null ? '–' : each.match.toFixed(4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
