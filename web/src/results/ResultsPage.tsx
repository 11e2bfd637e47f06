export function ResultsPage() { return <h1 tabIndex={-1}>ResultsPage</h1> }
