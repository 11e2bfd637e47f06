import type { Report } from '../api/types'

const digits = (value: number | null, count: number) => (value === null ? '–' : value.toFixed(count))

/** Laws from the simplest to the best: complexity against fit, and why one of them is the report's. */
export function Ladder({ report }: { report: Report }) {
  return (
    <section aria-label="Complexity against fit" className="card min-w-0 p-3">
      <h3 className="mb-1 font-semibold">Complexity against fit</h3>
      {report.reason && <p className="text-[14px]">{report.reason}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="Complexity against fit, table">
        <table className="table laws w-full" data-testid="ladder">
          <thead>
            <tr>
              <th scope="col">law</th>
              <th scope="col">constants</th>
              <th scope="col">terms</th>
              <th scope="col">R2</th>
              <th scope="col" title={report.left_out}>
                left out
              </th>
              <th scope="col" title="-2 log posterior up to a constant: smaller is better">
                criterion
              </th>
            </tr>
          </thead>
          <tbody>
            {report.ladder.map((each) => (
              <tr key={each.equation} className={each.reported ? 'bg-sunken font-semibold' : ''}>
                <td className="font-mono text-[13px]">
                  {each.equation} {each.reported && <span className="ml-1 font-sans text-muted">this report</span>}
                </td>
                <td>{each.constants}</td>
                <td>{each.terms}</td>
                <td>{digits(each.r2, 4)}</td>
                <td>{digits(each.r2_left_out, 4)}</td>
                <td>{digits(each.criterion, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {report.left_out && <p className="mt-1 text-[13px] text-muted">Left out of the fits: {report.left_out}.</p>}
    </section>
  )
}
