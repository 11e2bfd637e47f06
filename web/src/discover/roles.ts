import type { components } from '../api/schema'
import type { DataColumn } from '../api/types'

export type Roles = components['schemas']['RolesRequest']
export type Role = DataColumn['role']

/** The request that gives these columns these roles. */
export function rolesOf(columns: DataColumn[], order: 1 | 2 | null): Roles {
  const find = (role: Role) => columns.find((column) => column.role === role)?.header ?? null
  const velocities = Object.fromEntries(
    columns.flatMap((column) =>
      column.role === 'velocity' && column.velocity_of ? [[column.velocity_of, column.header]] : [],
    ),
  )
  const all = (role: Role) => columns.filter((column) => column.role === role).map((column) => column.header)
  return {
    time: find('time'),
    state: all('state'),
    trial: find('trial'),
    inputs: all('input'),
    held_inputs: all('held_input'),
    parameters: all('parameter'),
    order,
    velocities,
  }
}

/** Give a column a role; time and trial are held by one column each. */
export function withRole(columns: DataColumn[], header: string, role: Role): DataColumn[] {
  return columns.map((column) => {
    if (column.header === header) {
      const position =
        role === 'velocity'
          ? (columns.find((each) => each.role === 'state' && each.header !== header)?.header ?? null)
          : null
      return { ...column, role, velocity_of: position }
    }
    if ((role === 'time' || role === 'trial') && column.role === role)
      return { ...column, role: 'ignore' as const, velocity_of: null }
    return column
  })
}
