export function SubjectPage({ task, name }: { task: string; name: string }) { return <h1 tabIndex={-1}>{task}{name}</h1> }
