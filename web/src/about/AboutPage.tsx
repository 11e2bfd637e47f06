import { useEffect, useState } from 'react'
import { useServer } from '../api/queries'
import { ConnectForm } from '../connect/ConnectForm'
import { KeyList } from '../connect/KeyList'
import { deleteKey } from '../connect/keys'
import { useConnections } from '../connect/useConnections'
import { KeyTable } from '../shell/KeyTable'
import { usePageTitle } from '../shell/usePageTitle'
import { Loop } from './Loop'

/** How it works, what is stored where, and the end of all of it. */
export function AboutPage() {
  usePageTitle('About')
  const { data: server } = useServer()
  const connections = useConnections()
  const [deleted, setDeleted] = useState(false)

  useEffect(() => {
    if (location.hash === '#connect') document.getElementById('connect')?.scrollIntoView()
  }, [])

  function deleteAll() {
    for (const each of connections) deleteKey(each.baseUrl)
    for (const name of Object.keys(localStorage)) if (name.startsWith('gedanken:')) localStorage.removeItem(name)
    setDeleted(true)
  }

  return (
    <div className="grid max-w-4xl gap-6">
      <h1 tabIndex={-1} className="text-xl font-semibold">
        About gedanken
      </h1>
      <Loop />
      <section>
        <h2 className="mb-1 text-lg font-semibold">The grammar of a law</h2>
        <p>
          One equation for each second derivative of a position, or each first derivative of a state, joined by
          semicolons: <code className="font-mono text-[13px]">d2y/dt2 = -g + k*vy**2</code>. There are{' '}
          <code className="font-mono text-[13px]">+ - * / **</code>, parentheses, numbers, the states, the time{' '}
          <code className="font-mono text-[13px]">t</code>,{' '}
          <code className="font-mono text-[13px]">sin cos tan exp log sqrt abs</code>, and constants of any other name,
          whose values stand in <code className="font-mono text-[13px]">params</code>. Anything else is refused with a
          sentence that points at the place. Nothing that a model writes is ever run as code.
        </p>
      </section>
      {server && (
        <section>
          <h2 className="mb-1 text-lg font-semibold">What is rewarded</h2>
          <div className="grid gap-4 md:grid-cols-2">
            {Object.entries(server.reward).map(([task, terms]) => (
              <div key={task}>
                <h3 className="font-semibold">{task}</h3>
                <table className="table w-full text-[13.5px]">
                  <thead>
                    <tr>
                      <th scope="col">term</th>
                      <th scope="col">weight</th>
                      <th scope="col">meaning</th>
                    </tr>
                  </thead>
                  <tbody>
                    {terms.map((term) => (
                      <tr key={term.name}>
                        <th scope="row">{term.name}</th>
                        <td>{term.weight}</td>
                        <td className="text-muted">{term.about}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            ))}
          </div>
        </section>
      )}
      <section>
        <h2 className="mb-1 text-lg font-semibold">Keys</h2>
        <KeyTable />
      </section>
      <section id="connect">
        <h2 className="mb-1 text-lg font-semibold">Connect a model</h2>
        <div className="grid gap-6 md:grid-cols-2">
          <ConnectForm />
          <div>
            <h3 className="mb-1 font-semibold">Connected</h3>
            <KeyList />
          </div>
        </div>
      </section>
      <section>
        <h2 className="mb-1 text-lg font-semibold">What is stored where</h2>
        <ul className="list-disc pl-5">
          <li>On the server: episodes with their turns, uploaded tables and findings. Keys never.</li>
          <li>
            In this browser: the theme, the last two players, whether laws are shown, and keys that you asked to be
            remembered.
          </li>
          <li>Nowhere: who you are. There is no analytics, no cookie of another site, and no request to one.</li>
          <li>
            Inside a frame of another site a browser may keep this storage apart, so a remembered key is then known only
            there.
          </li>
        </ul>
        <p className="mt-2">
          <button type="button" className="button" onClick={deleteAll}>
            Delete everything that this browser stores
          </button>{' '}
          <span role="status">{deleted && 'It is deleted.'}</span>
        </p>
      </section>
      {server && (
        <section>
          <h2 className="mb-1 text-lg font-semibold">Limits of this server</h2>
          <p className="text-[14px]">
            gedanken {server.version}, {server.hosted ? 'open to the public' : "a server of one's own"}: at most{' '}
            {server.limits.max_turns} turns and {server.limits.max_tokens} tokens an answer,{' '}
            {server.limits.answer_seconds} s an answer, {server.limits.episode_seconds} s an episode,{' '}
            {server.limits.client_episodes} episodes at a time, uploads up to{' '}
            {(server.limits.max_upload / 2 ** 20).toFixed(0)} MB. The API is described at <a href="./docs">/docs</a>.
          </p>
        </section>
      )}
    </div>
  )
}
