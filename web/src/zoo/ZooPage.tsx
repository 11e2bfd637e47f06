export function ZooPage() { return <h1 tabIndex={-1}>ZooPage</h1> }
