import { keys } from './keys'

/** The keys of the page. */
export function KeyTable() {
  return (
    <div className="grid gap-3">
      {keys.map((group) => (
        <section key={group.place}>
          <h3 className="font-semibold">{group.place}</h3>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-[14px]">
            {group.rows.map(([key, meaning]) => (
              <div key={key} className="contents">
                <dt className="font-mono text-[13px]">{key}</dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}
