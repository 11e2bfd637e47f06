import { api, read } from '../api/http'
import type { Scene, SceneRecording } from '../api/types'
import type { Places } from '../predict/drawScene'

export interface Film {
  scene: Scene
  frames: number
  bodies: number
  poses: Float32Array
}

/** The poses of a recording, from base64 of little-endian 32-bit floats. */
export function readPoses(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 4 }, (_, k) => view.getFloat32(4 * k, true))
}

export function filmOf(recording: SceneRecording): Film {
  return {
    scene: recording.scene,
    frames: recording.frames,
    bodies: recording.bodies,
    poses: readPoses(recording.poses),
  }
}

export function placesAt(film: Film, frame: number): Places {
  return (body) => {
    const at = (frame * film.bodies + body) * 3
    return [film.poses[at] as number, film.poses[at + 1] as number, film.poses[at + 2] as number]
  }
}

/** How a scene truly moves. */
export async function recordScene(subject: string, level: number, index = 0): Promise<Film> {
  return filmOf(await read(api.POST('/api/scenes', { body: { subject, level, index, frames: 200 } })))
}
