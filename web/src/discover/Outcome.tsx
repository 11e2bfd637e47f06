import type { Report } from '../api/types'

const mean = (r2: Record<string, number | null>) => {
  const seen = Object.values(r2).filter((value): value is number => value !== null)
  return seen.length ? seen.reduce((sum, value) => sum + value, 0) / seen.length : null
}

/** What came out, why not plainly solved, what the record shows by itself, and what needs no law at all. */
export function Outcome({ report }: { report: Report }) {
  const baselines = Object.entries(report.baselines).flatMap(([name, r2]) => {
    const value = mean(r2)
    return value === null ? [] : [`${name} ${value.toFixed(3)}`]
  })
  const said = [...report.doubts, ...report.observations.filter((each) => !report.doubts.includes(each))]
  return (
    <div className="text-[14px]">
      <p data-testid="outcome">
        <strong className={report.solved ? 'text-good' : ''}>{report.outcome}</strong>
        {report.match !== null && `, R2 ${report.match.toFixed(4)}`}
        {baselines.length > 0 && <span className="text-muted"> (without a law: {baselines.join(', ')})</span>}
      </p>
      {report.order && <p className="text-muted">{report.order}</p>}
      {said.length > 0 && (
        <ul className="list-disc pl-5">
          {said.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
    </div>
  )
}
